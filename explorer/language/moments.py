"""Other moments of a behaviour than the one at hand: the state after the step, the first state, a step taken.
Knows nothing of how they are remembered.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr
from explorer.ir.formulas import Ltl, conjunction, disjunction
from explorer.language.structure import map_cells
from explorer.language.symbolic import BOOL, Symbolic, computed, shown
from explorer.language.temporal import formula
from explorer.language.tracing import Trace, current
from explorer.language.values import Value

V = TypeVar("V", bound=Value[Any])

_NEXT = {"load": "next", "loadat": "nextat"}


def after(value: V) -> V:
    """An expression in the state after the step, so that helpers are written once: `after(is_free(lock))`.

    In step invariants, as `.next` of a place. Of a place, it is `place.next`.
    """
    trace = current("after(...)")
    if not trace.may_prime:
        raise SpecError(
            "E0214",
            f"after(...) in {trace.decorator} {trace.subject}",
            expected="one state",
            write="next_step(p)"
            if trace.kind == "temporal"
            else "@step_invariant, which sees the states before and after a step",
        )
    if not isinstance(value, Symbolic):
        return value
    return map_cells(value, lambda _, expr: primed_expression(expr))  # type: ignore[no-any-return]


def primed_expression(expr: Expr) -> Expr:
    """An expression in the state after the step."""
    if any(at.op in ("next", "nextat") for at in ex.walk(expr)):
        raise SpecError(
            "E0216",
            f"after(...) of `{show(expr)}`, which sees the next state already",
            expected="one step",
            write="after(x), with x of the state before",
        )
    return ex.rebuild(expr, lambda at: ex.node(_NEXT[at.op], at.args, at.value) if at.op in _NEXT else at)


class History(Protocol):
    """What is remembered of a behaviour: asked while a spec is ground."""

    def first(self, expr: Expr) -> Expr: ...

    def bit(self, action: Any, step: str | None, arguments: tuple[Any, ...]) -> Expr: ...


history: ContextVar[History | None] = ContextVar("history", default=None)


def _remembered(what: str) -> tuple[Trace, History]:
    trace, known = current(what), history.get()
    if known is None or trace.kind not in ("invariant", "step", "temporal", "observe"):
        raise SpecError(
            "E0252",
            f"{what} in {trace.decorator} {trace.subject}",
            expected="a property",
            write="a variable of one's own where an action needs to know",
        )
    return trace, known


def at_first(value: V) -> V:
    """An expression in the first state of the behaviour, in any property: `counter.n >= at_first(counter.n)`.

    Where initial states differ, what they differ in is remembered in a hidden variable.
    """
    _, known = _remembered("at_first(...)")
    if not isinstance(value, Symbolic):
        return value
    return map_cells(value, lambda _, expr: known.first(expr))  # type: ignore[no-any-return]


def taken(action: Callable[..., Any] | str, *arguments: Any, step: str | None = None) -> Value[bool]:
    """Whether the next step is one of this action (or process), in step invariants and temporal properties:
    `leads_to(taken(alarm, cpu), served)`.

    `arguments` are values of its first domain parameters, in order; `step` is the text or the name of a step
    of a process. A hidden variable remembers whether there was an even number of such steps, so that a step
    without other effect changes the state, too.
    """
    trace, known = _remembered("taken(...)")
    if trace.kind not in ("step", "temporal"):
        raise SpecError(
            "E0252",
            f"taken(...) in {trace.decorator} {trace.subject}",
            expected="a property of steps",
            write="@step_invariant, or @temporal",
        )
    if not isinstance(action, str) and not inspect.isfunction(action):
        raise SpecError(
            "E0252",
            f"taken({shown(action)})",
            expected="an action, or its name",
            write="taken(action, cpu)",
        )
    bit = known.bit(action, step, arguments)
    if trace.kind == "step":
        return computed(BOOL, ex.negate(ex.equal(bit, primed_expression(bit))))  # type: ignore[no-any-return]
    here, gone = Ltl("state", (), bit), Ltl("state", (), ex.negate(bit))
    turns = [conjunction(a, Ltl("next", (b,))) for a, b in ((here, gone), (gone, here))]
    return formula(disjunction(*turns))  # type: ignore[return-value]
