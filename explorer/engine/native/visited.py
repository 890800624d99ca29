"""The visited set of one worker: a table that grows in place. Knows nothing of search; `kernels.py` does the
work.

Memory is reserved at the start and touched only as the table grows, so that growing never holds two copies.
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from explorer.engine.native.exchange import Buckets
from explorer.engine.native.hashing import Hashing

FIRST_CAPACITY = 512
GROWTH, LARGE_GROWTH, LARGE = 2.0, 1.3, 1 << 24
"""By how much a table grows, and by how much from so many slots on, where memory counts for more than time.
"""


class TableFull(Exception):
    """The table would need more memory than it may have."""


def reserve(rows: int, kind: Any) -> Any:
    """An array of zeros that takes memory only where it is touched, in large pages where the system has
    them.
    """
    size = max(rows, 1) * np.dtype(kind).itemsize
    try:
        memory = mmap.mmap(
            -1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        )
        if hasattr(mmap, "MADV_HUGEPAGE") and size >= 1 << 22:
            memory.madvise(mmap.MADV_HUGEPAGE)
    except (AttributeError, OSError, ValueError):
        return np.zeros(max(rows, 1), kind)
    return np.frombuffer(memory, kind)


class Store:
    """Partitions `first` to `last - 1` of the hash space, for states of one word.

    `rows` is the reserved number of slots. Where `leveled`, an entry has room for levels below `levels`; that
    number itself marks states whose level is kept elsewhere.
    """

    def __init__(self, kernels: Any, hashing: Hashing, first: int, last: int, rows: int, leveled: bool):
        self.kernels, self.hashing, self.first, self.last = kernels, hashing, first, last
        self.partitions = last - first
        self.capacity = FIRST_CAPACITY
        self.limit = max(rows // max(self.partitions, 1), FIRST_CAPACITY)
        kind: Any = np.uint32 if not leveled and hashing.entry_bits <= 32 else np.uint64
        bits = np.dtype(kind).itemsize * 8
        self.levels = (1 << bits - hashing.entry_bits) - 1 if leveled else 0
        self.table = reserve(self.limit * self.partitions, kind)
        self.fill = np.zeros(self.partitions, np.int64)
        self.k, self.inverse = hashing.store, hashing.inverse
        self.count = 0

    def insert(self, buckets: Buckets, level: int, fresh: Any, by: Any, n: int) -> int:
        """Insert this worker's part of the buckets; new states go to `fresh` from row n, the rules that made
        them to `by`.

        Returns the new n. Raises TableFull when the table may not grow any more.
        """
        at = np.array([self.first, 0], np.int64)
        tag = min(level, self.levels)
        while True:
            before = n
            n = int(
                self.kernels.insert(
                    *buckets,
                    self.first,
                    self.last,
                    at,
                    self.table,
                    self.capacity,
                    self.fill,
                    self.k,
                    self.inverse,
                    tag,
                    fresh,
                    by,
                    n,
                )
            )
            self.count += n - before
            if at[0] == self.last:
                return n
            self.grow()

    def grow(self) -> None:
        factor = GROWTH if self.capacity * self.partitions < LARGE else LARGE_GROWTH
        new = min(int(self.capacity * factor), self.limit)
        if new <= self.capacity + 8:
            raise TableFull
        self.kernels.grow(
            self.table,
            self.partitions,
            self.capacity,
            new,
            self.k,
            np.empty(self.capacity + 1, self.table.dtype),
        )
        self.capacity = new

    def collect(self, level: int, out: Any, n: int) -> int:
        """The states of a level below `levels` into `out` from row n; the new n. Not in
        compact storage.
        """
        return int(
            self.kernels.collect(
                self.table,
                self.first,
                self.partitions,
                self.capacity,
                self.hashing.key_bits,
                self.k,
                self.inverse,
                level,
                out,
                n,
            )
        )

    def collect_levels(self, collect: Any, places: Any, out: Any) -> None:
        """The same for many levels at once (see `graph_kernels.collect_levels`)."""
        collect(
            self.table,
            self.first,
            self.partitions,
            self.capacity,
            self.hashing.key_bits,
            self.k,
            self.inverse,
            places,
            out,
        )
