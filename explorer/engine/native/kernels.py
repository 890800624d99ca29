"""The part of the native engine that no spec changes: the visited set and the way of states into it.

Python for Numba, compiled through `jit.py`. A table is an open-addressing hash table cut into partitions by
the first bits of a state's hash; the rest of the hash (the key) is what is stored, plus one, so that an empty
slot is zero. Because a one-word state is hashed by a bijection, key and partition together *are* the state.
The slot of a key grows with the key, so that partitions keep their order and a table can grow in place. The
bits of an entry that the key does not need hold the level of the state: levels can be collected from the
table again, and no second copy of the states is kept.

K: 0 bits of the hash that are not stored (compact storage), 1 mask of the key, 2 and 3 the two shifts that
turn key times capacity into a slot, 4 mask of the key in an entry, 5 its number of bits.
"""

import numpy as np
from numba import njit

from explorer.engine.native.mixing import permuted

U, I = np.uint64, np.int64


@njit(
    "int64(uint64[:,::1], uint16[::1], int64, int64, uint64[:,:,::1], uint16[:,::1], int64[::1],"
    " uint64[::1])",
    nogil=True,
    cache=True,
)
def scatter(F, BY, start, stop, B, BB, NB, MIX):
    """Put states F[start:stop] (uint64 [n, 1]), hashed, and the rules that made them (uint16 [n]) into the
    buckets of their owners. Returns the first that found no room.
    """
    depth = B.shape[1]
    half, first, second, whole, shift = MIX[0], MIX[1], MIX[2], MIX[3], MIX[4]
    zero = U(0)
    for b in range(start, stop):
        h = permuted(F[U(b), zero], half, first, second, whole)
        p = h >> shift
        n = NB[p]
        if n >= depth:
            return b
        B[p, U(n), zero] = h
        BB[p, U(n)] = BY[U(b)]
        NB[p] = n + 1
    return stop


@njit(
    [
        (
            "int64(uint64[:,:,::1], uint16[:,::1], int64[::1], int64, int64, int64[::1], uint64[::1], int64,"
            " int64[::1], uint64[::1], uint64[::1], uint64, uint64[:,::1], uint16[::1], int64)"
        ),
        (
            "int64(uint64[:,:,::1], uint16[:,::1], int64[::1], int64, int64, int64[::1], uint32[::1], int64,"
            " int64[::1], uint64[::1], uint64[::1], uint64, uint64[:,::1], uint16[::1], int64)"
        ),
    ],
    nogil=True,
    cache=True,
)
def insert(B, BB, NB, first, last, AT, table, capacity, fill, K, INV, tag, fresh, by, n):
    """Insert the buckets of partitions first..last-1; states not seen before are appended to `fresh`, and
    their rules to `by`, from row n.

    AT (partition, element) is where to go on; AT[0] == last when all is done, otherwise the table must grow
    first. `tag` is the level to store beside the key. Returns the new n. Indices are unsigned: no test for
    negative ones at every access.
    """
    limit = capacity - capacity // 5
    size = U(capacity)
    dropped, mask, high, low, part = K[0], K[1], K[2], K[3], K[4]
    half, inverse_2, inverse_1, whole = INV[0], INV[1], INV[2], INV[3]
    tag = tag << K[5]
    zero, one = U(0), U(1)
    p = AT[0]
    j = U(AT[1])
    while p < last:
        bucket = U(p)
        base = U(p - first) * size
        count = fill[p - first]
        total = U(NB[p])
        while j < total:
            h = B[bucket, j, zero]
            key = (h >> dropped) & mask
            x = ((key >> high) * size) >> low
            key += one
            entry = U(table[base + x])
            while entry != zero and (entry & part) != key:
                x += one
                if x == size:
                    x = zero
                entry = U(table[base + x])
            if entry == zero:
                if count >= limit:
                    fill[p - first] = count
                    AT[0] = p
                    AT[1] = I(j)
                    return n
                table[base + x] = key | tag
                count += 1
                fresh[U(n), zero] = permuted(h, half, inverse_2, inverse_1, whole)
                by[U(n)] = BB[bucket, j]
                n += 1
            j += one
        fill[p - first] = count
        p += 1
        j = zero
    AT[0] = last
    AT[1] = 0
    return n


@njit(
    [
        "void(uint64[::1], int64, int64, int64, uint64[::1], uint64[::1])",
        "void(uint32[::1], int64, int64, int64, uint64[::1], uint32[::1])",
    ],
    nogil=True,
    cache=True,
)
def grow(table, partitions, old, new, K, scratch):
    """Give every partition `new` slots in place of `old`, in place, from the last partition to the first."""
    size, high, low, part = U(new), K[2], K[3], K[4]
    zero, one = U(0), U(1)
    for p in range(partitions - 1, -1, -1):
        n = 0
        for x in range(p * old, (p + 1) * old):
            entry = table[U(x)]
            scratch[U(n)] = entry
            n += 1 if entry != 0 else 0
            table[U(x)] = 0
        base = U(p) * size
        for k in range(n):
            entry = scratch[U(k)]
            x = ((((U(entry) & part) - one) >> high) * size) >> low
            while table[base + x] != zero:
                x += one
                if x == size:
                    x = zero
            table[base + x] = entry


@njit(
    "int64(uint64[::1], int64, int64, int64, int64, uint64[::1], uint64[::1], uint64, uint64[:,::1], int64)",
    nogil=True,
    cache=True,
)
def collect(table, first, partitions, capacity, key_bits, K, INV, tag, out, n):
    """The states of a level, unhashed, into `out` from row n."""
    for p in range(partitions):
        for x in range(p * capacity, (p + 1) * capacity):
            entry = table[x]
            if entry != 0 and entry >> K[5] == tag:
                h = U(first + p) << U(key_bits) | ((entry & K[4]) - U(1))
                out[n, 0] = permuted(h, INV[0], INV[1], INV[2], INV[3])
                n += 1
    return n
