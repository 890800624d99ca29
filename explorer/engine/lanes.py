"""The fewest changes of actor on shortest ways to a goal, a level at a time, backwards.

A lane is an actor's number. The cost of a state is one number: the changes on the best way from it, and below
them a bit for each lane that may make the next step without another change. No lane costs more than one
change above, so that this is all there is to know.

In a space of representatives a cost is that of the representative. A step leads to a real state, and the lane
that makes it is seen as what makes that state its representative sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from explorer.engine.handle import Edge, Handle
from explorer.ir.data import dataclass

Renamed = Callable[[Handle, int], tuple[Handle, int]]
"""From a state and a lane to the representative of the state and what the lane becomes there."""


class CostRows(Protocol):
    """Costs as arrays; `within` is that of `Moved` (`moved.py`)."""

    def __len__(self) -> int: ...

    def get(self, state: Handle, /) -> int | None: ...

    def items(self) -> Iterable[tuple[Handle, int]]: ...

    def within(self, moved: Any, most: int | None, room: int | None) -> CostRows: ...


Costs = dict[Handle, int] | CostRows
"""The costs of the states of a level that lie on shortest ways."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """`of[i]` is the lane of action instance i, `number` how many there are. `turned[g][lane]` is what
    exchange g of a plan of symmetry makes of a lane; without a symmetry there is none.
    """

    of: list[int]
    number: int
    turned: list[list[int]]

    @property
    def goal(self) -> int:
        """The cost of a state at which a way ends."""
        return (1 << self.number) - 1

    def changes(self, cost: int, lane: int) -> int:
        """The changes from a state with this cost on, when `lane` made the step into it."""
        return (cost >> self.number) + (not cost >> lane & 1)

    def costs(
        self, edges: Iterable[Edge], later: dict[Handle, int], renamed: Renamed | None = None
    ) -> dict[Handle, int]:
        """The costs of the states where some edges begin, from those of the states behind them. A state that
        has none there is a goal.
        """
        result: dict[Handle, int] = {}
        lanes, number, goal = self.of, self.number, self.goal
        for origin, instance, target in edges:
            lane = seen = lanes[instance]
            if renamed is not None:
                target, seen = renamed(target, lane)
            cost = later.get(target, goal)
            changes = (cost >> number) + (not cost >> seen & 1)
            known = result.get(origin)
            if known is None or changes < known >> number:
                result[origin] = changes << number | 1 << lane
            elif changes == known >> number:
                result[origin] = known | 1 << lane
        return result
