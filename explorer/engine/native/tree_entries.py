"""An entry of a dictionary of the tree (`tree_kernels.py`): where it stands, and how it is made. Inlined into
the kernels of the tree; functions for LLVM take arrays without counting who holds them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from explorer.engine.native.lowering import lowered
from explorer.engine.native.mixing import FIRST

U, I = np.uint64, np.int64
BITS = U(30)
LOW = U((1 << 30) - 1)
BLOCK = 128


@njit(inline="always")
def home(key, shift):
    """The slot where a search for an entry begins."""
    return ((key ^ (key >> U(32))) * FIRST) >> shift


@lowered("uint64(uint32[::1], uint64[::1], uint64[:,::1], uint64, uint64)")
def slot_of(slots: Any, values: Any, shape: Any, node: Any, key: Any) -> Any:
    """The slot where an entry of a node stands or, where it is empty, would."""
    first = shape[node, U(0)]
    mask = shape[node, U(1)]
    begin = shape[node, U(3)]
    x = (key ^ key >> U(32)) * FIRST >> shape[node, U(2)]
    number = U(slots[first + x])
    while number != U(0) and values[begin + number] != key:
        x = x + U(1) & mask
        number = U(slots[first + x])
    return first + x


@lowered("uint64(uint32[::1], uint64[::1], uint64[:,::1], int64[:,::1], uint64, uint64, uint64, boolean)")
def enter(
    slots: Any, values: Any, shape: Any, entries: Any, node: Any, slot: Any, key: Any, extend: Any
) -> Any:
    """The number of the entry of a slot, which is made where there is none, with `extend` and where there is
    room; else 0.
    """
    number = U(slots[slot])
    if number == U(0) and extend and entries[node, U(0)] < entries[node, U(1)]:
        entries[node, U(0)] += 1
        number = U(entries[node, U(0)])
        values[shape[node, U(3)] + number] = key
        slots[slot] = number
    return number
