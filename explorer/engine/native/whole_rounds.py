"""A worker for states of several words whose rounds can be taken back: each ends with a whole chunk of
states, all successors of which are in buckets. Where a bucket is full in between, there are more buckets.
"""

from __future__ import annotations

from typing import Any

from explorer.engine.native.arrays import Buckets, Level
from explorer.engine.native.worker import TreeWorker, buckets


class WholeRounds(TreeWorker):
    """See above. `full` are the buckets of this round that have no room."""

    def __init__(self, *given: Any, **more: Any):
        super().__init__(*given, **more)
        self.full: list[Buckets] = []
        self.aside: list[tuple[Level, int]] = []
        """Successors with a part that is in no dictionary, and how many there are."""

    def filled(self) -> list[Buckets]:
        return [*self.full, self.buckets]

    def expand(self) -> None:
        if self.full:
            self.buckets, self.full = self.full[0], []
        while True:
            self._scatter_all()
            if self.at_successor < self.successors.sizes[0]:
                if not self._fold():
                    self._put_aside()
            elif self.row < self.rows:
                self._expand_chunk()
            elif self.at < self.size and not self.full:
                self._next_chunk()
            else:
                return

    def intern(self) -> None:
        self._put_aside()
        for states, number in self.aside:
            self.pending.append((self.tree.fold_alone(states, number), 0))
        self.aside = []
        self._scatter_all()

    def _scatter_all(self) -> None:
        while not self._scatter_pending():
            self.full.append(self.buckets)
            self.buckets = buckets(*self.buckets.states.shape)

    def _put_aside(self) -> None:
        missed = int(self.folded.totals[1])
        if missed:
            states, rules = self.folded.missed[:missed].copy(), self.folded.missed_rules[:missed].copy()
            self.aside.append((Level(states, rules), missed))
            self.folded.totals[1] = 0
