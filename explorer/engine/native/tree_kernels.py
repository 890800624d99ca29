"""Recursive indexing, compiled: wide states as the root words of a tree of dictionaries, and back.

Python for Numba, compiled through `jit.py` where states have several words. A tree over W words has one
dictionary for each word and for each inner node but the root: node n < W numbers the values of word n, an
inner node the pairs of numbers of its children. The pair of the two topmost numbers is the root word; it is
as good as the state (Blom, Lisser, van de Pol, Weber 2009; Laarman, van de Pol, Weber 2011).

Arrays of a tree of N nodes, here and in `tree.py`:

SLOTS   uint32, slots of all nodes: number of an entry, from 1, or 0 where empty (open addressing)
VALUES  uint64, entries of all nodes by number; that of number 0 means nothing
SHAPE   uint64 [N, 4]: first slot, number of slots less one, shift from hash to slot, place of entry 0
COUNT   int64 [N, 2]: entries that there are, entries that there is room for
PAIR    int64 [N + 1, 2]: the children of an inner node, -1 of a word; last those of the root
"""

import numpy as np
from numba import njit

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
def find(SLOTS, VALUES, SHAPE, node, key):
    """The number of an entry, or 0 where there is none; and the slot where it stands or would."""
    first, mask, begin = SHAPE[node, 0], SHAPE[node, 1], SHAPE[node, 3]
    x = home(key, SHAPE[node, 2])
    number = U(SLOTS[first + x])
    while number != U(0) and VALUES[begin + number] != key:
        x = (x + U(1)) & mask
        number = U(SLOTS[first + x])
    return number, first + x


@njit(inline="always")
def enter(SLOTS, VALUES, SHAPE, COUNT, m, key, extend):
    """The number of an entry, which is made where there is none, with `extend` and where there is room; else
    0.
    """
    node = U(m)
    number, slot = find(SLOTS, VALUES, SHAPE, node, key)
    if number == U(0) and extend and COUNT[m, 0] < COUNT[m, 1]:
        COUNT[m, 0] += 1
        number = U(COUNT[m, 0])
        VALUES[SHAPE[node, 3] + number] = key
        SLOTS[slot] = np.uint32(number)
    return number


@njit(
    "void(uint64[:,::1], int64, int64, uint64[::1], uint64[:,::1], int64[:,::1], uint64[:,::1],"
    " uint64[:,::1])",
    nogil=True,
    cache=True,
)
def unfold(ROOTS, start, stop, VALUES, SHAPE, PAIR, F, NUMBERS):
    """States of the roots ROOTS[start:stop] (uint64 [n, 1]): words to F (uint64 [stop - start, W]), the
    numbers of all nodes to NUMBERS (uint64 [stop - start, N]).
    """
    words, nodes = F.shape[1], PAIR.shape[0] - 1
    left, right = U(PAIR[nodes, 0]), U(PAIR[nodes, 1])
    for r in range(stop - start):
        row = U(r)
        root = ROOTS[U(start + r), U(0)]
        NUMBERS[row, left] = root >> BITS
        NUMBERS[row, right] = root & LOW
        for n in range(nodes - 1, words - 1, -1):
            pair = VALUES[SHAPE[n, 3] + NUMBERS[row, U(n)]]
            NUMBERS[row, U(PAIR[n, 0])] = pair >> BITS
            NUMBERS[row, U(PAIR[n, 1])] = pair & LOW
        for w in range(words):
            F[row, U(w)] = VALUES[SHAPE[w, 3] + NUMBERS[row, U(w)]]


@njit(
    "int64(uint64[:,::1], uint16[::1], int64, int64, boolean, uint64[:,::1], uint64[:,::1], uint32[::1],"
    " uint64[::1], uint64[:,::1], int64[:,::1], int64[:,::1], boolean, uint64[:,::1], uint16[::1],"
    " uint64[:,::1], uint16[::1], int64[::1])",
    nogil=True,
    cache=True,
)
def fold(
    T, BY, at, stop, alone, F, NUMBERS, SLOTS, VALUES, SHAPE, COUNT, PAIR, extend, ROOTS, ROOTS_BY, MISSED,
    MISSED_BY, STAT
):  # fmt: skip
    """The root words of states T[at:stop] (uint64 [n, 1 + W]: row of the predecessor in F and NUMBERS, then
    the words); what a state has in common with its predecessor is not looked up, unless it stands `alone`.

    Roots go to ROOTS (uint64 [n, 1]) and the rules that made them (BY, uint16 [n]) to ROOTS_BY; with `extend`
    new entries are made, otherwise states that have some go to MISSED (as T) and MISSED_BY. STAT: 0 number of
    roots, 1 of missed states, 2 the node whose dictionary is full, or -1. Returns the first state that was
    not looked at.
    """
    words, nodes = F.shape[1], PAIR.shape[0] - 1
    top, other = U(PAIR[nodes, 0]), U(PAIR[nodes, 1])
    NEW = np.empty((nodes, BLOCK), np.uint64)
    KEY, WHO, SLOT, NUMBER, VALUE = (
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
    )
    KNOWN = np.empty(BLOCK, np.bool_)
    zero, one = U(0), U(1)
    roots, missed = STAT[0], STAT[1]
    room = MISSED.shape[0]
    STAT[2] = -1
    n = at
    while n < stop and missed < room:
        size = min(BLOCK, stop - n, room - missed)
        for k in range(size):
            KNOWN[U(k)] = True
        for m in range(nodes):
            node = U(m)
            left, right = U(PAIR[m, 0]), U(PAIR[m, 1])
            first, shift, begin = SHAPE[node, 0], SHAPE[node, 2], SHAPE[node, 3]
            asked = zero
            for k in range(size):
                c = U(k)
                s = U(n + k)
                row = T[s, zero]
                if m < words:
                    key = T[s, node + one]
                    same = key == F[row, node]
                else:
                    key = NEW[left, c] << BITS | NEW[right, c]
                    same = NEW[left, c] == NUMBERS[row, left] and NEW[right, c] == NUMBERS[row, right]
                if same and not alone:
                    NEW[node, c] = NUMBERS[row, node]
                else:
                    KEY[asked], WHO[asked], SLOT[asked] = key, c, first + home(key, shift)
                    asked += one
            for k in range(I(asked)):
                NUMBER[U(k)] = U(SLOTS[SLOT[U(k)]])
            for k in range(I(asked)):
                VALUE[U(k)] = VALUES[begin + NUMBER[U(k)]]
            for k in range(I(asked)):
                a = U(k)
                number = NUMBER[a]
                if number == zero or VALUE[a] != KEY[a]:
                    number = enter(SLOTS, VALUES, SHAPE, COUNT, m, KEY[a], extend and KNOWN[WHO[a]])
                    if number == zero:
                        if extend:
                            STAT[0], STAT[1], STAT[2] = roots, missed, m
                            return n
                        KNOWN[WHO[a]] = False
                NEW[node, WHO[a]] = number
        for k in range(size):
            c, s = U(k), U(n + k)
            if KNOWN[c]:
                ROOTS[U(roots), zero] = NEW[top, c] << BITS | NEW[other, c]
                ROOTS_BY[U(roots)] = BY[s]
                roots += 1
            else:
                for w in range(words + 1):
                    MISSED[U(missed), U(w)] = T[s, U(w)]
                MISSED_BY[U(missed)] = BY[s]
                missed += 1
        n += size
    STAT[0], STAT[1] = roots, missed
    return n


@njit(
    "int64(uint64[:,::1], uint16[::1], int64, int64, uint32[::1], uint64[::1], uint64[:,::1], int64[:,::1],"
    " boolean, uint64[:,::1], uint16[::1], uint64[:,::1], uint16[::1], int64[::1])",
    nogil=True,
    cache=True,
)
def fold_two(
    T, BY, at, stop, SLOTS, VALUES, SHAPE, COUNT, extend, ROOTS, ROOTS_BY, MISSED, MISSED_BY, STAT
):  # fmt: skip
    """As `fold`, for states of two words. Slots and entries are loaded a block at a time, without a branch
    between, so that waits for the cache overlap; that is faster than to compare with the predecessor.
    """
    N, V = np.empty((2, BLOCK), np.uint64), np.empty((2, BLOCK), np.uint64)
    slots_0, shift_0, begin_0 = SHAPE[0, 0], SHAPE[0, 2], SHAPE[0, 3]
    slots_1, shift_1, begin_1 = SHAPE[1, 0], SHAPE[1, 2], SHAPE[1, 3]
    zero, one, two = U(0), U(1), U(2)
    roots, missed = U(STAT[0]), STAT[1]
    room = MISSED.shape[0]
    STAT[2] = -1
    for begin in range(at, stop, BLOCK):
        size = min(BLOCK, stop - begin)
        for k in range(size):
            s, c = U(begin + k), U(k)
            N[zero, c] = U(SLOTS[slots_0 + home(T[s, one], shift_0)])
            N[one, c] = U(SLOTS[slots_1 + home(T[s, two], shift_1)])
        for k in range(size):
            c = U(k)
            V[zero, c] = VALUES[begin_0 + N[zero, c]]
            V[one, c] = VALUES[begin_1 + N[one, c]]
        for k in range(size):
            s, c = U(begin + k), U(k)
            if missed >= room:
                STAT[0], STAT[1] = I(roots), missed
                return begin + k
            number, other = N[zero, c], N[one, c]
            if V[zero, c] != T[s, one] or number == zero:
                number = enter(SLOTS, VALUES, SHAPE, COUNT, 0, T[s, one], extend)
            if V[one, c] != T[s, two] or other == zero:
                other = enter(SLOTS, VALUES, SHAPE, COUNT, 1, T[s, two], extend)
            if number != zero and other != zero:
                ROOTS[roots, zero] = number << BITS | other
                ROOTS_BY[roots] = BY[s]
                roots += one
            elif extend:
                STAT[0], STAT[1], STAT[2] = I(roots), missed, 0 if number == zero else 1
                return begin + k
            else:
                for w in range(3):
                    MISSED[U(missed), U(w)] = T[s, U(w)]
                MISSED_BY[U(missed)] = BY[s]
                missed += 1
    STAT[0], STAT[1] = I(roots), missed
    return stop


@njit(
    "void(uint32[::1], uint64[::1], uint64[:,::1], int64[:,::1], int64)",
    nogil=True,
    cache=True,
)
def rehash(SLOTS, VALUES, SHAPE, COUNT, m):
    """Fill the empty slots of node m from its entries."""
    node = U(m)
    for k in range(1, COUNT[m, 0] + 1):
        _, slot = find(SLOTS, VALUES, SHAPE, node, VALUES[SHAPE[node, 3] + U(k)])
        SLOTS[slot] = np.uint32(k)
