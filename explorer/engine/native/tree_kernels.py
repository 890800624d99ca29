"""Recursive indexing, compiled: wide states as the root words of a tree of dictionaries, and back.

Python for Numba, compiled through `jit.py` where states have several words. A tree over W words has one
dictionary for each word and for each inner node but the root: node n < W numbers the values of word n, an
inner node the pairs of numbers of its children. The pair of the two topmost numbers is the root word; it is
as good as the state (Blom, Lisser, van de Pol, Weber 2009; Laarman, van de Pol, Weber 2011).

`arrays.py` says what the arguments hold.
"""

import numpy as np
from numba import int64, njit, void

from explorer.engine.native.arrays import (
    SPAN,
    WORD_ROWS,
    Dictionaries,
    Folded,
    Level,
    Part,
    Unfolded,
    signature,
)
from explorer.engine.native.mixing import FIRST

U, I = np.uint64, np.int64
BITS = U(30)
LOW = U((1 << 30) - 1)
BLOCK = 128


@njit(inline="always")
def home(key, shift):
    """The slot where a search for an entry begins."""
    return ((key ^ (key >> U(32))) * FIRST) >> shift


@njit(inline="always")
def find(tree, node, key):
    """The number of an entry, or 0 where there is none; and the slot where it stands or would."""
    slots, values, shape = tree.slots, tree.values, tree.shape
    first, mask, begin = shape[node, 0], shape[node, 1], shape[node, 3]
    x = home(key, shape[node, 2])
    number = U(slots[first + x])
    while number != U(0) and values[begin + number] != key:
        x = (x + U(1)) & mask
        number = U(slots[first + x])
    return number, first + x


@njit(inline="always")
def enter(tree, m, key, extend):
    """The number of an entry, which is made where there is none, with `extend` and where there is room; else
    0.
    """
    node = U(m)
    number, slot = find(tree, node, key)
    if number == U(0) and extend and tree.entries[m, 0] < tree.entries[m, 1]:
        tree.entries[m, 0] += 1
        number = U(tree.entries[m, 0])
        tree.values[tree.shape[node, 3] + number] = key
        tree.slots[slot] = np.uint32(number)
    return number


@njit(signature(void, WORD_ROWS, SPAN, Dictionaries, Unfolded), nogil=True, cache=True)
def unfold(roots, span, tree, unfolded):
    """States of the roots (uint64 [n, 1]) from row span[0] to before span[1], and the numbers of their
    nodes.
    """
    values, shape, pairs = tree.values, tree.shape, tree.pairs
    states, numbers = unfolded
    start, stop = span
    words, nodes = states.shape[1], pairs.shape[0] - 1
    left, right = U(pairs[nodes, 0]), U(pairs[nodes, 1])
    for r in range(stop - start):
        row = U(r)
        root = roots[U(start + r), U(0)]
        numbers[row, left] = root >> BITS
        numbers[row, right] = root & LOW
        for n in range(nodes - 1, words - 1, -1):
            pair = values[shape[n, 3] + numbers[row, U(n)]]
            numbers[row, U(pairs[n, 0])] = pair >> BITS
            numbers[row, U(pairs[n, 1])] = pair & LOW
        for w in range(words):
            states[row, U(w)] = values[shape[w, 3] + numbers[row, U(w)]]


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
    slots, values, shape, pairs = tree.slots, tree.values, tree.shape, tree.pairs
    root_words, root_rules, missed_states, missed_rules, totals = folded
    at, stop, alone, extend = part
    words, nodes = before.shape[1], pairs.shape[0] - 1
    top, other = U(pairs[nodes, 0]), U(pairs[nodes, 1])
    own = np.empty((nodes, BLOCK), np.uint64)
    keys, owners, places, guesses, held = (
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
        for k in range(size):
            known[U(k)] = True
        for m in range(nodes):
            node = U(m)
            left, right = U(pairs[m, 0]), U(pairs[m, 1])
            first, shift, begin = shape[node, 0], shape[node, 2], shape[node, 3]
            asked = zero
            for k in range(size):
                c = U(k)
                s = U(n + k)
                row = zero if alone else states[s, zero]
                if m < words:
                    key = states[s, node + one]
                    same = key == before[row, node]
                else:
                    key = own[left, c] << BITS | own[right, c]
                    same = own[left, c] == numbers[row, left] and own[right, c] == numbers[row, right]
                if same and not alone:
                    own[node, c] = numbers[row, node]
                else:
                    keys[asked], owners[asked], places[asked] = key, c, first + home(key, shift)
                    asked += one
            for k in range(I(asked)):
                guesses[U(k)] = U(slots[places[U(k)]])
            for k in range(I(asked)):
                held[U(k)] = values[begin + guesses[U(k)]]
            for k in range(I(asked)):
                a = U(k)
                number = guesses[a]
                if number == zero or held[a] != keys[a]:
                    number = enter(tree, m, keys[a], extend and known[owners[a]])
                    if number == zero:
                        if extend:
                            totals[0], totals[1], totals[2] = roots, missed, m
                            return n
                        known[owners[a]] = False
                own[node, owners[a]] = number
        for k in range(size):
            c, s = U(k), U(n + k)
            if known[c]:
                root_words[U(roots), zero] = own[top, c] << BITS | own[other, c]
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


@njit(signature(int64, Level, Part, Dictionaries, Folded), nogil=True, cache=True)
def fold_two(successors, part, tree, folded):
    """As `fold`, for states of two words. Slots and entries are loaded a block at a time, without a branch
    between, so that waits for the cache overlap; that is faster than to compare with the predecessor.
    """
    states, rules = successors
    slots, values, shape = tree.slots, tree.values, tree.shape
    root_words, root_rules, missed_states, missed_rules, totals = folded
    at, stop, _, extend = part
    guesses, held = np.empty((2, BLOCK), np.uint64), np.empty((2, BLOCK), np.uint64)
    slots_0, shift_0, begin_0 = shape[0, 0], shape[0, 2], shape[0, 3]
    slots_1, shift_1, begin_1 = shape[1, 0], shape[1, 2], shape[1, 3]
    zero, one, two = U(0), U(1), U(2)
    roots, missed = U(totals[0]), totals[1]
    room = missed_states.shape[0]
    totals[2] = -1
    for begin in range(at, stop, BLOCK):
        size = min(BLOCK, stop - begin)
        for k in range(size):
            s, c = U(begin + k), U(k)
            guesses[zero, c] = U(slots[slots_0 + home(states[s, one], shift_0)])
            guesses[one, c] = U(slots[slots_1 + home(states[s, two], shift_1)])
        for k in range(size):
            c = U(k)
            held[zero, c] = values[begin_0 + guesses[zero, c]]
            held[one, c] = values[begin_1 + guesses[one, c]]
        for k in range(size):
            s, c = U(begin + k), U(k)
            if missed >= room:
                totals[0], totals[1] = I(roots), missed
                return begin + k
            number, other = guesses[zero, c], guesses[one, c]
            if held[zero, c] != states[s, one] or number == zero:
                number = enter(tree, 0, states[s, one], extend)
            if held[one, c] != states[s, two] or other == zero:
                other = enter(tree, 1, states[s, two], extend)
            if number != zero and other != zero:
                root_words[roots, zero] = number << BITS | other
                root_rules[roots] = rules[s]
                roots += one
            elif extend:
                totals[0], totals[1], totals[2] = I(roots), missed, 0 if number == zero else 1
                return begin + k
            else:
                for w in range(3):
                    missed_states[U(missed), U(w)] = states[s, U(w)]
                missed_rules[U(missed)] = rules[s]
                missed += 1
    totals[0], totals[1] = I(roots), missed
    return stop


@njit(signature(void, Dictionaries, int64), nogil=True, cache=True)
def rehash(tree, m):
    """Fill the empty slots of node m from its entries."""
    node = U(m)
    for k in range(1, tree.entries[m, 0] + 1):
        _, slot = find(tree, node, tree.values[tree.shape[node, 3] + U(k)])
        tree.slots[slot] = np.uint32(k)
