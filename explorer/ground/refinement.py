"""From a refinement mapping to properties of this spec: each step is one of the abstract spec, or changes
nothing that it sees. Knows nothing of engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, closest, nearest
from explorer.ir.expressions import Expr, Family
from explorer.ir.model import Instance, Model, Observation, Property
from explorer.ir.places import Path, Variable
from explorer.ir.semantics import EvaluationError, evaluate
from explorer.language.assignment import assign_cells
from explorer.language.declarations import Declaration
from explorer.language.lifting import lift
from explorer.language.moments import primed_expression
from explorer.language.symbolic import shown
from explorer.language.tracing import Trace, tracing

AT_FIRST = "_at_first"
"""How the name of the property ends that first states stand for first states."""

Cells = dict[tuple[Family, int], Expr]
"""What each cell of the abstract state is, as an expression over the concrete one."""


class Refinement:
    """The abstract model seen through a mapping. `given` is what the author's function returned, `own` are
    the places of this spec by name.
    """

    def __init__(self, d: Declaration, model: Model, given: Any, own: Mapping[str, Any]):
        self.d, self.model = d, model
        if not isinstance(given, Mapping):
            raise SpecError(
                "E0608",
                f"@refines {d.name} returns {'nothing' if given is None else shown(given)}",
                expected="a dictionary: an expression for each variable of the abstract spec",
                write=f'return {{"{model.variables[0].name}": ...}}',
                place=d.place,
            )
        names = [variable.name for variable in model.variables]
        for name in given:
            if name not in names:
                raise SpecError(
                    "E0523",
                    f"{d.name} maps {name!r}, and {model.name} has no such variable",
                    expected=nearest(str(name), names),
                    write=f'"{closest(str(name), names, names[0])}": ...',
                    place=d.place,
                )
        self.values = {v.name: self._value(v, given, own) for v in model.variables}
        self.cells: Cells = {}
        for variable in model.variables:
            with tracing(Trace("action", d.name)) as trace:
                path = Path(variable, "", (), False)
                assign_cells(path, variable.type, self.values[variable.name], d.place)
            self.cells.update({(w.family, w.index.value): w.expr for w in trace.writes})

    def _value(self, variable: Variable, given: Mapping[str, Any], own: Mapping[str, Any]) -> Any:
        name, role = variable.name, f"what `{variable.name}` of {self.model.name} stands for"
        if "@" in name or variable.type.settings:
            raise SpecError(
                "E0523",
                f"{self.model.name} has {'a process' if '@' in name else 'a memory'}: `{name}`",
                expected="an abstract spec of actions and variables",
                write="actions in the abstract spec",
                place=self.d.place,
            )
        if name not in given:
            place = own.get(name)
            if place is None or place._type != variable.type:
                raise SpecError(
                    "E0523",
                    f"{self.d.name} says nothing of `{name}` ({variable.type.name}) of {self.model.name}",
                    expected="an expression for each variable of the abstract spec",
                    write=f'"{name}": ...',
                    place=self.d.place,
                )
        value = given[name] if name in given else own[name]
        try:
            return lift(variable.type, value, role)
        except SpecError as error:
            raise SpecError(
                error.code, error.found, expected=error.expected, write=error.write, place=self.d.place
            ) from None

    def seen(self, expr: Expr) -> Expr:
        """An expression over the abstract state, over the concrete one."""
        return ex.rebuild(expr, self._load)

    def _load(self, at: Expr) -> Expr:
        if at.op == "load":
            return self.cells[at.value]
        if at.op != "loadat":
            return at
        result = self.cells[at.value, at.value.size - 1]
        for i in reversed(range(at.value.size - 1)):
            result = ex.choose(ex.equal(at.args[0], ex.const(i)), self.cells[at.value, i], result)
        return result

    def step(self) -> Expr:
        """Whether a step of this spec is one of the abstract spec, or none."""
        still = ex.both(*(ex.equal(primed_expression(e), e) for e in self.cells.values()))
        return ex.either(still, *(self._explains(instance) for instance in self.model.instances))

    def _explains(self, instance: Instance) -> Expr:
        after = dict(self.cells)
        for write in instance.writes:
            index, new = self.seen(write.index), self.seen(write.expr)
            for i in range(write.family.size):
                cell, here = (write.family, i), ex.equal(index, ex.const(i))
                if not ex.is_const(index):
                    after[cell] = ex.choose(here, new, after[cell])
                elif index.value == i:
                    after[cell] = new
        guard = [self.seen(condition.expr) for condition in instance.guard]
        return ex.both(
            *guard, *(ex.equal(primed_expression(e), after[cell]) for cell, e in self.cells.items())
        )

    def first(self) -> Expr:
        """Whether a state stands for a first state of the abstract spec."""
        conditions = [self.seen(condition.expr) for condition in self.model.initial]
        by_number = {f.first + i: e for (f, i), e in self.cells.items()}
        for choice in self.model.choices:
            ways = (
                ex.both(*(ex.equal(by_number[c], ex.const(code)) for c, code in zip(choice.cells, codes)))
                for codes in choice.alternatives
            )
            conditions.append(ex.either(*ways))
        return ex.both(*conditions)


def properties(
    refinement: Refinement, text: str, at_first: Callable[[Expr], Expr]
) -> Iterator[Property | Observation]:
    """The properties of a refinement, and the abstract state to be shown beside the concrete one. What all
    first states have in common is settled here, where it holds.
    """
    d, name = refinement.d, refinement.model.name
    step = text or f"every step is a step of {name}, or none"
    yield Property(
        name=d.name, kind="step", place=d.place, text=step, parts=(("", refinement.step()),), premises=()
    )
    first = at_first(refinement.first())
    if not _holds(first):
        text = f"every first state is one of {name}"
        yield Property(
            name=d.name + AT_FIRST,
            kind="invariant",
            place=d.place,
            text=text,
            parts=(("", first),),
            premises=(),
        )
    for variable, value in refinement.values.items():
        yield Observation(f"{name}: {variable}", value)


def _holds(expr: Expr) -> bool:
    """Whether an expression that reads no state is true."""
    if any(at.op in ("load", "loadat") for at in ex.walk(expr)):
        return False
    try:
        return bool(evaluate(expr, ()))
    except EvaluationError:
        return False
