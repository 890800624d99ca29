"""Where a step into a state may have come from: candidates, few where rules write little.

A rule leaves most cells alone. What it has written must stand in the state after it; what stood there before
is one of few contents, which the guard often knows. Put back, they give every state that the rule may have
led from. Whether it exists, and whether the rule is possible there, is asked of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, is_const
from explorer.program.bitmaps import WIDEST, Bitmap, bitmaps, split
from explorer.program.dispatch import Cell
from explorer.program.facts import Facts, cells_of, interval, reads
from explorer.program.layout import Field, Layout
from explorer.program.program import Program, Rule, Update
from explorer.program.simplify import fold

MOST, MASKS, WAYS = 256, 8, 2048
"""Contents that a rule may have written over; masks of bits that rules with more of them leave alone; rules,
and ways back, that are known.
"""


@dataclass(frozen=True, slots=True)
class Origins:
    """Ways back, by rank: a rule has one, or several where what it has written says what stood there before.

    `tables` say which ways a state allows. `kept[r]` are the bits that way r leaves alone, `olds[r]` what may
    have stood in the others. Rules with too many of these leave one of `alone` as it was, or more.
    """

    tables: list[Bitmap]
    kept: list[int]
    olds: list[list[int]]
    alone: list[int]


def origins(program: Program, layout: Layout) -> Origins | None:
    """Where the steps of a program may come from; None where it has too many rules, or ways back."""
    allowed, kept, olds, alone = [], [], [], list[int]()
    if len(program.rules) > WAYS:
        return None
    everything = (1 << layout.bits) - 1
    for rule in program.rules:
        undone = _Undone(rule, layout)
        left = everything & ~undone.cleared
        if undone.count() > MOST:
            alone.append(left)
            continue
        for after, before in undone.ways():
            allowed.append(after)
            kept.append(left)
            olds.append(before)
    if len(kept) > WAYS:
        return None
    return Origins(bitmaps([allowed], layout), kept, olds, _few(sorted(set(alone))))


def _few(masks: list[int]) -> list[int]:
    """At most MASKS masks, each a part of one or more of those that are given, which are sorted."""
    while len(masks) > MASKS:
        shared = [(a & b).bit_count() for a, b in pairwise(masks)]
        at = shared.index(max(shared))
        masks[at : at + 2] = [masks[at] & masks[at + 1]]
    return masks


class _Undone:
    """What a rule may have written over. `after` are the codes that cells may have behind it, `cleared` the
    bits that it may change; for each cell that it writes `options` are a code that it may have afterwards
    (None: what `after` says) with the contents that lead to it.
    """

    def __init__(self, rule: Rule, layout: Layout):
        self.rule = rule
        self.before, _ = split(rule, layout)
        self.after, self.cleared = dict(self.before), 0
        self.options: list[tuple[Cell, int, dict[int | None, list[int]]]] = []
        self.unknown = False
        for update in rule.updates:
            field = layout.fields[update.family]
            if is_const(update.index):
                self._undo(update, field)
                continue
            self.unknown = True
            for index in range(update.family.size):
                self.after.pop((update.family, index), None)
                self.cleared |= field.mask << field.shift(index)

    def _undo(self, update: Update, field: Field) -> None:
        cell: Cell = (update.family, update.index.value)
        shift, bits = field.shift(cell[1]), _changed(update.expr, cell, field.mask)
        self.after.pop(cell, None)
        self.cleared |= bits << shift
        if bits != field.mask:
            contents = _subsets(bits) if 1 << bits.bit_count() <= MOST else None
        else:
            contents = self._contents(update, cell)
            if field.width <= WIDEST:
                least, most = interval(update.expr, self.rule.facts)
                low, high = update.family.low, update.family.high
                self.after[cell] = frozenset(range(max(least, low), min(most, high) + 1))
        if contents is None:
            self.unknown = True
            return
        alone = bits == field.mask and field.width <= WIDEST and len(contents) > 1
        by_new = _function(update, cell, contents) if alone and not is_const(update.expr) else None
        self.options.append((cell, shift, by_new or {None: contents}))

    def _contents(self, update: Update, cell: Cell) -> list[int] | None:
        """The contents that a cell may have had before it was written; None where there are too many."""
        low, high = update.family.low, update.family.high
        if update.known is not None:
            return [update.known - low]
        allowed = self.before.get(cell)
        if allowed is None:
            least, most = interval(ex.cell(update.family, update.index), self.rule.facts)
            if most - least >= MOST:
                return None
            allowed = frozenset(range(max(least, low), min(most, high) + 1))
        return [code - low for code in sorted(allowed)]

    def count(self) -> int:
        """How many ways back there are for one state, or more than MOST."""
        result = 1
        for _, _, by_new in self.options:
            result *= sum(map(len, by_new.values()))
        return MOST + 1 if self.unknown else result

    def ways(self) -> Iterator[tuple[dict[Cell, frozenset[int]], list[int]]]:
        """The ways back: what cells may hold behind the rule, and all that may have stood before."""
        for choice in product(*(by_new.items() for _, _, by_new in self.options)):
            after, olds = dict(self.after), [0]
            for (cell, shift, _), (code, contents) in zip(self.options, choice):
                if code is not None:
                    after[cell] = frozenset({code})
                olds = [old | content << shift for old in olds for content in contents]
            yield after, olds


def _function(update: Update, cell: Cell, contents: list[int]) -> dict[int | None, list[int]] | None:
    """The contents of a cell by the code that is made of them; None where that depends on more."""
    if reads(update.expr)[0] != cells_of(*cell, primed=False):
        return None
    result: dict[int | None, list[int]] = {}
    for content in contents:
        made = fold(update.expr, Facts({ex.cell(cell[0], update.index): (content + cell[0].low,) * 2}))
        if not is_const(made):
            return None
        result.setdefault(int(made.value), []).append(content)
    return result


def _changed(expr: Expr, cell: Cell, every: int) -> int:
    """The bits of a cell that its new value may change: few where members come and go."""
    if expr.op == "load" and expr.value == cell:
        return 0
    if expr.op == "ite":
        return _changed(expr.args[1], cell, every) | _changed(expr.args[2], cell, every)
    if expr.op in ("bor", "bandnot") and is_const(expr.args[1]):
        members: int = expr.args[1].value
        return _changed(expr.args[0], cell, every) | members & every
    return every


def _subsets(bits: int) -> list[int]:
    result = [0]
    for place in range(bits.bit_length()):
        if bits >> place & 1:
            result += [subset | 1 << place for subset in result]
    return result
