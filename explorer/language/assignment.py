"""The state after a step: assignments to places, and reads of their next values. Knows nothing of the classes
that authors see.
"""

from __future__ import annotations

from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.errors import Place, SpecError, caller
from explorer.ir.expressions import Expr
from explorer.ir.places import Path
from explorer.ir.steps import Write
from explorer.ir.types import ScalarType, Type
from explorer.language.lifting import lift
from explorer.language.structure import part_path, part_types, read
from explorer.language.symbolic import Symbolic, bare, describe
from explorer.language.tracing import current, maybe_current
from explorer.language.where import write_under


def no_place(value: Symbolic) -> SpecError:
    """The error for `.next` of a value that is no place."""
    return SpecError(
        "E0212",
        f"`.next` of {describe(value)}, which is computed",
        expected="a location of the state",
        write="component.variable.next",
    )


def primed(value: Symbolic) -> Any:
    """The same place after the step (step invariants only)."""
    path = value._path
    if path is None:
        raise no_place(value)
    trace = current("`.next`")
    if not trace.may_prime and trace.may_write:
        raise SpecError(
            "E0214",
            f"`.next` of {describe(value)} is read",
            expected="actions to read the old state only",
            write="x.next = x + 1 in place of x.next += 1, or the assigned expression kept in a local name",
        )
    if not trace.may_prime:
        raise SpecError(
            "E0214",
            f"`.next` of {describe(value)} is read in {trace.decorator} {trace.subject}",
            expected="one state",
            write="@step_invariant, which sees the states before and after a step",
        )
    if path.primed:
        raise SpecError(
            "E0216", f"`.next.next` of {describe(value)}", expected="one `.next`", write=f"{bare(value)}.next"
        )
    return read(value._type, Path(path.variable, path.fields, path.indices, True))


def assign(target: Symbolic, new: Any) -> None:
    """Record that a place of the state gets a new value, cell by cell."""
    place = caller()
    path = target._path
    if path is None:
        raise no_place(target)
    assign_cells(path, target._type, lift(target._type, new, f"the next value of {describe(target)}"), place)


def assign_cells(path: Path, type: Type, value: Any, place: Place) -> None:
    """Record that the cells of a place get those of a value of its type."""
    if isinstance(type, ScalarType):
        write_cell(path, value._expr, place)
        return
    for key, inner in part_types(type).items():
        assign_cells(part_path(path, type, key), inner, value._part(key, inner), place)


def write_cell(path: Path, expr: Expr, place: Place) -> None:
    """Record that a scalar place gets a new value; SpecError where that cannot be."""
    trace = maybe_current()
    if path.variable.shared:
        raise SpecError(
            "E0701",
            f"`{path}.next` is assigned, and `{path}` is a location of a memory",
            expected="a store by a CPU",
            write=f"memory.store(cpu, {path}, value)",
            place=place,
        )
    if trace is None or not trace.may_write:
        where = f"{trace.decorator} {trace.subject}" if trace else "module level"
        raise SpecError(
            "E0215",
            f"`{path}.next` is assigned in {where}",
            expected="assignments in actions only",
            write="the condition on the value, or an @action",
            place=place,
        )
    family, index = path.cell()
    if trace.under or any(known is family for known, _ in trace.merged):
        if trace.under or not ex.is_const(index):
            write_under(trace, family, index, expr, place)
            return
    for earlier in trace.writes:
        if earlier.family is family and earlier.index is index and not trace.impossible:
            whole = trace.kind == "action"
            raise SpecError(
                "E0217",
                f"`{path}` is assigned twice in {'action' if whole else 'a step of process'} {trace.subject}"
                f" (first at {earlier.place})",
                expected=f"one assignment to each location in {'an action' if whole else 'a step'}",
                write="one assignment with ite(condition, a, b)"
                if whole
                else 'yield "what the second step does" between them, or ite(condition, a, b)',
                place=place,
            )
    trace.writes.append(Write(family, index, expr, place))
