"""How a memory stands in the state: as one cell, the number of its state (explorer/memory/numbered.py), and
what is done to it as functions of numbers.

Every function says of which types its operands are. So symmetry knows what exchanging identities makes of
them: CPUs, locations and values are exchanged, and the memory with them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Family, Function
from explorer.ir.places import Variable
from explorer.ir.steps import Condition, Write
from explorer.ir.types import ScalarType, Type
from explorer.memory.numbered import HIGHEST, LOWEST, NumberedMemory

ALWAYS = ("fail", "no_load", "no_store", "unused", "barrier", "barriers_where")
"""Operations that are possible in every memory. What they make of none is not looked at, and is not -1: so
nothing needs to be asked behind them.
"""

LEAST = LOWEST
"""The least number that stands for a memory or for none."""

QUICK = ("oldest_load", "oldest_place", "under_way")
"""Questions that cost little."""

WIRING = "wiring of the memory"
"""Where a memory component keeps its wiring: no name that an author could use."""


@dataclass(frozen=True, slots=True, eq=False)
class MemoryType(ScalarType):
    """The number of a memory's state; its text says what each location holds and who may still see older
    stores. `domain` is that of the CPUs, and the cells of `variables` are the locations.
    """

    storage: NumberedMemory
    domain: Type
    variables: tuple[Variable, ...]
    locations: tuple[str, ...]
    types: tuple[ScalarType, ...]
    name: str
    low: int = 0
    high: int = HIGHEST

    @property
    def cpus(self) -> tuple[str, ...]:
        """The names of the CPUs."""
        return tuple(map(self.domain.name_of, self.domain.values()))

    @property
    def settings(self) -> str:
        """What makes memories with the same locations differ."""
        storage = self.storage
        return (
            f"{storage.architecture.name} {storage.cpus} {storage.initial} {storage.bound} {storage.settle}"
            f" {sorted(storage.idle)}"
        )

    @property
    def cut(self) -> str:
        return f"beyond_bound=settle ({self.name})" if self.storage.settled else ""

    def encode(self, value: Any) -> int | None:
        return value if isinstance(value, int) and self.low <= value <= self.high else None

    def decode(self, code: int) -> Any:
        return self.text(code)

    def values(self) -> tuple[Any, ...]:
        return Type.values(self)

    def text(self, value: Any) -> str:
        return ", ".join(f"{name} = {text}" for name, text in self.texts(value).items())

    def texts(self, value: int) -> dict[str, str]:
        """What each location holds, and who may still read something older."""
        found = self.storage.texts(value, self.cpus, lambda x, code: self.types[x].text(code))
        return dict(zip(self.locations, found, strict=True))


@dataclass(frozen=True, slots=True)
class Cpus:
    """The type of an operand that is a CPU of a memory, by its position."""

    memory: MemoryType


@dataclass(frozen=True, slots=True)
class Locations:
    """The type of an operand that is a location of a memory, by its position."""

    memory: MemoryType


@dataclass(frozen=True, slots=True)
class LocationSets:
    """The type of an operand that is a set of locations of a memory: bit x is the location x."""

    memory: MemoryType


@dataclass(frozen=True, slots=True)
class Operand:
    """A location as an operand: its number as an expression, the numbers that it may have, its type and
    text.
    """

    index: Expr
    numbers: range
    type: ScalarType
    text: str


class Wiring:
    """What connects a memory component to the state: its cell, its locations, and the functions made so
    far.
    """

    def __init__(self, family: Family, type: MemoryType):
        self.family, self.type = family, type
        self.cpu, self.location, self.locations = Cpus(type), Locations(type), LocationSets(type)
        self._functions: dict[Any, Function] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_functions": {}}  # they are found by ids, which mean nothing elsewhere

    @property
    def storage(self) -> NumberedMemory:
        return self.type.storage

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Those whose cells are the locations."""
        return self.type.variables

    def operation(self, name: str, operands: tuple[Any, ...], static: tuple[Any, ...] = ()) -> Function:
        """The function that makes of a memory, and operands of these types, the memory behind an operation of
        the storage; `static` are arguments that are no expressions.
        """
        least = 0 if name in ALWAYS else LOWEST
        return self._function(name, (self.type, *operands, self.type), static, (least, HIGHEST))

    def question(
        self, name: str, operands: tuple[Any, ...], static: tuple[Any, ...] = (), most: int = HIGHEST
    ) -> Function:
        """The function that tells a number of a memory, from -1 or 0 to `most`."""
        return self._function(name, (self.type, *operands, None), static, (-(most == HIGHEST), most))

    def value(self, type: ScalarType, age: int) -> Function:
        """The function that tells what a location of this type holds, in its store of this age."""
        bounds = type.low, type.high
        function = self._function("value", (self.type, self.location, type), (age,), bounds)
        function.text = partial(self._value_text, age)
        return function

    def _value_text(self, age: int, args: tuple[Expr, ...]) -> str:
        names = [name for v in self.variables for f in v.families.values() for name in f.names]
        index = args[1]
        place = names[index.value] if ex.is_const(index) else f"location {show(index)}"
        return f"newest({place})" if not age else f"{place} {age} store{'s' * (age > 1)} ago"

    def _function(
        self, name: str, operands: tuple[Any, ...], static: tuple[Any, ...], bounds: tuple[int, int]
    ) -> Function:
        key = (name, static, bounds, *map(id, operands))
        if key not in self._functions:
            inner = ", ".join(map(str, static + bounds * (name == "value")))
            self._functions[key] = Function(
                f"{self.type.name}.{name}" + (f"[{inner}]" if inner else ""),
                bounds,
                Applied(self.storage, name, static),
                operands,
            )
            self._functions[key].quick = name in QUICK
        return self._functions[key]


class Applied:
    """An operation or question of a storage as a function of numbers; `static` are its arguments that are
    none.
    """

    def __init__(self, storage: NumberedMemory, name: str, static: tuple[Any, ...]):
        self.storage, self.name, self.static = storage, name, static
        self.least = 0 if name in ALWAYS else LOWEST

    def __call__(self, m: int, *given: int) -> int:
        result: int = getattr(self.storage, self.name)(max(m, self.least), *given, *self.static)
        return result


def made_by(function: Function) -> tuple[str, tuple[Any, ...]]:
    """The operation or question of the storage that a function of a memory is, and its arguments that are no
    expressions.
    """
    applied = function.plain
    assert isinstance(applied, Applied)
    return applied.name, applied.static


def spread(wiring: Wiring, location: int) -> tuple[Condition, Write]:
    """Guard and effect of the step that temporal properties count on: the oldest store of a location that
    somebody may still miss reaches everybody.
    """
    line = wiring.family.place
    function = wiring.operation("spread", (wiring.location,))
    function.possible = wiring.question("under_way", (wiring.location,), most=1)
    result = ex.apply(function, ex.cell(wiring.family, ex.const(0)), ex.const(location))
    return Condition(ex.at_most(ex.const(0), result), line), Write(wiring.family, ex.const(0), result, line)
