"""The functions `gather` and `announce` of the native engine: which rules may be possible in a state. Text
only.

Rules that single cells settle (`program/bitmaps.py`) are counted here, all at once. Of those the successor is
made only where it is not certainly known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from explorer.codegen.native_module import lowered_function, state_arguments
from explorer.codegen.native_shapes import Tables
from explorer.codegen.template import fill

# Candidates by bitmaps: for every value of some cells, the rules that it allows, a bit for each. The width of
# a row is a number here: to multiply by one that is read takes as long as the look-up.

ROW = "value = (U({base}) + ({word} >> U({shift}) & U({mask}))) * U({width})"

# What the memories in the state let pass.

BY_MEMORY = """
passing = passed({memory}, {number})
{intersect}
"""

EACH_BIT = """
for w in range({words}):
    left = {array}[U(w)]
    while left != C_0x0:
        rule = lowest(left) + U(w << 6)
        left &= left - U(1)
        {work}
"""

EACH_CANDIDATE = """
for k in range(number):
    rule = candidates[U(k)]
    {work}
"""

SPLIT = """
settled = allowed{word} & plain{word}
allowed{word} ^= settled
{rest}
new = {moving} & ~known[by, U({word})]
sure[U({word})] = new & {constant}
new &= ~{constant}
settled ^= new
allowed{word} |= new
degree += popcount(settled)
{count}
"""

REST = """
rest = settled & idle{word}
{count}
"""

# Candidates by the value of a cell.

BY_ROOTS = """
for r in range(rules.root_cells.shape[0]):
    root = U(r)
    value = root_bases[root] + ({word} >> root_cells[root, U(1)] & root_cells[root, U(2)])
    for c in range(case_starts[value], case_starts[value + U(1)]):
        rule = cases[U(c)]
        {append_if_possible}
"""

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

ALLOWED, PLAIN, IDLE = range(3)
"""The questions that bitmaps answer."""


def gather(tables: Tables, one: bool, settled: bool) -> list[str]:
    """Lines that find the candidates, for `each`."""
    limits = ["last = until = U(0)"] * tables.limited
    if not tables.root_cells:
        state = state_arguments(one)
        if not settled:
            return [*limits, f"gather({state}, bitmaps, todo)"]
        return [*limits, f"degree = gather({state}, by, bitmaps, plain, idle, known, tallies, sure, todo)"]
    possible = POSSIBLE_ONE if one else POSSIBLE_WIDE
    word = "s" if one else "states[row, root_cells[root, U(0)]]"
    return [*limits, "number = C_0x0", fill(BY_ROOTS, word=word, append_if_possible=fill(possible))]


def each(tables: Tables, work: str, sure: bool = False) -> str:
    """Lines that do some work for each candidate, `rule`, or for those of which only the effect is made."""
    if tables.root_cells:
        return fill(EACH_CANDIDATE, work=work)
    return fill(EACH_BIT, words=words_of_rules(tables), array="sure" if sure else "todo", work=work)


def gather_source(tables: Tables, one: bool, settled: bool) -> list[str]:
    """The text of `gather`: the rules that every bitmap allows, as bits into `todo`. None where candidates
    are found otherwise.

    With `settled` those of which only the effect, a constant one, is to be made go into `sure` instead. They
    are counted in `tallies`, as are those of which nothing is to be made; the result is how many both are.
    """
    if tables.root_cells:
        return []
    words = range(words_of_rules(tables))
    body = [f"allowed{w} = {_bits(tables, (1 << len(tables.numbers)) - 1, w)}" for w in words]
    body += [f"plain{w} = {_bits(tables, tables.settled, w)}" for w in words if settled]
    body += [f"idle{w} = {_bits(tables, tables.resting, w)}" for w in words if settled]
    body += _by_bitmaps(tables, one, settled)
    body += _by_memory(tables, one)
    parameters = [("bitmaps", "uint64[::1]")]
    if settled:
        body += ["degree = I(0)", *_split(tables)]
        parameters = [("by", "uint64"), *parameters, ("plain", "uint64[::1]"), ("idle", "uint64[::1]")]
        parameters += [("known", "uint64[:,::1]"), ("tallies", "uint64[:,::1]"), ("sure", "uint64[::1]")]
    body += [f"todo[U({w})] = allowed{w}" for w in words]
    parameters.append(("todo", "uint64[::1]"))
    result = {"degree": "int64"} if settled else {"U(0)": "uint64"}
    return [lowered_function("gather", one, parameters, body, result)]


def words_of_rules(tables: Tables) -> int:
    """Words that have a bit for each rule."""
    return -(-len(tables.numbers) // 64)


def _in(rules: int, word: int) -> int:
    """Those of some rules whose bits are in a word."""
    return rules >> 64 * word & (1 << 64) - 1


def _bits(tables: Tables, rules: int, word: int) -> str:
    return tables.constants.name(_in(rules, word))


def _by_bitmaps(tables: Tables, one: bool, settled: bool) -> Iterator[str]:
    """Lines that look up what bitmaps say; not where they say nothing."""
    base = 0
    asked = [("allowed", "bitmaps", (1 << len(tables.numbers)) - 1)]
    asked += [("plain", "plain", tables.settled), ("idle", "idle", tables.resting)] * settled
    for bitmap in tables.bitmaps:
        lines = [
            f"{name}{w} &= {array}[value + U({w})]"
            for (name, array, rules), rows in zip(asked, bitmap.rows)
            for w in range(words_of_rules(tables))
            if any(_in(rules & ~row, w) for row in rows)
        ]
        if lines:
            word = "s" if one else f"states[row, U({bitmap.word})]"
            width = words_of_rules(tables)
            yield fill(
                ROW, base=base, word=word, shift=bitmap.shift, mask=len(bitmap.rows[0]) - 1, width=width
            )
            yield from lines
        base += len(bitmap.rows[0])


def _split(tables: Tables) -> Iterator[str]:
    """Lines that tell apart, word by word, what is to be counted, what to be made, and what to be looked at.

    Tallies of a word: eight for the rules that were possible, behind those of all words eight for those that
    changed nothing.
    """
    for w in range(words_of_rules(tables)):
        if _in(tables.settled, w):
            resting = _in(tables.resting, w)
            rest = fill(REST, word=w, count=_tally("rest", words_of_rules(tables) + w)) if resting else ""
            yield fill(
                SPLIT,
                word=w,
                rest=rest,
                moving="(settled ^ rest)" if resting else "settled",
                constant=_bits(tables, tables.constant, w),
                count=_tally("settled", w),
            )
        else:
            yield f"sure[U({w})] = U(0)"


def _tally(bits: str, row: int) -> Iterable[str]:
    return (f"tallies[U({row}), U({k})] += {bits} >> U({k}) & U({EIGHTH:#x})" for k in range(8))


EIGHTH = 0x0101010101010101
"""The bits of one tally (`engine/native/tallies.py`)."""


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


def announce_source(tables: Tables, one: bool) -> list[str]:
    """The text of `announce`: what is known of the memories of a state will be read soon. None without."""
    calls = [f"announced({k}, {number})" for k, number in _numbers(tables, one)]
    if not calls:
        return []
    return [lowered_function("announce", one, [], ["pass"], {" + ".join(calls): "int64"})]
