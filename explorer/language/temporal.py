"""Temporal formulas: what an author says about whole behaviours. Knows nothing of how they are checked.

A behaviour is an infinite sequence of states; one that ends stutters for ever. A formula is linear temporal
logic (Pnueli 1977) over conditions on one state. `Formula` is what the author's operators make, `Ltl` the
plain data in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, caller
from explorer.ir.expressions import Expr
from explorer.language.constants import value_of
from explorer.language.tracing import Condition, maybe_current, no_truth_value
from explorer.language.values import Value, condition


@dataclass(frozen=True, slots=True)
class Ltl:
    """A node. `op`: state (a condition), not, and, or, next, always, eventually, until, release."""

    op: str
    args: tuple[Ltl, ...] = ()
    condition: Expr = ex.TRUE

    def __repr__(self) -> str:
        return show(self)


class MadeFormula:
    """A temporal formula. It has no truth value; combine formulas with `&`, `|`, `~` and `implies`."""

    __slots__ = ("node",)

    def __init__(self, node: Ltl):
        self.node = node

    def __and__(self, other: Any) -> MadeFormula:
        return MadeFormula(conjunction(self.node, operand(other, "&")))

    def __rand__(self, other: Any) -> MadeFormula:
        return MadeFormula(conjunction(operand(other, "&"), self.node))

    def __or__(self, other: Any) -> MadeFormula:
        return MadeFormula(disjunction(self.node, operand(other, "|")))

    def __ror__(self, other: Any) -> MadeFormula:
        return MadeFormula(disjunction(operand(other, "|"), self.node))

    def __invert__(self) -> MadeFormula:
        return MadeFormula(negation(self.node))

    def __repr__(self) -> str:
        return f"`{show(self.node)}`"

    if not TYPE_CHECKING:

        def __bool__(self):
            raise no_truth_value()


if TYPE_CHECKING:

    class Behaviour:
        """For type checkers: a formula is a value that a whole behaviour has, so that a mixed every(...) or
        implies(...) stays a value.
        """

    Formula: TypeAlias = Value[Behaviour]
else:
    Formula = MadeFormula
    MadeFormula.__name__ = "Formula"  # what authors read in messages

Operand: TypeAlias = bool | Value[bool] | Formula


def formula(node: Ltl) -> Formula:
    """A node for authors."""
    made: Any = MadeFormula(node)
    return made  # type: ignore[no-any-return]


def _refuse(sign: str, write: str) -> Any:
    def refuse(self: MadeFormula, *others: Any) -> NoReturn:
        raise SpecError(
            "E0251",
            f"`{sign}` on the temporal formula {self!r}",
            expected="&, |, ~ and implies(...) on formulas",
            write=write,
        )

    return refuse


for _name, _sign, _write in [
    ("eq", "==", "(a & b) | (~a & ~b)"),
    ("ne", "!=", "(a & ~b) | (~a & b)"),
    ("xor", "^", "(a & ~b) | (~a & b)"),
    ("rshift", ">>", "implies(a, b)"),
    ("lt", "<", "implies(a, b)"),
    ("le", "<=", "implies(a, b)"),
    ("add", "+", "a | b"),
    ("mul", "*", "a & b"),
    ("sub", "-", "a & ~b"),
    ("neg", "-", "~a"),
]:
    setattr(MadeFormula, f"__{_name}__", _refuse(_sign, _write))


def operand(obj: Any, where: str) -> Ltl:
    """A formula, or a condition on the state at hand, as a node."""
    obj = value_of(obj)
    return obj.node if isinstance(obj, MadeFormula) else Ltl("state", (), condition(obj, where))


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


def implication(premise: Ltl, conclusion: Ltl) -> Ltl:
    """The conclusion or not the premise; a premise on one state is noted, so that a vacuous one is found."""
    trace = maybe_current()
    if trace is not None and premise.op == "state":
        trace.premises.append(Condition(premise.condition, caller()))
    return disjunction(negation(premise), conclusion)


def always(p: Operand) -> Formula:
    """p holds now and for ever."""
    return formula(Ltl("always", (operand(p, "always(...)"),)))


def eventually(p: Operand) -> Formula:
    """p holds now or at some later moment."""
    return formula(Ltl("eventually", (operand(p, "eventually(...)"),)))


def leads_to(p: Operand, q: Operand) -> Formula:
    """Whenever p holds, q holds then or later. A premise p that no state meets is reported as vacuous."""
    premise, conclusion = operand(p, "leads_to(...)"), operand(q, "leads_to(...)")
    return formula(Ltl("always", (implication(premise, Ltl("eventually", (conclusion,))),)))


def always_eventually(p: Operand) -> Formula:
    """p holds again and again, without end."""
    return formula(Ltl("always", (Ltl("eventually", (operand(p, "always_eventually(...)"),)),)))


def eventually_always(p: Operand) -> Formula:
    """From some moment on, p holds for ever."""
    return formula(Ltl("eventually", (Ltl("always", (operand(p, "eventually_always(...)"),)),)))


def until(p: Operand, q: Operand) -> Formula:
    """q holds at some moment, and p at all moments before."""
    return formula(Ltl("until", (operand(p, "until(...)"), operand(q, "until(...)"))))


def release(p: Operand, q: Operand) -> Formula:
    """q holds up to and including the first moment when p does; for ever, if p never does."""
    return formula(Ltl("release", (operand(p, "release(...)"), operand(q, "release(...)"))))


def next_step(p: Operand) -> Formula:
    """p holds at the next moment. Every behaviour may stutter, so the next moment may be this state again."""
    return formula(Ltl("next", (operand(p, "next_step(...)"),)))


_INFIX = {"and": " & ", "or": " | "}


def show(node: Ltl) -> str:
    """Text for people, close to what the author wrote."""
    if node.op == "state":
        return ex.show(node.condition)
    if node.op in _INFIX:
        return _INFIX[node.op].join(
            f"({show(a)})" if a.op in _INFIX or a.op == "state" else show(a) for a in node.args
        )
    if node.op == "not":
        return f"~{show(node.args[0])}" if node.args[0].op not in _INFIX else f"~({show(node.args[0])})"
    found = leads(node)
    if found is not None:
        return f"leads_to({show(found[0])}, {show(found[1])})"
    inner = node.args[0]
    if (node.op, inner.op) in (("always", "eventually"), ("eventually", "always")):
        return f"{node.op}_{inner.op}({show(inner.args[0])})"
    name = {"next": "next_step"}.get(node.op, node.op)
    return f"{name}({', '.join(map(show, node.args))})"


def leads(node: Ltl) -> tuple[Ltl, Ltl] | None:
    """The premise and the conclusion of a formula that says `leads_to` of conditions; None for others."""
    if node.op == "always" and node.args[0].op == "or" and len(node.args[0].args) == 2:
        left, right = node.args[0].args
        if right.op == "eventually" and left.op == right.args[0].op == "state":
            return negation(left), right.args[0]
    return None
