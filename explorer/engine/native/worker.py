"""What one worker owns, and how it expands its part of a level into buckets by owner.

States of several words pass through a tree (`tree.py`): root words are unfolded a chunk at a time, expanded,
and their successors folded again before they go to the buckets. So buckets, visited set and levels see
states of one word only. Knows nothing of levels and limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer.engine.native.exchange import Buckets
from explorer.engine.native.machine import NOBODY, Machine
from explorer.engine.native.tree import Tree
from explorer.engine.native.visited import Store

BUCKET_WORDS = 1 << 21
FLAGS = 1 << 16
CHUNK, SUCCESSORS, MISSED = 1 << 13, 1 << 15, 1 << 12
"""Words of one worker's buckets; flagged rows a call; states of several words that are unfolded, successors
that are folded, and successors with a part that is in no dictionary that are kept, at once."""


class Worker:
    """A worker for states of one word.

    `level` (uint64 [n, 1]) and `by` (uint16 [n]) are its part of the level and the rules that made it, `at`
    is the first state that was not expanded. `fresh` are parts of the next level. `flagged` are states
    (uint64 [n, words]) that the python engine has to look at. `enabled` and `same` (int64 [rules]) count the
    states in
    which a rule was possible, and those that it did not change; `cut` (int64 [constraints]) those that a
    constraint kept from being expanded. `stat` (int64 [5]): least and most successors, flagged rows, expanded
    states, transitions.
    """

    def __init__(self, machine: Machine, store: Store, known: Any, constraints: int):
        self.machine, self.store, self.known = machine, store, known
        rules = len(machine.numbers)
        self.partitions = 1 << store.hashing.partition_bits
        depth = max(2 * rules + 64, BUCKET_WORDS // self.partitions)
        self.buckets = buckets(self.partitions, depth, 1)
        self.mix = store.hashing.mix
        self.nobody = rules if rules <= NOBODY else 0
        self.enabled, self.same = np.zeros(rules, np.int64), np.zeros(rules, np.int64)
        self.cut = np.zeros(max(1, constraints), np.int64)
        self.flags = np.zeros(FLAGS, np.int64)
        self.stat = np.array([1 << 62, 0, 0, 0, 0], np.int64)
        self.level, self.by, self.at = np.empty((0, 1), np.uint64), np.empty(0, np.uint16), 0
        self.fresh: list[tuple[Any, Any]] = []
        self.flagged: list[Any] = []

    def begin(self) -> None:
        """Make the level to expand of what was new."""
        if len(self.fresh) == 1:
            self.level, self.by = self.fresh[0]
        else:
            self.level = np.concatenate([np.empty((0, 1), np.uint64), *(states for states, _ in self.fresh)])
            self.by = np.concatenate([np.empty(0, np.uint16), *(rules for _, rules in self.fresh)])
        self.fresh, self.at = [], 0

    def busy(self) -> bool:
        """Whether a part of the level, or a successor, is not yet in the buckets."""
        return self.at < len(self.level)

    def states(self) -> Iterator[Any]:
        """The states of the level, in pieces (uint64 [n, words])."""
        yield self.level

    def expand(self) -> None:
        """Expand states until the buckets are full or the level is done."""
        if self.at < len(self.level):
            self.at = self._call(self.level, self.by, self.at, len(self.level), self.buckets)

    def intern(self) -> None:
        """Do what no two workers may do at a time, after `expand`."""

    def insert(self, arrivals: list[Buckets], level: int) -> None:
        """Insert this worker's part of all buckets; what is new goes to `fresh`."""
        for arrived in arrivals:
            total = int(np.add.reduce(arrived[2][self.store.first : self.store.last]))
            if not total:
                continue
            fresh, by = np.empty((total, 1), np.uint64), np.empty(total, np.uint16)
            n = self.store.insert(arrived, level, fresh, by, 0)
            if n:
                self.fresh.append(
                    (fresh[:n].copy(), by[:n].copy()) if n < total // 2 else (fresh[:n], by[:n])
                )

    def scatter(self, states: Any, by: Any, at: int, target: Buckets | None = None) -> int:
        """Put states of one word (uint64 [n, 1]) from row `at` on into buckets, by the rules that made them;
        the first that found no room.
        """
        return int(
            self.machine.kernels.scatter(states, by, at, len(states), *(target or self.buckets), self.mix)
        )

    def _call(self, states: Any, by: Any, start: int, stop: int, target: Buckets) -> int:
        """Expand states[start:stop] by machine code and keep what it flags; the first not expanded."""
        with self.machine.running():
            end = int(
                self.machine.search.expand(
                    states,
                    by,
                    start,
                    stop,
                    *target,
                    self.mix,
                    self.known,
                    self.enabled,
                    self.same,
                    self.cut,
                    self.flags,
                    self.stat,
                    *self.machine.arguments,
                )
            )
        n = int(self.stat[2])
        if n:
            self.flagged.append(states[self.flags[:n]])
            self.stat[2] = 0
        return end


class TreeWorker(Worker):
    """A worker for states of several words; `level` has their root words.

    Where it is `alone` it makes new entries of the tree as it meets them; otherwise `intern` does.
    """

    def __init__(self, machine: Machine, store: Store, known: Any, constraints: int, tree: Tree, alone: bool):
        super().__init__(machine, store, known, constraints)
        self.tree, self.alone = tree, alone
        rules, words = len(machine.numbers), tree.words
        self.chunk = np.empty((CHUNK, words), np.uint64), np.empty((CHUNK, tree.nodes), np.uint64)
        self.rules = self.by
        self.row, self.rows = 0, 0
        room = max(2 * rules + 64, SUCCESSORS)
        self.successors = buckets(1, room, words + 1)
        self.folded = 0
        self.roots, self.roots_by = np.empty((room, 1), np.uint64), np.empty(room, np.uint16)
        self.missed, self.missed_by = np.empty((MISSED, words + 1), np.uint64), np.empty(MISSED, np.uint16)
        self.fold_stat = np.zeros(3, np.int64)
        self.pending: list[tuple[Any, Any, int]] = []

    def begin(self) -> None:
        super().begin()
        self.row = self.rows = 0

    def busy(self) -> bool:
        return bool(
            super().busy()
            or self.row < self.rows
            or self.folded < self.successors[2][0]
            or self.pending
            or self.fold_stat[1]
        )

    def states(self) -> Iterator[Any]:
        for start in range(0, len(self.level), CHUNK):
            yield self.tree.unfold(self.level[start : start + CHUNK])

    def expand(self) -> None:
        while self._scatter_pending():
            if self.folded < self.successors[2][0]:
                if not self._fold():
                    return
            elif self.row < self.rows:
                self.folded, self.successors[2][0] = 0, 0
                self.row = self._call(self.chunk[0], self.rules, self.row, self.rows, self.successors)
            elif self.at < len(self.level):
                stop = min(self.at + CHUNK, len(self.level))
                self.tree.unfold_some(self.level, self.at, stop, *self.chunk)
                self.rules, self.row, self.rows = self.by[self.at : stop], 0, stop - self.at
                self.at = stop
            else:
                return

    def intern(self) -> None:
        missed = int(self.fold_stat[1])
        if missed:
            self.pending.append((*self.tree.fold_alone(self.missed, self.missed_by, missed), 0))
            self.fold_stat[1] = 0

    def _scatter_pending(self) -> bool:
        """Whether all root words found room in the buckets."""
        while self.pending:
            roots, by, at = self.pending[0]
            at = self.scatter(roots, by, at)
            if at < len(roots):
                self.pending[0] = roots, by, at
                return False
            self.pending.pop(0)
        return True

    def _fold(self) -> bool:
        """Fold successors; whether there is room for more that have a part in no dictionary."""
        stat = self.fold_stat
        stat[0] = 0
        states = self.successors[0][0], self.successors[1][0], self.folded, int(self.successors[2][0])
        out = self.alone, self.roots, self.roots_by, self.missed, self.missed_by, stat
        slots, values, shape, count, pairs = self.tree.tables
        self.folded = int(
            self.machine.trees.fold_two(*states, slots, values, shape, count, *out)
            if self.tree.words == 2
            else self.machine.trees.fold(
                *states, False, *self.chunk, slots, values, shape, count, pairs, *out
            )
        )
        self.pending.append((self.roots[: stat[0]], self.roots_by[: stat[0]], 0))
        if stat[2] >= 0:
            self.tree.grow(int(stat[2]))
        return bool(stat[1] < MISSED)


def buckets(partitions: int, depth: int, columns: int) -> Buckets:
    """Empty buckets: states (uint64 [partitions, depth, columns]), the rules that made them (uint16
    [partitions, depth]), and how many there are (int64 [partitions]).
    """
    return (
        np.empty((partitions, depth, columns), np.uint64),
        np.empty((partitions, depth), np.uint16),
        np.zeros(partitions, np.int64),
    )
