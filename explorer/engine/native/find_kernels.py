"""Which of many states are in a visited set, most of which are not (`sieve.py`).

Python for Numba, compiled through `jit.py`; `SLOT` as in `kernels.py`, which says what a table is. A sieve
has `fine` bits for each slot of a table; the one at a state's place is set where a state of the table has the
same place. So most states are answered by one bit, and bits and slots are loaded a block at a time, without a
branch between them, so that the processor waits for many at once.
"""

import numpy as np
from numba import int64, njit, types, void

from explorer.engine.native.arrays import WORD_ROWS, Found, Hash, Sieve, Table, kind, signature
from explorer.engine.native.mixing import permuted
from explorer.engine.native.probing import GROUP

U, I = np.uint64, np.int64
SLOT = types.uint64
TABLE = kind(Table, slots=SLOT[::1])
BLOCK = 512


@njit(signature(void, TABLE, types.boolean[::1], Sieve), nogil=True, cache=True)
def sift(table, wanted, sieve):
    """Set the bits of the table's states, or of those in the slots that are `wanted`, if there are any such
    flags.
    """
    slots, entry, capacity = table.slots, table.entry, table.capacity
    size, bits = U(capacity) * sieve.fine, sieve.bits
    one, six, low = U(1), U(6), U(63)
    every = wanted.shape[0] == 0
    for p in range(table.fill.shape[0]):
        base = U(p) * size
        for x in range(p * capacity, (p + 1) * capacity):
            held = U(slots[U(x)]) & entry.part
            if held != U(0) and (every or wanted[U(x)]):
                at = base + ((((held - one) >> entry.high) * size) >> entry.low)
                bits[at >> six] |= one << (at & low)


@njit(signature(int64, WORD_ROWS, Hash, TABLE, Sieve, Found), nogil=True, cache=True)
def find(states, hashing, table, sieve, found):
    """The states (of one word) that are in the table and whose bit is set; how many they are. States of other
    partitions than the table's are not there.
    """
    slots, entry, bits, rows, places = table.slots, table.entry, sieve.bits, found.rows, found.places
    size = U(table.capacity)
    finer = size * sieve.fine
    first, many = U(table.first), U(table.fill.shape[0])
    zero, one, six, low, within = U(0), U(1), U(6), U(63), U(GROUP - 1)
    hashes, chosen, held_there = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.int64), np.empty(BLOCK, SLOT)
    n = 0
    for start in range(0, states.shape[0], BLOCK):
        left = 0
        for b in range(start, min(start + BLOCK, states.shape[0])):
            h = permuted(states[U(b), zero], hashing.half, hashing.first, hashing.second, hashing.whole)
            p = (h >> hashing.partition) - first
            mine = p < many
            key = (h >> entry.dropped) & entry.mask
            at = (p if mine else zero) * finer + (((key >> entry.high) * finer) >> entry.low)
            hashes[U(left)], chosen[U(left)] = h, b
            left += I((bits[at >> six] >> (at & low)) & one) & I(mine)
        for k in range(left):
            h = hashes[U(k)]
            key = (h >> entry.dropped) & entry.mask
            x = (((key >> entry.high) * size) >> entry.low) & ~within
            place = ((h >> hashing.partition) - first) * size + x
            held_there[U(k)] = slots[place]
        for k in range(left):
            h = hashes[U(k)]
            key = (h >> entry.dropped) & entry.mask
            base = ((h >> hashing.partition) - first) * size
            x = (((key >> entry.high) * size) >> entry.low) & ~within
            held = U(held_there[U(k)])
            key += one
            while held != zero and (held & entry.part) != key:
                x += one
                if x == size:
                    x = zero
                held = U(slots[base + x])
            if held != zero:
                rows[U(n)], places[U(n)] = chosen[U(k)], I(base + x)
                n += 1
    return n
