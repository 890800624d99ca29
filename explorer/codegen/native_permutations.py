"""Native source that replaces states by their representatives and tells what renames to them. Text only."""

from __future__ import annotations

from explorer.codegen.native_canonical import Writer, native_canonical
from explorer.codegen.native_expressions import Constants
from explorer.codegen.native_module import module_of
from explorer.codegen.native_ties import named_ties_source
from explorer.codegen.template import fill
from explorer.symmetry.plan import Plan

RENAMED = '''
@njit(nogil=True)
def renamed(state, element, left):
    """The representative of a state, and what becomes of a number on the way: exchange g makes
    left[g, element] of it. Only the number where the state is changed in place.
    """
    {canonical}
    return {results}

'''

RENAME_ROWS = '''
@njit("void(uint64[:,::1], int64, int64[:,::1], int64[::1])", nogil=True, cache=True)
def rename_rows(states, count, left, elements):
    """Makes the states states[:count] their representatives; `elements` takes those of the group that do."""
    for b in range(count):
        {rename}

'''

LEAST_COPIES = '''
@njit(nogil=True, cache=True)
def least_copies(states, count, left, tour, turned, copies, least):
    """For states[:count] and each copy of a formula the element that leaves the state as it is and makes the
    copy the least, into least[b * copies + k].

    `tour` leads through the whole group; turned[element * copies + k] is what an element makes of copy k.
    """
    best = np.empty(copies, np.int64)
    for b in range(count):
        {read}
        if orbit(state) == tour.shape[0] + 1:
            continue
        {read}  # `orbit` leaves a wide state as another
        for k in range(copies):
            best[k] = k
        element = I(0)
        for i in range(tour.shape[0]):
            {swap}
            element = left[tour[i], element]
            if {same}:
                for k in range(copies):
                    if turned[element * copies + k] < best[k]:
                        best[k] = turned[element * copies + k]
                        least[b * copies + k] = element

'''


def renamed_source(plan: Plan, one: bool, constants: Constants) -> list[str]:
    """The text of `renamed`, which needs that of `native_canonical`."""
    writer = Writer(plan, one, constants, named=True)
    results = "state, element" if one else "element"
    return [named_ties_source(one), fill(RENAMED, canonical=list(writer.canonical()), results=results)]


def renaming_source(plan: Plan, words: int) -> str:
    """The text of `rename_rows` and `least_copies`; their `left` is that of the plan's group (`group.py`)."""
    constants = Constants()
    writer = Writer(plan, words == 1, constants, named=True)
    canonical = native_canonical(plan, words, constants)
    if writer.one:
        rename = "states[b, 0], elements[b] = renamed(states[b, 0], I(0), left)"
        read, swap, same = "state = states[b, 0]", "state = swap(state, tour[i])", "state == states[b, 0]"
    else:
        rename = "elements[b] = renamed(states[b], I(0), left)"
        read, swap, same = "state = states[b].copy()", "swap(state, tour[i])", "same(state, states[b])"
    return module_of(
        constants,
        canonical,
        *renamed_source(plan, writer.one, constants),
        fill(RENAME_ROWS, rename=rename),
        fill(LEAST_COPIES, read=read, swap=swap, same=same),
    )
