"""`python -m explorer mutate SPEC`: each guard, barrier and update removed in turn, and which property
notices.

Every mutant is first compared with the original on the original's states, then explored until a property
fails. The work is shared by processes that know the spec by its path. Knows nothing of how a mutant is made
or a table is drawn.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from explorer.command.check import writable
from explorer.command.standard_output import say
from explorer.engine.limits import Limits, available_bytes, ignore
from explorer.engine.python import Compiled, Search
from explorer.engine.reference import step
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.errors import SpecError
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import EvaluationError, State
from explorer.ir.steps import Fairness
from explorer.liveness import check as liveness
from explorer.program.mutants import Mutant, mutants, mutated
from explorer.render.machine.json_record import to_json
from explorer.render.text.mutation_table import MutantRecord, MutationRecord, NoticedRecord
from explorer.render.text.terminal import wants_colour
from explorer.run.constants import bindings, single
from explorer.run.load import load
from explorer.run.options import UsageError, check_workers
from explorer.verdict import exit_codes
from explorer.verdict.expectation import UNDETERMINED, VIOLATED
from explorer.verdict.verdict import Verdict, judge

NOTICED, SURVIVED, EQUIVALENT = "noticed", "survived", "equivalent"

Ways = dict[object, list[tuple[int, State]]]
"""For each group of instances that are fair together: the numbers of states, and where it leads from them."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a process must know to make every mutant again: the spec, constants as with -D, and the bounds of
    each exploration.
    """

    path: str
    define: tuple[str, ...]
    max_states: int | None
    timeout: float | None
    max_memory: int
    strict: bool

    def limits(self) -> Limits:
        return Limits(self.max_states, None, self.timeout, self.max_memory)


@dataclass(slots=True)
class Row:
    """One mutant and what became of it. `by` are the properties that fail first, with the steps of their
    shortest stories; `reason` says why nothing is known, or why the author expects it to survive; `findings`
    are those the original has not, such as an action that is never taken: with `strict` they count as
    noticed."""

    kind: str
    action: str
    place: str
    text: str
    helper: str
    status: str = UNDETERMINED
    by: list[NoticedRecord] = field(default_factory=list)
    reason: str = ""
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def record(self) -> MutantRecord:
        return {
            "kind": self.kind,
            "action": self.action,
            "place": self.place,
            "text": self.text,
            "helper": self.helper,
            "status": self.status,
            "by": self.by,
            "reason": self.reason,
            "findings": self.findings,
            "seconds": self.seconds,
        }


class Original:
    """The spec without a mutation: its states, what it shows, and its mutants. Equal in every process."""

    def __init__(self, task: Task):
        self.task = task
        self.spec = load(task.path)
        self.model = ground(self.spec, single(bindings(self.spec, list(task.define))), task.path)
        self.space = _explored(self.model, task.limits())
        self.verdict = _judged(self.space, task.limits())
        self.mutants: list[Mutant] = mutants(self.model)

    def states(self) -> Iterator[State]:
        return (self.space.decode(handle) for level in self.space.levels for handle in level)

    def row(self, number: int) -> Row:
        """What becomes of one mutant."""
        mutant = self.mutants[number]
        row = Row(mutant.kind, mutant.action, str(mutant.place), mutant.text, mutant.helper)
        started = time.monotonic()
        try:
            self._decide(mutant, row)
        except SpecError as error:
            row.reason = f"{error.code}: {error.found}"
        row.seconds = round(time.monotonic() - started, 3)
        return row

    def _decide(self, mutant: Mutant, row: Row) -> None:
        if same_steps(self.model, mutant, self.states()):
            row.status = EQUIVALENT
            return
        space = _explored(mutated(self.model, mutant), self.task.limits())
        row.by = [
            {"property": v.name, "steps": v.level + (v.kind == "step")} for v in space.violations.values()
        ]
        if not row.by:
            verdict = _judged(space, self.task.limits())
            row.by = [
                {"property": p.name, "steps": p.trace_length}
                for p in verdict.properties
                if p.verdict == VIOLATED
            ]
            doubt = next(
                (f"{p.name}: {p.reason}" for p in verdict.properties if p.verdict == UNDETERMINED), ""
            )
            known = {(f.kind, f.subject) for f in self.verdict.findings}
            row.findings = [
                f"{f.kind} {f.subject}"
                for f in verdict.findings
                if f.severe and (f.kind, f.subject) not in known
            ]
            row.by += [{"property": name, "steps": None} for name in row.findings if self.task.strict]
            row.reason = "" if row.by else space.stopped or doubt
        row.status = NOTICED if row.by else UNDETERMINED if row.reason else SURVIVED


def _explored(model: Model, limits: Limits) -> StateSpace:
    """The state space up to the level where the first property fails."""
    search = Search(Compiled(model), limits, ignore, time.monotonic())
    while search.level and not search.space.stopped and not search.space.violations:
        search.step()
    return search.space.space()


def _judged(space: StateSpace, limits: Limits) -> Verdict:
    """The verdict on a space, temporal properties included where no other one fails."""
    return judge(space, answers={} if space.violations else liveness.check(space, limits))


def same_steps(model: Model, mutant: Mutant, states: Iterable[State]) -> bool:
    """Whether in all these states the mutant's action leads where the original one does: with all reachable
    states, whether both have the same states and steps. Where properties are temporal, what is fair must be
    the same, too."""
    original = [i for i in model.instances if i.action.name == mutant.action]
    fair = original[0].action.fair is not Fairness.NONE and bool(model.temporal)
    ways: tuple[Ways, Ways] = ({}, {})
    for number, state in enumerate(states):
        try:
            before, after = (
                [(i, step(i, state)) for i in instances] for instances in (original, mutant.instances)
            )
        except EvaluationError:
            return False
        if {s for _, s in before} - {None} != {s for _, s in after} - {None}:
            return False
        for behaviours, steps in zip(ways, (before, after) if fair else ()):
            for instance, target in steps:
                if target is not None:
                    behaviours.setdefault(_group(instance), []).append((number, target))
    return {tuple(w) for w in ways[0].values()} == {tuple(w) for w in ways[1].values()}


def _group(instance: Instance) -> object:
    """What is fair together with this instance: those with equal values of the parameters in `per`."""
    per = instance.action.per
    return instance.number if per is None else tuple(dict(instance.arguments)[name] for name in per)


# All of them.

_original: Original | None = None
"""In a working process: the spec it works on."""


def _begin(task: Task) -> None:
    global _original
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _original = Original(task)


def _work(number: int) -> Row:
    assert _original is not None
    return _original.row(number)


def rows(original: Original, workers: int, tell: Callable[[int, int], None]) -> list[Row]:
    """The rows of all mutants, in order; `tell` hears after each how many are done, of how many."""
    numbers = range(len(original.mutants))
    result: list[Row] = []

    def collect(results: Iterable[Row]) -> list[Row]:
        for row in results:
            result.append(row)
            tell(len(result), len(numbers))
        return result

    workers = min(workers, len(numbers))
    if workers <= 1:
        return collect(map(original.row, numbers))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (original.task,)) as pool:
        try:
            return collect(pool.map(_work, numbers))
        except BrokenProcessPool:
            raise UsageError(
                "a process ended before its work was done, perhaps for want of memory; write: --workers 1"
            ) from None
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def command(options: argparse.Namespace) -> int:
    """The command: files, screen and exit code."""
    from explorer.command.files import forget, in_place_of_earlier

    check_workers(options.workers)
    directory = writable(Path("out") / Path(options.spec).stem if options.out is None else options.out)
    try:
        with in_place_of_earlier(directory, "mutate"):
            return _command(options, directory)
    except SpecError:
        forget(directory, "mutate")
        raise


def _command(options: argparse.Namespace, directory: Path) -> int:
    from explorer.command.files import write_mutations

    with _counting() as tell:
        verdict, record = mutate(
            options.spec,
            options.define,
            max_states=options.max_states,
            timeout=options.timeout,
            workers=options.workers or os.cpu_count() or 1,
            strict=options.strict,
            tell=tell,
        )
    text, notes = write_mutations(record, directory, wants_colour(sys.stdout))
    say(to_json(record).rstrip() if options.json else text, machine=options.json)
    for note in notes:
        print(note, file=sys.stderr)
    enough = _percent(record["counts"]) >= options.at_least
    ended = verdict.verdict == VIOLATED or verdict.stopped is not None
    if not ended and not enough:
        print(
            f"--at-least {options.at_least:g}: only {_percent(record['counts']):.1f} % of the mutants that"
            " differ are noticed",
            file=sys.stderr,
        )
    return exit_codes.of_mutants(verdict.exit_code if ended else None, enough=enough, written=not notes)


@contextlib.contextmanager
def _counting() -> Iterator[Callable[[int, int], None]]:
    """Tells on standard error how many mutants are done, where that is a terminal."""
    shown = sys.stderr.isatty()
    try:
        yield (
            lambda done, all: (
                print(f"\r{done} of {all} mutants", end="", file=sys.stderr, flush=True) if shown else None
            )
        )
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def mutate(
    path: str,
    define: Sequence[str] = (),
    *,
    max_states: int | None = None,
    timeout: float | None = None,
    workers: int = 1,
    strict: bool = False,
    tell: Callable[[int, int], None] = lambda done, all: None,
) -> tuple[Verdict, MutationRecord]:
    """The verdict on the spec itself, and the record of all mutants: none where that spec does not hold or
    was cut short.
    """
    original = Original(
        Task(
            path=path,
            define=tuple(define),
            max_states=max_states,
            timeout=timeout,
            max_memory=available_bytes() * 8 // 10 // workers,
            strict=strict,
        )
    )
    verdict = original.verdict
    judged = rows(original, workers, tell) if verdict.verdict != VIOLATED and not verdict.stopped else []
    unused = _explain(judged, original.spec.survivors) if judged else []
    counts = {
        status: sum(row.status == status for row in judged)
        for status in (NOTICED, SURVIVED, UNDETERMINED, EQUIVALENT)
    }
    own = verdict.record()
    record: MutationRecord = {
        "spec": own["spec"],
        "file": own["file"],
        "digest": own["digest"],
        "constants": own["constants"],
        "bound": own["bound"],
        "verdict": own["verdict"],
        "stopped": own["stopped"],
        "properties": own["properties"],
        "states": own["states"]["distinct"],
        "transitions": own["states"]["transitions"],
        "max_states": max_states,
        "timeout": timeout,
        "strict": strict,
        "counts": counts,
        "share": round(_percent(counts), 1),
        "mutants": [row.record() for row in judged],
        "unused_reasons": unused,
    }
    return verdict, record


def _percent(counts: Mapping[str, int]) -> float:
    """Of the mutants that differ from the original, how many are noticed, in percent; all where none
    differs.
    """
    differ = sum(counts.values()) - counts[EQUIVALENT]
    return 100 * counts[NOTICED] / differ if differ else 100.0


def _explain(judged: Sequence[Row], survivors: dict[str, str]) -> list[str]:
    """Give survivors the author's reasons; the keys that explain none."""
    used = set()
    for row, key in itertools.product(judged, survivors):
        action, _, part = key.partition(":")
        if row.status == SURVIVED and row.action == action.strip() and part.strip() in row.text:
            row.reason = survivors[key]
            used.add(key)
    return [key for key in survivors if key not in used]
