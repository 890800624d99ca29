"""What lies between a worker's buckets and a message: duplicates are left out, states packed.

Python for Numba, compiled through `jit.py`. States of one word travel as hashes by partition, without the
bits that the partition says; wider ones as their words. Whose a state is follows from its hash.
"""

import numpy as np
from numba import int32, int64, njit, uint8, uint16, uint32, uint64, void

from explorer.engine.native.arrays import SPAN, WORD_ROWS, Buckets, Hash, signature
from explorer.engine.native.mixing import mix, permuted

U, I = np.uint64, np.int64


@njit(
    signature(int64, Buckets, SPAN, int64, uint64[::1], int32[::1], uint8[:, ::1], uint16[::1]),
    nogil=True,
    cache=True,
)
def pack(buckets, span, shift, table, counts, keys, rules):
    """The hashes in some partitions, each once: how many a partition has into `counts`, their last bytes into
    `keys`, the rules that made them into `rules`. `table` is room for twice as many as a partition has, a
    power of two; `shift` is the number of bits behind those of the partition. Returns how many there are.
    """
    states, sizes = buckets.states, buckets.sizes
    whole = (U(1) << U(shift)) - U(1)
    first, last = span
    width = keys.shape[1]
    zero, one = U(0), U(1)
    n = 0
    for p in range(first, last):
        total = sizes[U(p)]
        size = 1
        while size < 2 * total:
            size *= 2
        mask = U(size - 1)
        for x in range(size):
            table[U(x)] = zero
        begin = n
        for j in range(total):
            word = states[U(p), U(j), zero]
            h = word & whole
            mark = h + one
            x = h & mask
            while table[x] != zero and table[x] != mark:
                x = (x + one) & mask
            if table[x] == mark:
                continue
            table[x] = mark
            rest = h
            for b in range(width):
                keys[U(n), U(b)] = rest & U(255)
                rest >>= U(8)
            rules[U(n)] = word >> U(shift)
            n += 1
        counts[U(p - first)] = n - begin
    return n


@njit(signature(void, int64, int64, int32[::1], uint8[:, ::1], uint16[::1], Buckets), nogil=True, cache=True)
def unpack(first, shift, counts, keys, rules, buckets):
    """Put what `pack` made for the partitions from `first` on into buckets, behind what is there; `shift` is
    the number of bits behind those of the partition.
    """
    states, sizes = buckets.states, buckets.sizes
    width = keys.shape[1]
    whole = (U(1) << U(shift)) - U(1)
    n = 0
    for p in range(counts.shape[0]):
        at = U(first + p)
        begin = sizes[at]
        for j in range(begin, begin + counts[U(p)]):
            h = U(0)
            for b in range(width):
                h |= U(keys[U(n), U(b)]) << U(8 * b)
            states[at, U(j), U(0)] = (h & whole) | (U(rules[U(n)]) << U(shift))
            n += 1
        sizes[at] = begin + counts[U(p)]


@njit(signature(void, Buckets, int64, Buckets, uint32[:, ::1]), nogil=True, cache=True)
def part(successors, own, outgoing, slots):
    """Move the successors (of several words) that are not `own` to the buckets of their owners, each once.
    `slots` is a table for each owner, a power of two, more than twice as many as there is room for: the row
    of a state, from 1, or 0 where empty.
    """
    states, made, sizes = successors.states, successors.rules, successors.sizes
    out, out_rules, out_sizes = outgoing.states, outgoing.rules, outgoing.sizes
    owners, words = U(out.shape[0]), states.shape[2] - 1
    mask = U(slots.shape[1] - 1)
    zero, one = U(0), U(1)
    kept = 0
    for s in range(sizes[zero]):
        row = U(s)
        h = zero
        for w in range(words):
            h = mix(h ^ states[zero, row, U(w + 1)])
        owner = ((h >> U(32)) * owners) >> U(32)
        if owner == U(own):
            for w in range(words + 1):
                states[zero, U(kept), U(w)] = states[zero, row, U(w)]
            made[zero, U(kept)] = made[zero, row]
            kept += 1
            continue
        x = h & mask
        known = False
        while slots[owner, x] != 0 and not known:
            other = U(slots[owner, x]) - one
            known = True
            for w in range(words):
                known = known and out[owner, other, U(w)] == states[zero, row, U(w + 1)]
            if not known:
                x = (x + one) & mask
        if known:
            continue
        n = out_sizes[owner]
        slots[owner, x] = n + 1
        for w in range(words):
            out[owner, U(n), U(w)] = states[zero, row, U(w + 1)]
        out_rules[owner, U(n)] = made[zero, row]
        out_sizes[owner] = n + 1
    sizes[zero] = kept


@njit(signature(void, WORD_ROWS, int64, int64[::1]), nogil=True, cache=True)
def owners_of_wide(states, number, owners):
    """The owners, of so many, of some states of several words."""
    for s in range(states.shape[0]):
        h = U(0)
        for w in range(states.shape[1]):
            h = mix(h ^ states[U(s), U(w)])
        owners[s] = ((h >> U(32)) * U(number)) >> U(32)


@njit(signature(void, WORD_ROWS, Hash, int64, int64, int64[::1]), nogil=True, cache=True)
def owners_of_one(states, hashing, partitions, number, owners):
    """The owners, of so many, of some states of one word: owner i has the partitions from i * partitions //
    number on.
    """
    for s in range(states.shape[0]):
        h = permuted(states[U(s), U(0)], hashing.half, hashing.first, hashing.second, hashing.whole)
        owners[s] = ((I(h >> hashing.partition) + 1) * number - 1) // partitions
