"""Which rules may be possible in a state, as sets of bits: for every few bits of the state a table says which
rules they allow.

The intersection over all tables leaves the rules whose conjuncts on single cells hold, without a branch. Pays
for few rules; with many, the roots of `dispatch.py` look at fewer. Knows nothing of Numba.
"""

from __future__ import annotations

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr
from explorer.program.dispatch import Cell, only_cell, passing
from explorer.program.layout import WORD, Layout
from explorer.program.program import Rule, Test

MAX_RULES, SPAN, WIDEST = 256, 6, 8
"""Rules for which this pays; bits of the state that one table looks at; bits of the widest single cell that
has a table.
"""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Row v of `rows` has the ranks (as bits) of the rules that bits `shift`, `shift + 1` ... of a word allow
    to be v.
    """

    word: int
    shift: int
    rows: tuple[int, ...]


def split(rule: Rule, layout: Layout) -> tuple[dict[Cell, frozenset[int]], list[Test]]:
    """The codes that conjuncts on single cells allow, and the rest of the guard."""
    allowed: dict[Cell, frozenset[int]] = {}
    rest: list[Test] = []
    early = True
    for test in rule.guard:
        early = early and not test.checks
        left: list[Expr] = []
        for part in test.condition.args if early and test.condition.op == "and" else (test.condition,):
            cell = only_cell(part) if early else None
            if cell is None or layout.fields[cell[0]].width > WIDEST:
                left.append(part)
            else:
                codes = passing(part, cell)
                allowed[cell] = allowed.get(cell, codes) & codes
        if left or test.checks:
            rest.append(Test(test.number, test.checks, ex.both(*left)))
    return allowed, rest


def bitmaps(allowed: list[dict[Cell, frozenset[int]]], layout: Layout) -> list[Bitmap]:
    """The tables for rules that allow these codes, by rank."""
    everything = (1 << len(allowed)) - 1
    cells: dict[Cell, list[int]] = {}
    for rank, rule in enumerate(allowed):
        for cell, codes in rule.items():
            low, high = cell[0].low, cell[0].high
            accepts = cells.setdefault(cell, [everything] * (high - low + 1))
            for code in range(low, high + 1):
                if code not in codes:
                    accepts[code - low] &= ~(1 << rank)
    return [_bitmap(group, cells, layout, everything) for group in _groups(list(cells), layout)]


def _groups(cells: list[Cell], layout: Layout) -> list[list[Cell]]:
    """Neighbouring cells that fit one table."""
    groups: list[list[Cell]] = []
    first = -WORD
    for cell in sorted(cells, key=lambda cell: layout.fields[cell[0]].shift(cell[1])):
        field = layout.fields[cell[0]]
        begin = field.shift(cell[1])
        if begin + field.width - first > SPAN or begin // WORD != first // WORD:
            groups.append([])
            first = begin
        groups[-1].append(cell)
    return groups


def _bitmap(group: list[Cell], cells: dict[Cell, list[int]], layout: Layout, everything: int) -> Bitmap:
    begin = layout.fields[group[0][0]].shift(group[0][1])
    last = layout.fields[group[-1][0]]
    rows = []
    for value in range(1 << last.shift(group[-1][1]) + last.width - begin):
        row = everything
        for cell in group:
            field = layout.fields[cell[0]]
            code = value >> field.shift(cell[1]) - begin & field.mask
            row &= cells[cell][code] if code < len(cells[cell]) else 0
        rows.append(row)
    return Bitmap(begin // WORD, begin % WORD, tuple(rows))
