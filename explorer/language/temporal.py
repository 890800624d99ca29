"""Temporal formulas: what an author says about whole behaviours. Knows nothing of how they are checked.

A behaviour is an infinite sequence of states; one that ends stutters for ever. A formula is linear temporal
logic (Pnueli 1977) over conditions on one state. `Formula` is what the author's operators make, `Ltl` the
plain data in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from explorer.ir.errors import SpecError, caller
from explorer.ir.formulas import Ltl, conjunction, disjunction, negation, show
from explorer.ir.steps import Condition
from explorer.language.constants import value_of
from explorer.language.symbolic import FormulaNode, condition
from explorer.language.tracing import maybe_current, no_truth_value
from explorer.language.values import Value


class MadeFormula(FormulaNode):
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
    from explorer.language.values import Formula as Formula
else:
    Formula = MadeFormula
    MadeFormula.__name__ = "Formula"  # what authors read in messages

Operand: TypeAlias = bool | Value[bool] | Formula


def formula(node: Ltl) -> Formula:
    """A node for authors."""
    built: Any = MadeFormula(node)
    return built  # type: ignore[no-any-return]


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
