"""Which states of a level may stand before some others: rules are undone (`program/origins.py`), and the
visited set is asked.

Python for Numba, compiled through `jit.py`; no spec has code of its own here. States are of one word.
"""

import numpy as np
from numba import njit, uint64

from explorer.engine.native.arrays import (
    WORD_ROWS,
    Asked,
    Hash,
    Table,
    Undone,
    signature,
)
from explorer.engine.native.mixing import permuted
from explorer.engine.native.probing import GROUP, first_of
from explorer.engine.native.tallies import lowest

U, I = np.uint64, np.int64


@njit(signature(uint64, Asked, uint64, Hash, Table, uint64), nogil=True, cache=True)
def ask(asked, many, hashing, table, level):
    """Note those of `many` candidates that the table has at a level; how many there are now. They are looked
    up together, so that the processor waits for many at once.
    """
    candidates, keys, bases, places, seen, found, length = asked
    slots, entry = table.slots, table.entry
    first, partitions = U(table.first), U(table.fill.shape[0])
    size, zero, one, within, group = U(table.capacity), U(0), U(1), U(GROUP - 1), U(GROUP)
    left, n, held = zero, U(length[0]), zero
    for k in range(many):
        candidate = candidates[k]
        h = permuted(candidate, hashing.half, hashing.first, hashing.second, hashing.whole)
        p = (h >> hashing.partition) - first
        mine = p < partitions
        key = (h >> entry.dropped) & entry.mask
        base = (p if mine else zero) * size
        x = base + ((((key >> entry.high) * size) >> entry.low) & ~within)
        held |= slots[x]  # asked for here, it is there below
        candidates[left], keys[left], bases[left], places[left] = candidate, key + one, base, x
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
                found[n, zero] = candidates[k]
                n += one
    length[0] = I(n)
    return n


@njit(signature(uint64, WORD_ROWS, Undone, Asked, Hash, Table), nogil=True, cache=True)
def undo(later, undone, asked, hashing, table):
    """The states at a level of the table from which rules may have led to `later`, each once, into
    `asked.found`; how many rules were undone, if that is more than there may be.
    """
    shifts, masks, starts, rows, kept, first_old, olds, level, most = undone
    candidates, block = asked.candidates, U(asked.candidates.shape[0])
    zero, one, six = U(0), U(1), U(6)
    n, spent, width = zero, zero, U(rows.shape[1])
    for row in range(U(later.shape[0])):
        state = later[row, zero]
        for word in range(width):
            allowed = ~zero
            for t in range(U(shifts.shape[0])):
                allowed &= rows[starts[t] + (state >> shifts[t] & masks[t]), word]
            while allowed != zero:
                rule = (word << six) + lowest(allowed)
                allowed &= allowed - one
                left = state & kept[rule]
                for old in range(first_old[rule], first_old[rule + one]):
                    candidates[n] = left | olds[old]
                    n += one
                    if n == block:
                        ask(asked, n, hashing, table, level)
                        spent += n
                        n = zero
            if spent > most:
                return spent
    ask(asked, n, hashing, table, level)
    return zero
