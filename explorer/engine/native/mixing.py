"""The hash mixer for machine code: whatever hashes states, or parts of them, has it from here.

The kernels and generated code inline these functions, which LLVM compiles without Numba; `jit.py` compiles
them anew when this file changes. All arguments and results are uint64.
"""

from __future__ import annotations

import numpy as np

from explorer.codegen import mixer
from explorer.engine.native.lowering import lowered

U = np.uint64
FIRST, SECOND = U(mixer.FIRST), U(mixer.SECOND)


@lowered("uint64(uint64, uint64, uint64, uint64, uint64)")
def permuted(
    x: np.uint64, half: np.uint64, first: np.uint64, second: np.uint64, whole: np.uint64
) -> np.uint64:
    """A permutation of the numbers 0 to `whole`, which is 2**bits - 1; `half` is half of the bits, rounded
    up.

    With the inverses of `second` and `first` modulo 2**bits in place of `first` and `second`, it is the
    inverse permutation.
    """
    x ^= x >> half
    x = (x * first) & whole
    x ^= x >> half
    x = (x * second) & whole
    return x ^ (x >> half)


@lowered("uint64(uint64)")
def mix(x: np.uint64) -> np.uint64:
    """64 bits that depend on all bits of a number, as `mixer.mix`."""
    x = U(x) * FIRST
    x ^= x >> U(32)
    x = x * SECOND
    return x ^ x >> U(29)
