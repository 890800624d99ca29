"""Our answer beside those of the judges: what they agree on, which differences are explained, and which are
not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.export.flat import CannotSay, checkable, flatten
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.ir.steps import Fairness
from explorer.judge import rumur, spin, tlc
from explorer.judge.answers import Answer, NoAnswer, replayed
from explorer.judge.tools import Missing, Workplace
from explorer.run.options import RunOptions
from explorer.run.run import check_liveness, explore

JUDGES = {"SPIN": spin.installed, "Rumur": rumur.installed}
"""The judges that are packages, and whether each is installed."""

TLC = "TLC"
"""The judge that is a jar."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one model. `refused` are the judges in whose language it cannot be said, `silent` those
    that gave no answer, each with the reason; `differences` have no built-in reason, those in `explained`
    have one.
    """

    model: Model
    answers: tuple[Answer, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    explained: tuple[str, ...] = ()
    stopped: str = ""
    unasked: tuple[str, ...] = ()
    """Properties that are violated here, and that no judge was asked for."""

    @property
    def agreed(self) -> bool:
        """Whether some judge has answered, and every one that could be asked has, as we do."""
        return len(self.answers) > 1 and not (self.differences or self.silent or self.stopped)


FEW = 2
"""Violated properties that judges are asked for in brief."""


def judge(
    model: Model,
    judges: tuple[str, ...],
    max_states: int,
    patience: float,
    tla2tools: Path | None = None,
    *,
    brief: bool = False,
) -> Judged:
    """A model judged by these judges, TLC from the jar `tla2tools`: each has `patience` seconds; a model with
    more than `max_states` states is judged by none. In `brief` they are asked for all properties that hold
    here and for the `FEW` with the shortest stories, and for no temporal ones.
    """
    mine, stopped = ours(model, max_states, patience, temporal=judges != ("Rumur",) and not brief)
    if stopped:
        return Judged(model, (), stopped=stopped)
    symmetric = _symmetric(model, patience)
    differences, explained = list(_with_symmetry(symmetric, mine)) if symmetric else [], list[str]()
    proven = symmetric.quotient.symmetry.proven if symmetric and symmetric.quotient else {}
    if symmetric:
        mine = replace(mine, orbits=symmetric.distinct)
    unasked: tuple[str, ...] = ()
    if brief:
        short = dict(sorted(mine.violated.items(), key=lambda at: at[1] or 0)[:FEW])
        unasked = tuple(name for name in mine.violated if name not in short)
        mine = replace(mine, violated=short)
    answers, refused, silent = [mine], dict[str, str](), dict[str, str]()
    for name in judges:
        try:
            flat = flatten(model, {*checkable(model)} - {*unasked})
            if brief:
                flat = replace(flat, formulas=())
            with TemporaryDirectory() as directory:
                place = Workplace(Path(directory), monotonic() + patience)
                if name == TLC:
                    assert tla2tools is not None
                    answer = tlc.judge(flat, place, tla2tools, proven)
                elif name == "SPIN":
                    answer = spin.judge(flat, place, mine.states)
                else:
                    answer = rumur.judge(flat, place)
        except CannotSay as reason:
            refused[name] = str(reason)
            continue
        except (Missing, NoAnswer) as reason:
            silent[name] = str(reason)
            continue
        answers.append(answer)
    for answer in answers[1:]:
        told, known = _compared(mine, answer)
        differences += told
        explained += known
        differences += _false_stories(model, answer)
    return Judged(
        model,
        tuple(answers),
        refused=refused,
        silent=silent,
        differences=tuple(differences),
        explained=tuple(explained),
        unasked=unasked,
    )


def ours(model: Model, max_states: int, patience: float, temporal: bool = False) -> tuple[Answer, str]:
    """Our own answer without symmetry, on `temporal` properties where it is wanted and there is one; and the
    limit that was reached before it was complete.
    """
    started = monotonic()
    options, limits = RunOptions(no_symmetry=True), Limits(max_states, timeout=patience)
    space = explore(model, options, limits)
    answers = check_liveness(space, options, limits) if temporal and not space.stopped else {}
    names = checkable(model)
    violated = {n: v.level + (v.kind == "step") for n, v in space.violations.items() if n in names}
    answer = Answer(
        "explorer",
        space.distinct,
        space.transitions,
        depth=space.depth,
        violated={**violated, **{name: None for name, found in answers.items() if found.trace}},
        seconds=monotonic() - started,
        reasons=[*_reasons(space)] if answers else [],
        temporal=tuple(name for name, found in answers.items() if not found.doubt),
    )
    return answer, space.stopped or ""


CUT = "the temporal properties are asked of behaviours that a constraint cuts off, which stay there for ever"
NO_CHANGE = "TLA+ asks a strongly fair action for steps that change something"


def _reasons(space: StateSpace) -> Iterator[str]:
    """Why another judge may honestly say something else of temporal properties."""
    if space.cut:
        yield CUT
    strong = {n for g in space.model.fair_groups if g.fair is Fairness.STRONG for n in g.instances}
    if strong and any(
        s == t and i in strong for level in space.levels for s, i, t in space.edges(level, None)
    ):
        yield NO_CHANGE


def _symmetric(model: Model, patience: float) -> StateSpace | None:
    """The space of one state of each orbit; None where identities are not interchangeable, or it takes too
    long.
    """
    space = explore(model, RunOptions(), Limits(timeout=patience))
    return None if space.quotient is None or space.stopped else space


def _with_symmetry(space: StateSpace, mine: Answer) -> Iterator[str]:
    """What differs where one state of each orbit is visited: the states that they stand for, the properties
    that fail.
    """
    if space.represented != mine.states:
        yield f"states: {mine.states:,}, with symmetry {space.represented:,}"
    violated = {
        n: v.level + (v.kind == "step") for n, v in space.violations.items() if n in checkable(space.model)
    }
    own = {name: steps for name, steps in mine.violated.items() if name not in mine.temporal}
    if violated != own:
        yield f"violated: {own}, with symmetry {violated}"


def _compared(mine: Answer, other: Answer) -> tuple[list[str], list[str]]:
    """The differences of two answers: those without a reason, and those with one."""
    differences, explained = [], []
    rounded = "SPIN tells eight digits" in other.reasons
    for what, a, b in (
        ("states", mine.states, other.states),
        ("transitions", mine.transitions, other.transitions),
    ):
        if a != b and rounded and abs(a - b) <= a // 10**7:
            explained.append(f"{what}: {other.judge} tells eight digits")
        elif a != b:
            differences.append(f"{what}: {a:,}, {other.judge} has {b:,}")
    if other.orbits is not None and mine.orbits != other.orbits:
        differences.append(f"orbits: {mine.orbits}, {other.judge} has {other.orbits:,}")
    if other.depth is None:
        explained.append(f"depth: {other.judge} tells none")
    elif mine.depth != other.depth:
        differences.append(f"depth: {mine.depth}, {other.judge} has {other.depth}")
    lasting = {*mine.temporal, *other.temporal}
    for name in {**mine.violated, **other.violated}:
        own, said = _verdict(mine, name), _verdict(other, name)
        if own == said or (name in lasting and not (name in mine.temporal and name in other.temporal)):
            continue
        told = f"{name}: {own}, {other.judge} says {said}"
        if name in lasting and mine.reasons:
            explained.append(f"{told}: {' and '.join(mine.reasons)}")
        else:
            differences.append(told)
    return differences, explained


def _false_stories(model: Model, answer: Answer) -> Iterator[str]:
    """Stories of a judge that are no behaviours here, or do not break their property."""
    initial = tuple(model.initial_states())
    for name, story in answer.stories.items():
        why = replayed(model, initial, name, story)
        if why:
            yield f"{name}: {answer.judge}'s story is none here: {why}"


def _verdict(answer: Answer, name: str) -> str:
    if name not in answer.violated:
        return "holds"
    steps = answer.violated[name]
    if steps is None:
        return "violated"
    return f"violated after {steps} step{'s' * (steps != 1)}"


def table(judged: Judged) -> Iterator[str]:
    """The answers beside each other, and what is to be said of them."""
    model, answers = judged.model, judged.answers
    if answers:
        rows = [["", *(a.judge for a in answers)]]
        rows.append(["states", *(f"{a.states:,}" for a in answers)])
        rows.append(["transitions", *(f"{a.transitions:,}" for a in answers)])
        rows.append(["depth", *("-" if a.depth is None else str(a.depth) for a in answers)])
        asked_for = [name for name in checkable(model) if name not in judged.unasked]
        if any(a.orbits is not None for a in answers[1:]):
            rows.append(["orbits", *("-" if a.orbits is None else f"{a.orbits:,}" for a in answers)])
        every = [*asked_for, *dict.fromkeys(name for a in answers for name in a.temporal)]
        for name in every:
            rows.append([name, *(_short(a, name, name not in checkable(model)) for a in answers)])
        rows.append(["seconds", *(f"{a.seconds:.1f}" for a in answers)])
        first = max(len(row[0]) for row in rows)
        widths = [max(len(row[i]) for row in rows) for i in range(1, len(rows[0]))]
        for row in rows:
            cells = (f"{cell:>{width}}" for cell, width in zip(row[1:], widths))
            yield f"  {row[0]:<{first}}  {'  '.join(cells)}".rstrip()
    if judged.unasked:
        yield f"  violated, and not asked for in brief: {', '.join(judged.unasked)}"
    if judged.stopped:
        yield f"  not judged: {judged.stopped}"
    asked = {name for answer in answers[1:] for name in (*answer.temporal, *answer.left)}
    left = ", ".join(p.name for p in model.temporal if p.name not in asked)
    if left:
        yield f"  not judged, since temporal: {left}"
    yield from (f"  {a.judge} is not asked {why}" for a in answers for why in a.left.values())
    yield from (f"  {name} cannot be asked: {why}" for name, why in judged.refused.items())
    yield from (f"  {name} has no answer: {why}" for name, why in judged.silent.items())
    yield from (f"  explained: {text}" for text in judged.explained)
    yield from (f"  DIFFERS: {text}" for text in judged.differences)


def _short(answer: Answer, name: str, temporal: bool) -> str:
    if temporal and name not in answer.temporal:
        return "-"
    steps = answer.violated.get(name)
    return "holds" if name not in answer.violated else "violated" + (f" {steps}" if steps is not None else "")
