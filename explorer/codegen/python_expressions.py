"""Expressions as Python source over a packed state `s` (and `t`, the state after a step). Knows nothing of
statements.
"""

from __future__ import annotations

from collections.abc import Iterable

from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr, is_const
from explorer.ir.operators import OPERATORS, Kind
from explorer.program.facts import Facts, interval
from explorer.program.layout import Layout


class Emitter:
    """Writes expressions. `names` maps expressions that already have a local name to it."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.names: dict[Expr, str] = {}

    def raw(self, expr: Expr, low: int) -> str:
        """The expression minus `low`: what is stored in a field."""
        if expr in self.names:
            return _minus(self.names[expr], low)
        if is_const(expr):
            return str(expr.value - low)
        if expr.op in ("load", "next"):
            return self._load(expr, expr.value[0].low - low)
        if expr.op == "ite":
            c, a, b = expr.args
            return f"({self.raw(a, low)} if {self.truth(c)} else {self.raw(b, low)})"
        if expr.op == "add" and is_const(expr.args[1]):
            return self.raw(expr.args[0], low - expr.args[1].value)
        return _minus(self.number(expr), low)

    def number(self, expr: Expr) -> str:
        """The expression as an integer (or a Python bool, which is one)."""
        if expr in self.names:
            return self.names[expr]
        op, args = expr.op, expr.args
        if op == "const":
            return f"({expr.value})" if expr.value < 0 else str(expr.value)
        if op in ("load", "next"):
            return self._load(expr, expr.value[0].low)
        if op in ("loadat", "nextat"):
            return self._load_at(expr)
        if op == "ite" or (op == "add" and is_const(args[1])):
            return self.raw(expr, 0)
        if op in ("and", "or"):
            return f"(1 if {self.truth(expr)} else 0)"
        if op == "table":
            return f"{expr.value}[{self.number(args[0])}]"
        if op == "apply":
            return f"{expr.value.symbol}({', '.join(map(self.number, args))})"
        return self.truth(expr) if OPERATORS[op].truth else self._plain(expr)

    def _plain(self, expr: Expr) -> str:
        """A plain operator, as its row says."""
        row = OPERATORS[expr.op]
        texts = (self.truth if kind is Kind.CONDITION else self.number for kind in row.operands)
        return row.python.format(*(text(a) for text, a in zip(texts, expr.args)))

    def truth(self, expr: Expr) -> str:
        """The expression as a condition: any number, zero for false."""
        if expr in self.names:
            return self.names[expr]
        op, args = expr.op, expr.args
        if op in ("load", "next"):
            family, index = expr.value
            field = self.layout.fields[family]
            return (
                f"({_state(op)} & {hex(field.mask << field.shift(index))})"
                if family.low == 0
                else self.number(expr)
            )
        if op == "const":
            return "True" if expr.value else "False"
        if op == "and":
            return self.conjunction(args)
        if op == "or":
            return "(" + " or ".join(map(self.truth, args)) + ")"
        if op == "not":
            a = args[0]
            if a.op == "eq" and a not in self.names:
                return self._equation(a, "!=")
        if op == "eq":
            return self._equation(expr, "==")
        if op == "has" and is_const(args[1]) and args[0].op == "load" and args[0] not in self.names:
            family, index = args[0].value
            return f"(s & {hex(1 << self.layout.fields[family].shift(index) + args[1].value)})"
        return self._plain(expr) if OPERATORS[op].truth else self.number(expr)

    def conjunction(self, conditions: Iterable[Expr]) -> str:
        """All conditions; neighbouring tests of whole cells against constants become one masked
        comparison.
        """
        parts: list[str] = []
        mask = wanted = 0
        for c in conditions:
            test = self._masked(c)
            if test and test[0] & mask == 0:
                mask, wanted = mask | test[0], wanted | test[1]
                continue
            if mask:
                parts.append(_compare(mask, wanted))
                mask = wanted = 0
            if test:
                mask, wanted = test
            else:
                parts.append(self.truth(c))
        if mask:
            parts.append(_compare(mask, wanted))
        return parts[0] if len(parts) == 1 else "(" + " and ".join(parts) + ")"

    def _masked(self, c: Expr) -> tuple[int, int] | None:
        """Mask and wanted bits of a test `cell == constant` on the state before the step."""
        if c in self.names:
            return None
        want: int | None = None
        a = c
        if c.op == "eq" and is_const(c.args[1]):
            a, want = c.args[0], c.args[1].value
        elif c.op == "not":
            a, want = c.args[0], 0
        elif c.op == "load" and c.value[0].high == 1 and c.value[0].low == 0:
            want = 1
        if want is None or a.op != "load" or a in self.names:
            return None
        family, index = a.value
        if (c.op == "not" and (family.low, family.high) != (0, 1)) or not family.low <= want <= family.high:
            return None
        field = self.layout.fields[family]
        return field.mask << field.shift(index), want - family.low << field.shift(index)

    def _equation(self, expr: Expr, sign: str) -> str:
        test = self._masked(expr)
        if test:
            return f"(s & {hex(test[0])} {sign} {hex(test[1])})"
        a, b = expr.args
        if a.op == "load" and b.op == "load" and a.value[0].low == b.value[0].low:
            return f"({self.raw(a, a.value[0].low)} {sign} {self.raw(b, b.value[0].low)})"
        return f"({self.number(a)} {sign} {self.number(b)})"

    def _load(self, expr: Expr, add: int) -> str:
        family, index = expr.value
        field = self.layout.fields[family]
        shift = field.shift(index)
        text = f"{_state(expr.op)} >> {shift}" if shift else _state(expr.op)
        if shift + field.width < self.layout.bits:
            text = f"{text} & {hex(field.mask)}" if field.width > 3 else f"{text} & {field.mask}"
        return f"({text})" if not add else f"(({text}) {'+' if add > 0 else '-'} {abs(add)})"

    def _load_at(self, expr: Expr) -> str:
        field = self.layout.fields[expr.value]
        text = f"({_state(expr.op)} >> {self.shift_at(expr.value, expr.args[0])} & {hex(field.mask)})"
        low = expr.value.low
        return text if not low else f"({text} {'+' if low > 0 else '-'} {abs(low)})"

    def shift_at(self, family: ex.Family, index: Expr) -> str:
        """The bit at which the cell of a computed index begins."""
        field = self.layout.fields[family]
        if field.per_word is not None:
            i = self.number(index)
            word, place = f"{i} // {field.per_word} * {64 * field.stride}", f"{i} % {field.per_word}"
            return f"({field.offset} + {word} + {place} * {field.width})"
        scaled = self.number(index) if field.width == 1 else f"{self.number(index)} * {field.width}"
        return f"({scaled})" if not field.offset else f"({field.offset} + {scaled})"


def _state(op: str) -> str:
    return "t" if op.startswith("next") else "s"


def _compare(mask: int, wanted: int) -> str:
    if mask & (mask - 1) == 0:
        return f"s & {hex(mask)}" if wanted else f"not s & {hex(mask)}"
    return f"s & {hex(mask)} == {hex(wanted)}"


def _minus(text: str, low: int) -> str:
    return text if not low else f"({text} {'-' if low > 0 else '+'} {abs(low)})"


def total_parts(roots: Iterable[Expr], facts: Facts) -> set[Expr]:
    """The parts that can be computed anywhere, not only where their checks were made."""
    known: dict[Expr, bool] = {}
    for root in roots:
        for at in ex.walk(root):
            if at not in known:
                known[at] = all(known[a] for a in at.args) and _is_total(at, facts)
    return {at for at, total in known.items() if total}


def _is_total(at: Expr, facts: Facts) -> bool:
    """Whether an operator has a value for all that its operands may be."""
    if at.op in ("loadat", "nextat", "table"):
        low, high = interval(at.args[0], facts)
        return low >= 0 and high < (len(at.value) if at.op == "table" else at.value.size)
    defined = OPERATORS[at.op].defined
    return defined is None or defined(*interval(at.args[-1], facts))
