"""The hash mixer in Python; `engine/native/mixing.py` is the same for machine code.

A mixer multiplies by odd numbers and folds high bits into low ones, so that each bit of the result depends on
all bits of the argument (the finalizer of MurmurHash3, Appleby 2008, with other constants). Each step can be
undone. Knows nothing of states.
"""

from __future__ import annotations

from collections.abc import Iterable

FIRST, SECOND = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
"""Odd multipliers: 2**64 over the golden ratio, and one without a pattern."""

WEIGHTS = (0x2545F4914F6CDD1D, FIRST, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
"""Odd multipliers that tell the places of several numbers apart."""

WORD = (1 << 64) - 1


def mix(x: int) -> int:
    """64 bits that depend on all bits of a number."""
    x = x * FIRST & WORD
    x ^= x >> 32
    x = x * SECOND & WORD
    return x ^ x >> 29


def mix_several(numbers: Iterable[int]) -> int:
    """64 bits that depend on all bits of up to five numbers, in their order."""
    together = 0
    for number, weight in zip(numbers, WEIGHTS):
        together ^= number * weight & WORD
    return mix(together)
