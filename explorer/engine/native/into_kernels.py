"""The steps from some states into others, by the function that expands states in the search: no spec needs
code of its own for it.

Python for Numba, compiled through `jit.py`. A bucket does not say of a state of one word where it came from:
so several states are expanded at once that have their number above their own bits, where no rule reads or
writes and where it is the number of a bucket, too.
"""

import numpy as np
from numba import int64, njit, uint64

from explorer.engine.native.arrays import (
    FLAGGED,
    SPAN,
    WORD_ROWS,
    Buckets,
    Counters,
    Into,
    Level,
    Search,
    signature,
)
from explorer.engine.native.function_types import EXPAND

U, I = np.uint64, np.int64


@njit(uint64(WORD_ROWS, uint64, uint64), nogil=True, cache=True)
def mixed(rows, row, first):
    """A hash of a row of words from column `first` on."""
    h = U(0)
    for word in range(first, U(rows.shape[1])):
        h = ((h ^ (h >> U(29))) + rows[row, word]) * U(0x9E3779B97F4A7C15)
    return h >> U(32)


@njit(signature(int64, EXPAND, Level, SPAN, Into, Buckets, Counters, Search), nogil=True, cache=True)
def into(expand, level, span, wanted, buckets, counters, search):
    """List the steps from the states of a level, from row span[0] to before span[1], to the states that are
    wanted, until there may be no room for more. Returns the first row that was not looked at.
    """
    states, slots, bits, together, origins, rules, targets, length = wanted
    zero, one, mask = U(0), U(1), U(slots.shape[0] - 1)
    if length[1] == 0:
        for row in range(states.shape[0]):
            place = mixed(states, U(row), zero) & mask
            while slots[place] != 0:
                place = (place + one) & mask
            slots[place] = np.uint32(row + 1)
        length[1] = 1
    made, made_by, sizes = buckets
    partition, first = search.hashing.partition, U(made.shape[2] - states.shape[1])
    rest, own = (one << partition) - one, (one << bits) - one
    several = np.empty((together, level.states.shape[1]), np.uint64)
    n, room = U(0), origins.shape[0] - made.shape[0] * made.shape[1]
    b, stop = span
    while b < stop and I(n) < room:
        begin = b
        if first != zero:
            b = expand(level, (b, stop), buckets, counters, search)
        elif together == 1:
            b = expand(level, (b, b + 1), buckets, counters, search)
        else:
            b = min(b + together, stop)
            for k in range(U(b - begin)):
                several[k, zero] = level.states[U(begin) + k, zero] | k << bits
            expand(Level(several, level.rules), (0, b - begin), buckets, counters, search)
        counters.totals[FLAGGED] = 0
        for owner in range(U(made.shape[0])):
            successors = made[owner]
            for k in range(U(sizes[owner])):
                origin = successors[k, zero]
                if first == zero:
                    rule = origin >> partition
                    word = origin & rest | owner << partition
                    word ^= word >> U(63)
                    origin = U(begin) + (word >> bits)
                    successors[k, zero] = word & own
                else:
                    rule = U(made_by[owner, k])
                place = mixed(successors, k, first) & mask
                while slots[place] != 0:
                    x = U(slots[place]) - one
                    same = True
                    for column in range(U(states.shape[1])):
                        if states[x, column] != successors[k, first + column]:
                            same = False
                    if same:
                        origins[n], rules[n], targets[n] = origin, rule, x
                        n += one
                        break
                    place = (place + one) & mask
            sizes[owner] = 0
    length[0] = I(n)
    return b
