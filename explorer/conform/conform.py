"""Does a recorded run fit a spec? From a model, a log and a mapping to the answer. Knows no texts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from explorer.conform.behaviours import NO_BOUNDS, Behaviours, Bounds, Nodes, OutOfBounds
from explorer.conform.boxes import read_into, wanted_events
from explorer.conform.explain import Behaviour, explain
from explorer.conform.log_file import fault, is_cut_off
from explorer.conform.mapping import ON, EventMap
from explorer.conform.records import FORMATS, format_of, records
from explorer.conform.search import Checkpoints, Fits, Frontier, Key, Sweep, Unexplained, Unfinished, search
from explorer.conform.timeline import Kind, Timeline
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.run.options import UsageError


@dataclass(frozen=True, slots=True)
class Question:
    """How a log is judged: from any reachable state where it may begin `anywhere`; `told` are the last steps
    of the behaviour that are wanted, all if None.
    """

    anywhere: bool = False
    bounds: Bounds = NO_BOUNDS
    told: int | None = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found. `broken` says of each property whether it is broken on every behaviour that explains
    the log, or on some. `started` is from how many states the log may begin; `behaviour` explains all events,
    or all before the one that has no explanation (None: where nothing was found).
    """

    mapping: EventMap
    timeline: Timeline
    behaviours: Behaviours
    started: int
    found: Fits | Unexplained | Unfinished
    behaviour: Behaviour | None
    broken: dict[str, str]
    capped: bool

    @property
    def verdict(self) -> str:
        """`fits`, `violated` where it fits, and each explanation breaks a property; `no` where no behaviour
        explains it; `undetermined`.
        """
        if isinstance(self.found, Unfinished):
            return "undetermined"
        if isinstance(self.found, Unexplained):
            return "undetermined" if self.capped else "no"
        if "every" in self.broken.values():
            return "violated"
        return "undetermined" if self.broken else "fits"


def conform(model: Model, log: Path, mapping: EventMap, question: Question) -> Answer:
    """Judge a log. UsageError where it cannot be read, or has no event."""
    with closing(Timeline(str(log), mapping, model)) as timeline, closing(Checkpoints()) as checkpoints:
        _read(log, timeline)
        return _judged(timeline, checkpoints, question)


def _judged(timeline: Timeline, checkpoints: Checkpoints, question: Question) -> Answer:
    model, mapping = timeline.model, timeline.mapping
    silent = frozenset(range(len(model.instances))) - mapping.visible(model)
    silent |= {i.number for i in model.instances if i.action.name in mapping.silent}
    behaviours = Behaviours(model, silent, mapping.silent_steps, question.bounds)
    try:
        start = _start(behaviours, mapping, question.anywhere)
    except OutOfBounds as limit:
        found = Unfinished(1, f"{limit} among the states where the log may begin")
        return Answer(
            mapping=mapping,
            timeline=timeline,
            behaviours=behaviours,
            started=0,
            found=found,
            behaviour=None,
            broken={},
            capped=False,
        )
    wild = {cpu: Kind(None, mapping.visible(model, {ON: cpu})) for cpu in timeline.cpus}
    sweep = Sweep(behaviours, timeline, wild, start)
    answer = search(sweep, checkpoints)
    capped = sweep.capped
    behaviour = None
    if not isinstance(answer, Unfinished):
        target = _target(answer.frontier, behaviours)
        end = answer.at if isinstance(answer, Unexplained) else None
        behaviour = explain(sweep, checkpoints, target=target, end=end, most=question.told)
    broken = _broken(answer.frontier, behaviours) if isinstance(answer, Fits) else {}
    return Answer(
        mapping=mapping,
        timeline=timeline,
        behaviours=behaviours,
        started=len(start),
        found=answer,
        behaviour=behaviour,
        broken=broken,
        capped=capped,
    )


def _read(log: Path, timeline: Timeline) -> None:
    mapping = timeline.mapping
    try:
        if why := fault(log):
            raise UsageError(f"conform {log}: {why}")
        timeline.counts.cut_off = is_cut_off(log)
        with open(log, encoding="utf-8-sig", errors="replace") as file:
            head = list(itertools.islice(file, 1000))
            format = mapping.format or format_of(head)
            if not format:
                raise UsageError(
                    f"conform {log}: no line of it is of a known format ({', '.join(FORMATS)}); write: what"
                    " trace-cmd report or perf script print, or JSON lines with event, time and cpu"
                )
            lines: Iterable[str] = itertools.chain(head, file)
            read_into(timeline, records(lines, format, wanted_events(mapping)))
    except OSError as error:
        raise UsageError(f"conform {log}: {error.strerror or error}") from None


def _start(behaviours: Behaviours, mapping: EventMap, anywhere: bool) -> Nodes:
    """The nodes where the log may begin. UsageError where there is none."""
    nodes = behaviours.reachable() if anywhere else behaviours.initial()
    values = tuple((name, tuple(texts)) for name, texts in mapping.begins.items())
    chosen = frozenset(node for node in nodes if behaviours.shows(node, values)) if values else nodes
    if not chosen:
        said = ", ".join(f"{name} = {' or '.join(texts)}" for name, texts in values)
        kind = "reachable" if anywhere else "initial"
        raise UsageError(
            f"conform --map {mapping.file}: no {kind} state has {said}"
            + ("" if anywhere else "; write: --anywhere, where the log begins later")
        )
    return chosen


def _target(frontier: Frontier, behaviours: Behaviours) -> tuple[Key, int]:
    """The node whose behaviour is told: one that broke a property, if there is one."""
    pairs: Iterator[tuple[Key, int]] = ((key, node) for key, nodes in frontier.items() for node in nodes)
    return max(pairs, key=lambda pair: (pair[1] >> behaviours.bits, -pair[1]))


def _broken(frontier: Frontier, behaviours: Behaviours) -> dict[str, str]:
    flags = {node >> behaviours.bits for nodes in frontier.values() for node in nodes}
    some = [name for flag in flags for name in behaviours.broken(flag << behaviours.bits)]
    every = set.intersection(*(set(behaviours.broken(flag << behaviours.bits)) for flag in flags))
    return {name: "every" if name in every else "some" for name in dict.fromkeys(some)}
