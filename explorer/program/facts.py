"""What is known of the values of expressions where a guard has held: bounds, and what conditions lead to.

Knows nothing of how expressions are rewritten.
"""

from __future__ import annotations

from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr, Family, is_const
from explorer.ir.operators import CONDITIONS, OPERATORS, Interval

DEEP = 4
"""Branches of `ite` in each other from which on nothing more is learned from conditions."""

Reads = tuple[int, int]
"""The cells that an expression reads, a bit for each (two, one for the state after the step), and how many
`ite` of it stand in each other."""


class Facts:
    """What is known where an expression is evaluated: intervals of expressions. Never changed, only extended.

    `settled` is known from the beginning, `known` was learned since. `memo` and `bounds` remember what became
    of expressions, `further` the facts that conditions led to. What is learned of cells that an expression
    does not read says nothing about it: such an expression is looked at under the facts before (`home`), so
    that a part of many conjuncts is visited once, not once for each conjunct.

    `depth` counts the branches of `ite` around; from DEEP on a branch learns nothing more, else nested ones
    would be visited once for every way to them.
    """

    __slots__ = (
        "bounds",
        "depth",
        "first",
        "further",
        "impossible",
        "known",
        "memo",
        "parent",
        "settled",
        "trail",
    )

    def __init__(self, settled: dict[Expr, Interval] | None = None):
        self.settled = settled if settled is not None else {}
        self.known: dict[Expr, Interval] = {}
        self.memo: dict[Expr, Expr] = {}
        self.bounds: dict[Expr, Interval] = {}
        self.further: dict[tuple[Expr, bool], Facts] = {}
        self.impossible, self.depth = False, 0
        self.parent: Facts | None = None
        self.first = self
        """Of the facts that led here, the first that are of the same branch, and possible as these are."""
        self.trail: dict[int, Facts] = {}
        """The cells that something was learned of since the first, and by which facts; the latest last."""

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        """What is known, without what is only remembered: a pickle is read sooner than that is useful."""
        remembered: dict[str, Any] = {"memo": {}, "bounds": {}, "further": {}}
        return None, {name: getattr(self, name) for name in self.__slots__} | remembered

    def of(self, expr: Expr) -> Interval | None:
        """What is known of a node itself, whatever its operands say."""
        return self.known.get(expr) or self.settled.get(expr)

    def assume(self, condition: Expr, holds: bool = True) -> Facts:
        """The facts where a (folded) condition holds, or does not; `impossible` where it cannot."""
        result = self.further.get((condition, holds))
        if result is None:
            result = self.further[condition, holds] = self._assume(condition, holds)
        return result

    def _assume(self, condition: Expr, holds: bool) -> Facts:
        consequences = _consequences(condition, holds, self)
        if not consequences:
            return self
        result = self._below()
        for expr, (low, high) in consequences:
            old_low, old_high = result.of(expr) or interval(expr, self)
            low, high = max(low, old_low), min(high, old_high)
            result.impossible = result.impossible or low > high
            result.known[expr] = (low, high)
        if result.impossible is self.impossible:
            result.first, result.trail = self.first, dict(self.trail)
            for mask in {reads(expr)[0] for expr, _ in consequences}:
                result.trail.pop(mask, None)
                result.trail[mask] = result
        return result

    def branches(self, condition: Expr) -> tuple[Facts, Facts]:
        """The facts in the two branches of an `ite`."""
        if self.depth >= DEEP:
            return self, self
        below = self.further.get((ex.TRUE, True))
        if below is None:
            below = self.further[ex.TRUE, True] = self._below()
            below.depth += 1
        return below.assume(condition), below.assume(condition, False)

    def _below(self) -> Facts:
        result = Facts(self.settled)
        result.known, result.parent = dict(self.known), self
        result.impossible, result.depth = self.impossible, self.depth
        return result

    def home(self, expr: Expr) -> Facts:
        """The earliest of the facts that led here that say as much about an expression."""
        if self.parent is None:
            return self
        cells, nested = reads(expr)
        at = self
        while True:
            for mask in reversed(at.trail):
                if mask & cells == mask:
                    return at.trail[mask]
            first = at.first
            before = first.parent
            if before is None or before.impossible is not first.impossible or first.depth + nested > DEEP:
                return first
            at = before


def reads(expr: Expr) -> Reads:
    """What an expression reads, remembered by its node."""
    if expr.reads is None:
        for at in ex.walk(expr):
            if at.reads is None:
                at.reads = _reads(at)
    result: Reads = expr.reads
    return result


def cells_of(family: Family, index: int | None, primed: bool) -> int:
    """The bit of a cell, before or after the step; of all cells of a family without an index."""
    if index is not None:
        return 1 << 2 * abs(family.first + index) + primed
    every: int = (1 << 2 * family.size) // 3  # 0b...0101
    return every << 2 * abs(family.first) + primed


def _reads(at: Expr) -> Reads:
    cells, nested = 0, 0
    for a in at.args:
        cells |= a.reads[0]
        nested = max(nested, a.reads[1])
    if at.op in ("load", "next"):
        family, index = at.value
        cells |= cells_of(family, index, at.op == "next")
    elif at.op in ("loadat", "nextat"):
        cells |= cells_of(at.value, None, at.op == "nextat")
    return cells, nested + (at.op == "ite")


def _consequences(c: Expr, holds: bool, facts: Facts) -> list[tuple[Expr, Interval]]:
    op, args = c.op, c.args
    if is_const(c):
        return [] if bool(c.value) == holds else [(c, (1, 0))]
    if op == "not":
        return _consequences(args[0], not holds, facts)
    if op == ("and" if holds else "or"):
        return [k for a in args for k in _consequences(a, holds, facts)]
    result = [(c, (1, 1) if holds else (0, 0))]
    if op in ("and", "or"):
        return result + _in_common([dict(_consequences(a, holds, facts)) for a in args])
    if op in ("eq", "lt", "le"):
        result += _comparison(op, args[0], args[1], holds, facts)
    return result


def _in_common(cases: list[dict[Expr, Interval]]) -> list[tuple[Expr, Interval]]:
    """What follows from each of several cases follows from all: the hull of the intervals."""
    common = [expr for expr in cases[0] if all(expr in case for case in cases)]
    return [
        (expr, (min(case[expr][0] for case in cases), max(case[expr][1] for case in cases)))
        for expr in common
    ]


def _comparison(op: str, a: Expr, b: Expr, holds: bool, facts: Facts) -> list[tuple[Expr, Interval]]:
    (al, ah), (bl, bh) = interval(a, facts), interval(b, facts)
    if op == "eq":
        if holds:
            both = (max(al, bl), min(ah, bh))
            return [(x, both) for x in (a, b) if not is_const(x)]
        out = []
        for x, (xl, xh), (yl, yh) in ((a, (al, ah), (bl, bh)), (b, (bl, bh), (al, ah))):
            if not is_const(x) and yl == yh and yl in (xl, xh):
                out.append((x, (xl + 1, xh) if yl == xl else (xl, xh - 1)))
        return out
    if op == "lt":
        left, right = (
            ((al, min(ah, bh - 1)), (max(bl, al + 1), bh))
            if holds
            else ((max(al, bl), ah), (bl, min(bh, ah)))
        )
    else:
        left, right = (
            ((al, min(ah, bh)), (max(bl, al), bh))
            if holds
            else ((max(al, bl + 1), ah), (bl, min(bh, ah - 1)))
        )
    return [(x, k) for x, k in ((a, left), (b, right)) if not is_const(x)]


def interval(expr: Expr, facts: Facts) -> Interval:
    """Bounds of an expression's value, both included."""
    facts = facts.home(expr)
    result = facts.bounds.get(expr)
    if result is None:
        result = facts.bounds[expr] = _interval(expr, facts)
    return result


def _interval(expr: Expr, facts: Facts) -> Interval:
    low, high = operand_bounds(expr, facts)
    known = facts.of(expr) or (low, high)
    narrow = max(low, known[0]), min(high, known[1])
    return (
        narrow if narrow[0] <= narrow[1] else (low, high)
    )  # contradictory facts: nothing is evaluated there


def operand_bounds(expr: Expr, facts: Facts) -> Interval:
    """Bounds of a node's value as its operands give them, whatever is known of the node itself."""
    op, args = expr.op, expr.args
    if op == "const":
        return expr.value, expr.value
    if op in ("load", "next"):
        return expr.value[0].low, expr.value[0].high
    if op in ("loadat", "nextat"):
        return expr.value.low, expr.value.high
    if op in CONDITIONS:
        return 0, 1
    if op == "table":
        return min(expr.value), max(expr.value)
    if op == "apply":
        return expr.value.low, expr.value.high
    if op == "ite":
        yes, no = facts.branches(args[0])
        reached = [(a, f) for a, f in ((args[1], yes), (args[2], no)) if not f.impossible]
        sides = [interval(a, f) for a, f in reached or ((args[1], facts), (args[2], facts))]
        return min(low for low, _ in sides), max(high for _, high in sides)
    bounds = OPERATORS[op].bounds
    assert bounds is not None, op
    return bounds(*(interval(a, facts) for a in args))
