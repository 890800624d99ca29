"""Shortest ways by machine code: the costs of a level's states from those of the states behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from explorer.engine.lanes import Costs, Lanes
from explorer.engine.moved import Moved
from explorer.engine.native.arrays import Ahead, Numbers, Rules, WordRows
from explorer.engine.native.levels import integers, words_of

MOST_LANES = 40
"""Lanes that leave room for the changes in a cost of 62 bits."""


class ArrayCosts:
    """The costs of some states, as rows of words and numbers beside them."""

    def __init__(self, states: WordRows, costs: Numbers):
        self.states, self.costs = states, costs

    @classmethod
    def of(cls, costs: Costs, words: int) -> ArrayCosts:
        """Any costs as arrays."""
        if isinstance(costs, ArrayCosts):
            return costs
        items = dict(costs.items())
        return cls(words_of([*items], words), np.array([*items.values()], np.int64))

    def __len__(self) -> int:
        return len(self.costs)

    def get(self, state: int) -> int | None:
        (wanted,) = words_of([state], self.states.shape[1])
        rows = np.flatnonzero(self.states[:, 0] == wanted[0])
        return next((int(self.costs[row]) for row in rows if (self.states[row] == wanted).all()), None)

    def items(self) -> Iterable[tuple[int, int]]:
        return zip(integers(self.states), self.costs.tolist())

    def within(self, moved: Moved, most: int | None, room: int | None) -> ArrayCosts:
        """See `Moved`."""
        initial, *masks = words_of([moved.initial, *(bits for _, bits in moved.own)], self.states.shape[1])
        own, lanes = np.array(masks).reshape(-1, self.states.shape[1]), np.array([n for n, _ in moved.own])
        has = ((self.states ^ initial)[:, None] & own).any(axis=2)
        stays = has & (self.costs[:, None] >> lanes.astype(np.int64) & 1 != 0)
        many = (self.costs >> moved.number) + has.sum(axis=1) - stays.any(axis=1)
        rows = np.arange(len(self)) if most is None else np.flatnonzero(many <= most)
        if room is not None:
            rows = rows[np.argsort(many[rows], kind="stable")[:room]]
        return ArrayCosts(self.states[rows], self.costs[rows])


def before(
    ways: Callable[..., int],
    states: WordRows,
    later: ArrayCosts,
    lanes: Lanes,
    rules: tuple[Rules, list[int]],
) -> ArrayCosts:
    """The costs of those of some states from which a step leads to a state with a cost. `ways` is the
    generated function; `rules` are its tables, and the action instances by rule.
    """
    tables, numbers = rules
    ahead = Ahead(
        later.states,
        costs=later.costs,
        slots=np.zeros(1 << (2 * len(later)).bit_length() + 1, np.uint32),
        lanes=np.array([lanes.of[number] for number in numbers], np.int64),
        turned=np.array(lanes.turned, np.int64).reshape(len(lanes.turned), lanes.number),
        bits=lanes.number,
    )
    origins, costs = np.empty(len(states), np.int64), np.empty(len(states), np.int64)
    found = ways(states, ahead, tables, origins, costs)
    return ArrayCosts(states[origins[:found]], costs[:found].copy())
