"""The cells of a spec's components, with their initial values. Knows nothing of actions and properties."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any

from explorer.ground.dependent import Dependent, depends, settle
from explorer.ground.initial import choices
from explorer.ground.memories import Locations
from explorer.ground.mistakes import Mistakes
from explorer.ir.errors import Place, SpecError, class_place
from explorer.ir.expressions import Family
from explorer.ir.model import Choice
from explorer.ir.places import Path, Variable
from explorer.ir.types import Type
from explorer.language.annotations import resolve
from explorer.language.memory import Memory, exists, is_location, storage_of
from explorer.language.memory_wiring import WIRING, MemoryType, Wiring
from explorer.language.spec import Spec
from explorer.language.state import Initial, State, component, declared
from explorer.language.structure import read

MAX_CELLS = 4096


class Cells:
    """The cells of a state, one family after the other, and what belongs to them: variables, components,
    initial choices, memories. `owners` has the component of each variable.
    """

    def __init__(self, spec: Spec, mistakes: Mistakes):
        self.spec, self.mistakes = spec, mistakes
        self.families: list[Family] = []
        self.variables: list[Variable] = []
        self.components: dict[type[State], State] = {}
        self.choices: list[Choice] = []
        self.owners: dict[str, str] = {}
        self.memories: list[Wiring] = []
        self.dependent: list[Dependent] = []

    def lay_out(self, classes: list[type[State]]) -> None:
        if not classes:
            raise SpecError(
                "E0510",
                f"spec {self.spec.name} has no State component",
                expected="at least one class of state",
                write="class Counter(State): n: Var[...] = initially(0)",
                place=self.spec.place,
            )
        declarations = [(cls, self.mistakes.attempt(declared, cls) or []) for cls in classes]
        names = [name for _, variables in declarations for name, _, _ in variables]
        for cls, variables in declarations:
            if issubclass(cls, Memory):
                self.components[cls] = self.mistakes.attempt(self.memory, cls, variables, names) or component(
                    cls, {}
                )
                continue
            places: dict[str, Any] = {}
            for name, annotation, initial in variables:
                shown = name if names.count(name) == 1 else f"{cls.__name__}.{name}"
                place = self.mistakes.attempt(self.variable, shown, annotation, initial, cls)
                if place is not None:
                    places[name] = place
            self.components[cls] = component(cls, places)
        self.mistakes.attempt(settle, self.dependent, self.components, self.choices)
        twice = first_twice(name for family in self.families for name in family.names)
        if twice is not None:
            self.mistakes.errors.append(
                SpecError(
                    "E0118",
                    f"two cells of the state are named {twice}",
                    expected="names of identities, fields and variables that tell them apart",
                    write="names without brackets and dots, or another name for a variable",
                    place=self.spec.place,
                )
            )

    def variable(self, name: str, annotation: Any, initial: Initial, cls: type) -> Any:
        resolved = resolve(annotation, initial.place)
        variable = self.add_variable(name, resolved, initial, cls.__name__)
        return read(resolved, Path(variable, "", (), False))

    def hidden(self, name: str, type: Type, value: Any, place: Place, owner: str) -> Variable:
        """A variable that no author declared: where a process is, what it keeps."""
        return self.add_variable(name, type, Initial(value, place, True), owner)

    def add_variable(self, name: str, type: Type, initial: Initial, owner: str) -> Variable:
        """Lay out the cells of a variable, and note its initial values."""
        variable = self.lay_out_cells(name, type, initial, owner)
        path = Path(variable, "", (), False)
        if depends(initial.value):
            self.dependent.append((path, type, initial))
        else:
            self.choices.extend(choices(path, type, initial.value, initial.place))
        return variable

    def _end(self) -> int:
        """The number of the next cell."""
        return self.families[-1].first + self.families[-1].size if self.families else 0

    def lay_out_cells(self, name: str, type: Type, initial: Initial, owner: str) -> Variable:
        """Lay out the cells of a variable."""
        families: dict[str, Family] = {}
        for shape in type.cells():
            size = math.prod(len(dimension.names) for dimension in shape.dimensions)
            first = self._end()
            if first + size > MAX_CELLS:
                raise SpecError(
                    "E0511",
                    f"{owner}.{name} brings the state to more than {MAX_CELLS} cells",
                    expected="a smaller state",
                    write="smaller domains or constants",
                    place=initial.place,
                )
            names = _cell_names(name, shape.path, [d.names for d in shape.dimensions])
            family = Family(
                number=len(self.families),
                first=first,
                size=len(names),
                low=shape.type.low,
                high=shape.type.high,
                variable=name,
                path=shape.path,
                names=tuple(names),
                type=shape.type,
                place=initial.place,
                keys=tuple(d.names for d in shape.dimensions),
            )
            self.families.append(family)
            families[shape.path] = family
        variable = Variable(name, type, families, initial.quiet)
        self.variables.append(variable)
        self.owners[name] = owner
        return variable

    def memory(self, cls: type[Memory], variables: list[tuple[str, Any, Initial]], names: list[str]) -> State:
        """A memory component: one cell in the state, whatever its locations."""
        locations = Locations()
        for name, annotation, initial in variables:
            shown = name if names.count(name) == 1 else f"{cls.__name__}.{name}"
            if is_location(cls, name):
                locations.add(name, shown, resolve(annotation, initial.place), initial)
            else:
                locations.places[name] = self.variable(shown, annotation, initial, cls)
        if not exists(cls):
            return component(cls, locations.places)
        cpus = resolve(cls._cpus, class_place(cls))
        storage = storage_of(cls, cpus, tuple(locations.initial))
        type = MemoryType(
            storage=storage,
            domain=cpus,
            variables=tuple(locations.variables),
            locations=tuple(locations.names),
            types=tuple(locations.types),
            name=cls.__name__,
        )
        first = self._end()
        name, place = cls.__name__, class_place(cls)
        family = Family(
            number=len(self.families),
            first=first,
            size=1,
            low=type.low,
            high=type.high,
            variable=name,
            path="",
            names=(name,),
            type=type,
            place=place,
        )
        self.families.append(family)
        self.variables.append(Variable(name, type, {"": family}))
        self.owners[name] = name
        self.choices.append(Choice((first,), tuple((i,) for i in range(storage.first_numbers))))
        wiring = Wiring(family, type)
        self.memories.append(wiring)
        return component(cls, {**locations.places, WIRING: wiring})


def _cell_names(variable: str, path: str, dimensions: list[tuple[str, ...]]) -> list[str]:
    names = []
    for indices in itertools.product(*dimensions):
        text = path
        for index in indices:
            text = text.replace("[]", f"[{index}]", 1)
        names.append(variable + text)
    return names


def first_twice(names: Iterable[str]) -> str | None:
    """The first of some names that was there before."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
