"""Temporal formulas as plain data: linear temporal logic (Pnueli 1977) over conditions on one state."""

from __future__ import annotations

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show as show_expression
from explorer.ir.expression_text import show_condition
from explorer.ir.expressions import Expr


@dataclass(frozen=True, slots=True)
class Ltl:
    """A node. `op`: state (a condition), not, and, or, next, always, eventually, until, release."""

    op: str
    args: tuple[Ltl, ...] = ()
    condition: Expr = ex.TRUE

    def __repr__(self) -> str:
        return show(self)


def negation(a: Ltl) -> Ltl:
    if a.op == "state":
        return Ltl("state", (), a.condition.args[0] if a.condition.op == "not" else ex.negate(a.condition))
    return a.args[0] if a.op == "not" else Ltl("not", (a,))


def conjunction(*args: Ltl) -> Ltl:
    """All of them; of conditions alone, a condition."""
    if all(a.op == "state" for a in args):
        return Ltl("state", (), ex.both(*(a.condition for a in args)))
    return Ltl("and", args) if len(args) > 1 else args[0]


def disjunction(*args: Ltl) -> Ltl:
    """At least one of them; of conditions alone, a condition."""
    if all(a.op == "state" for a in args):
        return Ltl("state", (), ex.either(*(a.condition for a in args)))
    return Ltl("or", args) if len(args) > 1 else args[0]


_INFIX = {"and": " & ", "or": " | "}


def show(node: Ltl) -> str:
    """Text for people, close to what the author wrote."""
    if node.op == "state":
        return show_condition(node.condition)
    steps = taken(node)
    if steps:
        return steps
    if node.op in _INFIX:
        return _INFIX[node.op].join(
            f"({show(a)})" if a.op in _INFIX or a.op == "state" else show(a) for a in node.args
        )
    if node.op == "not":
        return f"~{show(node.args[0])}" if node.args[0].op not in _INFIX else f"~({show(node.args[0])})"
    premise_and_goal = leads(node)
    if premise_and_goal is not None:
        return f"leads_to({show(premise_and_goal[0])}, {show(premise_and_goal[1])})"
    inner = node.args[0]
    if (node.op, inner.op) in (("always", "eventually"), ("eventually", "always")):
        return f"{node.op}_{inner.op}({show(inner.args[0])})"
    name = {"next": "next_step"}.get(node.op, node.op)
    return f"{name}({', '.join(map(show, node.args))})"


COUNTED = "taken@"
"""How the name of a variable begins that tells whether the steps of an action were odd in number."""


def taken(node: Ltl) -> str:
    """`taken(action[arguments])` where a formula says that such a bit is about to turn; "" for others."""
    if node.op != "or" or len(node.args) != 2 or node.args[0].op != "and":
        return ""
    bit = node.args[0].args[0]
    name = show_expression(bit.condition) if bit.op == "state" else ""
    turns = name.startswith(COUNTED) and node.args[0].args[-1] == Ltl("next", (negation(bit),))
    return f"taken({name.removeprefix(COUNTED)})" if turns else ""


def leads(node: Ltl) -> tuple[Ltl, Ltl] | None:
    """The premise and the conclusion of a formula that says `leads_to` of conditions; None for others."""
    if node.op == "always" and node.args[0].op == "or" and len(node.args[0].args) == 2:
        left, right = node.args[0].args
        if right.op == "eventually" and left.op == right.args[0].op == "state":
            return negation(left), right.args[0]
    return None
