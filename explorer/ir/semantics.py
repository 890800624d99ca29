"""What an expression means on plain values: the definition every engine is judged by. Knows nothing of bits.

A state is a tuple of integer codes, one for each cell. `closure(expr)` is a function of the state before and
after a step.
"""

from __future__ import annotations

from collections.abc import Callable

from explorer.ir.expressions import Expr, Failure, Family, walk
from explorer.ir.operators import OPERATORS

State = tuple[int, ...]
Meaning = Callable[[State, State], int]


class EvaluationError(Exception):
    """An expression that has no value in some reachable state (exit code 75). `check` is the condition that
    is false there, with the states before and after the step.
    """

    def __init__(self, failure: Failure, check: tuple[Expr, State, State]):
        self.failure, self.check = failure, check
        super().__init__(f"{failure.place}: {failure.message}")


def closure(expr: Expr) -> Meaning:
    """The meaning of an expression. Lazy operators evaluate left to right and stop early."""
    if expr.meaning is None:
        for at in walk(expr):
            if at.meaning is None:
                at.meaning = _build(at)
    meaning: Meaning = expr.meaning
    return meaning


def evaluate(expr: Expr, state: State, after: State | None = None) -> int:
    return closure(expr)(state, state if after is None else after)


def _build(expr: Expr) -> Meaning:
    op, value = expr.op, expr.value
    args = [a.meaning for a in expr.args]
    row = OPERATORS[op]
    if row.value is not None:
        return _plain(row.value, args)
    if op == "const":
        return lambda s, t: value
    if op in ("load", "next"):
        position = value[0].first + value[1]
        return (lambda s, t: s[position]) if op == "load" else (lambda s, t: t[position])
    if op in ("loadat", "nextat"):
        return _load_at(value, args[0], op == "nextat")
    if op == "and":
        return lambda s, t: 1 if all(a(s, t) for a in args) else 0
    if op == "or":
        return lambda s, t: 1 if any(a(s, t) for a in args) else 0
    if op == "require":
        return _require(expr.args[0], args[0], args[1], value)
    if op == "ite":
        c, x, y = args
        return lambda s, t: x(s, t) if c(s, t) else y(s, t)
    if op == "table":
        index = args[0]
        return lambda s, t: value[index(s, t)]
    assert op == "apply", op
    call = value.call
    return lambda s, t: call(*(a(s, t) for a in args))


def _plain(function: Callable[..., int], args: list[Meaning]) -> Meaning:
    """An operator whose value is a function of the values of its operands."""
    if len(args) == 1:
        (a,) = args
        return lambda s, t: function(a(s, t))
    a, b = args
    return lambda s, t: function(a(s, t), b(s, t))


def _load_at(family: Family, index: Meaning, after: bool) -> Meaning:
    def load(s: State, t: State) -> int:
        i = index(s, t)
        assert 0 <= i < family.size, f"{family!r}[{i}]"
        return (t if after else s)[family.first + i]

    return load


def _require(check: Expr, ok: Meaning, a: Meaning, failure: Failure) -> Meaning:
    def checked(s: State, t: State) -> int:
        if not ok(s, t):
            raise EvaluationError(failure, (check, s, t))
        return a(s, t)

    return checked
