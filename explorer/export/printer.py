"""Expressions as text in languages that tell integers from truth values. Knows nothing of single languages: a
`Dialect` says how each writes operators.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from explorer.export.flat import CannotSay
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Family
from explorer.program.facts import Facts, interval

LOGIC = ("and", "or", "not", "eq", "lt", "le", "has")
"""Operators whose value is a truth value."""

ARITHMETIC = {
    "lt": "({0} < {1})",
    "le": "({0} <= {1})",
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "neg": "(-({0}))",
    "mod": "({0} % {1})",
}
MASKS = {
    "bor": "({0} | {1})",
    "band": "({0} & {1})",
    "bandnot": "({0} & ~{1})",
    "bit": "(1 << {0})",
    "has": "((({0} >> {1}) & 1) != 0)",
}
"""What all languages here write alike, and sets as numbers in those that have such."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a language writes operators, each with `{0}`, `{1}` for its operands.

    `cell` writes a place to read or assign; `offset` is what must be added to its content to have the code.
    `value` names a code of a family, where it has a name. `apply` writes what is done to a memory.
    """

    words: dict[str, str]
    cell: Callable[[Family, str | int], str]
    offset: Callable[[Family], int]
    value: Callable[[Family | None, int], str | None]
    apply: Callable[[Expr, Callable[[Expr], str]], str]
    literal: Callable[[int], str] = str
    true: str = "true"
    false: str = "false"


class Printer:
    """Expressions as text. CannotSay names an operator that has no counterpart."""

    def __init__(self, dialect: Dialect):
        self.dialect = dialect

    def truth(self, expr: Expr) -> str:
        """The expression as a condition."""
        d, op = self.dialect, expr.op
        if op == "const":
            return d.true if expr.value else d.false
        if op in ("and", "or"):
            return "(" + d.words[op].join(map(self.truth, expr.args)) + ")"
        if op == "not" and expr.args[0].op == "eq":
            return self._comparison(expr.args[0], "ne")
        if op == "not" and expr.args[0].op not in (*LOGIC, "const", "ite"):
            return self._comparison(ex.equal(expr.args[0], ex.const(0)), "eq")
        if op == "not":
            return d.words["not"].format(self.truth(expr.args[0]))
        if op in ("eq", "lt", "le"):
            return self._comparison(expr, op)
        if op == "has":
            return d.words["has"].format(*map(self.number, expr.args))
        if op == "ite":
            return d.words["if"].format(*map(self.truth, expr.args))
        family = ex.family_of(expr)
        if family is not None and d.value(family, 1) is not None:
            return self._comparison(ex.equal(expr, ex.const(1)), "eq")
        return d.words["ne"].format(self.number(expr), "0")

    def number(self, expr: Expr, base: int = 0, family: Family | None = None) -> str:
        """The expression minus `base` as an integer; codes of `family` by their names where `base` is its
        offset.
        """
        d, op = self.dialect, expr.op
        if op == "const":
            named = d.value(family, expr.value) if family and base == d.offset(family) else None
            return named or d.literal(expr.value - base)
        if op in ("load", "loadat"):
            read = expr.value[0] if op == "load" else expr.value
            text = d.cell(read, expr.value[1] if op == "load" else self.number(expr.args[0]))
            return _plus(text, d.offset(read) - base)
        if op == "ite":
            branches = (self.number(a, base, family) for a in expr.args[1:])
            return d.words["if"].format(self.truth(expr.args[0]), *branches)
        if op in LOGIC:
            return d.words["if"].format(self.truth(expr), str(1 - base), str(-base))
        if op == "table":
            return self._table(expr, base, family)
        if op == "apply":
            return _plus(d.apply(expr, self.number), -base)
        return _plus(self._arithmetic(expr), -base)

    def _arithmetic(self, expr: Expr) -> str:
        words, op = self.dialect.words, expr.op
        if op == "popcount":
            members = interval(expr.args[0], Facts())[1].bit_length()
            held = [words["has"].format(self.number(expr.args[0]), i) for i in range(members)]
            return "(" + " + ".join(words["if"].format(one, "1", "0") for one in held) + ")" if held else "0"
        if op in ("mod", "floordiv"):
            a, b = map(self.number, expr.args)
            quotient = self._quotient(expr, a, b)
            if op == "floordiv":
                return quotient
            plain = words["mod"].format(a, b)
            return plain if _natural(expr) else words["sub"].format(a, words["mul"].format(quotient, b))
        if op not in words:
            raise CannotSay(f"`{show(expr)}`: the operator {op}")
        return words[op].format(*map(self.number, expr.args))

    def _quotient(self, expr: Expr, a: str, b: str) -> str:
        """Python's quotient, rounded down, from one that is right for a natural and a positive number."""
        words = self.dialect.words
        if _natural(expr):
            return words["floordiv"].format(a, b)

        def rounded(a: str, b: str) -> str:
            below = words["floordiv"].format(words["sub"].format(words["sub"].format(b, "1"), a), b)
            return words["if"].format(
                words["le"].format("0", a), words["floordiv"].format(a, b), words["neg"].format(below)
            )

        low, high = interval(expr.args[1], Facts())
        if low > 0:
            return rounded(a, b)
        turned = rounded(words["neg"].format(a), words["neg"].format(b))
        return turned if high < 0 else words["if"].format(words["lt"].format("0", b), rounded(a, b), turned)

    def _table(self, expr: Expr, base: int, family: Family | None) -> str:
        """A constant by its index, as a choice for each run of equal constants."""
        index = self.number(expr.args[0])
        runs = [(value, len(list(same))) for value, same in groupby(expr.value)]
        *firsts, (last, _) = runs
        text, end = self.number(ex.const(last), base, family), len(expr.value) - runs[-1][1]
        for value, length in reversed(firsts):
            here = self.number(ex.const(value), base, family)
            text = self.dialect.words["if"].format(self.dialect.words["lt"].format(index, end), here, text)
            end -= length
        return text

    def _comparison(self, expr: Expr, word: str) -> str:
        """Both sides are shifted alike, so that a cell kept with an offset is compared as it is."""
        families = [f for f in map(ex.family_of, expr.args) if f is not None]
        base = next((o for f in families if (o := self.dialect.offset(f))), 0)
        family = families[0] if families else None
        sides = (self.number(arg, base, family) for arg in expr.args)
        return self.dialect.words[word].format(*sides)


def _natural(expr: Expr) -> bool:
    """Whether a quotient or remainder is that of a natural and a positive number, which all languages have
    alike.
    """
    return interval(expr.args[0], Facts())[0] >= 0 < interval(expr.args[1], Facts())[0]


def _plus(text: str, offset: int) -> str:
    return f"({text} {'+' if offset > 0 else '-'} {abs(offset)})" if offset else text
