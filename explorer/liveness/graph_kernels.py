"""Machine code that numbers packed states and turns steps into rows of edges. Python for Numba, compiled
through `jit.py`.

A state's number is its place in `states`; `slots` is an open-addressing table of numbers plus one. Knows
nothing of what is checked.
"""

import numpy as np
from numba import njit

from explorer.engine.native.mixing import mix

U, I = np.uint64, np.int64


@njit("void(uint64[:,::1], int64, int64, uint32[::1])", nogil=True, cache=True)
def number_states(states, first, last, slots):
    """Put the states from row `first` to before `last` into the table."""
    words = states.shape[1]
    mask = U(slots.shape[0] - 1)
    for i in range(first, last):
        h = U(0)
        for w in range(words):
            h = mix(h ^ states[i, w])
        x = h & mask
        while slots[x] != 0:
            x = (x + U(1)) & mask
        slots[x] = np.uint32(i + 1)


@njit(nogil=True, cache=True)
def find_hashed(states, number, slots, to, count, targets, place, guess, right):
    """The numbers of `count` states `to` by the table, `number` for a state that has none."""
    words = states.shape[1]
    mask = U(slots.shape[0] - 1)
    for k in range(
        count
    ):  # loops without branches, so that the processor waits for many memory accesses at once
        h = U(0)
        for w in range(words):
            h = mix(h ^ to[k, w])
        place[k] = h & mask
    for k in range(count):
        guess[k] = slots[place[k]]
    for k in range(count):
        right[k] = guess[k] != 0 and states[max(I(guess[k]) - 1, 0), 0] == to[k, 0]
    for k in range(count):
        targets[k] = number
        x = place[k]
        if words == 1 and right[k]:
            targets[k] = I(guess[k]) - 1
            continue
        while slots[x] != 0:
            i = I(slots[x]) - 1
            equal = True
            for w in range(words):
                if states[i, w] != to[k, w]:
                    equal = False
            if equal:
                targets[k] = i
                break
            x = (x + U(1)) & mask


@njit(nogil=True, cache=True)
def find_near(states, number, by, to, count, targets, near):
    """The same among sorted states of one word. From state to state a rule leads not far from where it led
    before: each search begins at `near[by]`, widens in steps that double, and then halves."""
    for k in range(count):
        wanted = to[k, 0]
        low = near[by[k]]
        step = 1
        if states[low, 0] < wanted:
            high = low + 1
            while high < number and states[high, 0] < wanted:
                low = high
                high += step
                step *= 2
            high = min(high, number)
        else:
            high = low
            low -= 1
            while low >= 0 and states[low, 0] >= wanted:
                high = low
                low -= step
                step *= 2
            low = max(low, -1)
        while high - low > 1:
            middle = (low + high) // 2
            if states[middle, 0] < wanted:
                low = middle
            else:
                high = middle
        near[by[k]] = min(high, number - 1)
        targets[k] = high if high < number and states[high, 0] == wanted else number


@njit(nogil=True, cache=True)
def add_edges(
    states, first, origin, by, to, turn, size, count, targets, at, start, target, label, edges, numbers
):
    """Append `count` steps to states `to`, whose numbers were `found`, as edges from row `edges` on; steps
    that change nothing are left out. Returns the new number of edges.

    Rule `by` is of action instance `numbers[by]`; with the renaming `turn` (0: none; below `size`) that was
    done to the state after the step it makes the label. `origin` counts from state `first` and ascends. Rows
    of `start` up to that of state `at` are complete afterwards.
    """
    words = states.shape[1]
    row = first
    for k in range(count):
        v = first + origin[k]
        while row < v:
            row += 1
            start[row] = np.uint32(edges)
        same = turn[k] == 0
        for w in range(words):
            if to[k, w] != states[v, w]:
                same = False
        if same:
            continue
        target[edges] = np.uint32(targets[k])
        label[edges] = numbers[by[k]] * size + turn[k]
        edges += 1
    while row < at:
        row += 1
        start[row] = np.uint32(edges)
    return edges
