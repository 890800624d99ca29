"""Expressions nested deeper than any pass over them can follow are refused."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.ir.errors import Place, SpecError
from explorer.ir.expressions import Expr
from explorer.ir.formulas import Ltl
from explorer.ir.model import Model

MOST = 4_000
"""Operators within each other; `expressions.NESTED` has room for them."""


def refuse_deep(model: Model) -> None:
    """SpecError for the first expression of a model that is nested too deep."""
    for expr, what, place in _expressions(model):
        refuse(expr, what, place)


def refuse(expr: Expr, what: str, place: Place) -> None:
    """SpecError where an expression is nested too deep; `what` has it."""
    if expr.depth > MOST:
        raise SpecError(
            "E0615",
            f"an expression of {what} has {expr.depth:,} operators within each other",
            expected=f"at most {MOST:,}",
            write="every(...), some(...) or total(...) of all, or a variable for what lies between",
            place=place,
        )


def _expressions(model: Model) -> Iterator[tuple[Expr, str, Place]]:
    for instance in model.instances:
        what = instance.action.name
        yield from ((condition.expr, what, condition.place) for condition in instance.guard)
        yield from ((write.expr, what, write.place) for write in instance.writes)
    for p in model.properties:
        yield from ((expr, p.name, p.place) for _, expr in p.parts)
    for kind, conditions in (("@terminal", model.terminal), ("@initial", model.initial)):
        yield from ((condition.expr, kind, condition.place) for condition in conditions)
    yield from ((condition.expr, name, condition.place) for name, condition in model.constraints)
    for formula in model.temporal:
        for _, part in formula.parts:
            yield from ((expr, formula.name, formula.place) for expr in _conditions(part))


def _conditions(formula: Ltl) -> Iterator[Expr]:
    yield formula.condition
    for inner in formula.args:
        yield from _conditions(inner)
