"""Source for Numba that settles ties: the least state that exchanges of identities with equal keys make.

All products of the tied swaps are looked at, each once, by a tour of single swaps (plain changes: Knuth
7.2.1.2, algorithm P, over all runs of tied swaps). Text only.
"""

from __future__ import annotations

from explorer.codegen.template import fill
from explorer.symmetry.plan import Plan

TOUR = '''
@njit(nogil=True)
def begin_tour(ties):
    """A tour over all products of the swaps in `ties`, a bit each: for each wheel its position, direction,
    size and first swap; and the number of wheels."""
    positions, directions = np.zeros({wheels}, np.int64), np.ones({wheels}, np.int64)
    sizes, firsts = np.zeros({wheels}, np.int64), np.zeros({wheels}, np.int64)
    owner = ({owners})
    wheels = 0
    at = 0
    while at < {swaps}:
        if not ties >> U(at) & U(1):
            at += 1
            continue
        first = at
        while at < {swaps} and ties >> U(at) & U(1) and owner[at] == owner[first]:
            at += 1
        for size in range(at - first + 1, 1, -1):
            sizes[wheels] = size
            firsts[wheels] = first
            wheels += 1
    return positions, directions, sizes, firsts, wheels


@njit(nogil=True)
def next_swap(positions, directions, sizes, firsts, wheels):
    """The next swap of a tour, or -1 at its end."""
    turned = 0
    for w in range(wheels):
        if w and firsts[w] != firsts[w - 1]:
            turned = 0
        target = positions[w] + directions[w]
        if 0 <= target < sizes[w]:
            number = firsts[w] + sizes[w] - max(positions[w], target) + turned - 1
            positions[w] = target
            return number
        if target == sizes[w]:
            turned += 1
        directions[w] = -directions[w]
    return -1

'''

SETTLE_ONE = '''
@njit(nogil=True)
def settle(state, ties):
    """The least state that tied swaps make of a state, and how many of their products leave it as it is."""
    positions, directions, sizes, firsts, wheels = begin_tour(ties)
    first = best = state
    fixed = 1
    while True:
        number = next_swap(positions, directions, sizes, firsts, wheels)
        if number < 0:
            return best, fixed
        state = swap(state, number)
        fixed += state == first
        best = min(best, state)

'''

SETTLE_WIDE = '''
@njit(nogil=True)
def same(a, b):
    for w in range(a.shape[0]):
        if a[w] != b[w]:
            return False
    return True


@njit(nogil=True)
def less(a, b):
    for w in range(a.shape[0] - 1, -1, -1):
        if a[w] != b[w]:
            return a[w] < b[w]
    return False


@njit(nogil=True)
def copy(target, source):
    for w in range(target.shape[0]):
        target[w] = source[w]


@njit(nogil=True)
def moves(state, number):
    """Whether a swap changes the state, which is left as it was."""
    first = state.copy()
    swap(state, number)
    moved = not same(first, state)
    copy(state, first)
    return moved


@njit(nogil=True)
def settle(state, ties):
    """Makes a state the least that tied swaps make of it; how many of their products leave it as it is."""
    positions, directions, sizes, firsts, wheels = begin_tour(ties)
    first, best = state.copy(), state.copy()
    fixed = 1
    while True:
        number = next_swap(positions, directions, sizes, firsts, wheels)
        if number < 0:
            copy(state, best)
            return fixed
        swap(state, number)
        fixed += same(state, first)
        if less(state, best):
            copy(best, state)

'''

SETTLE_NAMED_ONE = '''
@njit(nogil=True)
def settle_named(state, element, ties, left):
    """What `settle` makes of a state, and the least element of the group that makes it, from what `element`
    made."""
    positions, directions, sizes, firsts, wheels = begin_tour(ties)
    best, least = state, element
    while True:
        number = next_swap(positions, directions, sizes, firsts, wheels)
        if number < 0:
            return best, least
        state = swap(state, number)
        element = left[number, element]
        if state < best or (state == best and element < least):
            best, least = state, element

'''

SETTLE_NAMED_WIDE = '''
@njit(nogil=True)
def settle_named(state, element, ties, left):
    """What `settle` makes of a state; returns the least element of the group that makes it."""
    positions, directions, sizes, firsts, wheels = begin_tour(ties)
    best, least = state.copy(), element
    while True:
        number = next_swap(positions, directions, sizes, firsts, wheels)
        if number < 0:
            copy(state, best)
            return least
        swap(state, number)
        element = left[number, element]
        if less(state, best) or (same(state, best) and element < least):
            copy(best, state)
            least = element

'''


def ties_source(plan: Plan, one: bool) -> str:
    """The text of `settle`, and of what it needs; `swap(state, number)` must be defined."""
    tour = fill(
        TOUR,
        wheels=len(plan.swaps) + 1,
        swaps=len(plan.swaps),
        owners="".join(f"{swap.scalarset}, " for swap in plan.swaps),
    )
    return tour + "\n\n\n" + fill(SETTLE_ONE if one else SETTLE_WIDE)


def named_ties_source(one: bool) -> str:
    """The text of `settle_named`, beside `settle`."""
    return fill(SETTLE_NAMED_ONE if one else SETTLE_NAMED_WIDE)
