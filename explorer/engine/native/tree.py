"""States of several words as one word each: recursive indexing (decision 0013).

`tree_kernels.py` does the work. The dictionaries are small: parts of states repeat. They grow when no worker
looks at them. Knows nothing of search.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.engine.native.arrays import (
    Dictionaries,
    Folded,
    Level,
    NumberRows,
    Numbers,
    Part,
    Unfolded,
    WordRows,
)
from explorer.engine.native.visited import TableFull

ROOT_BITS = 60
"""Bits of a root word: two numbers of 30 bits."""

FIRST_ROOM = 1 << 10
MOST_ENTRIES = 1 << 30
BATCH = 1 << 14
ROOMY, LARGE = 4, 1 << 20
"""Entries that a new dictionary has room for, those that a number can tell apart, states folded at once;
slots for each entry, and the entries from which there are two, as memory counts for more than collisions.
"""


class Growing:
    """Dictionaries of pairs of numbers, and of words; `arrays.Dictionaries` says what the arrays hold."""

    def __init__(self, kernels: Any, pairs: NumberRows):
        self.kernels, self.pairs = kernels, pairs
        self.nodes = len(self.pairs) - 1
        self.arrays = Dictionaries(
            np.empty(0, np.uint32),
            np.zeros(1, np.uint64),
            np.zeros((self.nodes, 4), np.uint64),
            np.zeros((self.nodes, 2), np.int64),
            pairs=self.pairs,
            above=_above(self.pairs),
        )
        self._build([FIRST_ROOM] * self.nodes)

    def grow(self, node: int) -> None:
        """Make room for twice as many entries of a node. Raises TableFull where numbers cannot tell them
        apart.
        """
        rooms = self.arrays.entries[:, 1].tolist()
        rooms[node] *= 2
        if rooms[node] >= MOST_ENTRIES:
            raise TableFull
        self._build(rooms)

    def _build(self, rooms: list[int]) -> None:
        """Lay all dictionaries out anew; slots are filled from the entries."""
        capacities = [(ROOMY if room < LARGE else 2) * room for room in rooms]
        at = np.cumsum([0, *(room + 1 for room in rooms)])
        old, shape, entries = self.arrays.values, self.arrays.shape, self.arrays.entries
        values, before = np.zeros(at[-1], np.uint64), shape[:, 3].tolist()
        for node, size in enumerate(entries[:, 0].tolist()):
            values[at[node] : at[node] + size + 1] = old[before[node] : before[node] + size + 1]
        entries[:, 1] = rooms
        shape[:, 0] = np.cumsum([0, *capacities])[:-1]
        shape[:, 1] = [capacity - 1 for capacity in capacities]
        shape[:, 2] = [64 - capacity.bit_length() + 1 for capacity in capacities]
        shape[:, 3] = at[:-1]
        self.arrays = self.arrays._replace(values=values, slots=np.empty(0, np.uint32))
        self.arrays = self.arrays._replace(slots=np.zeros(sum(capacities), np.uint32))
        for node in range(self.nodes):
            self.kernels.rehash(self.arrays, node)


class Tree(Growing):
    """The dictionaries of states of `words` words. Those of a part lie under one node, that of the part in
    `tops`; without `parts` each word is one.
    """

    def __init__(self, kernels: Any, words: int, parts: Sequence[Sequence[int]] | None = None):
        pairs, self.tops = _pairs(words, parts or [[word] for word in range(words)])
        super().__init__(kernels, pairs)
        self.words = words

    def unfold(self, roots: WordRows) -> WordRows:
        """The states (uint64 [n, words]) of root words (uint64 [n, 1])."""
        states = np.empty((len(roots), self.words), np.uint64)
        numbers = self.numbers(min(BATCH, len(roots)))
        for start in range(0, len(roots), BATCH):
            stop = min(start + BATCH, len(roots))
            self.unfold_some(roots, (start, stop), Unfolded(states[start:stop], numbers))
        return states

    def numbers(self, states: int) -> WordRows:
        """Room for the numbers of the nodes of so many states. Those of one state lie in different lines of
        the cache.
        """
        return np.empty((self.nodes, states + 8), np.uint64)

    def unfold_some(self, roots: WordRows, span: tuple[int, int], unfolded: Unfolded) -> None:
        """The states of some root words and the numbers of their nodes, into `unfolded`."""
        self.kernels.unfold(roots, span, self.arrays, unfolded)

    def fold(self, states: WordRows) -> WordRows:
        """The root words (uint64 [n, 1]) of states (uint64 [n, words]), which may be new. Not while workers
        look up.
        """
        return self.fold_alone(self._alone(states), len(states)).states

    def known(self, states: WordRows) -> WordRows:
        """The root words of those of some states all of whose parts are in the dictionaries."""
        level, folded = self._alone(states), self.room(len(states), len(states))
        self.kernels.fold(level, Part(0, len(states), True, False), self._nobody(), self.arrays, folded)
        return folded.roots[: folded.totals[0]]

    def fold_alone(self, level: Level, size: int) -> Level:
        """As `fold`, for the first `size` rows of states with a column before the words, and their rules."""
        folded, at, parent = self.room(size, 1), 0, self._nobody()
        while at < size:
            at = self.kernels.fold(level, Part(at, size, True, True), parent, self.arrays, folded)
            if folded.totals[2] >= 0:
                self.grow(int(folded.totals[2]))
        return Level(folded.roots, folded.rules)

    def _alone(self, states: WordRows) -> Level:
        """States with a column before the words, as if no rule had made them."""
        alone = np.zeros((len(states), 1 + self.words), np.uint64)
        alone[:, 1:] = states
        return Level(alone, np.zeros(len(states), np.uint16))

    def _nobody(self) -> Unfolded:
        """The predecessor of states that stand alone."""
        return Unfolded(np.zeros((1, self.words), np.uint64), np.zeros((self.nodes, 1), np.uint64))

    def room(self, size: int, missed: int) -> Folded:
        """Room for so many root words, and for states with a part that is in no dictionary."""
        roots, rules = np.empty((size, 1), np.uint64), np.empty(size, np.uint16)
        states, made_by = np.empty((missed, 1 + self.words), np.uint64), np.empty(missed, np.uint16)
        return Folded(roots, rules, states, made_by, np.array([0, 0, -1], np.int64))


def _pairs(words: int, parts: Sequence[Sequence[int]]) -> tuple[NumberRows, list[int]]:
    """The children of every node: words first, then pairs of neighbours; last those of the root. And the
    nodes of parts, of which there are two or more.
    """
    pairs = [[-1, -1]] * words

    def joined(top: list[int], most: int) -> list[int]:
        while len(top) > most:
            above = list(range(len(pairs), len(pairs) + len(top) // 2))
            pairs.extend(top[k : k + 2] for k in range(0, len(top) - 1, 2))
            top = above + top[2 * len(above) :]
        return top

    tops = [joined(list(part), 1)[0] for part in parts]
    root = joined(tops, 2)
    return np.array([*pairs, root], np.int64), tops


def _above(pairs: NumberRows) -> Numbers:
    """The parent of every node."""
    result = np.zeros(len(pairs) - 1, np.int64)
    for node, children in enumerate(pairs.tolist()):
        for child in children:
            if child >= 0:
                result[child] = node
    return result
