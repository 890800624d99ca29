"""Native source that replaces states by their representatives and tells what renames to them. Text only."""

from __future__ import annotations

from explorer.codegen.native_canonical import Writer, native_canonical
from explorer.codegen.native_expressions import Constants
from explorer.codegen.native_module import module_of
from explorer.symmetry.plan import Plan

_ONE = '''
@njit(nogil=True)
def settle_named(s, p, ties, L):
    """What `settle` makes of a state, and the least element of the group that makes it, from what p made."""
    C, O, J, B, n = changes(ties)
    best, least = s, p
    while True:
        g = following(C, O, J, B, n)
        if g < 0:
            return best, least
        s = swap(s, g)
        p = L[g, p]
        if s < best or (s == best and p < least):
            best, least = s, p
'''

_WIDE = '''
@njit(nogil=True)
def settle_named(T, p, ties, L):
    """What `settle` makes of a state; returns the least element of the group that makes it."""
    C, O, J, B, n = changes(ties)
    best, least = T.copy(), p
    while True:
        g = following(C, O, J, B, n)
        if g < 0:
            copy(T, best)
            return least
        swap(T, g)
        p = L[g, p]
        if less(T, best) or (same(T, best) and p < least):
            copy(best, T)
            least = p
'''

_ROWS = '''
@njit("void(uint64[:,::1], int64, int64[:,::1], int64[::1])", nogil=True, cache=True)
def rename_rows(F, count, L, BY):
    """Makes the states F[:count] their representatives; BY takes the elements of the group that do."""
    for b in range(count):
        {body}
'''


_NAMES = '''
@njit(nogil=True, cache=True)
def least_copies(F, count, L, TOUR, TURNED, copies, LEAST):
    """For states F[:count] and each copy of a formula the element that leaves the state as it is and makes
    the copy the least.

    TOUR leads through the whole group; TURNED[p * copies + k] is what element p makes of copy k.
    """
    best = np.empty(copies, np.int64)
    for b in range(count):
        {state}
        if orbit({name}) == TOUR.shape[0] + 1:
            continue
        {state}  # `orbit` leaves a wide state as another
        for k in range(copies):
            best[k] = k
        p = I(0)
        for i in range(TOUR.shape[0]):
            {swap}
            p = L[TOUR[i], p]
            if {same}:
                for k in range(copies):
                    if TURNED[p * copies + k] < best[k]:
                        best[k] = TURNED[p * copies + k]
                        LEAST[b * copies + k] = p
'''


def renaming_source(plan: Plan, words: int) -> str:
    """The text of `rename_rows(F, count, L, BY)` and `least_copies`; L is `left` of the plan's group
    (`group.py`).
    """
    constants = Constants()
    writer = Writer(plan, words == 1, constants, named=True)
    body = "F[b, 0], BY[b] = renamed(F[b, 0], L)" if writer.one else "BY[b] = renamed(F[b], L)"
    renamed = [
        "@njit(nogil=True)",
        f"def renamed({writer.state}, L):",
        "    p = I(0)",
        *(f"    {line}" for line in writer.canonical()),
        "    return s, p" if writer.one else "    return p",
        "",
    ]
    least = (
        _NAMES.format(state="s = F[b, 0]", name="s", swap="s = swap(s, TOUR[i])", same="s == F[b, 0]")
        if writer.one
        else _NAMES.format(state="T = F[b].copy()", name="T", swap="swap(T, TOUR[i])", same="same(T, F[b])")
    )
    texts = [
        native_canonical(plan, words, constants),
        _ONE if writer.one else _WIDE,
        "\n".join(renamed),
        _ROWS.format(body=body),
        least,
    ]
    return module_of(constants, *texts)
