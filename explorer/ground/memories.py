"""What the compiler makes of a memory component: its locations, and the step that temporal properties
need.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import field
from itertools import product
from typing import Any

from explorer.ground.initial import choices
from explorer.ir.data import dataclass
from explorer.ir.expressions import Family
from explorer.ir.model import UNNUMBERED, Action, Instance
from explorer.ir.places import Path, Variable
from explorer.ir.steps import Fairness
from explorer.ir.types import ScalarType, Type
from explorer.language.memory_wiring import Wiring, spread
from explorer.language.state import Initial
from explorer.language.structure import read


@dataclass(slots=True)
class Locations:
    """The locations of a memory, in order: their texts and types, the codes that each may hold at first, and
    what an author's function sees of them.
    """

    names: list[str] = field(default_factory=list)
    types: list[ScalarType] = field(default_factory=list)
    initial: list[tuple[int, ...]] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    places: dict[str, Any] = field(default_factory=dict)

    def add(self, attribute: str, name: str, type: Type, initial: Initial) -> None:
        """A variable of the memory, called `name` in texts: a location for each of its cells."""
        families, start = {}, len(self.names)
        for shape in type.cells():
            texts = [
                name + _indexed(shape.path, key) for key in product(*(d.names for d in shape.dimensions))
            ]
            assert len(texts) == math.prod(len(d.names) for d in shape.dimensions)
            families[shape.path] = Family(
                number=-1,
                first=len(self.names),
                size=len(texts),
                low=shape.type.low,
                high=shape.type.high,
                variable=name,
                path=shape.path,
                names=tuple(texts),
                type=shape.type,
                place=initial.place,
                keys=tuple(d.names for d in shape.dimensions),
            )
            self.names += texts
            self.types += [shape.type] * len(texts)
        plain = Path(Variable(name, type, families), "", (), False)
        codes: dict[int, tuple[int, ...]] = {}
        for choice in choices(plain, type, initial.value, initial.place):
            for position, cell in enumerate(choice.cells):
                codes[cell] = tuple(dict.fromkeys(option[position] for option in choice.alternatives))
        self.initial += [codes[x] for x in range(start, len(self.names))]
        variable = Variable(name, type, families, shared=True)
        self.variables.append(variable)
        self.places[attribute] = read(type, Path(variable, "", (), False))


def _indexed(path: str, key: tuple[str, ...]) -> str:
    for index in key:
        path = path.replace("[]", f"[{index}]", 1)
    return path


def spreading(wiring: Wiring) -> Iterator[Instance]:
    """The weakly fair steps by which every store reaches everybody in the end, one for each location. Where
    every store reaches everybody at once there are none.
    """
    if wiring.storage.architecture.immediate:
        return
    action = Action(
        name=f"{wiring.type.name}_reaches_everybody",
        place=wiring.family.place,
        actor=None,
        fair=Fairness.WEAK,
        per=None,
        source="",
        parameters=("location",),
        defensive=False,
    )
    for x, name in enumerate(wiring.type.locations):
        condition, write = spread(wiring, x)
        label = (f"the oldest store of {name} that somebody may still miss reaches everybody",)
        yield Instance(
            UNNUMBERED,
            action,
            arguments=(("location", name),),
            texts=(name,),
            actor="",
            guard=(condition,),
            writes=(write,),
            marks=(),
            label=label,
        )
