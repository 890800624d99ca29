"""What the tests of the language share: small domains, and the space that a spec of a few parts has."""

import enum
from dataclasses import dataclass
from typing import Annotated, Any

from explorer import Range, Scalarset, Spec, constant
from explorer.engine.reference import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.places import Path
from explorer.language.concrete import concrete
from explorer.language.structure import read

Digit = Annotated[int, Range(0, 3)]


class Cpu(Scalarset):
    size = constant("CPUS", 2)


class Device(Scalarset):
    size = 1
    names = ("disk",)


class Step(enum.Enum):
    IDLE, BUSY, DONE = range(3)


@dataclass(frozen=True)
class Store:
    slot: Digit
    value: bool


def run(*parts: Any, **constants: Any) -> StateSpace:
    return explore(ground(Spec(*parts, **constants)))


def values(space: StateSpace, variable: str) -> list[Any]:
    """What a variable holds in every visited state, in the order of the visit."""
    found = next(v for v in space.model.variables if v.name == variable)
    place = read(found.type, Path(found, "", (), False))
    return [concrete(place, state) for level in space.levels for state in level]


def counts(space: StateSpace) -> tuple[int, int, int]:
    """States, transitions, depth."""
    return space.distinct, space.transitions, space.depth


def failure(space: StateSpace) -> tuple[int, str]:
    """The level and the message of the first evaluation error."""
    found = space.violations["evaluation"]
    return found.level, next(iter(found.failures.values()))[1].message


def labels(model: Model, state: tuple[int, ...]) -> list[str]:
    return [
        "".join(p if isinstance(p, str) else str(concrete(p, state)) for p in i.label)
        for i in model.instances
    ]
