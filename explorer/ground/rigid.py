"""One model for many values of some constants: each such constant becomes a variable that is chosen at first
and never changes (a rigid variable, Lamport 1994).

Every declaration is traced once for each value of the constants that it asks for. What is the same for
several values is there once, under a guard that names them. A constant on which the state itself depends
cannot be rigid. Temporal properties are those of the first values, and nothing can be said on them.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from explorer.ground.ground import Grounder
from explorer.ir import expressions as ex
from explorer.ir.errors import Place
from explorer.ir.expressions import Expr
from explorer.ir.model import Instance, Model, Property
from explorer.ir.places import Variable
from explorer.ir.steps import Condition
from explorer.ir.types import ScalarType
from explorer.language.annotations import resolve
from explorer.language.constants import bindings_of, bound
from explorer.language.declarations import Declaration
from explorer.language.domains import Range
from explorer.language.spec import Spec
from explorer.language.state import AnyOf, Initial, State

Values = Mapping[str, Any]
"""Values of some rigid constants, by name."""
Case = tuple[Values, Any]
"""What a declaration gives under these values, whatever the others have."""

PREFIX = "-D "
"""What the variable of a constant is called, before its name: no author can use this name."""


class NotRigid(Exception):
    """The state, or a process, depends on a constant that was to be rigid."""


def rigid_model(
    spec: Spec, constants: Mapping[str, Any], rigid: Mapping[str, Sequence[Any]], file: str
) -> Model:
    """The model of all values of the `rigid` constants; the others have those in `constants`.

    The variable of a constant is called `PREFIX` and its name. Raises NotRigid where that is not possible,
    and SpecError for a spec that means nothing under some of the values.
    """
    values = bindings_of({**spec.constants, **constants}, spec.place)
    first = {name: several[0] for name, several in rigid.items()}
    with bound({**values, **first}, spec.place) as asked:
        grounder = RigidGrounder(spec, file, values, rigid, asked)
        try:
            model = grounder.run()
        finally:
            spec.met.update(asked)
    grounder.refuse_fixed()
    known = spec.known_constants()
    model.constants.update({name: values.get(name, c._default) for name, c in known.items()})
    model.bound.update({name: value for name, value in values.items() if value != known[name]._default})
    return model


class RigidGrounder(Grounder):
    """Grounds each declaration under all values of the rigid constants. `constants` are the others; `asked`
    has what anything but a declaration has asked for.
    """

    def __init__(
        self,
        spec: Spec,
        file: str,
        constants: Mapping[str, Any],
        rigid: Mapping[str, Sequence[Any]],
        asked: Mapping[str, Any],
    ):
        super().__init__(spec, file, lambda: None)
        self.constants, self.rigid, self.asked = constants, rigid, asked
        self.first = {name: several[0] for name, several in rigid.items()}
        self.chosen: dict[str, Variable] = {}

    def compose(self, used: list[type[State]]) -> None:
        super().compose(used)
        for name, several in self.rigid.items():
            place = self.spec.place
            first = several[0] if len(several) == 1 else AnyOf(tuple(several), place)
            initial = Initial(first, place, quiet=True)
            self.chosen[name] = self.cells.add_variable(
                PREFIX + name, _type(several, place), initial, "constants"
            )

    def refuse_fixed(self) -> None:
        """Raise NotRigid where the state, or the places of a process, were made under one value."""
        fixed = sorted(name for name in self.asked if name in self.rigid)
        if fixed:
            raise NotRigid(", ".join(fixed))

    def trace(self, d: Declaration, parameters: Any) -> list[Any]:
        self.refuse_fixed()
        if d.kind == "observe":
            return []
        if d.kind == "refinement":
            raise NotRigid(d.name)
        if d.kind == "temporal":  # not to be judged; but with one there are steps that nobody declared
            with bound({**self.constants, **self.first}, self.spec.place):
                return super().trace(d, parameters)
        cases = list(self.cases(lambda: super(RigidGrounder, self).trace(d, parameters)))
        if len(cases) == 1:
            return list(cases[0][1])
        if d.kind in ("action", "process"):
            return list(self.merged_actions(cases, d.place))
        if d.kind in ("invariant", "step"):
            return [self.merged_property(cases)]
        return list(self.merged_conditions(d.kind, cases))

    def cases(self, make: Callable[[], list[Any]]) -> Iterator[Case]:
        """What is made under each choice of values for the constants that it asks for."""
        todo: list[dict[str, Any]] = [{}]
        while todo:
            known = todo.pop()
            with bound({**self.constants, **self.first, **known}, self.spec.place) as asked:
                try:
                    parts = make()
                finally:
                    self.spec.met.update(asked)
            more = [name for name in self.rigid if name in asked and name not in known]
            if not more:
                yield known, parts
                continue
            several = itertools.product(*(self.rigid[name] for name in more))
            todo += reversed([{**known, **dict(zip(more, picked))} for picked in several])

    # What is made of the cases of one declaration.

    def merged_actions(self, cases: list[Case], place: Place) -> Iterator[Instance]:
        """Instances: those that do the same under several values are one."""
        groups: dict[Any, list[Case]] = {}
        for values, instances in cases:
            for one in instances:
                same = (
                    tuple(name for name, _ in one.arguments),
                    one.texts,
                    tuple(c.expr for c in one.guard),
                    tuple((w.family, w.index, w.expr) for w in one.writes),
                )
                groups.setdefault(same, []).append((values, one))
        for members in groups.values():
            instance: Instance = members[0][1]
            chosen = [values for values, _ in members]
            guard = self.among(chosen, len(members) == len(cases))
            text = " | ".join(", ".join(f"{n}={_text(v)}" for n, v in values.items()) for values in chosen)
            if guard is not ex.TRUE:
                instance = replace(
                    instance,
                    arguments=(*instance.arguments, ("constants", text)),
                    texts=(*instance.texts, text),
                    guard=(Condition(guard, place), *instance.guard),
                )
            yield instance

    def merged_property(self, cases: list[Case]) -> Property:
        """A property that asks in each state what it asks under the values chosen."""
        parts: dict[str, dict[Expr, list[Values]]] = {}
        for values, (prop,) in cases:
            for name, expr in prop.parts:
                parts.setdefault(name, {}).setdefault(expr, []).append(values)
        first = cases[0][1][0]
        return Property(
            name=first.name,
            kind=first.kind,
            place=first.place,
            text=first.text,
            parts=tuple(
                (name, ex.both(*(self.where(chosen, len(cases), expr) for expr, chosen in several.items())))
                for name, several in parts.items()
            ),
            premises=(),
        )

    def merged_conditions(self, kind: str, cases: list[Case]) -> Iterator[Any]:
        """Conditions of a kind: what may end anywhere, must hold at first, keeps states from being left."""
        groups: dict[tuple[Expr, Any], list[tuple[Values, Any]]] = {}
        for values, several in cases:
            for one in several:
                name, condition = one if kind == "constraint" else (None, one)
                groups.setdefault((condition.expr, name), []).append((values, condition.place))
        for (expr, name), members in groups.items():
            chosen = [values for values, _ in members]
            if kind == "terminal":
                expr = ex.both(self.among(chosen, len(chosen) == len(cases)), expr)
            else:
                expr = self.where(chosen, len(cases), expr)
            joined = Condition(expr, members[0][1])
            yield (name, joined) if kind == "constraint" else joined

    def where(self, chosen: list[Values], cases: int, expr: Expr) -> Expr:
        """The condition under these values; true under all others."""
        guard = self.among(chosen, len(chosen) == cases)
        return expr if guard is ex.TRUE else ex.either(ex.negate(guard), expr)

    def among(self, chosen: list[Values], all: bool) -> Expr:
        """Whether the values are among those chosen: a test for each constant where that says it."""
        if all:
            return ex.TRUE
        names = list(chosen[0])
        if all_same := [v for v in chosen if list(v) == names]:
            sets = {name: list(dict.fromkeys(values[name] for values in all_same)) for name in names}
            count = 1
            for several in sets.values():
                count *= len(several)
            if count == len(chosen) == len(all_same):
                return ex.both(*(self.one_of(n, s) for n, s in sets.items() if len(s) < len(self.rigid[n])))
        return ex.either(*(ex.both(*(self.one_of(n, [v]) for n, v in c.items())) for c in chosen))

    def one_of(self, name: str, several: list[Any]) -> Expr:
        family = self.chosen[name].families[""]
        cell = ex.cell(family, ex.const(0))
        return ex.either(*(ex.equal(cell, ex.const(family.type.encode(value))) for value in several))


def _type(several: Sequence[Any], place: Place) -> ScalarType:
    value = several[0]
    if isinstance(value, enum.Enum | bool):
        resolved = resolve(type(value), place)
    else:
        resolved = resolve(Range(min(several), max(several)), place)
    assert isinstance(resolved, ScalarType)
    return resolved


def _text(value: Any) -> str:
    return str(value.value) if isinstance(value, enum.Enum) else str(value)
