"""What single cells tell of rules, as sets of bits: for every few bits of the state a table says which rules
they allow, which raise no flag then, and which change nothing.

The intersection over all tables leaves the rules whose conjuncts on single cells hold, without a branch. Pays
for few rules; with many, the roots of `dispatch.py` look at fewer. Knows nothing of Numba.
"""

from __future__ import annotations

from collections.abc import Iterable

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr
from explorer.program.dispatch import Cell, only_cell, passing
from explorer.program.layout import WORD, Field, Layout
from explorer.program.program import Rule, Test, Update

MAX_RULES, SPAN, WIDEST = 256, 6, 8
"""Rules for which this pays; bits of the state that one table looks at; bits of the widest single cell that
has a table.
"""


Codes = dict[Cell, frozenset[int]]
"""The codes that some cells may have."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Bits `shift`, `shift + 1` ... of a word: row v of `rows[k]` has the ranks (as bits) of the rules whose
    answer to question k allows them to be v.
    """

    word: int
    shift: int
    rows: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What single cells tell of a rule whose guard they settle: it raises no flag where they have codes of
    `plain`, and changes nothing where they have those of `idle` (None: it always changes the state).
    `constant` are its updates, if they are all constant.
    """

    plain: Codes
    idle: Codes | None
    constant: bool


def split(rule: Rule, layout: Layout) -> tuple[Codes, list[Test]]:
    """The codes that conjuncts on single cells allow, and the rest of the guard."""
    allowed: Codes = {}
    rest: list[Test] = []
    early = True
    for test in rule.guard:
        early = early and not test.checks
        left: list[Expr] = []
        for part in test.condition.args if early and test.condition.op == "and" else (test.condition,):
            if not early or not _narrow(part, allowed, layout):
                left.append(part)
        if left or test.checks:
            rest.append(Test(test.number, test.checks, ex.both(*left)))
    return allowed, rest


def _narrow(condition: Expr, codes: Codes, layout: Layout) -> bool:
    """Take in a condition on a single cell; whether it is one."""
    cell = only_cell(condition)
    if cell is None or layout.fields[cell[0]].width > WIDEST:
        return False
    passed = passing(condition, cell)
    codes[cell] = codes.get(cell, passed) & passed
    return True


def settled(rule: Rule, wanted: Iterable[Expr], layout: Layout) -> Settled | None:
    """What single cells tell of a rule whose guard they settle, and which raises a flag unless the wanted
    conditions hold. None where they do not tell it.
    """
    plain: Codes = {}
    for condition in wanted:
        for part in condition.args if condition.op == "and" else (condition,):
            if part is not ex.TRUE and not _narrow(part, plain, layout):
                return None
    effects = [constant_effect(u, layout.fields[u.family]) for u in rule.updates]
    constant = all(effect is not None for effect in effects)
    if rule.changes:
        return Settled(plain, None, constant)
    idle: Codes = {}
    for u, effect in zip(rule.updates, effects):
        field = layout.fields[u.family]
        if effect is None or field.width > WIDEST:
            return None
        clear, add = effect
        contents = range(u.family.high - u.family.low + 1)
        idle[u.family, u.index.value] = frozenset(
            u.family.low + content for content in contents if content & ~clear | add == content
        )
    return Settled(plain, idle, constant)


def constant_effect(update: Update, field: Field) -> tuple[int, int] | None:
    """The bits of a field that an update clears, then sets; None where they depend on the state."""
    family, expr = update.family, update.expr
    if not ex.is_const(update.index):
        return None
    if ex.is_const(expr):
        return field.mask, expr.value - family.low & field.mask
    if expr.op in ("bor", "bandnot") and not family.low:
        old, members = expr.args
        itself = old.op == "load" and old.value == (family, update.index.value)
        if itself and ex.is_const(members) and 0 <= members.value <= field.mask:
            return members.value, members.value if expr.op == "bor" else 0
    return None


def bitmaps(questions: list[list[Codes]], layout: Layout) -> list[Bitmap]:
    """The tables for rules that give these codes to some questions, by rank."""
    everything = (1 << len(questions[0])) - 1
    cells = list(dict.fromkeys(cell for answers in questions for codes in answers for cell in codes))
    accepted = [_accepted(answers, everything) for answers in questions]
    return [_bitmap(group, accepted, layout, everything) for group in _groups(cells, layout)]


def _accepted(answers: list[Codes], everything: int) -> dict[Cell, list[int]]:
    """For the codes of each cell, from the least on, the rules that accept them."""
    cells: dict[Cell, list[int]] = {}
    for rank, rule in enumerate(answers):
        for cell, codes in rule.items():
            low, high = cell[0].low, cell[0].high
            accepts = cells.setdefault(cell, [everything] * (high - low + 1))
            for code in range(low, high + 1):
                if code not in codes:
                    accepts[code - low] &= ~(1 << rank)
    return cells


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


def _bitmap(
    group: list[Cell], accepted: list[dict[Cell, list[int]]], layout: Layout, everything: int
) -> Bitmap:
    begin = layout.fields[group[0][0]].shift(group[0][1])
    last = layout.fields[group[-1][0]]
    values = range(1 << last.shift(group[-1][1]) + last.width - begin)

    def row(cells: dict[Cell, list[int]], value: int) -> int:
        rules = everything
        for cell in group:
            if cell in cells:
                field = layout.fields[cell[0]]
                code = value >> field.shift(cell[1]) - begin & field.mask
                rules &= cells[cell][code] if code < len(cells[cell]) else 0
        return rules

    rows = tuple(tuple(row(cells, value) for value in values) for cells in accepted)
    return Bitmap(begin // WORD, begin % WORD, rows)
