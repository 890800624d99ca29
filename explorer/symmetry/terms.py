"""Terms over finite values as numbers, in a normal form: equal numbers mean equal values. Logic, choices and
comparisons.

A function of one finite value is a table of results, so that tables compose and an identity table vanishes;
operands of commutative operators are sorted. Knows nothing of states.

The result is a number to compare. Code is made from expressions that `program/simplify.py` made small, which
keeps order and laziness and uses facts (decision 0019 says why there are two).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SMALL = 1024
"""Values that a table may have."""

TRUTHS = ((0, 0), (0, 1), (1, 1))
"""Bounds of a condition."""

Node = tuple[str, Any, tuple[int, ...]]


class Terms:
    """Numbers for nodes, shared by all terms that are to be compared; `bounds` are of a node's value, where
    they are known.
    """

    def __init__(self) -> None:
        self.numbers: dict[Node, int] = {}
        self.nodes: list[Node] = []
        self.bounds: list[tuple[int, int] | None] = []

    def node(self, op: str, value: Any, args: tuple[int, ...], bounds: tuple[int, int] | None = None) -> int:
        key = (op, value, args)
        result = self.numbers.get(key)
        if result is None:
            result = self.numbers[key] = len(self.nodes)
            self.nodes.append(key)
            self.bounds.append(bounds)
        return result

    def opaque(self) -> int:
        """A number that equals no other."""
        return self.node("opaque", len(self.nodes), ())

    # Functions of one value, and what is made of them.

    def const(self, value: int) -> int:
        return self.node("const", value, (), (value, value))

    def is_const(self, number: int) -> bool:
        return self.nodes[number][0] == "const"

    def value(self, number: int) -> int:
        result: int = self.nodes[number][1]
        return result

    def unary(self, function: Callable[[int], int], x: int) -> int:
        """A function of one value, as a table where the value has few results."""
        op, value, args = self.nodes[x]
        if op == "const":
            return self.const(function(value))
        if op == "table":
            return self._table(args[0], value[0], tuple(map(function, value[1])))
        if op in ("ite", "case"):
            return self._inside_choice(x, lambda branch: self.unary(function, branch))
        bounds = self.bounds[x]
        if bounds is None or bounds[1] - bounds[0] >= SMALL:
            return self.opaque()
        return self._table(x, bounds[0], tuple(map(function, range(bounds[0], bounds[1] + 1))))

    def _inside_choice(self, x: int, change: Callable[[int], int]) -> int:
        """A choice with its results changed."""
        op, value, args = self.nodes[x]
        if op == "ite":
            return self.make_ite(args[0], change(args[1]), change(args[2]))
        return self._case(args[0], value, list(map(change, args[1:])))

    def _table(self, x: int, low: int, values: tuple[int, ...]) -> int:
        if len(set(values)) == 1:
            return self.const(values[0])
        if all(value == low + i for i, value in enumerate(values)):
            return x
        return self.node("table", (low, values), (x,), (min(values), max(values)))

    def _as_table(self, x: int) -> tuple[int, int, tuple[int, ...]] | None:
        """A finite value as a table of another (or of itself)."""
        op, value, args = self.nodes[x]
        if op == "table":
            return args[0], value[0], value[1]
        bounds = self.bounds[x]
        if op == "const" or bounds is None or bounds[1] - bounds[0] >= SMALL:
            return None
        return x, bounds[0], tuple(range(bounds[0], bounds[1] + 1))

    # Logic.

    def both(self, args: list[int]) -> int:
        return self._logic("and", args, 1)

    def make_and(self, *args: int) -> int:
        return self._logic("and", list(args), 1)

    def make_or(self, *args: int) -> int:
        return self._logic("or", list(args), 0)

    def _logic(self, op: str, args: list[int], neutral: int) -> int:
        result: set[int] = set()
        for a in args:
            if self.is_const(a):
                if bool(self.value(a)) != bool(neutral):
                    return self.const(1 - neutral)
            elif self.nodes[a][0] == op:
                result.update(self.nodes[a][2])
            else:
                result.add(a)
        merged = self._settled(result, neutral)
        if merged is not None:
            return self._logic(op, merged, neutral)
        if len(result) <= 1:
            return result.pop() if result else self.const(neutral)
        return self.node(op, None, tuple(sorted(result)), (0, 1))

    def _settled(self, equations: set[int], neutral: int) -> list[int] | None:
        """Operands with choices by a value resolved where other operands that test the same value settle the
        result; None if none is.
        """
        for a in equations:
            if neutral and self.nodes[a][0] == "eq":
                new = self._same_choice(a, equations)
                if new is not None:
                    return [*(equations - {a}), new]
        cases = [a for a in equations if self.nodes[a][0] == "case"]
        for case in cases:
            x, low, branches = self.nodes[case][2][0], self.nodes[case][1], list(self.nodes[case][2][1:])
            tests = {
                a: table
                for a in equations
                if a != case
                for table in (self._as_table(a),)
                if table and table[:2] == (x, low)
            }
            if tests:
                settled = [
                    all(bool(values[i]) == bool(neutral) for _, _, values in tests.values())
                    for i in range(len(branches))
                ]
                new = self._case(
                    x, low, [b if open else self.const(1 - neutral) for b, open in zip(branches, settled)]
                )
                if new != case:
                    return [*(equations - {case}), new]
        return None

    def _same_choice(self, equation: int, equations: set[int]) -> int | None:
        """An equation of two choices, by values that another operand says are equal, as one choice; None
        where it is none.
        """
        _, ranks, args = self.nodes[equation]
        (op_a, low_a, a), (op_b, low_b, b) = (self.nodes[x] for x in args)
        if (
            not op_a == op_b == "case"
            or low_a != low_b
            or len(a) != len(b)
            or (ranks and ranks != (tuple(range(len(ranks[0]))),) * 2)
        ):
            return None
        if self.make_eq(a[0], b[0]) not in equations:
            return None
        return self._case(a[0], low_a, [self.make_eq(x, y) for x, y in zip(a[1:], b[1:])])

    def make_not(self, a: int) -> int:
        op, _, args = self.nodes[a]
        if op == "not":
            return args[0]
        return (
            self.node("not", None, (a,), (0, 1))
            if op in ("and", "or")
            else self.unary(lambda v: int(not v), a)
        )

    def make_ite(self, c: int, a: int, b: int) -> int:
        if self.is_const(c):
            return a if self.value(c) else b
        if a == b:
            return a
        if self.nodes[c][0] == "not":
            c, a, b = self.nodes[c][2][0], b, a
        if self.is_const(a) and self.is_const(b):
            as_table = self._as_table(c)
            if self.nodes[c][0] not in ("and", "or") and as_table is not None:
                return self.unary(lambda v: self.value(a) if v else self.value(b), c)
            if (self.value(a), self.value(b)) == (1, 0):
                return c
        if self.nodes[c][0] == "table":
            x, (low, values) = self.nodes[c][2][0], self.nodes[c][1]
            return self._case(x, low, [a if v else b for v in values])
        if all(self.bounds[x] in TRUTHS for x in (c, a, b)):
            if self.is_const(a):
                return self.make_or(c, b) if self.value(a) else self.make_and(self.make_not(c), b)
            if self.is_const(b):
                return self.make_or(self.make_not(c), a) if self.value(b) else self.make_and(c, a)
        op, _, args = self.nodes[b]
        if op == "ite" and args[1] == a:
            return self.make_ite(self.make_or(c, args[0]), a, args[2])
        op, _, args = self.nodes[a]
        if op == "ite" and args[2] == b:
            return self.make_ite(self.make_and(c, args[0]), args[1], b)
        low_a, low_b = self.bounds[a], self.bounds[b]
        bounds = (min(low_a[0], low_b[0]), max(low_a[1], low_b[1])) if low_a and low_b else None
        return self.node("ite", None, (c, a, b), bounds)

    def _case(self, x: int, low: int, branches: list[int]) -> int:
        """A choice by the value of x, with choices by the same value inside it resolved."""
        for i, branch in enumerate(branches):
            op, value, args = self.nodes[branch]
            if op == "case" and args[0] == x:
                branches[i] = args[1 + i]
            elif op == "table" and args[0] == x:
                branches[i] = self.const(value[1][i])
        if len(set(branches)) == 1:
            return branches[0]
        if all(map(self.is_const, branches)):
            return self._table(x, low, tuple(map(self.value, branches)))
        odd = sorted(set(branches))
        fixed = next((b for b in odd if self.is_const(b) and self.value(b) in (0, 1)), None)
        if len(odd) == 2 and fixed is not None and all(self.bounds[b] in TRUTHS for b in odd):
            absorbing = self.value(fixed)
            other = odd[1 - odd.index(fixed)]
            test = self._table(x, low, tuple(absorbing if b == fixed else 1 - absorbing for b in branches))
            return self._logic("or" if absorbing else "and", [test, other], 1 - absorbing)
        all_bounds = [self.bounds[b] for b in branches]
        known = [b for b in all_bounds if b is not None]
        bounds = (min(b[0] for b in known), max(b[1] for b in known)) if len(known) == len(branches) else None
        return self.node("case", low, (x, *branches), bounds)

    # Comparisons.

    def make_eq(self, a: int, b: int) -> int:
        if a == b:
            return self.const(1)
        if self.is_const(a):
            a, b = b, a
        if self.is_const(b):
            return self._equals(a, self.value(b))
        op_a, op_b = self.nodes[a], self.nodes[b]
        if op_a[0] == op_b[0] == "permuted" and op_a[1] == op_b[1]:
            return self.make_eq(op_a[2][0], op_b[2][0])
        f, g = self._as_table(a), self._as_table(b)
        if f is None or g is None:
            return self.node("eq", None, tuple(sorted((a, b))), (0, 1))
        if f[0] == g[0] and f[1] == g[1] and len(f[2]) == len(g[2]):
            return self._table(f[0], f[1], tuple(int(u == v) for u, v in zip(f[2], g[2])))
        if f[0] > g[0]:
            f, g = g, f
        ranks: dict[int, int] = {}
        left, right = (tuple(ranks.setdefault(v, len(ranks)) for v in table[2]) for table in (f, g))
        return self.node("eq", (left, right), (f[0], g[0]), (0, 1))

    def _equals(self, a: int, wanted: int) -> int:
        op, value, args = self.nodes[a]
        if op == "permuted":
            return self._equals(args[0], moved(wanted, inverse(value)))
        if op in ("ite", "case"):
            return self._inside_choice(a, lambda branch: self._equals(branch, wanted))
        bounds = self.bounds[a]
        if op in ("const", "table") or (bounds is not None and bounds[1] - bounds[0] < SMALL):
            return self.unary(lambda v: int(v == wanted), a)
        return self.node("equals", wanted, (a,), (0, 1))

    def make_lt(self, a: int, b: int) -> int:
        return self._order("lt", a, b)

    def make_le(self, a: int, b: int) -> int:
        return self._order("le", a, b)

    def _order(self, op: str, a: int, b: int) -> int:
        holds = int.__lt__ if op == "lt" else int.__le__
        if a == b:
            return self.const(int(op == "le"))
        if self.is_const(b) and self._as_table(a):
            limit = self.value(b)
            return self.unary(lambda v: int(holds(v, limit)), a)
        if self.is_const(a) and self._as_table(b):
            least = self.value(a)
            return self.unary(lambda v: int(holds(least, v)), b)
        return self.node(op, None, (a, b), (0, 1))


def inverse(bits: tuple[int, ...]) -> tuple[int, ...]:
    result = [0] * len(bits)
    for source, target in enumerate(bits):
        result[target] = source
    return tuple(result)


def moved(mask: int, bits: tuple[int, ...]) -> int:
    return sum(1 << bits[i] for i in range(len(bits)) if mask >> i & 1)
