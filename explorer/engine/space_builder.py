"""The counters of a search that is under way, and the state space that they become. Only engines write here;
what anybody else sees is a value. Knows nothing of how states are found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import field
from types import MappingProxyType
from typing import Any

from explorer.engine.compiled import Compiled, Edge, Handle
from explorer.engine.lanes import Costs, Lanes
from explorer.engine.limits import Observer, Prefix, Progress
from explorer.engine.space import Level, StateSpace, Violation
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, Failure
from explorer.ir.semantics import State


@dataclass(slots=True)
class FirstFailure:
    """Where a property fails first, as far as it is known: see `Violation`."""

    name: str
    kind: str
    level: int
    states: list[Handle] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    failures: dict[Handle, tuple[int, Failure]] = field(default_factory=dict)

    def violation(self) -> Violation:
        return Violation(
            self.name,
            self.kind,
            self.level,
            states=tuple(self.states),
            edges=tuple(self.edges),
            failures=MappingProxyType(dict(self.failures)),
        )


@dataclass(slots=True, kw_only=True)
class SpaceBuilder:
    """What an engine has counted so far. The fields are those of `StateSpace`, which says what they mean.

    `least` is 2**62 until a state was expanded; `started` is a time of `time.monotonic`.
    """

    compiled: Compiled
    engine: str
    started: float
    decode: Callable[[Handle], State]
    edges: Callable[[Iterable[Handle], Any], list[Edge]]
    before: Callable[[Level, Costs, Lanes], Costs]
    somewhere: Callable[[Expr], bool]
    levels: list[Level] = field(default_factory=list)
    enabled: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    violations: dict[str, FirstFailure] = field(default_factory=dict)
    expanded: int = 0
    least: int = 1 << 62
    most: int = 0
    cut: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None
    phases: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    bits: int = 0
    workers: int = 1
    storage: str = "exact"
    omission: float = 0.0
    max_omission: float = 1e-6
    fingerprint: int = 0
    orbits_sum: int = 0
    walked: int | None = None

    def __post_init__(self) -> None:
        instances = len(self.compiled.model.instances)
        self.enabled, self.changed = [0] * instances, [0] * instances

    @property
    def distinct(self) -> int:
        return sum(map(len, self.levels)) if self.walked is None else self.walked

    def note(self, name: str, kind: str, level: int) -> FirstFailure | None:
        """The record for a violation at a level; None when the property already failed at an earlier one."""
        result = self.violations.setdefault(name, FirstFailure(name, kind, level))
        return result if result.level == level else None

    def note_failure(self, level: int, state: Handle, instance: int, failure: Failure) -> None:
        """Record that an expression has no value; of several in one state, the first action's counts (-1: a
        property's).
        """
        violation = self.note("evaluation", "evaluation", level)
        if not violation:
            return
        if state not in violation.failures:
            violation.states.append(state)
        elif violation.failures[state][0] <= instance:
            return
        violation.failures[state] = (instance, failure)

    def failed_in(self, level: int) -> tuple[str, ...]:
        """The properties that fail first at a level."""
        return tuple(v.name for v in self.violations.values() if v.level == level)

    def report(self, observer: Observer, depth: int, states: int, frontier: int, sizes: list[int]) -> None:
        """Let the observer know of properties that fail first at a level that was expanded, where the search
        goes on.
        """
        failed = self.failed_in(depth)
        if failed and frontier and not self.stopped:
            observer(
                Progress(
                    level=depth,
                    states=states,
                    frontier=frontier,
                    seconds=time.monotonic() - self.started,
                    levels=Prefix(sizes),
                    failed=failed,
                    snapshot=self.space,
                )
            )

    def continue_from(self, other: SpaceBuilder) -> None:
        """Take over the counts of a search that this one carries on; its levels are the engine's affair."""
        self.enabled, self.changed, self.expanded = [*other.enabled], [*other.changed], other.expanded
        self.least, self.most, self.orbits_sum = other.least, other.most, other.orbits_sum
        self.cut, self.violations = {**other.cut}, {**other.violations}

    def space(self) -> StateSpace:
        """What has been found so far, as a value that later counting does not change."""
        return StateSpace(
            compiled=self.compiled,
            engine=self.engine,
            levels=tuple(self.levels),
            decode=self.decode,
            edges=self.edges,
            before=self.before,
            somewhere=self.somewhere,
            enabled=tuple(self.enabled),
            changed=tuple(self.changed),
            violations=MappingProxyType({n: v.violation() for n, v in self.violations.items()}),
            expanded=self.expanded,
            least=min(self.least, self.most),
            most=self.most,
            cut=MappingProxyType({**self.cut}),
            stopped=self.stopped,
            seconds=time.monotonic() - self.started,
            phases=MappingProxyType({**self.phases}),
            notes=tuple(self.notes),
            bits=self.bits,
            workers=self.workers,
            storage=self.storage,
            omission=self.omission,
            max_omission=self.max_omission,
            fingerprint=self.fingerprint,
            orbits_sum=self.orbits_sum,
            walked=self.walked,
        )
