"""The function `ways` of the native engine: from which states of a level steps lead to states on shortest
ways, and what that costs (`engine/lanes.py`). Text only.
"""

from __future__ import annotations

from explorer.codegen.native_canonical import Writer, native_canonical
from explorer.codegen.native_expand import step, unpack
from explorer.codegen.native_functions import step_source
from explorer.codegen.native_gather import each, gather, gather_source
from explorer.codegen.native_module import load, module_of
from explorer.codegen.native_permutations import renamed_source
from explorer.codegen.native_shapes import tabulate
from explorer.codegen.template import fill
from explorer.program.layout import Layout
from explorer.program.program import Program
from explorer.symmetry.plan import Plan

WAYS = '''
@njit(
    signature(int64, WORD_ROWS, Ahead, Rules, Numbers, Numbers),
    nogil=True, error_model="numpy", cache=True,
)
def ways(states, ahead, rules, origins, costs):
    """The rows of states with a step to one of `ahead`, and their costs, into `origins` and `costs`; how
    many. The states ahead are found by a table of their rows plus one.
    """
    wanted, wanted_costs, slots, lanes, turned, bits = ahead
    mask = U(slots.shape[0] - 1)
    sieve = np.zeros(4096, np.uint64)
    for w in range(wanted.shape[0]):
        {end_wanted}
        {place}
        while slots[place] != 0:
            place = (place + U(1)) & mask
        slots[place] = np.uint32(w + 1)
        {fill_sieve}
    {unpack}
    found = 0
    for b in range(states.shape[0]):
        row = U(b)
        {load}
        {gather}
        best, first = I(1 << 62), I(0)
        {steps}
        if first != 0:
            origins[found] = b
            costs[found] = best << bits | first
            found += 1
    return found

'''

ALIKES = '''
@njit(signature(void, WORD_ROWS, Words), nogil=True, error_model="numpy", cache=True)
def alikes(states, numbers):
    """What all states of the orbit of each state share, mixed."""
    for b in range(states.shape[0]):
        common = alike({state})
        numbers[U(b)] = common ^ common >> U(0x20)

'''

EACH_STEP = """
{step}
if ok:
    {sieve}
    {end}
    {place}
    held = slots[place]
    while held != 0:
        x = U(held) - U(1)
        {compare}
        if same:
            lane = lanes[rule]
            seen = lane
            {renamed}
            behind = wanted_costs[x]
            changes = (behind >> bits) + 1 - (behind >> seen & 1)
            if changes < best:
                best, first = changes, I(0)
            if changes == best:
                first |= I(1) << lane
            break
        place = (place + U(1)) & mask
        held = slots[place]
"""

# Under a symmetry most successors fall through a sieve of 2**18 bits, by what all states of an orbit share.

FILL_SIEVE = """
common = alike({state}) >> U(0x2e)
sieve[common >> U(6)] |= U(1) << (common & U(0x3f))
"""

SIEVE = """
common = alike(t) >> U(0x2e)
if not sieve[common >> U(6)] >> (common & U(0x3f)) & U(1):
    continue
"""

PLACE_ONE = "place = (end * U(0x9e3779b97f4a7c15)) >> U(0x20) & mask"

PLACE_WIDE = """
place = end[C_0x0]
for part in range(1, {words}):
    place = (place ^ (place >> U(0x1d))) * U(0xbf58476d1ce4e5b9) + end[U(part)]
place = (place ^ (place >> U(0x1d))) * U(0x9e3779b97f4a7c15) >> U(0x20) & mask
"""

COMPARE_WIDE = """
same = True
for part in range({words}):
    if wanted[x, U(part)] != end[U(part)]:
        same = False
"""

END_WIDE = """
end = t.copy()
canonical(end)
"""


def ways_source(program: Program, layout: Layout, plan: Plan | None = None) -> str:
    """The text of `ways` for states of a program, or for representatives."""
    tables, words = tabulate(program, layout), layout.words
    one, symmetric, constants = words == 1, plan is not None, tables.constants
    renamed = "_, seen = renamed(t, lane, turned)" if one else "seen = renamed(t.copy(), lane, turned)"
    alike = [] if plan is None else list(Writer(plan, one, constants).alike_function())
    place = PLACE_ONE if one else fill(PLACE_WIDE, words=words)
    whole_end = "end = canonical(t)" if one else fill(END_WIDE)
    steps = fill(
        EACH_STEP,
        step=step(tables, words),
        sieve=[fill(SIEVE)] * bool(alike),
        end=whole_end if symmetric else "end = t",
        place=place,
        compare="same = wanted[x, C_0x0] == end" if one else fill(COMPARE_WIDE, words=words),
        renamed=[renamed] * symmetric,
    )
    text = fill(
        WAYS,
        unpack=unpack(tables, one),
        load=load(one),
        gather=gather(tables, one, settled=False),
        steps=each(tables, steps),
        fill_sieve=[fill(FILL_SIEVE, state="wanted[U(w), C_0x0]" if one else "wanted[w]")] * bool(alike),
        end_wanted="end = wanted[U(w), C_0x0]" if one else "end = wanted[w]",
        place=place,
    )
    row = "states[U(b), C_0x0]" if one else "states[U(b)]"
    parts = [*alike, *(fill(ALIKES, state=row) for _ in alike)]
    if plan is not None:
        parts += [native_canonical(plan, words, constants), *renamed_source(plan, one, constants)]
    return module_of(constants, *parts, step_source(tables, one), *gather_source(tables, one, False), text)
