"""Normal forms of expressions as numbers: equal numbers mean equal values in every state. Knows nothing of
proofs.

`Normal.of(expr, renaming)` is the number of what the expression reads in the *renamed* state, as a function
of the state itself. `require(ok, x)` is x as far as it matters where ok holds: whether an expression has a
value is another question, put by its checks. Where a partial operator has no value any value does, since
nobody looks at it. So the unused slots of a queue, which a renaming leaves alone, do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr, Family
from explorer.symmetry.applied import Applied
from explorer.symmetry.permutation import FamilyStructure, Renaming


class Normal(Applied):
    """The normal forms of a model's expressions, read in the state or in a renamed one."""

    def __init__(self, structure: dict[Family, FamilyStructure]):
        super().__init__()
        self.structure = structure
        self.memo: dict[Renaming | None, dict[Expr, int]] = {}
        self.digits: dict[tuple[int, Expr], list[Expr] | None] = {}

    def of(self, expr: Expr, renaming: Renaming | None = None) -> int:
        memo = self.memo.setdefault(renaming, {})
        stack = [] if expr in memo else [expr]
        while stack:
            at = stack[-1]
            left = [a for a in at.args if a not in memo]
            if left:
                stack.extend(left)
                continue
            stack.pop()
            if at not in memo:
                memo[at] = self._of(at, [memo[a] for a in at.args], renaming)
        return memo[expr]

    def _of(self, at: Expr, args: list[int], renaming: Renaming | None) -> int:
        op = at.op
        if op == "const":
            return self.const(at.value)
        if op in ("load", "next"):
            family, index = at.value
            return self._load(op, family, index, renaming)
        if op in ("loadat", "nextat"):
            return self._load_at(op, at.value, at.args[0], renaming)
        if op == "require":
            return self.assuming(args[0], args[1])
        if op == "apply":
            return self.applied(at.value, args, renaming)
        make = getattr(self, f"make_{op}", None)
        result: int = make(*args) if make is not None else self.plain(op, args)
        return result

    # Reads.

    def _load(self, op: str, family: Family, index: int, renaming: Renaming | None) -> int:
        cell = family.first + index
        source = cell if renaming is None else renaming.sources[cell]
        read = self.node(op, source, (), (family.low, family.high))
        if renaming is None or source not in renaming.needs:
            return read
        present = self.both(
            [
                self.unary(partial(_reaches, least), self.cell(op, needed))
                for needed, least in renaming.needs[source][1]
            ]
        )
        return self.make_ite(present, self.renamed(family, read, renaming), read)

    def cell(self, op: str, cell: int) -> int:
        """The number of a plain read of a cell."""
        family = next(f for f in self.structure if f.first <= cell < f.first + f.size)
        return self.node(op, cell, (), (family.low, family.high))

    def renamed(self, family: Family, value: int, renaming: Renaming) -> int:
        """What a code of the family becomes."""
        return self.moved(family.type, value, renaming)

    def _load_at(self, op: str, family: Family, index: Expr, renaming: Renaming | None) -> int:
        at = self.index(family, index, renaming)
        read = self.node(op, family.number, (at,), (family.low, family.high))
        if renaming is None or not renaming.changes(family.type):
            return read
        if self.structure[family].presence:
            return self.opaque()
        return self.renamed(family, read, renaming)

    def index(self, family: Family, index: Expr, renaming: Renaming | None) -> int:
        """The cell of the state itself that a computed index means in the renamed one, as one number."""
        digits = self._digits(family, index)
        tables = None if renaming is None else renaming.digit_tables(family)
        if digits is None:
            return self.of(index, renaming) if tables is None else self.opaque()
        result = [self.of(digit, renaming) for digit in digits]
        for k, table in enumerate(tables or ()):
            if table is not None:
                back = {target: source for source, target in enumerate(table)}
                result[k] = self.unary(partial(_replaced, back), result[k])
        return self.node("at", None, tuple(result))

    def _digits(self, family: Family, index: Expr) -> list[Expr] | None:
        """A linear index taken apart; None where it cannot be, or a part may lie outside."""
        key = family.number, index
        if key not in self.digits:
            self.digits[key] = self._taken_apart(family, index)
        return self.digits[key]

    def _taken_apart(self, family: Family, index: Expr) -> list[Expr] | None:
        family_structure = self.structure[family]
        result: list[Expr] = []
        for digit in reversed(family_structure.digits[1:]):
            index, last = _split(index, digit.size)
            result.append(last)
        result.append(index)
        result.reverse()
        if len(result) > 1 and not all(
            self._inside(part, digit.size) for part, digit in zip(result, family_structure.digits)
        ):
            return None
        return result

    def _inside(self, digit: Expr, size: int) -> bool:
        """Whether a part of an index lies in its domain, by its bounds and by what is required of it."""
        shift = 0
        while digit.op == "add" and ex.is_const(digit.args[1]):
            digit, shift = digit.args[0], shift + digit.args[1].value
        bounds = self.bounds[self.of(digit)]
        low, high = bounds if bounds is not None else (-size, 2 * size)
        if digit.op == "require":
            ok, inner = digit.args
            for part in ok.args if ok.op == "and" else (ok,):
                if part.op == "le" and part.args[1] is inner and ex.is_const(part.args[0]):
                    low = max(low, part.args[0].value)
                if part.op == "le" and part.args[0] is inner and ex.is_const(part.args[1]):
                    high = min(high, part.args[1].value)
        return 0 <= low + shift and high + shift < size


def _reaches(least: int, code: int) -> int:
    return int(code >= least)


def _replaced(by: Mapping[int, int], value: int) -> int:
    return by.get(value, value)


def _split(index: Expr, size: int) -> tuple[Expr, Expr]:
    """A linear index as what comes before its last digit, and that digit (the form that `places` and
    `structure` write).
    """
    if ex.is_const(index):
        return ex.const(index.value // size), ex.const(index.value % size)
    if index.op == "mul" and index.args[1] is ex.const(size):
        return index.args[0], ex.const(0)
    if index.op == "add":
        base, last = index.args
        if base.op == "mul" and base.args[1] is ex.const(size):
            return base.args[0], last
        if ex.is_const(base) and base.value % size == 0:
            return ex.const(base.value // size), last
    return ex.const(0), index
