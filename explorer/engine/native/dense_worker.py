"""A worker for states of several words that are stored as one by their layout alone (`packing.py`): they are
made whole a chunk at a time, their successors go to the buckets as one word each.

Knows nothing of levels and limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer.engine.native.arrays import Level, WordRows
from explorer.engine.native.packing import Packing
from explorer.engine.native.worker import Worker

CHUNK = 1 << 14
"""States that are made whole at once: enough that a call costs little beside them."""


class DenseWorker(Worker):
    """See above; `level` has the stored words."""

    def __init__(self, *given: Any, packing: Packing):
        super().__init__(*given)
        self.packing = packing
        self.chunk = np.empty((CHUNK, packing.words), np.uint64)

    def states(self) -> Iterator[WordRows]:
        for start in range(0, self.size, CHUNK):
            stop = min(start + CHUNK, self.size)
            self.packing.unfold_some(self.level.states, (start, stop), self.chunk)
            yield self.chunk[: stop - start]

    def expand(self) -> None:
        while self.at < self.size:
            start, stop = self.at, min(self.at + CHUNK, self.size)
            self.packing.unfold_some(self.level.states, (start, stop), self.chunk)
            chunk = Level(self.chunk, self.level.rules[start:stop])
            self.at = start + self._call(chunk, (0, stop - start), self.buckets)
            if self.at < stop or self._full():
                return

    def _full(self) -> bool:
        """Whether a bucket has no room for all successors of one more state."""
        depth: int = self.buckets.states.shape[1]
        return int(self.buckets.sizes.max()) >= depth - len(self.machine.numbers) - 1

    def expanded(self) -> Level:
        return Level(self.chunk, self.level.rules)
