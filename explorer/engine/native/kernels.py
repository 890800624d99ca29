"""The part of the native engine that no spec changes: the visited set and the way of states into it.

Python for Numba, compiled through `jit.py`. A table is an open-addressing hash table cut into partitions by
the first bits of a state's hash; the rest of the hash (the key) is what is stored, plus one, so that an empty
slot is zero. Because a one-word state is hashed by a bijection, key and partition together *are* the state.
A key stands in its group of slots (`probing.py`), or in the next one with room. The group of a key grows with
the key, so that partitions keep their order and a table can grow in place. The bits of an entry that the key
does not need hold the level of the state: levels can be collected from the table again, and no second copy of
the states is kept. `SLOT` is the type of an entry; `jit.py` makes narrow ones of the same text.

`arrays.py` says what the arguments hold. Indices are unsigned, which spares the test for negative ones at
every access.
"""

import numpy as np
from numba import int64, njit, types, uint64, void

from explorer.engine.native.arrays import WORD_ROWS, Buckets, Hash, Level, Table, kind, signature
from explorer.engine.native.mixing import permuted
from explorer.engine.native.probing import GROUP, ask_for, first_of

U, I = np.uint64, np.int64
BLOCK, AHEAD = 1 << 10, 16
"""Elements of a bucket for which the room in the table is looked at once; how many elements before it is
looked at memory is asked for a group.
"""
SLOT = types.uint64
TABLE = kind(Table, slots=SLOT[::1])


@njit(signature(int64, Level, int64, Buckets, Hash), nogil=True, cache=True)
def scatter(level, start, buckets, hashing):
    """Put the states of a level (of one word) from row `start` on, hashed, and their rules into the buckets
    of their owners. Returns the first row that found no room.
    """
    states, rules = level.states, level.rules
    bucket_states, sizes = buckets.states, buckets.sizes
    room = bucket_states.shape[1]
    zero = U(0)
    rest = (U(1) << hashing.partition) - U(1)
    for b in range(start, states.shape[0]):
        row = U(b)
        h = permuted(states[row, zero], hashing.half, hashing.first, hashing.second, hashing.whole)
        owner = h >> hashing.partition
        n = sizes[owner]
        if n >= room:
            return b
        bucket_states[owner, U(n), zero] = (h & rest) | (U(rules[row]) << hashing.partition)
        sizes[owner] = n + 1
    return states.shape[0]


@njit(signature(int64, Buckets, int64[::1], TABLE, uint64, Level), nogil=True, cache=True)
def insert(buckets, at, table, level, fresh):
    """Insert the buckets of the table's partitions; states not seen before are appended to `fresh`, with
    their rules.

    `at` (int64 [4]): the partition and the element of its bucket to go on with, the partition to end before,
    and the row of `fresh` to go on with. at[0] == at[2] when all is done, else the table must grow first.
    `level` is stored beside the key. Returns the next row of `fresh`.
    """
    bucket_states, sizes = buckets.states, buckets.sizes
    slots, fill, entry, back = table.slots, table.fill, table.entry, table.back
    fresh_states, fresh_rules = fresh.states, fresh.rules
    first, last, begin = table.first, at[2], at[3]
    limit = table.capacity - table.capacity // 8
    size = U(table.capacity)
    tag = level << entry.bits
    zero, one, group, within = U(0), U(1), U(GROUP), U(GROUP - 1)
    keys, places = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    rest = (one << back.partition) - one
    n = U(begin)
    p, j = at[0], at[1]
    while p < last:
        bucket = U(p)
        base = U(p - first) * size
        end = base + size
        total = sizes[p]
        while j < total:
            many = min(total - j, limit - fill[p - first], BLOCK)
            if many <= 0:
                break
            before, ahead = n, min(AHEAD, many)
            for k in range(-ahead, many):
                if k + ahead < many:
                    key = (bucket_states[bucket, U(j + k + ahead), zero] >> entry.dropped) & entry.mask
                    place = base + ((((key >> entry.high) * size) >> entry.low) & ~within)
                    ask_for(slots, place)
                    keys[U(k + ahead)] = key + one
                    places[U(k + ahead)] = place
                if k < 0:
                    continue
                key, place = keys[U(k)], places[U(k)]
                lane = first_of(slots, place, entry.part, key)
                while lane == group:
                    place += group
                    if place == end:
                        place = base
                    lane = first_of(slots, place, entry.part, key)
                place += lane
                held = U(slots[place])
                slots[place] = held if held != zero else key | tag
                fresh_states[n, zero] = bucket_states[bucket, U(j + k), zero]
                n += U(held == zero)
            fill[p - first] += I(n - before)
            j += many
            for row in range(before, n):
                word = fresh_states[row, zero]
                h = (bucket << back.partition) | (word & rest)
                fresh_states[row, zero] = permuted(h, back.half, back.first, back.second, back.whole)
                fresh_rules[row] = word >> back.partition
        if j < total:
            break
        p += 1
        j = 0
    at[0], at[1] = p, j
    return I(n)


@njit(signature(void, TABLE, int64, SLOT[::1]), nogil=True, cache=True)
def grow(table, capacity, scratch):
    """Give every partition `capacity` slots, in place, from the last partition to the first. `scratch` has
    the type of the slots and room for those of a partition.
    """
    slots, entry, old = table.slots, table.entry, table.capacity
    size = U(capacity)
    zero, one, three = U(0), U(1), U(3)
    taken = np.empty(capacity // GROUP, np.uint8)
    for p in range(table.fill.shape[0] - 1, -1, -1):
        n = zero
        for x in range(U(p * old), U((p + 1) * old)):
            held = slots[x]
            scratch[n] = held
            n += U(held != 0)
            slots[x] = 0
        taken[:] = 0
        base = U(p) * size
        for k in range(n):
            held = scratch[k]
            key = (U(held) & entry.part) - one
            at = (((key >> entry.high) * size) >> entry.low) >> three
            while taken[at] == GROUP:
                at += one
                if at << three == size:
                    at = zero
            slots[base + (at << three) + U(taken[at])] = held
            taken[at] += 1


@njit(signature(void, TABLE, int64[::1], WORD_ROWS), nogil=True, cache=True)
def collect_levels(table, places, states):
    """The states of some levels, unhashed: those of a level from row places[level] on, which moves; a
    negative one is not wanted.
    """
    slots, entry, back = table.slots, table.entry, table.back
    capacity, key_bits = table.capacity, entry.bits - U(1)
    for p in range(table.fill.shape[0]):
        for x in range(p * capacity, (p + 1) * capacity):
            held = slots[x]
            if held == 0:
                continue
            level = held >> entry.bits
            if level >= U(places.shape[0]) or places[level] < 0:
                continue
            h = U(table.first + p) << key_bits | ((held & entry.part) - U(1))
            states[places[level], 0] = permuted(h, back.half, back.first, back.second, back.whole)
            places[level] += 1
