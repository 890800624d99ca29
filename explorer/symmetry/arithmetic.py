"""Normal forms of arithmetic and of sets, on top of `terms.py`. Knows nothing of states."""

from __future__ import annotations

from collections.abc import Callable

from explorer.ir.operators import CONDITIONS, OPERATORS
from explorer.symmetry.terms import Terms, inverse, moved

_TRANSPARENT = ("ite", "case", "table", "permuted", "has", "at", "loadat", "nextat")
"""Operators whose operands are looked into for choices that a condition settles."""


class Arithmetic(Terms):
    """Sums are linear: factors by term. A permutation of a set's members is kept outside of the operations on
    sets.
    """

    # What a condition settles.

    def assuming(self, condition: int, x: int) -> int:
        """The value of x as far as it matters where a condition holds: choices that the condition settles are
        taken.
        """
        op, _, args = self.nodes[condition]
        for fact in args if op == "and" else (condition,):
            table = self._as_table(fact)
            if table is not None:
                x = self._settle_choice(x, *table)
        return x

    def _settle_choice(self, x: int, by: int, low: int, open_values: tuple[int, ...]) -> int:
        """Choices by the value of `by` without the branches of values that are not open."""
        op, value, args = self.nodes[x]
        if op == "case" and args[0] == by and value == low:
            kept = [b for b, is_open in zip(args[1:], open_values) if is_open]
            if not kept:
                return x
            return self._case(by, low, [b if o else kept[0] for b, o in zip(args[1:], open_values)])
        inner = [self._settle_choice(a, by, low, open_values) for a in args] if op in _TRANSPARENT else []
        if inner == list(args) or not inner:
            return x
        if op == "case":
            return self._case(inner[0], value, inner[1:])
        if op == "table":
            values = dict(enumerate(value[1], value[0]))
            return self.unary(lambda v: values.get(v, v), inner[0])
        if op == "permuted":
            return self.permuted(value, inner[0])
        if op == "ite":
            return self.make_ite(*inner)
        if op == "has":
            return self.make_has(*inner)
        return self.node(op, value, tuple(inner), self.bounds[x])

    def plain(self, op: str, args: list[int]) -> int:
        """A plain operator without a normal form of its own."""
        value = OPERATORS[op].value
        assert value is not None, op
        if len(args) == 1:
            return self.unary(value, args[0])
        if all(map(self.is_const, args)):
            return self.const(value(*map(self.value, args)))
        return self.node(op, None, tuple(args), (0, 1) if op in CONDITIONS else None)

    # Numbers.

    def make_add(self, a: int, b: int) -> int:
        return self._sum([(1, a), (1, b)])

    def make_sub(self, a: int, b: int) -> int:
        return self._sum([(1, a), (-1, b)])

    def make_neg(self, a: int) -> int:
        return self._sum([(-1, a)])

    def _sum(self, parts: list[tuple[int, int]]) -> int:
        terms: dict[int, int] = {}
        constant = 0
        for factor, part in parts:
            op, value, args = self.nodes[part]
            added, inner = (
                (value, [])
                if op == "const"
                else (value[0], list(zip(value[1], args)))
                if op == "sum"
                else (0, [(1, part)])
            )
            constant += factor * added
            for c, a in inner:
                terms[a] = terms.get(a, 0) + factor * c
        kept = sorted((a, c) for a, c in terms.items() if c)
        if not kept:
            return self.const(constant)
        if len(kept) == 1 and self._as_table(kept[0][0]):
            return self.unary(lambda v: kept[0][1] * v + constant, kept[0][0])
        bounds: tuple[int, int] | None = (constant, constant)
        for a, c in kept:
            interval = self.bounds[a]
            ends = sorted((c * interval[0], c * interval[1])) if interval else []
            bounds = (bounds[0] + ends[0], bounds[1] + ends[1]) if bounds and ends else None
        return self.node("sum", (constant, tuple(c for _, c in kept)), tuple(a for a, _ in kept), bounds)

    def make_mul(self, a: int, b: int) -> int:
        if self.is_const(a):
            a, b = b, a
        if self.is_const(b):
            return self._sum([(self.value(b), a)])
        return self.node("mul", None, tuple(sorted((a, b))))

    def make_floordiv(self, a: int, b: int) -> int:
        return self._divide("floordiv", int.__floordiv__, a, b)

    def make_mod(self, a: int, b: int) -> int:
        return self._divide("mod", int.__mod__, a, b)

    def _divide(self, op: str, function: Callable[[int, int], int], a: int, b: int) -> int:
        if self.is_const(b) and self.value(b) and self._as_table(a):
            divisor = self.value(b)
            return self.unary(lambda v: function(v, divisor), a)
        return self.node(op, None, (a, b))

    # Sets.

    def permuted(self, bits: tuple[int, ...], x: int) -> int:
        op, value, args = self.nodes[x]
        if all(i == j for i, j in enumerate(bits)):
            return x
        if op == "const":
            return self.const(moved(value, bits))
        if op == "permuted":
            return self.permuted(tuple(bits[i] for i in value), args[0])
        if op in ("ite", "case"):
            return self._inside_choice(x, lambda branch: self.permuted(bits, branch))
        if op == "bit":
            return self.make_bit(self.unary(lambda i: bits[i] if 0 <= i < len(bits) else i, args[0]))
        return self.node("permuted", bits, (x,))

    def _sets(self, op: str, a: int, b: int) -> int:
        for x in (a, b):
            if self.nodes[x][0] == "permuted":
                bits = self.nodes[x][1]
                back = inverse(bits)
                return self.permuted(bits, self._sets(op, self.permuted(back, a), self.permuted(back, b)))
        return self.node(op, None, (a, b) if op == "bandnot" else tuple(sorted((a, b))))

    def make_bor(self, a: int, b: int) -> int:
        return self._sets("bor", a, b)

    def make_band(self, a: int, b: int) -> int:
        return self._sets("band", a, b)

    def make_bandnot(self, a: int, b: int) -> int:
        return self._sets("bandnot", a, b)

    def make_bit(self, i: int) -> int:
        return (
            self.const(1 << self.value(i))
            if self.is_const(i) and self.value(i) >= 0
            else self.node("bit", None, (i,))
        )

    def make_has(self, mask: int, i: int) -> int:
        op, bits, args = self.nodes[mask]
        if op == "permuted":
            back = inverse(bits)
            return self.make_has(args[0], self.unary(lambda v: back[v] if 0 <= v < len(back) else v, i))
        if self.is_const(mask) and self._as_table(i):
            known = self.value(mask)
            return self.unary(lambda v: known >> v & 1 if v >= 0 else 0, i)
        return self.node("has", None, (mask, i), (0, 1))

    def make_popcount(self, mask: int) -> int:
        op, value, args = self.nodes[mask]
        if op == "permuted":
            return self.make_popcount(args[0])
        return (
            self.const(value.bit_count()) if op == "const" else self.node("popcount", None, (mask,), (0, 62))
        )
