"""Recursive indexing, compiled: states of two words as root words.

Python for Numba, compiled through `jit.py` in one module with `tree_kernels.py`, which says what a tree is.
"""

import numpy as np
from numba import int64, njit

from explorer.engine.native.arrays import Dictionaries, Folded, Level, Part, Unfolded, signature
from explorer.engine.native.tree_entries import BITS, BLOCK, enter, home, slot_of

U, I = np.uint64, np.int64


@njit(signature(int64, Level, Part, Unfolded, Dictionaries, Folded), nogil=True, cache=True)
def fold(successors, part, parents, tree, folded):
    """As `fold` of `fold_kernels.py`. Slots and entries are loaded a block at a time, without a branch
    between, so that waits for the cache overlap; that is faster than to compare with the predecessor.
    """
    states, rules = successors
    slots, values, shape, entries = tree.slots, tree.values, tree.shape, tree.entries
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
                slot = slot_of(slots, values, shape, zero, states[s, one])
                number = enter(slots, values, shape, entries, zero, slot, states[s, one], extend)
            if held[one, c] != states[s, two] or other == zero:
                slot = slot_of(slots, values, shape, one, states[s, two])
                other = enter(slots, values, shape, entries, one, slot, states[s, two], extend)
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
