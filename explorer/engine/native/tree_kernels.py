"""Recursive indexing, compiled: wide states as the root words of a tree of dictionaries, and back.

Python for Numba, compiled through `jit.py` where states have several words, in one module with `fold`
(`fold_two_kernels.py` for two words, `fold_kernels.py` for more). A tree over W words has one
dictionary for each word and for each inner node but the root: node n < W numbers the values of word n, an
inner node the pairs of numbers of its children. The pair of the two topmost numbers is the root word; it is
as good as the state (Blom, Lisser, van de Pol, Weber 2009; Laarman, van de Pol, Weber 2011).

`arrays.py` says what the arguments hold.
"""

import numpy as np
from numba import int64, njit, void

from explorer.engine.native.arrays import SPAN, WORD_ROWS, Dictionaries, Unfolded, signature
from explorer.engine.native.tree_entries import BITS, BLOCK, LOW, slot_of

U = np.uint64


@njit(signature(void, WORD_ROWS, SPAN, Dictionaries, Unfolded), nogil=True, cache=True)
def unfold(roots, span, tree, unfolded):
    """States of the roots (uint64 [n, 1]) from row span[0] to before span[1], and the numbers of their
    nodes.
    """
    values, shape, pairs = tree.values, tree.shape, tree.pairs
    states, numbers = unfolded
    start, stop = span
    words, nodes = states.shape[1], pairs.shape[0] - 1
    left, right = U(pairs[nodes, 0]), U(pairs[nodes, 1])
    for first in range(0, stop - start, BLOCK):
        last = min(first + BLOCK, stop - start)
        for r in range(first, last):
            root = roots[U(start + r), U(0)]
            numbers[left, U(r)] = root >> BITS
            numbers[right, U(r)] = root & LOW
        for m in range(nodes - 1, words - 1, -1):
            node, one, other, begin = U(m), U(pairs[m, 0]), U(pairs[m, 1]), shape[U(m), U(3)]
            for r in range(first, last):
                pair = values[begin + numbers[node, U(r)]]
                numbers[one, U(r)] = pair >> BITS
                numbers[other, U(r)] = pair & LOW
        for m in range(words):
            node, begin = U(m), shape[U(m), U(3)]
            for r in range(first, last):
                states[U(r), node] = values[begin + numbers[node, U(r)]]


@njit(signature(void, Dictionaries, int64), nogil=True, cache=True)
def rehash(tree, m):
    """Fill the empty slots of node m from its entries."""
    slots, values, shape, node = tree.slots, tree.values, tree.shape, U(m)
    for k in range(1, tree.entries[m, 0] + 1):
        slots[slot_of(slots, values, shape, node, values[shape[node, 3] + U(k)])] = np.uint32(k)
