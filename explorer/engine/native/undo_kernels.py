"""Which states of a level may stand before some others: rules are undone (`program/origins.py`), and the
visited set is asked.

Python for Numba, compiled through `jit.py`; no spec has code of its own here.
"""

import numpy as np
from numba import int64, njit, uint64, void

from explorer.engine.native.arrays import (
    WORD_ROWS,
    Asked,
    Hash,
    Numbers,
    Table,
    Undone,
    Words,
    signature,
)
from explorer.engine.native.mixing import FIRST, permuted
from explorer.engine.native.probing import GROUP, first_of
from explorer.engine.native.tallies import lowest

U, I = np.uint64, np.int64


@njit(signature(void, WORD_ROWS, Asked, Hash, Table, uint64), nogil=True, cache=True)
def ask(states, asked, hashing, table, level):
    """Note those states, as they are stored, that the table has at a level. A block is looked up together, so
    that the processor waits for many at once.
    """
    roots, keys, bases, places, seen, found, length = asked
    slots, entry = table.slots, table.entry
    first, partitions = U(table.first), U(table.fill.shape[0])
    size, zero, one, within, group = U(table.capacity), U(0), U(1), U(GROUP - 1), U(GROUP)
    n, held = U(length[0]), zero
    for begin in range(0, states.shape[0], roots.shape[0]):
        left = zero
        for k in range(U(begin), U(min(begin + roots.shape[0], states.shape[0]))):
            root = states[k, zero]
            h = permuted(root, hashing.half, hashing.first, hashing.second, hashing.whole)
            p = (h >> hashing.partition) - first
            mine = p < partitions
            key = (h >> entry.dropped) & entry.mask
            base = (p if mine else zero) * size
            x = base + ((((key >> entry.high) * size) >> entry.low) & ~within)
            held |= slots[x]  # asked for here, it is there below
            roots[left], keys[left], bases[left], places[left] = root, key + one, base, x
            left += U(mine)
        for k in range(left):
            x, key, base = places[k], keys[k], bases[k]
            at = first_of(slots, x, entry.part, key)
            while at == group:
                x += group
                if x == base + size:
                    x = base
                at = first_of(slots, x, entry.part, key)
            x += at
            held = slots[x]
            if held != zero and held >> entry.bits == level:
                bit = one << (x & U(63))
                if not seen[x >> U(6)] & bit:
                    seen[x >> U(6)] |= bit
                    found[n, zero] = roots[k]
                    n += one
    length[0] = I(n)


@njit(signature(int64, WORD_ROWS, Undone, Numbers, WORD_ROWS), nogil=True, cache=True)
def undo(later, undone, at, candidates):
    """List the states from which rules may have led to `later`, from row at[0] on, while there is room for
    those of one more; how many. The first row that was not looked at becomes at[0].
    """
    words, shifts, masks, starts, rows, kept, first_old, olds = undone
    zero, one, six, stop = U(0), U(1), U(6), U(later.shape[0])
    n, row, width, parts = zero, U(at[0]), U(rows.shape[1]), U(later.shape[1])
    room = U(candidates.shape[0] - olds.shape[0])
    while row < stop and n <= room:
        for word in range(width):
            allowed = ~zero
            for t in range(U(shifts.shape[0])):
                allowed &= rows[starts[t] + (later[row, words[t]] >> shifts[t] & masks[t]), word]
            while allowed != zero:
                rule = (word << six) + lowest(allowed)
                allowed &= allowed - one
                for old in range(first_old[rule], first_old[rule + one]):
                    for part in range(parts):
                        candidates[n, part] = later[row, part] & kept[rule, part] | olds[old, part]
                    n += one
        row += one
    at[0] = I(row)
    return I(n)


@njit(uint64(uint64), inline="always")
def three(mixed):
    """Three bits of a word, or fewer."""
    one, low = U(1), U(63)
    return one << (mixed & low) | one << (mixed >> U(6) & low) | one << (mixed >> U(12) & low)


@njit(signature(void, Words, Words, uint64), nogil=True, cache=True)
def mark(numbers, sieve, shift):
    """Set the bits of numbers in a sieve of 2**(64 - shift) words."""
    for k in range(U(numbers.shape[0])):
        mixed = numbers[k] * FIRST
        sieve[mixed >> shift] |= three(mixed ^ mixed >> U(32))


@njit(signature(int64, Words, Words, uint64, Numbers), nogil=True, cache=True)
def marked(numbers, sieve, shift, rows):
    """List the rows of numbers whose bits are set; how many."""
    n = U(0)
    for k in range(U(numbers.shape[0])):
        mixed = numbers[k] * FIRST
        bits = three(mixed ^ mixed >> U(32))
        rows[n] = I(k)
        n += U(sieve[mixed >> shift] & bits == bits)
    return I(n)
