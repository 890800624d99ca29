"""What is known of a process while it is traced: ways, places, registers and steps. Plain data.

Knows nothing of how they are found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace
from types import CodeType, FrameType
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.places import Variable
from explorer.language.process import Decision, Step
from explorer.language.tracing import Trace

STALE = -1
"""The number of a family whose values belong to an earlier step."""

Codes = tuple[CodeType, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """Where a kept or chosen value lives: the functions that are active there, and the name it is assigned
    to.
    """

    kind: str
    codes: Codes
    name: str

    def order(self) -> tuple[str, ...]:
        """What registers are sorted by, the same in every process."""
        return self.name, self.kind, *(f"{code.co_name}:{code.co_firstlineno}" for code in self.codes)


@dataclass(frozen=True, slots=True)
class Way:
    """How a place is reached: the outcomes of all branches and choices, how many steps they belong to, and
    for each step what a memory chose in it.
    """

    outcomes: tuple[Any, ...] = ()
    steps: int = 0
    picks: tuple[tuple[int, ...], ...] = ()

    def deciding(self, outcome: Any) -> Way:
        return Way((*self.outcomes, outcome), self.steps, self.picks)

    def stepping(self, picks: Iterable[int]) -> Way:
        return Way(self.outcomes, self.steps + 1, (*self.picks, tuple(picks)))


@dataclass(frozen=True, slots=True)
class Position:
    """Where each active function of a process stands, the innermost last."""

    stack: tuple[tuple[CodeType, int], ...]
    line: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Node:
    """A place with its local values: what comes next depends on nothing else but the state.

    `locals` are plain values by depth and name, `kept` the registers in use, `chosen` the choices in use
    with values.
    """

    position: Position
    locals: tuple[tuple[tuple[int, str], Any], ...]
    kept: frozenset[Register]
    chosen: tuple[tuple[Register, Any], ...]


@dataclass(slots=True)
class StepTrace:
    """What one step left behind: its beginning, trace and outcomes. `ends` where the process returned.

    `local` are the local values when it began, and those that its decisions gave.
    """

    step: Step
    codes: Codes
    frame: FrameType
    local: dict[str, Any]
    trace: Trace
    way: Way
    kept: dict[Register, Any] = field(default_factory=dict)
    chosen: dict[Register, Any] = field(default_factory=dict)
    choices: dict[Register, Decision] = field(default_factory=dict)
    decided: list[tuple[str, Any]] = field(default_factory=list)
    counts: dict[Register, int] = field(default_factory=dict)
    ends: bool = False

    @property
    def said(self) -> Step:
        """The step as its outcome says, where it has one."""
        begun = self.step
        for outcome in self.trace.outcomes:
            step: Step = outcome.step
            return replace(
                step,
                fair=begun.fair if step.fair is None else step.fair,
                actor=step.actor or begun.actor,
                source=step.source or begun.source,
                atomic=begun.atomic,
            )
        return begun


@dataclass(frozen=True, slots=True)
class Open:
    """A decision that the way says nothing about."""

    decision: Decision
    way: Way


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process meets: its arguments, and those of them that are components with their places, fresh
    and stale.

    `registers` are known by the names of their variables, `locations` are those of memories. `read` gives
    the content of one, or a stale value; `kept` is what a decision keeps, as a value of the register's type.
    `dead` is filled: the choices that do not live on at a position. One whose value turns up there in some
    runs only is dead, too: in the others the same value comes from elsewhere.
    """

    arguments: dict[str, Any]
    components: tuple[tuple[Any, dict[str, Any], dict[str, Any]], ...]
    registers: dict[str, Register]
    dead: set[tuple[tuple[tuple[CodeType, int], ...], Register]]
    locations: tuple[Variable, ...]
    read: Callable[[Register, bool], Any]
    kept: Callable[[Register, Decision], Any]


def stale_variable(variable: Variable) -> Variable:
    families = {path: replace(family, number=STALE) for path, family in variable.families.items()}
    return Variable(variable.name, variable.type, families, variable.quiet)
