"""Counting how often each bit of a word was set, for many words, without a step for each bit: tally k of
eight has a byte for each of the bits k, k + 8, k + 16 ...

Generated code adds to tallies (`codegen/native_gather.py`) and inlines what brings them to the counters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.engine.native.lowering import lowered, lowest_bit

U, I = np.uint64, np.int64
SEVEN, BYTE = U(7), U(0xFF)
ROOM = 255
"""Words that tallies have room for."""


@lowered("uint64(uint64[:,::1], uint64, int64[::1], int64[::1])")
def count_up(tallies: Any, number: Any, counts: Any, more: Any) -> Any:
    """Add what tallies have, eight for each word, to the counts of so many bits, then what those behind them
    have to others. All tallies begin anew.
    """
    words = number + U(63) >> U(6)
    bit = U(0)
    while bit < number:
        row = bit >> U(6)
        shift = bit & U(56)
        counts[bit] += I(tallies[row, bit & SEVEN] >> shift & BYTE)
        more[bit] += I(tallies[row + words, bit & SEVEN] >> shift & BYTE)
        bit += U(1)
    bit = U(0)
    while bit < words * U(16):
        tallies[bit >> U(3), bit & SEVEN] = U(0)
        bit += U(1)
    return bit


@lowered("uint64(uint64)")
def lowest(word: Any) -> Any:
    """The number of the lowest bit that is set, for code that Numba sees; there must be one."""
    return lowest_bit(word)
