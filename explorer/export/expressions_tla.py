"""Expressions of a ground model in TLA+: sets are sets, everything else is an integer."""

from __future__ import annotations

from explorer.export.flat import CannotSay
from explorer.export.printer import ARITHMETIC, Printer
from explorer.ir import expressions as ex
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Family
from explorer.ir.types import SetType

AND, OR = " /\\ ", " \\/ "
WORDS = {
    **ARITHMETIC,
    "and": AND,
    "or": OR,
    "not": "~({0})",
    "if": "(IF {0} THEN {1} ELSE {2})",
    "eq": "({0} = {1})",
    "ne": "({0} # {1})",
    "floordiv": "({0} \\div {1})",
}
SETS = {"bor": "({0} \\union {1})", "band": "({0} \\intersect {1})", "bandnot": "({0} \\ {1})"}


class Sets(Printer):
    """Expressions whose sets are sets."""

    def is_set(self, expr: Expr) -> bool:
        """Whether the value is a set; a constant alone does not tell."""
        if expr.op == "ite":
            return any(map(self.is_set, expr.args[1:]))
        family = ex.family_of(expr)
        return expr.op in (*SETS, "bit") or (family is not None and isinstance(family.type, SetType))

    def set(self, expr: Expr) -> str:
        """An expression as a set of the numbers of its members."""
        if expr.op == "const":
            return (
                "{" + ", ".join(str(i) for i in range(expr.value.bit_length()) if expr.value >> i & 1) + "}"
            )
        if expr.op == "ite":
            return WORDS["if"].format(self.truth(expr.args[0]), *map(self.set, expr.args[1:]))
        if expr.op == "bit":
            return f"{{{self.number(expr.args[0])}}}"
        if expr.op in SETS:
            return SETS[expr.op].format(*map(self.set, expr.args))
        if self.is_set(expr):
            return super().number(expr)
        raise CannotSay(f"`{show(expr)}`: a number as a set")

    def truth(self, expr: Expr) -> str:
        op, args = expr.op, expr.args
        if op == "has":
            return f"({self.number(args[1])} \\in {self.set(args[0])})"
        if op == "eq" and any(map(self.is_set, args)):
            return f"({self.set(args[0])} = {self.set(args[1])})"
        if op == "not" and args[0].op == "eq" and any(map(self.is_set, args[0].args)):
            return f"({self.set(args[0].args[0])} # {self.set(args[0].args[1])})"
        if op == "not" and self.is_set(args[0]):
            return f"({self.set(args[0])} = {{}})"
        if self.is_set(expr):
            return f"({self.set(expr)} # {{}})"
        return super().truth(expr)

    def number(self, expr: Expr, base: int = 0, family: Family | None = None) -> str:
        if expr.op == "popcount":
            return f"Cardinality({self.set(expr.args[0])})"
        if expr.op == "has":
            return WORDS["if"].format(self.truth(expr), "1", "0")
        if self.is_set(expr):
            raise CannotSay(f"`{show(expr)}`: a set as a number")
        return super().number(expr, base, family)


def literal(number: int) -> str:
    """A number; TLA+ has no `2 * -1`."""
    return f"({number})" if number < 0 else str(number)


def once(written: str, meaning: str) -> str:
    """A condition as one that TLC does not take apart into its disjuncts."""
    return f"TRUE = {written}" if OR in meaning else written


def comment(text: str) -> str:
    """A comment on one line."""
    return f"\\* {' '.join(text.split())}"
