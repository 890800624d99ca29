"""Recursive indexing, compiled: states of three words or more as root words.

Python for Numba, compiled through `jit.py` in one module with `tree_kernels.py`, which says what a tree is.
"""

import numpy as np
from numba import int64, njit

from explorer.engine.native.arrays import Dictionaries, Folded, Level, Part, Unfolded, signature
from explorer.engine.native.tree_entries import BITS, BLOCK, enter, home, slot_of

U, I = np.uint64, np.int64


@njit(signature(int64, Level, Part, Unfolded, Dictionaries, Folded), nogil=True, cache=True)
def fold(successors, part, parents, tree, folded):
    """The root words of a part of some states (uint64 [n, 1 + W]: row of the predecessor in `parents`, then
    the words); what a state has in common with its predecessor is not looked up. One that stands `alone` has
    none: its row says nothing.

    With `part.extend` new entries are made, otherwise states that need some are listed as missed. Returns the
    first row that was not looked at.
    """
    states, rules = successors
    before, numbers = parents
    slots, values, shape, entries = tree.slots, tree.values, tree.shape, tree.entries
    pairs, above = tree.pairs, tree.above
    root_words, root_rules, missed_states, missed_rules, totals = folded
    at, stop, alone, extend = part
    words, nodes = before.shape[1], pairs.shape[0] - 1
    top, other = U(pairs[nodes, 0]), U(pairs[nodes, 1])
    own = np.empty((nodes, BLOCK), np.uint64)
    owners = np.empty((nodes + 1, BLOCK + 1), np.uint64)  # one more is written where all are listed
    asked, listed = np.empty(nodes + 1, np.int64), np.empty((nodes + 1, BLOCK), np.bool_)
    rows, keys, places, guesses, held = (
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
    )
    known = np.empty(BLOCK, np.bool_)
    zero, one = U(0), U(1)
    roots, missed = totals[0], totals[1]
    room = missed_states.shape[0]
    totals[2] = -1
    n = at
    while n < stop and missed < room:
        size = min(BLOCK, stop - n, room - missed)
        own[:], listed[:], known[:], asked[:] = zero, False, True, 0
        for k in range(size):
            c, s = U(k), U(n + k)
            row = zero if alone else states[s, zero]
            rows[c] = row
            for w in range(words):
                node = U(w)
                if alone or states[s, node + one] != before[row, node]:
                    owners[node, U(asked[node])] = c
                    asked[node] += 1
        for m in range(nodes):
            node, parent = U(m), U(above[m])
            left, right = U(pairs[m, 0]), U(pairs[m, 1])
            first, shift, begin = shape[node, 0], shape[node, 2], shape[node, 3]
            for k in range(asked[node]):
                a = U(k)
                c = owners[node, a]
                if m < words:
                    key = states[U(n) + c, node + one]
                else:
                    low, high = own[right, c], own[left, c]
                    low = low if low != zero else numbers[right, rows[c]]
                    high = high if high != zero else numbers[left, rows[c]]
                    key = high << BITS | low
                keys[a], places[a] = key, first + home(key, shift)
            for k in range(asked[node]):
                guesses[U(k)] = U(slots[places[U(k)]])
            for k in range(asked[node]):
                held[U(k)] = values[begin + guesses[U(k)]]
            for k in range(asked[node]):
                a = U(k)
                c, number = owners[node, a], guesses[a]
                if number == zero or held[a] != keys[a]:
                    slot = slot_of(slots, values, shape, node, keys[a])
                    wanted = extend and known[c]
                    number = enter(slots, values, shape, entries, node, slot, keys[a], wanted)
                    if number == zero:
                        if extend:
                            totals[0], totals[1], totals[2] = roots, missed, m
                            return n
                        known[c] = False
                own[node, c] = number
                owners[parent, U(asked[parent])] = c
                asked[parent] += I(not listed[parent, c])
                listed[parent, c] = True
        for k in range(size):
            c, s = U(k), U(n + k)
            if known[c]:
                high, low = own[top, c], own[other, c]
                high = high if high != zero else numbers[top, rows[c]]
                low = low if low != zero else numbers[other, rows[c]]
                root_words[U(roots), zero] = high << BITS | low
                root_rules[U(roots)] = rules[s]
                roots += 1
            else:
                for w in range(words + 1):
                    missed_states[U(missed), U(w)] = states[s, U(w)]
                missed_rules[U(missed)] = rules[s]
                missed += 1
        n += size
    totals[0], totals[1] = roots, missed
    return n
