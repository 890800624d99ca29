"""Which of many states are in a visited set, where most are not. Knows nothing of disks."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.engine.native import arrays
from explorer.engine.native.arrays import Found, WordRows
from explorer.engine.native.jit import Jit, default_directory, find_source
from explorer.engine.native.visited import Store

FINE = 8
"""Bits for each slot: a state that is not there has a bit that is set once in ten times, at most."""

NONE = np.empty(0, np.bool_)


class Sieve:
    """Finds states among those of a store as it is now; `wanted`, a flag for each slot: among these only."""

    def __init__(self, store: Store, wanted: Any = NONE):
        self.store = store
        self.kernels = Jit(default_directory()).module(find_source(store.table.slots.itemsize == 4))
        self.slots = store.capacity * store.partitions
        words = -(-self.slots * FINE // 64)
        self.sieve = arrays.Sieve(np.zeros(words, np.uint64), np.uint64(FINE))
        self.kernels.sift(store.table, wanted, self.sieve)

    def find(self, states: WordRows) -> Found:
        """The rows of the states (uint64 [n, 1]) that are there, and their slots."""
        found = Found(np.empty(len(states), np.int64), np.empty(len(states), np.int64))
        n = int(self.kernels.find(states, self.store.hashing.there, self.store.table, self.sieve, found))
        return Found(found.rows[:n], found.places[:n])
