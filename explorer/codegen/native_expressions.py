"""Rules as data: instances that differ only in offsets and constants share one shape, the differences stand
in tables.

The native engine's code grows with the number of shapes, never with the number of instances. Knows nothing of
Numba.

Source text uses these names: `s` (one word) or `F[row, w]` (word w of a state) for the state, `t` or `T[w]`
for its successor, `P[i, k]` and `Q[i, k]` for signed and unsigned number k of instance i, `K0`, `K1` ... for
unsigned constants (names are typed once, calls at every use would be the larger part of the compilation), `U`
and `I` for unsigned and signed 64-bit integers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from explorer.codegen.python_expressions import total_parts
from explorer.codegen.python_functions import after_rule, uses
from explorer.ir import expressions as ex
from explorer.ir.errors import NOWHERE, Place
from explorer.ir.expressions import TRUE, Expr, is_const
from explorer.ir.operators import OPERATORS, Kind
from explorer.program.bitmaps import MAX_RULES, Bitmap, bitmaps, split
from explorer.program.dispatch import Cell, roots
from explorer.program.layout import Field, Layout
from explorer.program.machine_word import NoMachineCode, check_word
from explorer.program.program import Program, Rule, Test
from explorer.program.simplify import Check, Facts, fold, fold_checks, lift

WORD, UNSIGNED = 64, (1 << 64) - 1
MOST_ARGUMENTS = 4
"""Of a function that machine code applies."""
_SLOT = re.compile("⟨([IU])([0-9]+)⟩")


class Scribe:
    """Writes expressions over 64-bit words; every number that could differ between instances becomes a slot.

    `names` maps expressions that already stand in a local variable to it. `facts` hold wherever the text is
    evaluated. Raises BeyondWord, with the line `where`, for what could exceed 64 bits.
    """

    def __init__(self, layout: Layout, facts: Facts, where: Place = NOWHERE):
        self.layout, self.facts, self.where = layout, facts, where
        self.one = layout.words == 1
        self.slots: list[int] = []
        self.names: dict[Expr, str] = {}

    def slot(self, value: int) -> str:
        """A signed number."""
        self.slots.append(value)
        return f"⟨I{len(self.slots) - 1}⟩"

    def word(self, value: int) -> str:
        """An unsigned number."""
        self.slots.append(value)
        return f"⟨U{len(self.slots) - 1}⟩"

    def number(self, expr: Expr) -> str:
        """A signed 64-bit value."""
        op, args = expr.op, expr.args
        if expr in self.names:
            return f"(I(1) if {self.names[expr]} else I(0))" if is_condition(expr) else self.names[expr]
        if op == "apply":
            return self._apply(expr)
        check_word(expr, self.facts, self.where)
        if op == "const":
            return self.slot(expr.value)
        if op in ("load", "next"):
            return self._load(expr)
        if op in ("loadat", "nextat"):
            return self._load_at(expr)
        if is_condition(expr):
            return f"(I(1) if {self.truth(expr)} else I(0))"
        if op == "ite":
            return f"({self.number(args[1])} if {self.truth(args[0])} else {self.number(args[2])})"
        if op == "table":
            return f"table({self.number(args[0])}, {', '.join(map(str, expr.value))})"
        return self._plain(expr)

    def _apply(self, expr: Expr) -> str:
        """A function that only Python can compute (`engine/native/functions.py`)."""
        if len(expr.args) > MOST_ARGUMENTS:
            raise NoMachineCode(expr)
        arguments = ", ".join(map(self.number, expr.args))
        return f"apply({self.slot(expr.value.number)}, {arguments})"

    def _plain(self, expr: Expr) -> str:
        """A plain operator, as its row says."""
        row = OPERATORS[expr.op]
        texts = (self.truth if kind is Kind.CONDITION else self.number for kind in row.operands)
        return row.machine.format(*(text(a) for text, a in zip(texts, expr.args)))

    def truth(self, expr: Expr) -> str:
        """A condition."""
        op, args = expr.op, expr.args
        if expr in self.names:
            return self.names[expr] if is_condition(expr) else f"({self.names[expr]} != 0)"
        wanted = cell_equals(expr)
        if wanted is not None:
            return self._cell_test(*wanted)
        if op == "const":
            return "True" if expr.value else "False"
        if op in ("and", "or"):
            return "(" + f" {op} ".join(map(self.truth, args)) + ")"
        if is_condition(expr):
            return self._plain(expr)
        return f"({self.number(expr)} != 0)"

    def _cell_test(self, family: ex.Family, index: int, code: int) -> str:
        field = self.layout.fields[family]
        word, shift = divmod(field.shift(index), WORD)
        if field.width == 1:
            sign = "!=" if code > family.low else "=="
            return f"({self._word('load', word)} & {self.word(1 << shift)} {sign} K_ZERO)"
        return (
            f"({self._word('load', word)} & {self.word(field.mask << shift)} =="
            f" {self.word(code - family.low << shift)})"
        )

    def _load(self, expr: Expr) -> str:
        family, index = expr.value
        field = self.layout.fields[family]
        word, shift = divmod(field.shift(index), WORD)
        return self._code(
            f"{self._word(expr.op, word)} >> {self.word(shift)} & {self.word(field.mask)}", field
        )

    def _load_at(self, expr: Expr) -> str:
        word, shift = self.place(expr.value, expr.args[0])
        field = self.layout.fields[expr.value]
        return self._code(f"{self._at(expr.op, word)} >> U({shift}) & {self.word(field.mask)}", field)

    def _code(self, content: str, field: Field) -> str:
        """The signed code that the unsigned content of a field stands for. That of a wide field exceeds
        a signed word: the sum is made without signs.
        """
        if field.width >= WORD - 1:
            return f"I(({content}) + {self.word(field.family.low & UNSIGNED)})"
        return _plus(f"I({content})", field.family.low)

    def content(self, expr: Expr, family: ex.Family) -> str:
        """What a field of the family holds for the code that an expression computes, unsigned."""
        if self.layout.fields[family].width >= WORD - 1:
            return f"(U({self.number(expr)}) - {self.word(family.low & UNSIGNED)})"
        return f"U({_minus(self.number(expr), family.low)})"

    def place(self, family: ex.Family, index: Expr) -> tuple[str, str]:
        """Word and shift of the cell at a computed index."""
        field = self.layout.fields[family]
        word, shift = divmod(field.offset, WORD)
        if field.per_word is None:
            return self.word(word), f"({self.slot(shift)} + {self.number(index)} * {field.width})"
        stride = f" * {field.stride}" if field.stride > 1 else ""
        return (
            f"U({self.slot(word)} + {self.number(index)} // {field.per_word}{stride})",
            f"({self.slot(shift)} + {self.number(index)} % {field.per_word} * {field.width})",
        )

    def _word(self, op: str, word: int) -> str:
        return self._at(op, "U(0)" if self.one else self.word(word))

    def _at(self, op: str, word: str) -> str:
        if self.one:
            return "t" if op.startswith("next") else "s"
        return f"T[{word}]" if op.startswith("next") else f"F[row, {word}]"


LARGE, DEEP = 150, 30
"""Operators of a block from which on its parts get names; operators in each other that stand in one line."""


class Sharing:
    """Names for parts of some expressions, so that the text grows with the parts and not with the ways to
    them, and does not nest deeply.

    Small expressions get none: their parts are evaluated lazily. `everything` names all that occurs twice.
    """

    def __init__(self, scribe: Scribe, roots: list[Expr], everything: bool = False):
        self.scribe = scribe
        self.uses = uses(roots)
        self.active = everything or size(roots) > LARGE

    def names(self, roots: Iterable[Expr], facts: Facts) -> list[str]:
        """Lines that name parts of the roots, before the statement that uses them first."""
        if not self.active:
            return []
        scribe, lines, depth = self.scribe, list[str](), dict[Expr, int]()
        roots = list(roots)
        total = total_parts(roots, facts)
        for root in roots:
            for at in ex.walk(root):
                depth[at] = 0 if at in scribe.names else 1 + max((depth[a] for a in at.args), default=0)
                often = self.uses.get(at, 0) > 1 or depth[at] > DEEP
                if often and at not in scribe.names and at in total:
                    text = scribe.truth(at) if is_condition(at) else scribe.number(at)
                    scribe.names[at] = f"{'c' if is_condition(at) else 'x'}{len(scribe.names)}"
                    lines.append(f"{scribe.names[at]} = {text}")
                    depth[at] = 0
        return lines


def size(roots: list[Expr]) -> int:
    """Operators of some expressions written out in full."""
    sizes: dict[Expr, int] = {}
    for root in roots:
        for at in ex.walk(root):
            sizes[at] = 1 + sum(sizes[a] for a in at.args)
    return sum(sizes[root] for root in roots)


def is_condition(expr: Expr) -> bool:
    """Whether `truth` is the natural form of an expression."""
    return OPERATORS[expr.op].truth


def _plus(text: str, low: int) -> str:
    return text if not low else f"({text} {'+' if low > 0 else '-'} I({abs(low)}))"


@dataclass(frozen=True, slots=True)
class Block:
    """What a rule does once its masked guard holds: source text with slots, and the slots' values.

    The text sets `ok` and the successor where the step is possible, and `flag` where it has no value or
    breaks a property.
    """

    text: str
    slots: tuple[int, ...]


@dataclass(slots=True)
class Shape:
    """Rules with one text. `columns` are the slots that differ, as indices into P; the others stand in the
    text.
    """

    number: int
    text: str
    rules: list[Rule] = field(default_factory=list)


class Constants:
    """Unsigned constants of a module, each with a name."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}

    def name(self, value: int) -> str:
        return "K_ZERO" if value == 0 else self.names.setdefault(value, f"K{len(self.names)}")

    def fill(self, scribe: Scribe, text: str) -> str:
        """A text that belongs to no instance, its slots written out."""

        def written(match: re.Match[str]) -> str:
            value = scribe.slots[int(match.group(2))]
            return self.name(value) if match.group(1) == "U" else signed(value)

        return _SLOT.sub(written, text)


def signed(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"


@dataclass(slots=True)
class Tables:
    """Everything that differs between instances, by rank of the rule in the program.

    `guards[r]` and `updates[r]` are (word, mask, wanted) and (word, keep, add) triples; `signed[r]` and
    `unsigned[r]` are the rows of P and Q; `constants` are the values of K0, K1 ...;
    `numbers` are the rules' instances. Few rules are found by `bitmaps`, many from the value of a cell by
    `root_*` and `cases`. `sure` are the ranks of rules whose guard the bitmaps settle and whose step has a
    constant effect, always a change.
    """

    shapes: list[Shape]
    shape_of: list[int]
    guards: list[list[tuple[int, int, int]]]
    updates: list[list[tuple[int, int, int]]]
    signed: list[list[int]]
    unsigned: list[list[int]]
    constants: Constants
    numbers: list[int]
    bitmaps: list[Bitmap]
    sure: list[int]
    root_cells: list[tuple[int, int, int]]
    cases: list[list[list[int]]]


def tabulate(program: Program, layout: Layout) -> Tables:
    """Group the rules of a program into shapes."""
    few = len(program.rules) <= MAX_RULES
    tabulated = [] if few else roots(program.rules)
    consumed = {
        rule.instance.number: cell for cell, cases in tabulated for rules in cases for rule in rules if cell
    }
    entries = [
        _entry(program, rule, layout, few, consumed.get(rule.instance.number)) for rule in program.rules
    ]
    kinds = list(dict.fromkeys(entry.block.text for entry in entries))
    entries.sort(key=lambda entry: kinds.index(entry.block.text))
    rank = {entry.rule.instance.number: r for r, entry in enumerate(entries)}
    constants = Constants()
    shapes, shape_of, signed_rows, unsigned_rows = group(
        [e.rule for e in entries], [e.block for e in entries], constants
    )
    root_cells = []
    for cell, _ in tabulated:
        if cell is None:
            root_cells.append((0, 0, 0))
        else:
            field = layout.fields[cell[0]]
            word, shift = divmod(field.shift(cell[1]), WORD)
            root_cells.append((word, shift, field.mask))
    cases = [
        [[rank[rule.instance.number] for rule in rules] for rules in by_value] for _, by_value in tabulated
    ]
    sure = [
        r for r, entry in enumerate(entries) if few and entry.block.text == "ok = True" and entry.rule.changes
    ]
    return Tables(
        shapes,
        shape_of,
        [e.masked for e in entries],
        [e.updates for e in entries],
        signed_rows,
        unsigned_rows,
        constants,
        [*rank],
        bitmaps([e.allowed for e in entries], layout) if few else [],
        sure,
        root_cells,
        cases,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rule, and how it is found and taken: by bitmaps or by a masked guard, by constant updates and the
    rest.
    """

    rule: Rule
    allowed: dict[Cell, frozenset[int]]
    masked: list[tuple[int, int, int]]
    updates: list[tuple[int, int, int]]
    block: Block


def _entry(program: Program, rule: Rule, layout: Layout, few: bool, root: Cell | None) -> _Entry:
    allowed, rest = split(rule, layout) if few else ({}, [])
    masked, rest = ([], rest) if few else _split_guard(rule, layout, root)
    updates, block = _block(program, rule, rest, layout)
    return _Entry(rule, allowed, masked, updates, block)


def _split_guard(
    rule: Rule, layout: Layout, root: Cell | None
) -> tuple[list[tuple[int, int, int]], list[Test]]:
    """Conjuncts that compare whole cells with constants become masks by word; those a root has settled
    vanish.
    """
    masks: dict[int, list[int]] = {}
    rest: list[Test] = []
    early = True
    for test in rule.guard:
        early = early and not test.checks
        if early and root is not None and _only(test.condition, root):
            continue
        wanted = cell_equals(test.condition) if early else None
        if wanted is None:
            rest.append(test)
            continue
        family, index, code = wanted
        field = layout.fields[family]
        word, shift = divmod(field.shift(index), WORD)
        pair = masks.setdefault(word, [0, 0])
        pair[0] |= field.mask << shift
        pair[1] |= code - family.low << shift
    return [(word, mask, value) for word, (mask, value) in sorted(masks.items())], rest


def _only(condition: Expr, cell: Cell) -> bool:
    loads = {at.value for at in ex.walk(condition) if at.op == "load"}
    return loads == {cell} and not any(at.op == "loadat" for at in ex.walk(condition))


def cell_equals(c: Expr) -> tuple[ex.Family, int, int] | None:
    """`(family, index, code)` of a condition that one cell has one code."""
    if c.op == "eq" and is_const(c.args[1]) and c.args[0].op == "load":
        family, index = c.args[0].value
        code = c.args[1].value
        return (family, index, code) if family.low <= code <= family.high else None
    a = c.args[0] if c.op == "not" else c
    if a.op == "load" and (a.value[0].low, a.value[0].high) == (0, 1):
        return (*a.value, 0 if c.op == "not" else 1)
    return None


def _block(
    program: Program, rule: Rule, guard: list[Test], layout: Layout
) -> tuple[list[tuple[int, int, int]], Block]:
    guard_of = rule.instance.guard
    scribe = Scribe(layout, program.facts, rule.instance.action.place)
    lines: list[str] = []
    depth = 0

    def line(text: str) -> None:
        lines.append("    " * depth + text)

    steps = _step_conditions(program, rule)
    sharing = Sharing(
        scribe,
        [e for test in guard for e in (*(c.ok for c in test.checks), test.condition)]
        + [c.ok for c in rule.checks]
        + [e for u in rule.updates for e in (u.index, u.expr)]
        + [wanted for wanted, _ in steps],
    )

    def share(roots: Iterable[Expr], facts: Facts) -> None:
        for text in sharing.names(roots, facts):
            line(text)

    for test in guard:
        word = "if"
        scribe.where = guard_of[test.number].place
        share([c.ok for c in test.checks], program.facts)
        for check in test.checks:
            line(f"{word} not {scribe.truth(check.ok)}:")
            line("    flag = True")
            word = "elif"
        if word == "if":
            share([test.condition], program.facts)
        if test.condition is not TRUE or test.checks:
            line(f"{word} {scribe.truth(test.condition)}:")
            depth += 1
    word = "if"
    scribe.facts, scribe.where = rule.facts, rule.instance.action.place
    share([c.ok for c in rule.checks], rule.facts)
    for check in rule.checks:
        line(f"{word} not {scribe.truth(check.ok)}:")
        line("    flag = True")
        word = "elif"
    if rule.checks:
        line("else:")
        depth += 1
    line("ok = True")
    share([e for u in rule.updates for e in (u.index, u.expr)], rule.facts)
    static, terms = _updates(rule, layout, scribe)
    for text in terms:
        line(text)
    for wanted, scribe.where in steps:
        share([wanted], rule.facts)
        line(f"if not {scribe.truth(wanted)}:")
        line("    flag = True")
    return static, Block("\n".join(lines), tuple(scribe.slots))


def _updates(rule: Rule, layout: Layout, scribe: Scribe) -> tuple[list[tuple[int, int, int]], list[str]]:
    """Constant parts as (word, keep, add); computed parts as text after `t` has them."""
    clear: dict[int, int] = {}
    add: dict[int, int] = {}
    computed, dynamic = [], []
    for u in rule.updates:
        field = layout.fields[u.family]
        if not is_const(u.index):
            dynamic.append(u)
            continue
        word, shift = divmod(field.shift(u.index.value), WORD)
        clear[word] = clear.get(word, 0) | field.mask << shift
        if is_const(u.expr):
            add[word] = add.get(word, 0) | (u.expr.value - u.family.low & field.mask) << shift
        else:
            computed.append((u, word, shift))
    full = (1 << WORD) - 1
    static = [(word, full & ~mask, add.get(word, 0)) for word, mask in sorted(clear.items())]
    terms = []
    for u, word, shift in computed:
        target = "t" if scribe.one else f"T[{scribe.word(word)}]"
        terms.append(f"{target} |= {scribe.content(u.expr, u.family)} << {scribe.word(shift)}")
    for k, u in enumerate(dynamic):
        mask = layout.fields[u.family].mask
        at, by = scribe.place(u.family, u.index)
        target = "t" if scribe.one else f"T[w{k}]"
        if not scribe.one:
            terms.append(f"w{k} = {at}")
        terms.append(f"j{k} = U({by})")
        value = scribe.content(u.expr, u.family)
        terms.append(f"{target} = ({target} & ~({scribe.word(mask)} << j{k})) | ({value} << j{k})")
    return static, terms


def _minus(text: str, low: int) -> str:
    return text if not low else f"({text} {'-' if low > 0 else '+'} {abs(low)})"


def _step_conditions(program: Program, rule: Rule) -> list[tuple[Expr, Place]]:
    """What must hold on a step of a rule, or a step property fails or has no value; and where it stands."""
    wanted: list[tuple[Expr, Place]] = []
    for prop in program.model.properties:
        if prop.kind != "step":
            continue
        pure, raw = lift(ex.both(*(e for _, e in prop.parts)))
        checks = fold_checks(tuple(Check(after_rule(c.ok, rule), c.failure) for c in raw), rule.facts)
        condition = fold(after_rule(pure, rule), rule.facts)
        wanted += [(c.ok, prop.place) for c in checks]
        wanted += [(condition, prop.place)] if condition is not TRUE else []
    return wanted


def group(
    rules: list[Rule], blocks: list[Block], constants: Constants
) -> tuple[list[Shape], list[int], list[list[int]], list[list[int]]]:
    """Shapes in order of their first rule; slots that never differ are written into the text, the others
    become columns.
    """
    members: dict[str, list[int]] = {}
    for r, block in enumerate(blocks):
        members.setdefault(block.text, []).append(r)
    shapes: list[Shape] = []
    shape_of = [0] * len(blocks)
    rows: dict[str, list[list[int]]] = {"I": [[] for _ in blocks], "U": [[] for _ in blocks]}
    for text, ranks in members.items():
        columns: dict[str, dict[tuple[int, ...], int]] = {"I": {}, "U": {}}

        def written(
            match: re.Match[str],
            ranks: list[int] = ranks,
            columns: dict[str, dict[tuple[int, ...], int]] = columns,
        ) -> str:
            kind, k = match.group(1), int(match.group(2))
            values = tuple(blocks[r].slots[k] for r in ranks)
            if len(set(values)) == 1:
                return constants.name(values[0]) if kind == "U" else signed(values[0])
            return f"{'Q' if kind == 'U' else 'P'}[i, {columns[kind].setdefault(values, len(columns[kind]))}]"

        shape = Shape(len(shapes), _SLOT.sub(written, text), [rules[r] for r in ranks])
        for kind, columns_of_kind in columns.items():
            for values in columns_of_kind:
                for r, value in zip(ranks, values):
                    rows[kind][r].append(value)
        shapes.append(shape)
        for r in ranks:
            shape_of[r] = shape.number
    return shapes, shape_of, rows["I"], rows["U"]
