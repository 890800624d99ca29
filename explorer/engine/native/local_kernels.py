"""Successors of wide states from steps that are known by parts of a state, compiled: no rule is looked at.

Python for Numba, compiled through `jit.py` once a search has passed enough states. LTSmin calls it transition
caching (Blom, van de Pol, Weber 2010; decision 0042); here a part of a state is a number already, that of a
node of the tree (decision 0013), so that mostly nothing is hashed. A state of which something is not known is
left to the rules, and `learn` (`learn_kernels.py`) notes what they do there.

`arrays.py` and `local_arrays.py` say what the arguments hold.
"""

import numpy as np
from numba import boolean, int64, njit

from explorer.engine.native.arrays import (
    EXPANDED,
    LEAST,
    MOST,
    SPAN,
    TRANSITIONS,
    WORD_ROWS,
    Buckets,
    Dictionaries,
    Level,
    Numbers,
    Search,
    signature,
)
from explorer.engine.native.local_arrays import FULL, REST, Local
from explorer.engine.native.local_entries import unfold_parts
from explorer.engine.native.mixing import permuted
from explorer.engine.native.probing import ask_for
from explorer.engine.native.tree_entries import BITS, BLOCK, LOW, enter, home, slot_of

U, I = np.uint64, np.int64
RULE = U((1 << 16) - 1)
UNKNOWN = I(-1 << 40)


@njit(nogil=True)
def rows_of(numbers, size, keys, groups, links, row_of, rows):
    """The rows of the groups of some states, or 0 where one is not known."""
    slots, values, shape = keys.slots, keys.values, keys.shape
    zero, one = U(0), U(1)
    own = np.empty(BLOCK, np.uint64)
    for g in range(groups.shape[0]):
        group = U(g)
        link, end = groups[group, U(2)], groups[group, U(3)]
        begin, room = U(groups[group, zero]), U(groups[group, one])
        node = U(links[U(link), zero])
        for r in range(size):
            own[U(r)] = numbers[node, U(r)]
        for k in range(link + 1, end):
            node, table = U(links[U(k), zero]), U(links[U(k), one])
            first, mask, shift, entry = shape[table, 0], shape[table, 1], shape[table, 2], shape[table, 3]
            for r in range(size):
                key = own[U(r)] << BITS | numbers[node, U(r)]
                x = home(key, shift)
                number = U(slots[first + x])
                while number != zero and values[entry + number] != key:
                    x = (x + one) & mask
                    number = U(slots[first + x])
                own[U(r)] = number
        for r in range(size):
            number = own[U(r)]
            rows[group, U(r)] = U(row_of[begin + number]) if number < room else zero


@njit(nogil=True)
def changed(numbers, c, tree, local, pattern, change, extend):
    """The root word of a state of which several parts are changed; and the node whose dictionary has no entry
    for it, or -1.
    """
    slots, values, shape, pairs = tree.slots, tree.values, tree.shape, tree.pairs
    flat, patterns = local.flat, local.patterns
    held = np.empty(pairs.shape[0], np.uint64)
    top, failed = U(pairs.shape[0] - 1), I(-1)
    begin, middle, end = patterns[pattern, U(0)], patterns[pattern, U(1)], patterns[pattern, U(2)]
    for j in range(begin, end):
        held[U(j - begin)] = numbers[U(flat[U(j)]), c]
    for j in range(begin, middle):
        numbers[U(flat[U(j)]), c] = U(local.changes[change + U(j - begin)])
    for j in range(middle, end):
        m = flat[U(j)]
        node = U(m)
        key = numbers[U(pairs[node, U(0)]), c] << BITS | numbers[U(pairs[node, U(1)]), c]
        slot = slot_of(slots, values, shape, node, key)
        number = enter(slots, values, shape, tree.entries, node, slot, key, extend and failed < 0)
        if number == U(0) and failed < 0:
            failed = m
        numbers[node, c] = number
    root = numbers[U(pairs[top, U(0)]), c] << BITS | numbers[U(pairs[top, U(1)]), c]
    for j in range(begin, end):
        numbers[U(flat[U(j)]), c] = held[U(j - begin)]
    return root, failed


@njit(
    signature(
        int64,
        Level,
        SPAN,
        Dictionaries,
        Dictionaries,
        Local,
        Level,
        Buckets,
        Numbers,
        Numbers,
        Search,
        boolean,
    ),
    nogil=True,
    cache=True,
)
def derive(level, span, tree, keys, local, rest, buckets, visits, counted, search, extend):
    """Put the successors of the states of a level from row span[0] to before span[1] into the buckets, as
    `expand` does. States of which something is not known, or that have no step, go to `rest`.

    `visits` (of each row) and `counted` (`Counters.totals`) are counted up. With `extend` new entries of the
    tree are made. Returns the first row that was not looked at; then a
    bucket, `rest` or a dictionary is full.
    """
    states, made_by = level
    rest_states, rest_rules = rest
    values, shape, pairs, slots, entries = tree.values, tree.shape, tree.pairs, tree.slots, tree.entries
    inner, groups, links, row_of, begins = local.inner, local.groups, local.links, local.row_of, local.begins
    steps, changes, patterns, totals = local.steps, local.changes, local.patterns, local.totals
    paths, path_begins, known = local.paths, local.path_begins, search.known
    bucket_states, sizes = buckets.states, buckets.sizes
    half, one_factor, other_factor, whole, partition = search.hashing
    below, nobody = (U(1) << partition) - U(1), U(known.shape[0] - 1)
    rules, top = search.rules.shapes.shape[0], U(pairs.shape[0] - 1)
    full_at, room = bucket_states.shape[1] - rules - 1, rest_states.shape[0] - BLOCK
    numbers = np.empty((pairs.shape[0] - 1, BLOCK), np.uint64)
    rows, degrees = np.empty((groups.shape[0], BLOCK), np.uint64), np.empty(BLOCK, np.int64)
    most = 4 * BLOCK + rules
    # Successors: the state, the rule, the number of the node that was reached on the way to the root; then
    # those that are not yet there, with the key of the next node, and its slot.
    of, by, own, ways = (
        np.empty(most, np.uint64),
        np.empty(most, np.uint16),
        np.empty(most, np.uint64),
        np.empty(most, np.uint64),
    )
    todo, wanted, places = np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.uint64)
    zero, one, two = U(0), U(1), U(2)
    first, stop = span
    full = False
    for k in range(sizes.shape[0]):
        full = full or sizes[U(k)] >= full_at
    totals[FULL] = -1
    while first < stop and not full and totals[REST] <= room and totals[FULL] < 0:
        size = min(BLOCK, stop - first)
        unfold_parts(states, first, size, values, shape, pairs, inner, numbers)
        rows_of(numbers, size, keys, groups, links, row_of, rows)
        made, active = zero, zero
        for r in range(size):
            if I(made) + rules > most:
                size = r
                break
            c, row = U(r), U(first + r)
            degree = I(0)
            for g in range(rows.shape[0]):
                at = rows[U(g), c]
                degree += begins[at + one] - begins[at] if at != zero else UNKNOWN
            degrees[c] = max(degree, I(0))
            if degree <= 0:
                continue
            before = U(made_by[row])
            for g in range(rows.shape[0]):
                at = rows[U(g), c]
                for k in range(begins[at], begins[at + one]):
                    step = steps[U(k)]
                    rule, pattern, change = step & RULE, step >> U(16) & RULE, step >> U(32)
                    if (known[before, rule >> U(6)] >> (rule & U(63))) & one or pattern == zero:
                        continue
                    part = patterns[pattern, U(3)]
                    of[made], by[made] = c, rule
                    if part >= 0:
                        own[made], ways[made] = U(changes[change]), U(path_begins[U(part)])
                        todo[active] = made
                        active += one
                    else:
                        root, failed = changed(numbers, c, tree, local, pattern, change, extend)
                        own[made] = root
                        if failed >= 0:
                            degrees[c] = 0
                            if extend:
                                totals[FULL] = failed
                    made += one
            if totals[FULL] >= 0:
                size = r
                break
        while active > zero:
            left = zero
            for k in range(active):
                i = todo[U(k)]
                way, c, number = ways[i], of[i], own[i]
                node, up = U(paths[way, zero]), U(paths[way, two])
                if node == top:
                    own[i] = (states[U(first) + c, zero] & (LOW << (BITS - up))) | number << up
                else:
                    key = number << up | numbers[U(paths[way, one]), c] << (BITS - up)
                    place = shape[node, zero] + home(key, shape[node, two])
                    ask_for(slots, place)
                    todo[left], wanted[left], places[left] = i, key, place
                    left += one
            for k in range(left):
                i, key = todo[U(k)], wanted[U(k)]
                m = paths[ways[i], zero]
                number = U(slots[places[U(k)]])
                if number == zero or values[shape[U(m), U(3)] + number] != key:
                    slot, more = slot_of(slots, values, shape, U(m), key), extend and totals[FULL] < 0
                    number = enter(slots, values, shape, entries, U(m), slot, key, more)
                    if number == zero:
                        degrees[of[i]] = 0
                        if extend:
                            totals[FULL] = m if totals[FULL] < 0 else totals[FULL]
                            size = min(size, I(of[i]))
                own[i] = number
                ways[i] += one
            active = left
        i = zero
        for r in range(size):
            c, row = U(r), U(first + r)
            if full:
                size = r
                break
            if degrees[c] == 0:
                while i < made and of[i] == c:
                    i += one
                rest_states[U(totals[REST]), zero] = states[row, zero]
                rest_rules[U(totals[REST])] = made_by[row]
                totals[REST] += 1
                continue
            for g in range(rows.shape[0]):
                visits[rows[U(g), c]] += 1
            while i < made and of[i] == c:
                h = permuted(own[i], half, one_factor, other_factor, whole)
                owner = h >> partition
                place = U(sizes[owner])
                bucket_states[owner, place, zero] = (h & below) | (min(U(by[i]), nobody) << partition)
                sizes[owner] = I(place) + 1
                if I(place) >= full_at:
                    full = True
                i += one
            degree = degrees[c]
            counted[EXPANDED] += 1
            counted[TRANSITIONS] += degree
            counted[LEAST] = min(counted[LEAST], degree)
            counted[MOST] = max(counted[MOST], degree)
        first += size
    return first


@njit(signature(int64, WORD_ROWS, SPAN, Dictionaries, Dictionaries, Local, WORD_ROWS), nogil=True, cache=True)
def sift(roots, span, tree, keys, local, doubtful):
    """The root words from row span[0] to before span[1] of which something is not known, into `doubtful`,
    which has room for all: the others have been judged, part by part. Returns how many there are.
    """
    start, stop = span
    values, shape, pairs, inner = tree.values, tree.shape, tree.pairs, local.inner
    groups, links, row_of = local.groups, local.links, local.row_of
    numbers = np.empty((pairs.shape[0] - 1, BLOCK), np.uint64)
    rows, unknown = np.empty((groups.shape[0], BLOCK), np.uint64), np.empty(BLOCK, np.bool_)
    many = U(0)
    for first in range(start, stop, BLOCK):
        size = min(BLOCK, stop - first)
        unfold_parts(roots, first, size, values, shape, pairs, inner, numbers)
        rows_of(numbers, size, keys, groups, links, row_of, rows)
        unknown[:] = False
        for g in range(rows.shape[0]):
            for r in range(size):
                unknown[U(r)] |= rows[U(g), U(r)] == U(0)
        for r in range(size):
            if unknown[U(r)]:
                doubtful[many, U(0)] = roots[U(first + r), U(0)]
                many += U(1)
    return I(many)
