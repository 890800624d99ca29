"""What properties remember of a behaviour, as hidden variables: first values, where initial states differ,
and whether the steps of an action were even in number. Knows nothing of engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError, closest, nearest
from explorer.ir.expressions import Expr, Family
from explorer.ir.formulas import COUNTED
from explorer.ir.model import Choice, Instance
from explorer.ir.places import Path, Variable
from explorer.ir.steps import Write
from explorer.ir.types import BoolType, MapType, Type
from explorer.language.declarations import Declaration, declaration_of
from explorer.language.lifting import index_of

AddVariable = Callable[[str, Type, Any, Place, str], Variable]


@dataclass(slots=True)
class _Counted:
    """The steps that a bit counts: of which actions, and the types of the arguments that tell bits apart."""

    actions: frozenset[str]
    variable: Variable
    types: list[Type]
    place: Place


@dataclass(slots=True)
class Histories:
    """The hidden variables that properties ask for. `steps` gives the names of the actions of a process's
    step; `domains` the domain parameters of an action.
    """

    choices: list[Choice]
    variables: list[Variable]
    owners: dict[str, str]
    lay_out: Callable[[str, Type, Place, str], Variable]
    add: AddVariable
    declarations: list[Declaration]
    domains: Callable[[Declaration], dict[str, Type]]
    steps: Callable[[Declaration, str], Iterable[str]]
    copies: dict[str, Variable] = field(default_factory=dict)
    counted: dict[tuple[Any, ...], _Counted] = field(default_factory=dict)

    # The first state.

    def first(self, expr: Expr) -> Expr:
        """An expression in the first state of the behaviour."""
        return ex.rebuild(expr, self._first_load)

    def _first_load(self, at: Expr) -> Expr:
        if at.op == "load":
            family, i = at.value
            return self._first_cell(family, i)
        if at.op == "loadat":
            family, index = at.value, at.args[0]
            if ex.is_const(index):
                return self._first_cell(family, index.value)
            cells = [self._first_cell(family, i) for i in range(family.size)]
            result = cells[-1]
            for i in reversed(range(len(cells) - 1)):
                result = ex.choose(ex.equal(index, ex.const(i)), cells[i], result)
            return result
        return at

    def _first_cell(self, family: Family, i: int) -> Expr:
        cell = family.first + i
        choice = next(choice for choice in self.choices if cell in choice.cells)
        position = choice.cells.index(cell)
        values = {codes[position] for codes in choice.alternatives}
        if len(values) == 1:
            return ex.const(values.pop())
        return ex.cell(self._copy(family.variable).families[family.path], ex.const(i))

    def _copy(self, name: str) -> Variable:
        """A variable that holds for ever what another holds at first."""
        if name not in self.copies:
            original = next(v for v in self.variables if v.name == name)
            place = next(iter(original.families.values())).place
            copy = self.lay_out(f"{name}@first", original.type, place, self.owners[name])
            moved = {
                family.first + i: copy.families[path].first + i
                for path, family in original.families.items()
                for i in range(family.size)
            }
            for number, choice in enumerate(self.choices):
                twins = [(at, moved[cell]) for at, cell in enumerate(choice.cells) if cell in moved]
                self.choices[number] = Choice(
                    (*choice.cells, *(twin for _, twin in twins)),
                    tuple((*codes, *(codes[at] for at, _ in twins)) for codes in choice.alternatives),
                )
            self.copies[name] = copy
        return self.copies[name]

    # Steps that are taken.

    def bit(self, action: Any, step: str | None, arguments: tuple[Any, ...]) -> Expr:
        """Whether the steps of an action were odd in number so far, those with these arguments alone."""
        d = self._declaration(action)
        domains = self.domains(d)
        if len(arguments) > len(domains):
            names = ", ".join(domains)
            raise SpecError(
                "E0252",
                f"taken({d.name}, ...) with {len(arguments)} values for {len(domains)} parameters",
                expected=f"values of: {names}" if names else "no values",
                write=f"taken({', '.join([d.name, *domains])})",
            )
        if step is not None and d.kind != "process":
            raise SpecError(
                "E0252",
                f"taken({d.name}, step={step!r}), and {d.name} is no process",
                expected="a step of a process",
                write=f"taken({d.name})",
            )
        key = d.name, step, len(arguments)
        if key not in self.counted:
            self.counted[key] = self._count(d, step, list(domains.values())[: len(arguments)])
        counted = self.counted[key]
        path = Path(counted.variable, "", (), False)
        for argument, type in zip(arguments, counted.types):
            path = path.at(index_of(argument, type, f"an argument of taken({d.name}, ...)"), type.size)
        return ex.cell(*path.cell())

    def _count(self, d: Declaration, step: str | None, types: list[Type]) -> _Counted:
        names = frozenset([d.name]) if step is None else frozenset(self.steps(d, step))
        type: Type = BoolType()
        for key in reversed(types):
            type = MapType(key, type)
        what = "" if len(types) == len(self.domains(d)) else f" by {len(types)}" if types else "any "
        what = f"{what}{d.name}" if not types else f"{d.name}{what}"
        name = f"{COUNTED}{what}" + (f".{step}" if step else "")
        return _Counted(names, self.add(name, type, False, d.place, d.name), types, d.place)

    def _declaration(self, action: Any) -> Declaration:
        steps = {d.name: d for d in self.declarations if d.kind in ("action", "process")}
        if isinstance(action, str):
            known = steps.get(action)
        else:
            asked = declaration_of(action)
            known = next((d for d in steps.values() if asked and d.function is asked.function), None)
        if known is None:
            name = action if isinstance(action, str) else action.__name__
            raise SpecError(
                "E0252",
                f"taken({repr(name) if name is action else name}), which is no action of the spec",
                expected=nearest(name, list(steps)),
                write=f"taken({closest(name, list(steps), next(iter(steps), 'action'))})",
            )
        return known

    def counting(self, instance: Instance) -> Instance:
        """An instance that also counts itself, where a property asks."""
        action, writes = instance.action, list(instance.writes)
        process = action.name.partition(".")[0]
        for (name, step, _), counted in self.counted.items():
            if action.name in counted.actions or (step is None and process == name):
                path = Path(counted.variable, "", (), False)
                for (_, value), type in zip(instance.arguments, counted.types):
                    path = path.at(index_of(value, type, "an argument"), type.size)
                family, index = path.cell()
                old = ex.cell(family, index)
                writes.append(Write(family, index, ex.negate(old), counted.place))
        return replace(instance, writes=tuple(writes))
