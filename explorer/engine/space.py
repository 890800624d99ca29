"""What an exploration found: counts, levels of states, and where properties first fail. Knows nothing of
their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

from explorer.engine.compiled import Compiled
from explorer.engine.compiled import Edge as Edge
from explorer.engine.compiled import Handle as Handle
from explorer.engine.compiled import Quotient as Quotient
from explorer.engine.handle import Level as Level
from explorer.engine.lanes import Costs, Lanes
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, Failure
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.symmetry.find import Refusal


def _no_failures() -> Mapping[Handle, tuple[int, Failure]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Violation:
    """Where a property fails first. `level` is the depth of the states in `states`, or of the edges' origins.

    `edges` are offending steps (step invariants); `failures` says for each state which expression has no
    value, and in which action instance (-1: in a property).
    """

    name: str
    kind: str
    level: int
    states: tuple[Handle, ...] = ()
    edges: tuple[Edge, ...] = ()
    failures: Mapping[Handle, tuple[int, Failure]] = field(default_factory=_no_failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSpace:
    """The result of an exploration, complete or not. `engine/space_builder.py` makes it; nothing changes it.

    `levels[d]` are the states at distance d, in the engine's order. `enabled[i]` counts the visited
    states in which action instance i could be taken, `changed[i]` those in which taking it changed the
    state. `stopped` names the bound that ended the run, None when every reachable state was visited;
    `cut` counts the states that a constraint kept from being expanded. `edges(states, targets)` lists the
    steps that leave the states, one state after the other, into the targets only where some are given;
    `before(level, costs, lanes)` gives the costs of the states of a level from those of states behind it
    (`lanes.py`);
    `somewhere(condition)` says whether a condition has the value true in any visited state (on any step,
    if it reads `.next`). `refused` are scalarsets that were to be used and proved to be none; `compiled`
    is the model's program with its layout and code. On random walks levels may overlap, and `walked`
    counts the distinct states (None: no walks). With a `quotient` all this is about representatives, and
    `orbits_sum` counts the states that they stand for; `edges` lists real steps from any states, into the
    orbits of the targets. `omission` is the probability that fingerprints of `fingerprint` bits left a
    state out, and `max_omission` the one up to which anything holds. `phases` are seconds by what they
    were spent on.
    """

    compiled: Compiled
    engine: str
    levels: tuple[Level, ...]
    decode: Callable[[Handle], State]
    edges: Callable[[Iterable[Handle], Any], list[Edge]]
    before: Callable[[Level, Costs, Lanes], Costs]
    somewhere: Callable[[Expr], bool]
    enabled: tuple[int, ...]
    changed: tuple[int, ...]
    violations: Mapping[str, Violation]
    expanded: int
    least: int
    most: int
    cut: Mapping[str, int]
    stopped: str | None
    seconds: float
    phases: Mapping[str, float]
    notes: tuple[str, ...]
    bits: int = 0
    workers: int = 1
    storage: str = "exact"
    omission: float = 0.0
    max_omission: float = 1e-6
    fingerprint: int = 0
    orbits_sum: int = 0
    refused: tuple[Refusal, ...] = ()
    walked: int | None = None

    @property
    def model(self) -> Model:
        return self.compiled.model

    @property
    def quotient(self) -> Quotient | None:
        return self.compiled.quotient

    @property
    def initial(self) -> int:
        return len(self.levels[0]) if self.levels else 0

    @property
    def distinct(self) -> int:
        return sum(map(len, self.levels)) if self.walked is None else self.walked

    @property
    def represented(self) -> int:
        """How many states the visited ones stand for."""
        return self.orbits_sum if self.quotient is not None else self.distinct

    @property
    def transitions(self) -> int:
        return sum(self.enabled)

    @property
    def generated(self) -> int:
        return self.initial + self.transitions

    @property
    def depth(self) -> int:
        return max(len(self.levels) - 1, 0)
