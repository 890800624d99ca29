"""The functions `expand` and `edges` of the native engine: the steps that leave many states. Text only.

For each state the candidates are gathered first, without a branch where that is possible: rules whose guard
the state may satisfy (`native_gather.py`). Then they are taken one by one, first those of which only the
effect, a constant one, is to be made. Indices are unsigned, which spares the test for negative ones at every
access.

`engine/native/arrays.py` says what the arrays hold. Knows nothing of storage and search.
"""

from __future__ import annotations

from collections.abc import Iterator

from explorer.codegen.native_gather import each, gather, words_of_rules
from explorer.codegen.native_module import load, state_arguments
from explorer.codegen.native_shapes import Tables
from explorer.codegen.template import fill
from explorer.program.layout import Layout

EXPAND = '''
@njit(
    signature(int64, Level, SPAN, Buckets, Counters, Search),
    nogil=True, error_model="numpy", cache=True,
)
def expand(level, span, buckets, counters, search):
    """Expand the states of a level from row span[0] to before span[1]. Their successors go to the buckets,
    with the rules that made them, but for those that are known after the rule by which a state was reached.
    Returns the first row that was not expanded.
    """
    states, made_by = level
    rules, known, hashing = search
    enabled, same, cut_by, flagged_rows, totals = counters
    full_at, nobody = buckets.states.shape[1] - rules.shapes.shape[0] - 1, U(known.shape[0] - 1)
    {target}
    {unpack}
    full = False
    b, stop = span
    {tallies}
    while b < stop and not full:
        row = U(b)
        {make_room}
        {ahead}
        {load}
        by = U(made_by[row])
        degree = I(0)
        flagged = False
        {constraints}
        {gather}
        {sure}
        {stepped}
        totals[EXPANDED] += 1
        totals[TRANSITIONS] += degree
        if degree < totals[LEAST]:
            totals[LEAST] = degree
        if degree > totals[MOST]:
            totals[MOST] = degree
        if flagged or degree == 0:
            flagged_rows[totals[FLAGGED]] = b
            totals[FLAGGED] += 1
            if totals[FLAGGED] == flagged_rows.shape[0]:
                full = True
        b += 1
    {count}
    return b

'''

CONSTRAINTS = """
cut, flagged = outside({state})
if cut >= 0:
    cut_by[cut] += 1
    b += 1
    continue
"""

STEPPED = """
{step}
if flag:
    flagged = True
if ok:
    degree += 1
    enabled[rule] += 1
    {differs}
    if not differs:
        same[rule] += 1
    elif (known[by, rule >> U(6)] >> (rule & U(63))) & U(1) == C_0x0:
        {put}
"""

TALLIES = """
plain, idle, sure = rules.plain, rules.idle, np.empty({words}, np.uint64)
tallies, room = np.zeros((2 * {words}, 8), np.uint64), ROOM
"""

COUNT = "count_up(tallies, U(enabled.shape[0]), enabled, same)"

MAKE_ROOM = """
room -= 1
if room < 0:
    {count}
    room = ROOM - 1
"""

AHEAD = """
if b + {ahead} < stop:
    announce({state})
"""

ROOT_TABLES = [
    "root_cells, root_bases, case_starts, cases = rules.root_cells, rules.root_bases, rules.case_starts,"
    " rules.cases",
    "candidates = np.empty(rules.shapes.shape[0] + 1, np.uint64)",
]

# The step itself.

CONSTANT_EFFECT_ONE = "t = (s & effects[rule, U(0)]) | effects[rule, U(1)]"
CONSTANT_EFFECT_WIDE = (
    "t[U({w})] = (states[row, U({w})] & effects[rule, U({keep})]) | effects[rule, U({add})]"
)

STEP = """
{constant_effect}
{results} = step({state}, t, rule, shapes[rule], signed, unsigned)
"""

STEP_WITH_LIMITS = """
if last < rule and rule < until:
    continue
last = rule
{step}
"""

DIFFERS_WIDE = """
differs = False
for word in range({words}):
    if t[U(word)] != states[row, U(word)]:
        differs = True
"""

# A successor that is stored as one word goes, hashed, to the bucket of its owner, which says a part of the
# hash: the rule stands in its place. A wider one goes to the only bucket, behind the row of the state that it
# came from. Rules from `nobody` on are not told apart.

TARGET_ONE = """
bucket_states, sizes = buckets.states, buckets.sizes
rest = (U(1) << hashing.partition) - U(1)
"""

TARGET_WIDE = "bucket_states, bucket_rules, sizes = buckets"

PUT_ONE = """
{canonical}
h = permuted({state}, hashing.half, hashing.first, hashing.second, hashing.whole)
owner = h >> hashing.partition
place = U(sizes[owner])
bucket_states[owner, place, U(0)] = (h & rest) | (min(rule, nobody) << hashing.partition)
{note}
"""

PUT_WIDE = """
{canonical}
owner = C_0x0
place = U(sizes[owner])
bucket_states[owner, place, U(0)] = row
for word in range({words}):
    bucket_states[owner, place, U(word + 1)] = t[U(word)]
bucket_rules[owner, place] = min(rule, nobody)
{note}
"""

NOTE = """
sizes[owner] = I(place) + 1
if I(place) >= full_at:
    full = True
"""

EDGES = '''
@njit(
    signature(int64, WORD_ROWS, SPAN, Steps, Rules),
    nogil=True, error_model="numpy", cache=True,
)
def edges(states, span, steps, rules):
    """The steps that leave the states from row span[0] to before span[1]. Returns the first row that was not
    expanded.
    """
    room = steps.rules.shape[0] - rules.shapes.shape[0] - 1
    {unpack}
    full = False
    b, stop = span
    while b < stop and not full:
        row = U(b)
        {load}
        {gather}
        {steps}
        b += 1
    return b

'''


LISTED = """
{step}
if ok:
    n = steps.length[0]
    steps.origins[n] = b
    steps.rules[n] = I(rule)
    for word in range({words}):
        {copy}
    steps.length[0] = n + 1
    if n >= room:
        full = True
"""


def expand_source(tables: Tables, layout: Layout, constrained: bool, symmetric: bool) -> str:
    """The text of `expand`; `outside` is called where there are constraints."""
    words, settled = layout.words, bool(tables.settled)
    one = words == 1
    constraints = fill(CONSTRAINTS, state=state_arguments(one)) if constrained else ""
    put = _put(layout, symmetric)
    differs = "differs = t != s" if one else fill(DIFFERS_WIDE, words=words)
    return fill(
        EXPAND,
        unpack=unpack(tables, one),
        target=TARGET_WIDE if layout.stored is None else TARGET_ONE,
        tallies=fill(TALLIES, words=words_of_rules(tables)) if settled else "",
        make_room=fill(MAKE_ROOM, count=COUNT) if settled else "",
        count=COUNT if settled else "",
        ahead=fill(AHEAD, ahead=_AHEAD, state=_state_ahead(one)) if tables.memories else "",
        load=load(one),
        constraints=constraints,
        gather=gather(tables, one, settled),
        sure=each(tables, f"{constant_effect(words)}\n{put}", sure=True) if settled else "",
        stepped=each(tables, fill(STEPPED, step=step(tables, words), differs=differs, put=put)),
    )


def edges_source(tables: Tables, words: int) -> str:
    """The text of `edges` for states of so many words."""
    one = words == 1
    copy = "steps.successors[n, word] = " + ("t" if one else "t[word]")
    return fill(
        EDGES,
        unpack=unpack(tables, one),
        load=load(one),
        gather=gather(tables, one, settled=False),
        steps=each(tables, fill(LISTED, step=step(tables, words), words=words, copy=copy)),
    )


def unpack(tables: Tables, one: bool) -> Iterator[str]:
    """Lines that give names to the tables of rules that are read in the loop."""
    yield "shapes, signed, unsigned = rules.shapes, rules.signed, rules.unsigned"
    yield "effects = rules.effects"
    if one:
        yield "masks = rules.masks"
    else:
        yield "t = np.empty(states.shape[1], np.uint64)"
        yield "guard_starts, guards = rules.guard_starts, rules.guards"
    if tables.root_cells:
        yield from ROOT_TABLES
    else:
        yield f"bitmaps, todo = rules.bitmaps, np.empty({words_of_rules(tables)}, np.uint64)"


_AHEAD = 8
"""States between the one that is expanded and the one whose memory is fetched."""


def _state_ahead(one: bool) -> str:
    row = f"row + U({_AHEAD})"
    return f"states[{row}, U(0)]" if one else f"states, {row}"


def step(tables: Tables, words: int) -> str:
    """Lines that make the successor by a candidate, unless a limit has ruled it out."""
    results = ["t"] * (words == 1) + ["ok", "flag"] + ["until"] * tables.limited
    text = fill(
        STEP,
        constant_effect=constant_effect(words),
        results=", ".join(results),
        state=state_arguments(words == 1),
    )
    return fill(STEP_WITH_LIMITS, step=text) if tables.limited else text


def constant_effect(words: int) -> str:
    """The successor, as far as constants make it."""
    if words == 1:
        return CONSTANT_EFFECT_ONE
    return "\n".join(CONSTANT_EFFECT_WIDE.format(w=w, keep=2 * w, add=2 * w + 1) for w in range(words))


def _put(layout: Layout, symmetric: bool) -> str:
    """Put the successor, or its representative, into a bucket."""
    words = layout.words
    if words == 1:
        return fill(PUT_ONE, canonical=["t = canonical(t)"] * symmetric, state="t", note=fill(NOTE))
    canonical = ["canonical(t)"] * symmetric
    if layout.dense is not None:
        state = f"packed({', '.join(f't[U({w})]' for w in range(words))})"
        return fill(PUT_ONE, canonical=canonical, state=state, note=fill(NOTE))
    return fill(PUT_WIDE, canonical=canonical, note=fill(NOTE), words=words)
