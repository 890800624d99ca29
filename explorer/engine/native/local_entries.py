"""What the kernels that look at parts of states share. Compiled with them."""

import numpy as np
from numba import njit

from explorer.engine.native.tree_entries import BITS, LOW

U = np.uint64


@njit(nogil=True)
def unfold_parts(roots, start, size, values, shape, pairs, inner, numbers):
    """The numbers of the nodes down to the parts, of some root words."""
    top = U(pairs.shape[0] - 1)
    left, right = U(pairs[top, U(0)]), U(pairs[top, U(1)])
    for r in range(size):
        root = roots[U(start + r), U(0)]
        numbers[left, U(r)] = root >> BITS
        numbers[right, U(r)] = root & LOW
    for k in range(inner.shape[0]):
        node = U(inner[U(k)])
        one, other, begin = U(pairs[node, U(0)]), U(pairs[node, U(1)]), shape[node, U(3)]
        for r in range(size):
            pair = values[begin + numbers[node, U(r)]]
            numbers[one, U(r)] = pair >> BITS
            numbers[other, U(r)] = pair & LOW
