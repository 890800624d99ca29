"""The functions `expand` and `edges` of the native engine: the steps that leave many states. Text only.

For each state the candidates are gathered first, without a branch where that is possible: rules whose guard
the state may satisfy. Then they are taken one by one, first those whose guard is settled and whose effect is
constant. Indices are unsigned, which spares the test for negative ones at every access.

`engine/native/arrays.py` says what the arrays hold. Knows nothing of storage and search.
"""

from __future__ import annotations

from collections.abc import Iterator

from explorer.codegen.native_module import load, lowered_function, state_arguments
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
    full_at = buckets.states.shape[1] - rules.shapes.shape[0] - 1
    candidates = np.empty(rules.shapes.shape[0] + 1, np.uint64)
    {unpack}
    full = False
    b, stop = span
    while b < stop and not full:
        row = U(b)
        {ahead}
        {load}
        by = U(made_by[row])
        degree = I(0)
        flagged = False
        {constraints}
        {gather}
        {settled}
        for k in range({first}, number):
            rule = candidates[U(k)]
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
    return b

'''

CONSTRAINTS = """
cut, flagged = outside({state})
if cut >= 0:
    cut_by[cut] += 1
    b += 1
    continue
"""

SETTLED = """
for k in range(settled):
    rule = candidates[U(k)]
    {constant_effect}
    degree += 1
    enabled[rule] += 1
    {put}
"""

# Candidates by bitmaps: for every value of some cells, the rules that it allows, a bit for each.

ALLOWED = """
value = U({base}) + ({word} >> U({shift}) & U({mask}))
{intersect}
"""

# What the memories in the state let pass.

BY_MEMORY = """
passing = passed({memory}, {number})
{intersect}
"""

AHEAD = """
if b + {ahead} < stop:
    announce({state})
"""

EACH_BIT = """
while {bits} != C_0x0:
    rule = lowest_bit({bits}) + U({first})
    {work}
    {bits} &= {bits} - U(1)
"""

SPLIT_SETTLED = """
sure = allowed{word} & settled_rules[U({word})]
allowed{word} ^= sure
repeated = sure & known[by, U({word})]
sure ^= repeated
{count_repeated}
{append_sure}
"""

APPEND = ["candidates[number] = rule", "number += U(1)"]

# Candidates by the value of a cell.

BY_ROOTS = """
for r in range(rules.root_cells.shape[0]):
    root = U(r)
    value = root_bases[root] + ({word} >> root_cells[root, U(1)] & root_cells[root, U(2)])
    for c in range(case_starts[value], case_starts[value + U(1)]):
        rule = cases[U(c)]
        {append_if_possible}
"""

ROOT_TABLES = [
    "root_cells, root_bases, case_starts, cases = rules.root_cells, rules.root_bases, rules.case_starts,"
    " rules.cases"
]

POSSIBLE_ONE = """
candidates[number] = rule
number += U((s & masks[rule, U(0)]) == masks[rule, U(1)])
"""

POSSIBLE_WIDE = """
possible = True
for g in range(guard_starts[rule], guard_starts[rule + U(1)]):
    guard = U(g)
    if (states[row, guards[guard, U(0)]] & guards[guard, U(1)]) != guards[guard, U(2)]:
        possible = False
        break
if possible:
    candidates[number] = rule
    number += U(1)
"""

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
for w in range({words}):
    if t[U(w)] != states[row, U(w)]:
        differs = True
"""

# A successor that is stored as one word goes, hashed, to the bucket of its owner; a wider one to the only
# bucket, behind the row of the state that it came from.

PUT_ONE = """
{canonical}
h = permuted({state}, hashing.half, hashing.first, hashing.second, hashing.whole)
owner = h >> hashing.partition
place = U(sizes[owner])
bucket_states[owner, place, U(0)] = h
{note}
"""

PUT_WIDE = """
{canonical}
owner = C_0x0
place = U(sizes[owner])
bucket_states[owner, place, U(0)] = row
for w in range({words}):
    bucket_states[owner, place, U(w + 1)] = t[U(w)]
{note}
"""

NOTE = """
bucket_rules[owner, place] = rule
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
    candidates = np.empty(rules.shapes.shape[0] + 1, np.uint64)
    {unpack}
    full = False
    b, stop = span
    while b < stop and not full:
        row = U(b)
        {load}
        {gather}
        for k in range(number):
            rule = candidates[U(k)]
            {step}
            if ok:
                n = steps.length[0]
                steps.origins[n] = b
                steps.rules[n] = I(rule)
                for w in range({words}):
                    {copy}
                steps.length[0] = n + 1
                if n >= room:
                    full = True
        b += 1
    return b

'''


def expand_source(tables: Tables, layout: Layout, constrained: bool, symmetric: bool) -> str:
    """The text of `expand`; `outside` is called where there are constraints."""
    words, settled = layout.words, bool(tables.sure)
    one = words == 1
    constraints = fill(CONSTRAINTS, state=state_arguments(one)) if constrained else ""
    effect, put = constant_effect(words), _put(layout, symmetric)
    return fill(
        EXPAND,
        unpack=[
            *unpack(one, bool(tables.root_cells)),
            "settled_rules = rules.sure",
            "bucket_states, bucket_rules, sizes = buckets",
        ],
        ahead=fill(AHEAD, ahead=_AHEAD, state=_state_ahead(one)) if tables.memories else "",
        load=load(one),
        constraints=constraints,
        gather=gather(tables, one, settled),
        settled=fill(SETTLED, constant_effect=effect, put=put) if settled else "",
        first="settled" if settled else "0",
        step=step(tables, words),
        differs="differs = t != s" if one else fill(DIFFERS_WIDE, words=words),
        put=put,
    )


def edges_source(tables: Tables, words: int) -> str:
    """The text of `edges` for states of so many words."""
    one = words == 1
    return fill(
        EDGES,
        unpack=unpack(one, bool(tables.root_cells)),
        load=load(one),
        gather=gather(tables, one, settled=False),
        step=step(tables, words),
        words=words,
        copy="steps.successors[n, w] = " + ("t" if one else "t[w]"),
    )


def unpack(one: bool, by_roots: bool) -> Iterator[str]:
    """Lines that give names to the tables of rules that are read in the loop."""
    yield "shapes, signed, unsigned = rules.shapes, rules.signed, rules.unsigned"
    yield "effects = rules.effects"
    if one:
        yield "masks = rules.masks"
    else:
        yield "t = np.empty(states.shape[1], np.uint64)"
        yield "guard_starts, guards = rules.guard_starts, rules.guards"
    if by_roots:
        yield from ROOT_TABLES
    else:
        yield "bitmaps = rules.bitmaps"


def gather(tables: Tables, one: bool, settled: bool) -> list[str]:
    """Lines that put the candidates into `candidates`, and their number into `number`."""
    limits = ["last = until = U(0)"] * tables.limited
    if not tables.root_cells:
        state = state_arguments(one)
        if not settled:
            return [*limits, f"number = gather({state}, bitmaps, candidates)"]
        return [
            *limits,
            f"number, settled, degree = gather({state}, by, bitmaps, settled_rules, known, enabled,",
            "    candidates)",
        ]
    possible = POSSIBLE_ONE if one else POSSIBLE_WIDE
    word = "s" if one else "states[row, root_cells[root, U(0)]]"
    return [*limits, "number = C_0x0", fill(BY_ROOTS, word=word, append_if_possible=fill(possible))]


def gather_source(tables: Tables, one: bool, settled: bool) -> list[str]:
    """The text of `gather`: the rules that every bitmap allows, into `candidates`; how many. None where
    candidates are found otherwise.

    With `settled` those whose guard is settled and whose effect is constant come first, so many as the second
    result says; of those that are known only the number is counted, which is the third.
    """
    if tables.root_cells:
        return []
    words = range(-(-len(tables.numbers) // 64))
    body = ["number = U(0)"]
    for w in words:
        rules = min(len(tables.numbers) - 64 * w, 64)
        body.append(f"allowed{w} = {tables.constants.name((1 << rules) - 1)}")
    base = 0
    for bitmap in tables.bitmaps:
        looked_up = fill(
            ALLOWED,
            base=base,
            word="s" if one else f"states[row, U({bitmap.word})]",
            shift=bitmap.shift,
            mask=len(bitmap.rows) - 1,
            intersect=[f"allowed{w} &= bitmaps[value, U({w})]" for w in words],
        )
        body.append(looked_up)
        base += len(bitmap.rows)
    body += _by_memory(tables, one)
    parameters, results = [("bitmaps", "uint64[:,::1]")], {"number": "uint64"}
    if settled:
        body.append("degree = I(0)")
        for w in words:
            repeated = _each_bit("repeated", w, ["enabled[rule] += 1", "degree += 1"])
            sure = _each_bit("sure", w, APPEND)
            body.append(fill(SPLIT_SETTLED, word=w, count_repeated=repeated, append_sure=sure))
        body.append("settled = number")
        parameters = [("by", "uint64"), *parameters, ("settled_rules", "uint64[::1]")]
        parameters += [("known", "uint64[:,::1]"), ("enabled", "int64[::1]")]
        results |= {"settled": "uint64", "degree": "int64"}
    body += [_each_bit(f"allowed{w}", w, APPEND) for w in words]
    parameters.append(("candidates", "uint64[::1]"))
    return [lowered_function("gather", one, parameters, body, results)]


def _by_memory(tables: Tables, one: bool) -> Iterator[str]:
    """Lines that leave out the rules that a memory in the state does not let pass."""
    for k, number in _numbers(tables, one):
        yield fill(
            BY_MEMORY,
            memory=k,
            number=number,
            intersect=[f"allowed{w} &= bits(passing, {w})" for w in range(tables.columns.words)],
        )


def _numbers(tables: Tables, one: bool) -> Iterator[tuple[int, str]]:
    """The memories that let rules pass or not, and their numbers in the state."""
    for k, word, shift, mask in tables.memories:
        state = "s" if one else f"states[row, U({word})]"
        yield k, f"I({state} >> U({shift}) & U({mask}))"


_AHEAD = 8
"""States between the one that is expanded and the one whose memory is fetched."""


def _state_ahead(one: bool) -> str:
    row = f"row + U({_AHEAD})"
    return f"states[{row}, U(0)]" if one else f"states, {row}"


def announce_source(tables: Tables, one: bool) -> list[str]:
    """The text of `announce`: what is known of the memories of a state will be read soon. None without."""
    calls = [f"announced({k}, {number})" for k, number in _numbers(tables, one)]
    if not calls:
        return []
    return [lowered_function("announce", one, [], ["pass"], {" + ".join(calls): "int64"})]


def _each_bit(bits: str, word: int, work: list[str]) -> str:
    return fill(EACH_BIT, bits=bits, first=64 * word, work=work)


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
