"""Learning the steps of parts of a state, compiled: what the rules make of a state is noted for its groups.

Python for Numba, compiled through `jit.py` in one module with `local_kernels.py`, which says what this is
for.
"""

import numpy as np
from numba import int64, njit

from explorer.engine.native.arrays import (
    FLAGGED,
    SPAN,
    Buckets,
    Counters,
    Dictionaries,
    Folded,
    Level,
    Part,
    Search,
    Unfolded,
    signature,
)
from explorer.engine.native.function_types import EXPAND, FOLD, JUDGE, UNFOLD
from explorer.engine.native.local_arrays import (
    CHANGES,
    FLAT,
    FULL,
    KEYS,
    NUMBERS,
    PATTERNS,
    ROWS,
    STEPS,
    TREE,
    TRIED,
    WANTED,
    Local,
)
from explorer.engine.native.local_entries import unfold_parts
from explorer.engine.native.tree_entries import BITS, enter, slot_of

U, I = np.uint64, np.int64


@njit(nogil=True)
def pattern_of(mask, local):
    """The number of a set of changed parts, which is made where there is none; -1 where there is no room."""
    totals = local.totals
    for p in range(1, totals[PATTERNS]):
        if local.masks[p] == mask:
            return p
    p, begin = totals[PATTERNS], totals[FLAT]
    if p == local.masks.shape[0] or begin + local.covers.shape[0] > local.flat.shape[0]:
        return I(-1)
    at, part = begin, I(0)
    for k in range(local.parts.shape[0]):
        if mask >> U(k) & U(1):
            local.flat[at] = local.parts[k]
            part, at = I(k), at + 1
    local.patterns[p, 0], local.patterns[p, 1] = begin, at
    local.patterns[p, 3] = part if at == begin + 1 else -1
    for k in range(local.upper.shape[0] - 1, -1, -1):
        m = local.upper[k]
        covered = local.covers[m]
        if covered & mask and covered & (covered - U(1)):
            local.flat[at] = m
            at += 1
    local.masks[p], local.patterns[p, 2] = mask, at
    totals[PATTERNS], totals[FLAT] = p + 1, at
    return p


@njit(nogil=True)
def find_rows(now, keys, local, places):
    """Where the rows of a state's groups stand or will stand in `row_of`, into `places`; -1 for one that is
    known. Returns how many are not known, or -1 where there is no room, for what says `totals[WANTED]`.
    """
    missing = I(0)
    for g in range(local.groups.shape[0]):
        link, end = local.groups[g, 2], local.groups[g, 3]
        number = now[local.links[link, 0]]
        for k in range(link + 1, end):
            node, key = U(local.links[k, 1]), number << BITS | now[local.links[k, 0]]
            slot = slot_of(keys.slots, keys.values, keys.shape, node, key)
            number = enter(keys.slots, keys.values, keys.shape, keys.entries, node, slot, key, True)
            if number == U(0):
                local.totals[WANTED], local.totals[FULL] = KEYS, local.links[k, 1]
                return I(-1)
        if number >= U(local.groups[g, 1]):
            local.totals[WANTED] = NUMBERS
            return I(-1)
        places[g] = local.groups[g, 0] + I(number)
        if local.row_of[places[g]]:
            places[g] = -1
        else:
            missing += 1
    return missing


@njit(
    signature(
        int64,
        EXPAND,
        JUDGE,
        UNFOLD,
        FOLD,
        Level,
        SPAN,
        Dictionaries,
        Dictionaries,
        Local,
        Unfolded,
        Buckets,
        Folded,
        Counters,
        Search,
        int64[::1],
    ),
    nogil=True,
    cache=True,
)
def learn(
    expand,
    judge,
    unfold,
    fold,
    level,
    span,
    tree,
    keys,
    local,
    chunk,
    successors,
    folded,
    counters,
    search,
    watched,
):
    """Note the steps of the states of a level (of root words, made by no rule) from row span[0] to before
    span[1], but for states that are flagged. Returns the first row that was not looked at: there is no room
    for something, `totals[WANTED]` says for what, and `totals[FULL]` which dictionary is full.

    `counters` and `successors` are scratch. `search.known` has no bits set, `watched` all.
    """
    totals, parts = local.totals, local.parts.shape[0]
    top = tree.pairs.shape[0] - 1
    numbers, now = np.empty((top, 1), np.uint64), np.empty(top, np.uint64)
    values, shape, pairs, inner = tree.values, tree.shape, tree.pairs, local.inner
    places = np.empty(local.groups.shape[0], np.int64)
    yes = span[0] <= span[1]
    enabled, same = counters.enabled, counters.same
    totals[WANTED] = totals[FULL] = -1
    for b in range(span[0], span[1]):
        unfold_parts(level.states, b, 1, values, shape, pairs, inner, numbers)
        for k in range(local.upper.shape[0]):
            now[local.upper[k]] = numbers[local.upper[k], 0]
        missing = find_rows(now, keys, local, places)
        if missing < 0:
            return b
        if missing == 0:
            continue
        totals[TRIED] += 1
        unfold(level.states, (b, b + 1), tree, chunk)
        enabled[:] = 0
        same[:] = 0
        counters.totals[FLAGGED] = successors.sizes[0] = 0
        expand(Level(chunk.states, level.rules), (0, 1), successors, counters, search)
        failed, _ = judge(chunk.states, 0, 1, watched, counters.flagged)
        if counters.totals[FLAGGED] > 0 or failed > 0:
            continue
        many = successors.sizes[0]
        folded.totals[0] = 0
        fold(Level(successors.states[0], successors.rules[0]), Part(0, many, yes, yes), chunk, tree, folded)
        if folded.totals[2] >= 0:
            totals[WANTED], totals[FULL] = TREE, folded.totals[2]
            return b
        if totals[ROWS] + missing + 1 > local.begins.shape[0]:
            totals[WANTED] = ROWS
            return b
        if totals[STEPS] + enabled.shape[0] > local.steps.shape[0]:
            totals[WANTED] = STEPS
            return b
        if totals[CHANGES] + many * parts > local.changes.shape[0]:
            totals[WANTED] = CHANGES
            return b
        for s in range(many):
            unfold_parts(folded.roots, s, 1, values, shape, pairs, inner, numbers)
            mask = U(0)
            for k in range(parts):
                if numbers[local.parts[k], 0] != now[local.parts[k]]:
                    mask |= U(1) << U(k)
            if pattern_of(mask, local) < 0:
                totals[WANTED] = PATTERNS
                return b
        for g in range(places.shape[0]):
            if places[g] < 0:
                continue
            at = totals[STEPS]
            for s in range(many):
                rule = I(folded.rules[s])
                if local.group_of[rule] != g:
                    continue
                unfold_parts(folded.roots, s, 1, values, shape, pairs, inner, numbers)
                mask, begin = U(0), totals[CHANGES]
                for k in range(parts):
                    number = numbers[local.parts[k], 0]
                    if number != now[local.parts[k]]:
                        mask |= U(1) << U(k)
                        local.changes[totals[CHANGES]] = number
                        totals[CHANGES] += 1
                pattern = pattern_of(mask, local)
                local.steps[at] = U(rule) | U(pattern) << U(16) | U(begin) << U(32)
                at += 1
            for rule in range(enabled.shape[0]):
                if same[rule] and local.group_of[rule] == g:
                    local.steps[at] = U(rule)
                    at += 1
            row = totals[ROWS]
            totals[STEPS], local.begins[row + 1] = at, at
            local.row_of[places[g]] = row
            totals[ROWS] = row + 1
    return span[1]
