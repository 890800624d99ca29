"""The visited set of one worker: a table that grows in place. Knows nothing of search; `kernels.py` does the
work.

Memory is reserved at the start and touched only as the table grows, so that growing never holds two copies.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from typing import Any

import numpy as np

from explorer.engine.native.arrays import Buckets, Growth, Level, Numbers, Table, WordRows
from explorer.engine.native.hashing import Hashing
from explorer.engine.native.probing import GROUP
from explorer.engine.native.table_growth import ending, larger

FIRST_CAPACITY = 64
GROWTH, LARGE_GROWTH, HUGE_GROWTH = 2.0, 1.5, 1.25
LARGE, HUGE = 1 << 23, 1 << 25
SHRUNK = 0.5
"""By how much a table grows, and by how much from so many slots on. Of a large one memory counts for more
than time. It grows as a huge one where the level is less than such a part of the largest: were the sizes of
levels a bell, a seventh of the states seen would be left.
"""


class TableFull(Exception):
    """The table would need more memory than it may have."""


def reserve(rows: int, kind: Any, small: int = 0) -> Any:
    """An array of zeros that takes memory only where it is touched, in large pages where the system has
    them, but for so many bytes at its beginning.
    """
    size = max(rows, 1) * np.dtype(kind).itemsize
    try:
        memory = mmap.mmap(
            -1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        )
        if hasattr(mmap, "MADV_HUGEPAGE") and size >= 1 << 22:
            memory.madvise(mmap.MADV_HUGEPAGE, small)
    except (AttributeError, OSError, ValueError):
        return np.zeros(max(rows, 1), kind)
    return np.frombuffer(memory, kind)


def whole(slots: int) -> int:
    """So many slots, or a few less, that are whole groups."""
    return slots // GROUP * GROUP


class Store:
    """Partitions `first` to `last - 1` of the hash space, for states of one word.

    `rows` is the reserved number of slots. Where `leveled`, an entry has room for levels below `levels`; that
    number itself marks states whose level is kept elsewhere.
    """

    def __init__(self, kernels: Any, hashing: Hashing, first: int, last: int, rows: int, leveled: bool):
        self.kernels, self.hashing, self.first, self.last = kernels, hashing, first, last
        self.partitions = last - first
        self.limit = whole(max(rows // max(self.partitions, 1), FIRST_CAPACITY))
        kind: Any = np.uint32 if not leveled and hashing.narrow else np.uint64
        bits = np.dtype(kind).itemsize * 8
        self.levels = (1 << bits - hashing.entry_bits) - 1 if leveled else 0
        self.table = Table(
            reserve(self.limit * self.partitions, kind),
            fill=np.zeros(self.partitions, np.int64),
            capacity=FIRST_CAPACITY,
            first=first,
            entry=hashing.entry,
            back=hashing.back,
        )
        self.growth = Growth(
            small=GROWTH,
            large=LARGE_GROWTH,
            huge=HUGE_GROWTH,
            large_from=LARGE,
            huge_from=HUGE,
            shrunk=SHRUNK,
            most=self.limit,
        )
        self.count = 0
        self.ending = False
        """Whether few states are left (see SHRUNK)."""

    @property
    def capacity(self) -> int:
        """The slots of a partition."""
        return self.table.capacity

    @property
    def slots(self) -> int:
        """The slots of all partitions."""
        return self.capacity * self.partitions

    def insert(self, buckets: Buckets, level: int, fresh: Level, n: int) -> int:
        """Insert this worker's part of the buckets; new states go to `fresh` from row n, with the rules that
        made them.

        Returns the new n. Raises TableFull when the table may not grow any more.
        """
        at = np.array([self.first, 0, self.last, n], np.int64)
        tag = np.uint64(min(level, self.levels))
        while True:
            before = int(at[3])
            at[3] = self.kernels.insert(buckets, at, self.table, tag, fresh)
            self.count += int(at[3]) - before
            if at[0] == self.last:
                return int(at[3])
            self.grow()

    def fits(self, arrivals: Iterable[Buckets]) -> bool:
        """Whether there is room for this worker's part of some buckets, were all of it new."""
        wanted = self.table.fill + sum(b.sizes[self.first : self.last] for b in arrivals)
        return bool((wanted < self.limit - self.limit // 8 - 8).all())

    def clear(self) -> None:
        """Forget all states; the memory is kept."""
        self.table.slots[: self.capacity * self.partitions] = 0
        self.table.fill[:] = 0
        self.count = 0

    def grow(self) -> None:
        """Have more slots. May raise TableFull."""
        table = self.table
        slots = larger(table.capacity, self.partitions, self.growth, self.ending)
        if not slots:
            raise TableFull
        self.kernels.grow(table, slots, np.empty(table.capacity + 1, table.slots.dtype))
        self.resize(slots)

    def resize(self, capacity: int) -> None:
        """The table has grown to so many slots for each partition."""
        self.table = self.table._replace(capacity=capacity)

    def foresee(self, level: int, largest: int) -> None:
        """The level has so many states, the largest one so many."""
        self.ending = bool(ending(level, largest, self.growth))

    def collect(self, places: Numbers, states: WordRows) -> None:
        """The states of some levels below `levels` into `states`, those of one from row places[level] on,
        which moves. Not in compact storage.
        """
        self.kernels.collect_levels(self.table, places, states)
