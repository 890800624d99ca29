"""Why a property fails: its formula taken apart down to the leaves that decide, with their values. Knows
nothing of files.
"""

from __future__ import annotations

from explorer.engine.space import Violation
from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr
from explorer.ir.model import Model
from explorer.ir.operators import CONDITIONS
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.ir.steps import Role
from explorer.trace.waits import LOADS, moment, value_text

MAX_LINES = 12


def explain(model: Model, violation: Violation, states: list[State]) -> list[str]:
    """Sentences for the end of a trace; `states` are those along it."""
    if violation.kind == "deadlock":
        return _stuck(model, states[-1])
    prop = next(p for p in model.properties if p.name == violation.name)
    before, after = (states[-2], states[-1]) if violation.kind == "step" else (states[-1], states[-1])
    lines = [f"{prop.name}: {prop.text}"] if prop.text else []
    for name, expr in prop.parts:
        if not evaluate(expr, before, after):
            if name:
                lines.append(f"for {name}:")
            lines.extend(dict.fromkeys(reasons(expr, False, before, after)))
            break
    return lines[:MAX_LINES]


def reasons(expr: Expr, holds: bool, s: State, t: State) -> list[str]:
    """The leaves that make an expression true or false, each as `text is value`."""
    op, args = expr.op, expr.args
    if op == "not":
        return reasons(args[0], not holds, s, t)
    if op in ("and", "or"):
        if holds == (op == "and"):
            return [line for a in args for line in reasons(a, holds, s, t)]
        return next(reasons(a, holds, s, t) for a in args if bool(evaluate(a, s, t)) == holds)
    if op == "ite" and _is_condition(args[1]):
        chosen = bool(evaluate(args[0], s, t))
        return reasons(args[0], chosen, s, t) + reasons(args[1 if chosen else 2], holds, s, t)
    if op == "const":
        return []
    values = [value_text(at, s, t) for at in ex.walk(expr) if at.op in LOADS]
    if len(values) == 1 and (
        op in ("load", "next") or (op in ("eq", "lt", "le") and any(map(ex.is_const, args)))
    ):
        return values
    shown = ", ".join(dict.fromkeys(value for value in values if value))
    return [f"{ex.show_condition(expr)} is {'true' if holds else 'false'}" + (f" ({shown})" if shown else "")]


def _is_condition(expr: Expr) -> bool:
    return expr.op in CONDITIONS or expr.op == "ite"


def _stuck(model: Model, state: State) -> list[str]:
    """Why a deadlocked state is no end, and for each action what it waits for."""
    false = [
        line
        for condition in model.terminal
        if condition.role is Role.AUTHOR
        for line in _false(condition.expr, state)
    ]
    lines = ["no @terminal condition says that this state may be the last; what the actions wait for:"]
    if any(condition.role is Role.ENDS for condition in model.terminal):
        lines = ["not every process has ended; what they wait for:"]
    if false:
        lines = [
            "@terminal is false in this state: " + "; ".join(dict.fromkeys(false)),
            "what the actions wait for:",
        ]
    waiting = moment(model.instances, state).waiting
    return lines + [wait.text(state) for wait in waiting][: MAX_LINES - len(lines)]


def _false(condition: Expr, state: State) -> list[str]:
    """The leaves that make a condition false; its text where it has no value here."""
    try:
        return reasons(condition, False, state, state)
    except EvaluationError:
        return [f"{ex.show_condition(condition)} has no value"]
