"""An entry of a dictionary of the tree (`tree_kernels.py`): where it stands, and how it is made. Inlined into
the kernels of the tree.
"""

import numpy as np
from numba import njit

from explorer.engine.native.mixing import FIRST

U, I = np.uint64, np.int64
BITS = U(30)
LOW = U((1 << 30) - 1)
BLOCK = 128


@njit(inline="always")
def home(key, shift):
    """The slot where a search for an entry begins."""
    return ((key ^ (key >> U(32))) * FIRST) >> shift


@njit(inline="always")
def find(tree, node, key):
    """The number of an entry, or 0 where there is none; and the slot where it stands or would."""
    slots, values, shape = tree.slots, tree.values, tree.shape
    first, mask, begin = shape[node, 0], shape[node, 1], shape[node, 3]
    x = home(key, shape[node, 2])
    number = U(slots[first + x])
    while number != U(0) and values[begin + number] != key:
        x = (x + U(1)) & mask
        number = U(slots[first + x])
    return number, first + x


@njit(inline="always")
def enter(tree, m, key, extend):
    """The number of an entry, which is made where there is none, with `extend` and where there is room; else
    0.
    """
    node = U(m)
    number, slot = find(tree, node, key)
    if number == U(0) and extend and tree.entries[m, 0] < tree.entries[m, 1]:
        tree.entries[m, 0] += 1
        number = U(tree.entries[m, 0])
        tree.values[tree.shape[node, 3] + number] = key
        tree.slots[slot] = np.uint32(number)
    return number
