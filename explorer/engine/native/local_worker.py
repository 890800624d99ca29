"""A worker for states of several words whose successors are mostly known by their parts (`local_kernels.py`).
What is not known goes the way of every wide state. Knows nothing of levels and limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer.engine.native.arrays import Level, WordRows
from explorer.engine.native.local_arrays import FULL, REST, Local
from explorer.engine.native.local_steps import LocalSteps
from explorer.engine.native.tree_entries import BLOCK
from explorer.engine.native.worker import CHUNK, TreeWorker, empty

LEAST = 1 << 9
"""States of a level from which a call of `learn` costs less than it spares."""


class LocalWorker(TreeWorker):
    """See above. `aside` are states of the level of which something was not known: one worker learns it and
    tries again, of several one learns for all between rounds. `left` are those that go the other way.
    """

    def __init__(self, *given: Any, steps: LocalSteps, **more: Any):
        super().__init__(*given, **more)
        self.steps = steps
        self.aside, self.left = empty(CHUNK - BLOCK), empty(CHUNK)
        self.again, self.ended, self.rest = 0, 0, 0
        """The first row of `aside` to try again, and how many there are; how many states are left."""
        self.large = False
        self.unknown: list[Level] = []
        self.totals, self.visits = np.zeros(8, np.int64), np.zeros(0, np.int64)

    def begin(self, roomy: bool = False) -> None:
        super().begin(roomy)
        self.again = self.ended = self.rest = 0
        self.steps.meet(self.size)
        self.large = self.size >= LEAST

    def busy(self) -> bool:
        return super().busy() or self.again < self.ended or self.rest > 0

    def suspects(self) -> Iterator[WordRows]:
        if not (self.steps.judged and self.large):
            yield from self.states()
            return
        if self.steps.complete():
            return
        for start in range(0, self.size, CHUNK):
            span = start, min(start + CHUNK, self.size)
            memo, tree = self.steps, self.tree
            many = memo.kernels.sift(
                self.level.states, span, tree.arrays, memo.keys.arrays, memo.arrays, self.left.states
            )
            if many:
                tree.unfold_some(self.left.states, (0, many), self.chunk)
                yield self.chunk.states[:many]

    def expand(self) -> None:
        if not self.large:
            super().expand()
            return
        while self._scatter_pending():
            if self.at_successor < self.successors.sizes[0]:
                if not self._fold():
                    return
            elif self.row < self.rows:
                self._expand_chunk()
            elif self.rest and self.again == self.ended:
                self._take(self.left, 0, self.rest)
                self.rest = 0
            elif self.again < self.ended:
                if not self._try_again():
                    return
            elif self.at < self.size:
                if not self._derive_level():
                    return
            else:
                return

    def intern(self) -> None:
        super().intern()
        for level in self.unknown if self.steps.known else ():
            self.steps.learn(level, len(level.states))
        self.unknown = []

    def tally(self) -> None:
        if len(self.visits):
            self.steps.tally(self.visits, self.counters)

    def _take(self, level: Level, at: int, end: int) -> None:
        """Unfold some states, to be expanded as every wide state."""
        self.tree.unfold_some(level.states, (at, end), self.chunk)
        self.rules, self.row, self.rows = level.rules[at:end], 0, end - at

    def _derive_level(self) -> bool:
        """Look at states of the level; whether there is room for more successors."""
        if not self.steps.known:
            self._next_chunk()
            return True
        self.totals[REST] = 0
        into = self.aside if self.alone else self.left
        self.at, room = self._derive(self.level, self.at, self.size, into)
        many = int(self.totals[REST])
        if many and self.alone:
            self.steps.learn(into, many)
            self.again, self.ended = 0, many
        elif many:
            self.rest = many
            self.unknown.append(Level(into.states[:many].copy(), into.rules[:many].copy()))
        return room

    def _try_again(self) -> bool:
        if not self.steps.known:
            self._take(self.aside, self.again, self.ended)
            self.again = self.ended
            return True
        self.totals[REST] = self.rest
        self.again, room = self._derive(self.aside, self.again, self.ended, self.left)
        self.rest = int(self.totals[REST])
        return room

    def _derive(self, level: Level, at: int, end: int, rest: Level) -> tuple[int, bool]:
        """Put the successors of some states into the buckets; the first state that was not looked at, and
        whether there is room for more.
        """
        memo, tree = self.steps, self.tree
        if len(self.visits) < len(memo.arrays.begins):
            self.visits = np.append(
                self.visits, np.zeros(len(memo.arrays.begins) - len(self.visits), np.int64)
            )
        local: Local = memo.arrays._replace(totals=self.totals)
        at = memo.kernels.derive(
            level,
            (at, end),
            tree.arrays,
            memo.keys.arrays,
            local,
            rest,
            self.buckets,
            self.visits,
            self.counters.totals,
            self.search,
            self.alone,
        )
        full = int(self.totals[FULL])
        if full >= 0:
            tree.grow(full)
        return at, at == end or full >= 0 or int(self.totals[REST]) > len(rest.states) - BLOCK
