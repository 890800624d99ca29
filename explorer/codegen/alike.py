"""`alike(s)`: a number that is the same for all states of an orbit, found more quickly than their
representative, and seldom the same for others. Text only.

It is a sum of what no renaming changes and of what each identity has alone. The same text serves for a packed
state and for arrays of many.
"""

from __future__ import annotations

from explorer.codegen.mixer import FIRST
from explorer.codegen.python_canonical import gathered, kind_of, read
from explorer.codegen.template import fill
from explorer.program.layout import WORD
from explorer.symmetry.plan import Plan

ALIKE = """
def alike(s):
    return {sum}
"""


def alike_source(plan: Plan, arrays: bool = False) -> str:
    """The text; with `arrays`, `s` has an array uint64 for each word of the states."""
    width = WORD if arrays else plan.bits
    whole, reading = (1 << width) - 1, _read_word if arrays else read
    terms = [
        f"{reading(shift, mask)} * {FIRST + 2 * shift}"
        for shift in range(0, plan.bits, width)
        if (mask := unmoved(plan) >> shift & whole)
    ]
    for ids, pieces in plan.blocks.items():
        own = tuple(piece for piece in pieces if piece.code is None and not piece.kinds)
        if len(ids) == 1 and own:
            kind = 8 * kind_of(plan, ids)
            parts = gathered(own, reading, lambda tests: "", str)
            terms += [f"(({part}) + {kind + k}) ** 2" for k, part in enumerate(parts)]
    return fill(ALIKE, sum=" + ".join(terms) or "0") + "\n"


def unmoved(plan: Plan) -> int:
    """The bits that no renaming changes."""
    moved = 0
    for swap in plan.swaps:
        for distance, mask in swap.moves:
            moved |= mask | mask << distance
        fields = [(shift, mask) for shift, mask, *_ in swap.codes]
        fields += [(shift, mask) for shift, mask, _ in swap.memories]
        for shift, mask in fields:
            moved |= mask << shift
    return (1 << plan.bits) - 1 & ~moved


def _read_word(shift: int, mask: int) -> str:
    word, place = divmod(shift, WORD)
    return read(place, mask).replace("s", f"s[{word}]", 1)
