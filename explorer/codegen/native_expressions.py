"""Expressions as machine code over packed states of 64-bit words. Knows nothing of statements and of Numba.

Source text uses these names: `s` (a state of one word) or `states[row, w]` (word w of a wider one) for the
state, `t` or `t[w]` for its successor, `C_0x15` for the unsigned constant 0x15 (constants are typed once; a
call at every use would be the larger part of the compilation), `U` and `I` for unsigned and signed 64-bit
integers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from explorer.codegen.columns import Columns
from explorer.codegen.python_expressions import total_parts
from explorer.codegen.python_functions import uses
from explorer.ir import expressions as ex
from explorer.ir.errors import NOWHERE, Place
from explorer.ir.expressions import Expr, is_const
from explorer.ir.operators import OPERATORS, Kind
from explorer.program.facts import Facts
from explorer.program.layout import Field, Layout
from explorer.program.machine_word import NoMachineCode, check_word

WORD, UNSIGNED = 64, (1 << 64) - 1
MOST_ARGUMENTS = 4
"""Of a function that machine code applies."""
SLOT = re.compile("⟨([IU])([0-9]+)⟩")
"""A number of an instance in a text that several instances may share."""


class Scribe:
    """Writes expressions over 64-bit words; every number that could differ between instances becomes a slot.

    `names` maps expressions that already stand in a local variable to it. `facts` hold wherever the text is
    evaluated; what is applied is found in `columns`, where it has one. Raises BeyondWord, with the line
    `where`, for what could exceed 64 bits.
    """

    def __init__(self, layout: Layout, facts: Facts, where: Place = NOWHERE, columns: Columns | None = None):
        self.layout, self.facts, self.where, self.columns = layout, facts, where, columns
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
        """A function that only Python can compute (`engine/native/functions.py`, `rows.py`)."""
        place = self.columns.place(expr) if self.columns is not None else None
        if place is not None:
            k, column = map(self.slot, place)
            return f"entry({k}, {column}, {self.number(expr.args[0])})"
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
            return f"({self._word('load', word)} & {self.word(1 << shift)} {sign} C_0x0)"
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
        return f"t[{word}]" if op.startswith("next") else f"states[row, {word}]"


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
                    scribe.names[at] = f"{'holds' if is_condition(at) else 'part'}{len(scribe.names)}"
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


def _minus(text: str, low: int) -> str:
    return text if not low else f"({text} {'-' if low > 0 else '+'} {abs(low)})"


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


class Constants:
    """Unsigned constants of a module, each with a name."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {0: "C_0x0"}

    def name(self, value: int) -> str:
        return self.names.setdefault(value, f"C_{value:#x}")

    def fill(self, scribe: Scribe, text: str) -> str:
        """A text that belongs to no instance, its slots written out."""

        def written(match: re.Match[str]) -> str:
            value = scribe.slots[int(match.group(2))]
            return self.name(value) if match.group(1) == "U" else signed(value)

        return SLOT.sub(written, text)


def signed(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"
