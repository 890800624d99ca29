"""Local values of a process in a form that can be compared between runs. Knows nothing of steps.

Plain values are compared by value. Symbolic ones stand for registers, or are left over from an earlier step:
then nothing may use them, and they make no difference.
"""

from __future__ import annotations

import dataclasses
import enum
import gc
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.errors import Place, SpecError
from explorer.ir.places import Variable
from explorer.language.concrete import expressions_of
from explorer.language.constants import value_of
from explorer.language.domains import Range, Scalarset
from explorer.language.process import Decision
from explorer.language.state import State
from explorer.language.values import Value

_PLAIN = (bool, int, str, float, bytes, type, ModuleType, BuiltinFunctionType, range, Range, type(None))


class Mentions:
    """What local values speak of: registers, by the names of their variables in `known`, and the plain
    values inside.
    """

    def __init__(self, known: Mapping[str, Any], locations: tuple[Variable, ...]) -> None:
        self.known, self.locations = known, locations
        self.registers: set[Any] = set()
        self.values: list[Any] = []

    def has(self, value: Any) -> bool:
        """Whether a chosen value lives on in some local one, whatever its name. Numbers are no evidence."""
        return not isinstance(value, (bool, int)) and value is not None and value in self.values


def normal(value: Any, mentions: Mentions, name: str, place: Place) -> Any:
    """A value that equals another one where nothing tells the two apart; None where it makes no
    difference.
    """
    value = value_of(value)
    if isinstance(value, Value):
        return _symbolic(value, mentions)
    if isinstance(value, (State, Decision)):
        return None
    if isinstance(value, (enum.Enum, Scalarset)):
        mentions.values.append(value)
        return value
    if isinstance(value, _PLAIN):
        return (type(value).__name__, value)
    if isinstance(value, GeneratorType):
        return _generator(value, mentions, place)
    if isinstance(value, FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return ("function", value.__code__, tuple(normal(cell, mentions, name, place) for cell in cells))
    if isinstance(value, MethodType):
        return ("method", value.__func__, normal(value.__self__, mentions, name, place))
    parts = _parts(value)
    if parts is None:
        raise _unknown(value, name, place)
    if not isinstance(value, (list, dict)) and dataclasses.is_dataclass(value):
        mentions.values.append(value)
    return (type(value).__name__, *(normal(part, mentions, name, place) for part in parts))


def _generator(value: GeneratorType[Any, Any, Any], mentions: Mentions, place: Place) -> Any:
    """A generator that a loop runs over, as that over the members of an enum: where it stands, with its
    values.
    """
    frame = value.gi_frame
    if frame is None:
        return None
    local = tuple((name, normal(v, mentions, name, place)) for name, v in dict(frame.f_locals).items())
    inside = [
        o for o in gc.get_referents(value) if hasattr(o, "__next__") and not isinstance(o, GeneratorType)
    ]
    return (
        "generator",
        value.gi_code,
        frame.f_lasti,
        local,
        *(normal(o, mentions, "a loop", place) for o in inside),
    )


def _parts(value: Any) -> list[Any] | None:
    """The parts of a composite plain value, in order."""
    if isinstance(value, (tuple, list)):
        return list(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if isinstance(value, dict):
        return [part for item in value.items() for part in item]
    if dataclasses.is_dataclass(value):
        return [getattr(value, f.name) for f in dataclasses.fields(value)]
    if hasattr(value, "__next__"):
        try:
            _, arguments, *state = value.__reduce__()
        except TypeError:
            return None
        return [*arguments, *state]
    return None


def _unknown(value: Any, name: str, place: Place) -> SpecError:
    what = (
        f"a loop over a {type(value).__name__}"
        if name == "a loop"
        else f"`{name}` of type {type(value).__name__}"
    )
    return SpecError(
        "E0811",
        f"{what} lasts longer than a step",
        expected="local values that can be compared: numbers, texts, members of domains, collections of them",
        write="a list of its values" if hasattr(value, "__next__") else "a plain value in its place",
        place=place,
    )


def _symbolic(value: Value[Any], mentions: Mentions) -> Any:
    """Registers by their expressions, locations of a memory by their path; None for what an earlier step
    left.
    """
    path = value._path
    if path is not None and any(path.variable is location for location in mentions.locations):
        parts = tuple(index for index, _ in path.indices)
        place: tuple[Any, ...] = ("location", path.variable.name, path.fields)
    else:
        parts, place = tuple(expressions_of(value)), ("symbolic", value._type.name)
    registers = set()
    for expr in parts:
        for at in ex.walk(expr):
            family = at.value[0] if at.op == "load" else at.value if at.op == "loadat" else None
            if family is not None:
                if family.variable not in mentions.known or family.number < 0:
                    return None
                registers.add(mentions.known[family.variable])
    mentions.registers |= registers
    return (*place, parts)
