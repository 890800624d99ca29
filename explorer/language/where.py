"""Assignments that happen under a condition: `with where(condition):`. Knows nothing of states."""

from __future__ import annotations

from explorer.ir import expressions as ex
from explorer.ir.errors import Place, SpecError, caller
from explorer.ir.expressions import Expr, Family
from explorer.ir.steps import Write
from explorer.language.symbolic import Symbolic, condition
from explorer.language.tracing import Trace, current, maybe_current


class where:
    """`with where(condition):` the assignments below it happen where the condition holds; elsewhere the
    places keep what they have. One behind another of the same place wins where its condition holds.
    """

    def __init__(self, ok: bool | Symbolic):
        self._place, self._trace = caller(), current("where(...)")
        if not self._trace.may_write:
            raise SpecError(
                "E0406",
                f"where(...) in {self._trace.decorator} {self._trace.subject}",
                expected="assignments under a condition",
                write="ite(condition, a, b) for a value, implies(condition, p) for a property",
            )
        self._condition = condition(ok, "where(...)")

    def __enter__(self) -> None:
        self._trace.under.append(self._condition)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and maybe_current() is not self._trace:
            raise SpecError(
                "E0411",
                "a `yield` inside `with where(...)`",
                expected="one step",
                write="if (yield branch(condition)):",
                place=self._place,
            )
        self._trace.under.pop()


def unconditional(trace: Trace, what: str) -> None:
    """SpecError where something that belongs to the whole step stands inside `with where(...)`."""
    if trace.under:
        raise SpecError(
            "E0411",
            f"{what} inside `with where(...)`",
            expected="assignments of places, nothing else",
            write=f"{what} above `with where(...)`, or an action for each case",
        )


def write_under(trace: Trace, family: Family, index: Expr, expr: Expr, place: Place) -> None:
    """Note an assignment under the conditions at hand. With an index that the state decides it is one to each
    place of the family: which of them it meets is a condition like the others.
    """
    under = ex.both(*trace.under)
    if ex.is_const(index):
        _merge(trace, family, index, (under, expr), place)
        return
    for write in [w for w in trace.writes if w.family is family and not ex.is_const(w.index)]:
        trace.writes.remove(write)
        _each(trace, family, write.index, (ex.TRUE, write.expr), write.place)
    _each(trace, family, index, (under, expr), place)


def _each(trace: Trace, family: Family, index: Expr, new: tuple[Expr, Expr], place: Place) -> None:
    under, expr = new
    for i in range(family.size):
        here = ex.equal(index, ex.const(i))
        test = here if under is ex.TRUE else ex.both(under, here)
        _merge(trace, family, ex.const(i), (test, expr), place)


def _merge(trace: Trace, family: Family, index: Expr, new: tuple[Expr, Expr], place: Place) -> None:
    """One assignment of a place that is known, in place of an earlier one."""
    under, expr = new
    earlier = [w for w in trace.writes if w.family is family and w.index is index]
    old = earlier[0].expr if earlier else ex.cell(family, index)
    write = Write(family, index, ex.choose(under, expr, old), place)
    trace.writes[:] = [w for w in trace.writes if w not in earlier] + [write]
    trace.merged.add((family, index))
