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
    values = [_value(at, s, t) for at in ex.walk(expr) if at.op in ("load", "next", "loadat", "nextat")]
    if len(values) == 1 and (
        op in ("load", "next") or (op in ("eq", "lt", "le") and any(map(ex.is_const, args)))
    ):
        return values
    shown = ", ".join(dict.fromkeys(value for value in values if value))
    return [f"{ex.show_condition(expr)} is {'true' if holds else 'false'}" + (f" ({shown})" if shown else "")]


def _is_condition(expr: Expr) -> bool:
    return expr.op in CONDITIONS or expr.op == "ite"


def _value(at: Expr, s: State, t: State) -> str:
    family = ex.family_of(at)
    assert family is not None
    try:
        return f"{ex.show(at)} = {family.type.text(evaluate(at, s, t))}"
    except (EvaluationError, AssertionError):
        return ""


def _stuck(model: Model, state: State) -> list[str]:
    """For each action of a deadlocked state, the conjunct that blocks the instance that comes nearest to
    being enabled. What constants alone make impossible waits for nothing.
    """
    nearest: dict[str, tuple[int, str]] = {}
    for instance in model.instances:
        for number, condition in enumerate(instance.guard):
            if not evaluate(condition.expr, state):
                text = f"{instance.name} waits for {ex.show_condition(condition.expr)}"
                best = nearest.get(instance.action.name, (-1, ""))
                if number > best[0] and not ex.is_const(condition.expr):
                    nearest[instance.action.name] = (number, text)
                break
    lines = ["no @terminal condition says that this state may be the last; what the actions wait for:"]
    if model.terminal:
        false = [line for at in model.terminal for line in _false(at.expr, state)]
        lines = [
            "@terminal is false in this state: " + "; ".join(dict.fromkeys(false)),
            "what the actions wait for:",
        ]
    ranked = sorted(nearest.values(), key=lambda item: -item[0])
    return lines + [text for _, text in ranked[: MAX_LINES - len(lines)]]


def _false(condition: Expr, state: State) -> list[str]:
    """The leaves that make a condition false; its text where it has no value here."""
    try:
        return reasons(condition, False, state, state)
    except EvaluationError:
        return [f"{ex.show_condition(condition)} has no value"]
