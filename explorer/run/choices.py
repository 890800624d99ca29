"""Which of many choices of constants keep the properties: all choices in one exploration where the state does
not depend on them, else one exploration for each.

A choice that was refuted is not followed any further. What is said of a choice is what a check of the spec
with these constants says, up to the level where its first property fails.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from explorer.engine.compiled import Compiled
from explorer.engine.limits import Limits, Observer
from explorer.engine.python import Search
from explorer.engine.space import Handle
from explorer.engine.space_builder import FirstFailure, SpaceBuilder
from explorer.ground.ground import ground
from explorer.ground.rigid import PREFIX, NotRigid, rigid_model
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.language.spec import Spec
from explorer.run.options import RunOptions
from explorer.run.run import check_properties, run
from explorer.symmetry.find import find
from explorer.verdict.expectation import HOLDS, UNDETERMINED, VIOLATED

Key = tuple[Any, ...]
"""The values of the constants that are chosen, in their order."""


@dataclass(slots=True)
class Outcome:
    """What became of one choice. `by`: the properties that fail first, with the steps of their shortest
    stories; `reason`: why nothing is known. `temporal`: whether temporal properties are among what is said.
    """

    key: Key
    status: str = HOLDS
    by: list[tuple[str, int | None]] = field(default_factory=list)
    reason: str = ""
    temporal: bool = False

    def doubt(self, reason: str) -> None:
        if self.status == HOLDS:
            self.status, self.reason = UNDETERMINED, reason


@dataclass(slots=True)
class Choices:
    """The outcomes of all choices, and what finding them took: `together` says whether one exploration
    covered all; `compiling` and `exploring` are seconds.
    """

    names: tuple[str, ...]
    outcomes: dict[Key, Outcome]
    together: bool = True
    states: int = 0
    compiling: float = 0.0
    exploring: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """A spec, the constants that are fixed, those that are chosen with their values, the properties that
    count (all, if there are none), and the bounds of each exploration.
    """

    spec: Spec
    file: str
    constants: Mapping[str, Any]
    chosen: Mapping[str, Sequence[Any]]
    properties: tuple[str, ...]
    limits: Callable[[], Limits]
    observer: Observer


def judge_choices(asked: Question) -> Choices:
    """What becomes of every choice, by all properties but the temporal ones. UsageError for a property that
    the spec has not.
    """
    keys = itertools.product(*asked.chosen.values())
    result = Choices(tuple(asked.chosen), {key: Outcome(key) for key in keys})
    started = time.monotonic()
    try:
        model = rigid_model(asked.spec, asked.constants, asked.chosen, asked.file)
    except NotRigid:
        result.together = False
        for key in result.outcomes:
            started = time.monotonic()
            model = ground(asked.spec, _with(asked, key), asked.file)
            _explore(asked, model, result, started, {key: result.outcomes[key]})
        return result
    _explore(asked, model, result, started, result.outcomes)
    return result


def judge_temporal(asked: Question, result: Choices, key: Key) -> None:
    """What becomes of a choice by the temporal properties: an exploration of its own."""
    started = time.monotonic()
    model = ground(asked.spec, _with(asked, key), asked.file)
    outcome = result.outcomes[key]
    outcome.temporal = True
    names = tuple(p.name for p in model.temporal if not asked.properties or p.name in asked.properties)
    _, verdict = run(model, RunOptions(properties=names), asked.limits(), count_guards=False)
    for prop in verdict.properties:
        if prop.name not in names:
            continue
        if prop.verdict == VIOLATED:
            outcome.status, outcome.reason = VIOLATED, ""
            outcome.by.append((prop.name, prop.trace_length))
        elif prop.verdict == UNDETERMINED:
            outcome.doubt(f"{prop.name}: {prop.reason}")
    result.exploring += time.monotonic() - started


def _with(asked: Question, key: Key) -> dict[str, Any]:
    return {**asked.constants, **dict(zip(asked.chosen, key))}


def _explore(
    asked: Question, model: Model, result: Choices, started: float, outcomes: Mapping[Key, Outcome]
) -> None:
    """Explore level by level, and note of each choice the level where it fails first."""
    check_properties(model, RunOptions(properties=asked.properties))
    limits = asked.limits()
    safety = (*(p.name for p in model.properties), "deadlock")
    counted = {name for name in safety if not asked.properties or name in asked.properties}
    symmetry = find(model, tuple(counted) or ("deadlock",))
    if symmetry.unproved or symmetry.ordered:
        compiled = Compiled(model)
    else:
        compiled = Compiled(model, symmetry)
    search = Search(compiled, limits, asked.observer, time.monotonic())
    key_of = _keys(asked, compiled, next(iter(outcomes)))
    result.compiling += time.monotonic() - started
    begun = time.monotonic()
    refuted: set[Key] = set()
    while search.level and not search.space.stopped:
        search.step()
        _note(search.space, counted, outcomes, key_of)
        new = {key for key, outcome in outcomes.items() if outcome.status == VIOLATED} - refuted
        if new:
            refuted |= new
            search.level = [state for state in search.level if key_of(state) not in refuted]
    space = search.space
    result.states += space.distinct
    result.exploring += time.monotonic() - begun
    for reason in _bounds(space):
        for outcome in outcomes.values():
            outcome.doubt(reason)


def _note(
    space: SpaceBuilder, counted: set[str], outcomes: Mapping[Key, Outcome], key_of: Callable[[Handle], Key]
) -> None:
    """The violations of a level become those of their choices; then they are no longer the space's, so that
    the next level is judged whole.
    """
    for name in counted:
        violation = space.violations.get(name)
        for key in sorted({key_of(s) for s in _states(violation)} if violation else (), key=repr):
            assert violation is not None
            outcome = outcomes[key]
            outcome.status, outcome.reason = VIOLATED, ""
            outcome.by.append((name, violation.level + (violation.kind == "step")))
    failed = space.violations.get("evaluation")
    if failed is not None:
        for state, (_, failure) in failed.failures.items():
            outcomes[key_of(state)].doubt(f"{failure.message} ({failure.place})")
    for outcome in outcomes.values():
        outcome.by.sort()
    space.violations.clear()


def _states(violation: FirstFailure) -> Iterable[Handle]:
    return [*violation.states, *(edge[0] for edge in violation.edges)]


def _bounds(space: SpaceBuilder) -> Iterator[str]:
    """Why not every reachable state was seen."""
    if space.stopped:
        yield space.stopped
    for name, count in space.cut.items():
        yield f"constraint {name} cut {count:,} states"
    for family in space.compiled.model.families:
        if family.type.cut:
            yield family.type.cut


def _keys(asked: Question, compiled: Compiled, only: Key) -> Callable[[Handle], Key]:
    """What reads the choice off a state."""
    families = [f for f in compiled.model.families if f.variable.startswith(PREFIX)]
    if not families:
        return lambda state: only
    readers = []
    for family, values in zip(families, asked.chosen.values()):
        by_code = {family.type.encode(value): value for value in values}
        field = compiled.layout.fields.get(family)
        if field is None:
            readers.append((0, 0, {0: values[0]}))
        else:
            table = {code - family.low: value for code, value in by_code.items()}
            readers.append((field.shift(0), field.mask, table))
    return lambda state: tuple(table[state >> shift & mask] for shift, mask, table in readers)
