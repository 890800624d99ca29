"""Why a property fails: its formula taken apart down to the leaves that decide, with their values. Knows
nothing of files.
"""

from __future__ import annotations

from explorer.engine.space import Violation
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show_condition
from explorer.ir.expressions import Expr
from explorer.ir.model import Model
from explorer.ir.operators import CONDITIONS
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.ir.steps import Role
from explorer.ir.types import BoolType
from explorer.trace.waits import LOADS, is_place, moment, places, value_text

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


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of a formula that is not taken apart, and whether it holds."""

    expr: Expr
    holds: bool


@dataclass(frozen=True, slots=True)
class Decisive:
    """A leaf in words, and the step since which it has its value. The latest made the formula false."""

    text: str
    since: int


def reasons(expr: Expr, holds: bool, s: State, t: State) -> list[str]:
    """The leaves that make an expression true or false, each as `text is value`."""
    return [line for leaf in leaves(expr, holds, s, t) for line in _told(leaf, s, t)]


def decisive(model: Model, name: str, states: list[State]) -> list[Decisive]:
    """The leaves that make an invariant or step invariant false at the end of a trace, the latest first."""
    prop = next((p for p in model.properties if p.name == name), None)
    if prop is None:
        return []
    pairs = [
        (states[max(n - 1, 0)] if prop.kind == "step" else state, state) for n, state in enumerate(states)
    ]
    end = pairs[-1]
    expr = next((expr for _, expr in prop.parts if not evaluate(expr, *end)), None)
    if expr is None:
        return []
    found = [
        Decisive(line, _since(leaf, pairs))
        for leaf in leaves(expr, False, *end)
        for line in _told(leaf, *end)
    ]
    return sorted(dict.fromkeys(found), key=lambda one: -one.since)


def leaves(expr: Expr, holds: bool, s: State, t: State) -> list[Leaf]:
    """The leaves that make an expression true or false."""
    op, args = expr.op, expr.args
    if op == "not":
        return leaves(args[0], not holds, s, t)
    if op in ("and", "or"):
        if holds == (op == "and"):
            return [leaf for a in args for leaf in leaves(a, holds, s, t)]
        return next(leaves(a, holds, s, t) for a in args if bool(evaluate(a, s, t)) == holds)
    if op == "ite" and _is_condition(args[1]):
        chosen = bool(evaluate(args[0], s, t))
        return leaves(args[0], chosen, s, t) + leaves(args[1 if chosen else 2], holds, s, t)
    return [] if op == "const" else [Leaf(expr, holds)]


def _since(leaf: Leaf, pairs: list[tuple[State, State]]) -> int:
    """The first step from which on a leaf has the value of the end."""
    since = len(pairs) - 1
    while since and _holds(leaf.expr, *pairs[since - 1]) == leaf.holds:
        since -= 1
    return since


def _holds(expr: Expr, s: State, t: State) -> bool | None:
    try:
        return bool(evaluate(expr, s, t))
    except EvaluationError:
        return None


def _told(leaf: Leaf, s: State, t: State) -> list[str]:
    """A leaf in words, with the values that it reads."""
    expr = leaf.expr
    counted = _counted(leaf, s, t)
    if counted:
        return [counted]
    values = [value_text(at, s, t) for at in places(expr)]
    if len(values) == 1 and (
        is_place(expr) or (expr.op in ("eq", "lt", "le") and any(map(ex.is_const, expr.args)))
    ):
        return values
    shown = ", ".join(dict.fromkeys(value for value in values if value))
    said = "true" if leaf.holds else "false"
    return [f"{show_condition(expr)} is {said}" + (f" ({shown})" if shown else "")]


BOUNDS = {
    ("le", 0): "at most",
    ("lt", 0): "fewer than",
    ("le", 1): "at least",
    ("lt", 1): "more than",
    ("eq", 0): "exactly",
    ("eq", 1): "exactly",
}
"""How a comparison of a count with a number is said, by the place of the count."""


def _counted(leaf: Leaf, s: State, t: State) -> str:
    """A comparison of `count(...)` with a number: how many hold, and which; "" for other leaves."""
    args = leaf.expr.args
    side = next((n for n, a in enumerate(args) if a.op == "add"), None)
    if side is None or (leaf.expr.op, side) not in BOUNDS or not ex.is_const(args[1 - side]):
        return ""
    terms = _terms(args[side])
    if not all(_is_condition(term) or _is_flag(term) for term in terms):
        return ""
    true = [show_condition(term) for term in terms if evaluate(term, s, t)]
    bound = f"{'' if leaf.holds else 'not '}{BOUNDS[leaf.expr.op, side]} {args[1 - side].value}"
    return f"{len(true)} hold{'s' * (len(true) == 1)}, {bound}" + (": " if true else "") + ", ".join(true)


def _is_flag(expr: Expr) -> bool:
    return expr.op in LOADS and isinstance(getattr(ex.family_of(expr), "type", None), BoolType)


def _terms(expr: Expr) -> list[Expr]:
    return [term for a in expr.args for term in _terms(a)] if expr.op == "add" else [expr]


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
        return [f"{show_condition(condition)} has no value"]
