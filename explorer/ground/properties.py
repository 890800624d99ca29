"""What a spec says about states and behaviours: properties, constraints, terminal and initial states,
observations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from explorer.ground.calls import Calls, part_name
from explorer.ground.depth import refuse
from explorer.ground.signatures import first_paragraph
from explorer.ir.errors import SpecError
from explorer.ir.expressions import Expr
from explorer.ir.formulas import Ltl
from explorer.ir.model import Observation, Property, Temporal
from explorer.ir.steps import Condition
from explorer.language.concrete import expressions_of
from explorer.language.declarations import Declaration
from explorer.language.symbolic import condition, shown
from explorer.language.temporal import MadeFormula
from explorer.language.tracing import DECORATORS, Trace


def _parts(
    calls: Calls, d: Declaration, parameters: dict[str, Any], kind: str
) -> Iterator[tuple[str, Expr, Trace]]:
    for arguments, chosen in calls.of(d, parameters):
        result, trace = calls.run(d, kind, arguments)
        if isinstance(result, MadeFormula):
            raise SpecError(
                "E0614",
                f"@{DECORATORS[kind]} {d.name} returns the temporal formula {result!r}",
                place=d.place,
                expected="a condition on states",
                write="@temporal above it",
            )
        try:
            expr = condition(result, f"{d.name}")
        except SpecError as error:
            found_text = "nothing" if result is None else shown(result)
            write = (
                "return every([...])"
                if isinstance(result, list)
                else "return every(... for x in Domain)"
                if result is None
                else "return x == value"
                if error.code == "E0222"
                else error.write
            )
            raise SpecError(
                "E0608",
                f"{d.name} returns {found_text}",
                expected="a condition",
                write=write,
                place=d.place,
            ) from None
        yield part_name(chosen), expr, trace


def safety(calls: Calls, d: Declaration, parameters: dict[str, Any]) -> Iterator[Property]:
    parts = list(_parts(calls, d, parameters, d.kind))
    premises = tuple(p for _, _, trace in parts for p in trace.premises)
    text = first_paragraph(d.function)
    yield Property(
        name=d.name,
        kind=d.kind,
        place=d.place,
        text=text,
        parts=tuple((t, e) for t, e, _ in parts),
        premises=premises,
    )


def temporal(calls: Calls, d: Declaration, parameters: dict[str, Any]) -> Iterator[Temporal]:
    parts: list[tuple[str, Ltl]] = []
    premises: list[Condition] = []
    for arguments, chosen in calls.of(d, parameters):
        result, trace = calls.run(d, "temporal", arguments)
        if not isinstance(result, MadeFormula):
            returned = "nothing" if result is None else shown(result)
            raise SpecError(
                "E0614",
                f"@temporal {d.name} returns {returned}",
                expected="a temporal formula",
                place=d.place,
                write="return every([...])"
                if isinstance(result, list)
                else "return leads_to(p, q), or @invariant above it",
            )
        parts.append((part_name(chosen), result.node))
        premises += trace.premises
    text = first_paragraph(d.function)
    yield Temporal(d.name, d.place, text, tuple(parts), tuple(premises))


def conditions(calls: Calls, d: Declaration, parameters: dict[str, Any]) -> Iterator[Condition]:
    for _, expr, _ in _parts(calls, d, parameters, d.kind):
        yield Condition(expr, d.place)


def constraints(calls: Calls, d: Declaration, parameters: dict[str, Any]) -> Iterator[tuple[str, Condition]]:
    for _, expr, _ in _parts(calls, d, parameters, d.kind):
        yield d.name, Condition(expr, d.place)


def observations(calls: Calls, d: Declaration, parameters: dict[str, Any]) -> Iterator[Observation]:
    for arguments, chosen in calls.of(d, parameters):
        result, _ = calls.run(d, "observe", arguments)
        if result is None:
            raise SpecError(
                "E0608",
                f"{d.name} returns nothing",
                expected="an expression",
                write="return count(...)",
                place=d.place,
            )
        for expr in expressions_of(result):
            refuse(expr, d.name, d.place)
        inner = ", ".join(argument.text for argument in chosen)
        yield Observation(f"{d.name}[{inner}]" if inner else d.name, result)
