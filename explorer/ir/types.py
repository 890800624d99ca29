"""Resolved types: what an annotation means once constants have values. Knows nothing of actions.

A scalar type maps its values to consecutive integer codes `low..high`. A composite type (record, map, queue,
optional record) is laid out as cells of scalar type; `cells()` lists them with their dimensions.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import field
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError


@dataclass(frozen=True, slots=True)
class Dimension:
    """One index of a family of cells: how many, and the text of each."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellShape:
    """The cells of a composite type that share a path: `path` names fields, `dimensions` the indices between
    them.

    `path` has one `[]` for each dimension, in order.
    """

    path: str
    dimensions: tuple[Dimension, ...]
    type: ScalarType


class Type:
    """Base of all resolved types."""

    name: str

    @property
    def settings(self) -> str:
        """What makes types with the same codes differ in meaning; "" where the codes say all."""
        return ""

    @property
    def cut(self) -> str:
        """Why states with such a value were not all explored; "" where they were."""
        return ""

    def cells(self) -> Iterator[CellShape]:
        raise AssertionError

    def values(self) -> tuple[Any, ...]:
        """Every value, in order of its code. Only for finite types without maps and queues."""
        raise SpecError(
            "E0115",
            f"{self.name} is used as a domain",
            expected="a small finite domain: bool, an enum, a Range, "
            "a Scalarset, `T | None`, a union of those, or a record of those",
            write="quantify over the parts",
        )

    @property
    def size(self) -> int:
        return len(self.values())

    def name_of(self, value: Any) -> str:
        """What a person reads for an author's value of this type; no two values have the same text."""
        return value_text(value)


class ScalarType(Type):
    low: int
    high: int

    def cells(self) -> Iterator[CellShape]:
        yield CellShape("", (), self)

    def encode(self, value: Any) -> int | None:
        """The code of an author's value; None when it is not in the domain."""
        raise AssertionError

    def decode(self, code: int) -> Any:
        raise AssertionError

    def values(self) -> tuple[Any, ...]:
        return tuple(self.decode(code) for code in range(self.low, self.high + 1))

    @property
    def size(self) -> int:
        return self.high - self.low + 1

    def text(self, value: Any) -> str:
        """Text of a *code* of this type."""
        return self.name_of(self.decode(value)) if self.low <= value <= self.high else str(value)


@dataclass(frozen=True, slots=True)
class BoolType(ScalarType):
    low: int = 0
    high: int = 1
    name: str = "bool"

    def encode(self, value: Any) -> int | None:
        return int(value) if isinstance(value, bool) else None

    def decode(self, code: int) -> Any:
        return bool(code)


@dataclass(frozen=True, slots=True)
class IntType(ScalarType):
    low: int
    high: int

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"Range({self.low}, {self.high})"

    def encode(self, value: Any) -> int | None:
        ok = isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high
        return int(value) if ok else None

    def decode(self, code: int) -> Any:
        return code

    def text(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class UnionType(ScalarType):
    """Enum members and identities of one or several classes, numbers of a range among them, with or without
    None (Murphi's union).

    Codes run through the classes in order from 0; None is -1.
    """

    classes: tuple[type, ...]
    members: tuple[Any, ...]
    optional: bool
    _shared: list[frozenset[str]] = field(default_factory=list, compare=False, repr=False)
    """The texts that several values would have, once they are looked for."""

    @property
    def low(self) -> int:  # type: ignore[override]
        return -1 if self.optional else 0

    @property
    def high(self) -> int:  # type: ignore[override]
        return len(self.members) - 1

    @property
    def name(self) -> str:  # type: ignore[override]
        names = [c.__name__ if c is not int else self._numbers.name for c in self.classes]
        return " | ".join(names + ["None"] * self.optional)

    @property
    def _numbers(self) -> IntType:
        numbers = [member for member in self.members if type(member) is int]
        return IntType(numbers[0], numbers[-1])

    @property
    def numbers(self) -> tuple[int, IntType] | None:
        """The code of the first number, and the range of the numbers; None where there are none."""
        offset = self.offset(int)
        return None if offset is None else (offset, self._numbers)

    def offset(self, cls: type) -> int | None:
        """The code of the first member of a class; None when the class is not in the union."""
        offset = 0
        for c in self.classes:
            if c is cls:
                return offset
            offset += sum(1 for member in self.members if type(member) is c)
        return None

    def encode(self, value: Any) -> int | None:
        if value is None:
            return -1 if self.optional else None
        guess = getattr(value, "index", None)  # that of an identity, where its class comes first
        if type(guess) is int and 0 <= guess < len(self.members):
            member = self.members[guess]
            if type(member) is type(value) and member == value:
                return guess
        for code, member in enumerate(self.members):
            if type(member) is type(value) and member == value:
                return code
        return None

    def decode(self, code: int) -> Any:
        return None if code < 0 else self.members[code]

    def name_of(self, value: Any) -> str:
        """A member of two classes' names is told with its class: `A.P`, `B.P`."""
        text = value_text(value)
        if not self._shared:
            counts = Counter(map(value_text, self.members))
            counts["None"] += self.optional
            self._shared.append(frozenset(text for text, count in counts.items() if count > 1))
        return f"{type(value).__name__}.{text}" if text in self._shared[0] and value is not None else text


@dataclass(frozen=True, slots=True)
class OptionalScalar(ScalarType):
    """`bool | None`, a range or None: one code below the lowest stands for None."""

    inner: ScalarType

    @property
    def low(self) -> int:  # type: ignore[override]
        return self.inner.low - 1

    @property
    def high(self) -> int:  # type: ignore[override]
        return self.inner.high

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.inner.name} | None"

    def encode(self, value: Any) -> int | None:
        return self.low if value is None else self.inner.encode(value)

    def decode(self, code: int) -> Any:
        return None if code == self.low else self.inner.decode(code)


@dataclass(frozen=True, slots=True)
class SetType(ScalarType):
    """A set over a small finite domain, one bit a member."""

    element: Type

    @property
    def low(self) -> int:  # type: ignore[override]
        return 0

    @property
    def high(self) -> int:  # type: ignore[override]
        return (1 << self.element.size) - 1

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"Set[{self.element.name}]"

    def encode(self, value: Any) -> int | None:
        if not isinstance(value, (set, frozenset)):
            return None
        places = [position(self.element, v) for v in value]
        return None if None in places else sum(1 << place for place in places if place is not None)

    def decode(self, code: int) -> Any:
        return frozenset(v for i, v in enumerate(self.element.values()) if code >> i & 1)

    def name_of(self, value: Any) -> str:
        return "{" + ", ".join(sorted(map(self.element.name_of, value))) + "}"

    def text(self, value: Any) -> str:
        members = [self.element.name_of(v) for i, v in enumerate(self.element.values()) if value >> i & 1]
        return "{" + ", ".join(members) + "}"


@dataclass(frozen=True, slots=True)
class RecordType(Type):
    cls: type
    fields: tuple[tuple[str, Type], ...]

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.cls.__name__

    def cells(self) -> Iterator[CellShape]:
        for name, inner in self.fields:
            for cell in inner.cells():
                yield CellShape(f".{name}{cell.path}", cell.dimensions, cell.type)

    def values(self) -> tuple[Any, ...]:
        names = [field for field, _ in self.fields]
        parts = itertools.product(*(inner.values() for _, inner in self.fields))
        return tuple(self.cls(**dict(zip(names, part))) for part in parts)

    @property
    def size(self) -> int:
        total = 1
        for _, inner in self.fields:
            total *= inner.size
        return total

    def name_of(self, value: Any) -> str:
        inner = ", ".join(f"{name}={type.name_of(getattr(value, name))}" for name, type in self.fields)
        return f"{self.name}({inner})"


@dataclass(frozen=True, slots=True)
class OptionalRecord(Type):
    inner: Type

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.inner.name} | None"

    def cells(self) -> Iterator[CellShape]:
        yield CellShape(".present", (), BoolType())
        yield from self.inner.cells()

    def values(self) -> tuple[Any, ...]:
        return (None, *self.inner.values())

    def name_of(self, value: Any) -> str:
        return "None" if value is None else self.inner.name_of(value)


@dataclass(frozen=True, slots=True)
class MapType(Type):
    key: Type
    value: Type

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"Map[{self.key.name}, {self.value.name}]"

    def cells(self) -> Iterator[CellShape]:
        dimension = Dimension(tuple(self.key.name_of(v) for v in self.key.values()))
        for cell in self.value.cells():
            yield CellShape(f"[]{cell.path}", (dimension, *cell.dimensions), cell.type)

    def name_of(self, value: Any) -> str:
        inner = (f"{self.key.name_of(key)}: {self.value.name_of(held)}" for key, held in value.items())
        return "{" + ", ".join(inner) + "}"


@dataclass(frozen=True, slots=True)
class LargeSetType(MapType):
    """A set over a domain that no machine word holds as bits: a bool for each member."""

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"Set[{self.key.name}]"

    def name_of(self, value: Any) -> str:
        return "{" + ", ".join(self.key.name_of(v) for v in self.key.values() if v in value) + "}"


@dataclass(frozen=True, slots=True)
class QueueType(Type):
    element: Type
    capacity: int

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"Queue[{self.element.name}, {self.capacity}]"

    def cells(self) -> Iterator[CellShape]:
        yield CellShape(".length", (), IntType(0, self.capacity))
        slots = Dimension(tuple(str(i) for i in range(self.capacity)))
        for cell in self.element.cells():
            yield CellShape(f"[]{cell.path}", (slots, *cell.dimensions), cell.type)

    def name_of(self, value: Any) -> str:
        return "[" + ", ".join(map(self.element.name_of, value)) + "]"


def position(domain: Type, value: Any) -> int | None:
    """The rank of an author's value in a finite domain, from 0; None where it is not in it."""
    if isinstance(domain, RecordType):
        if not isinstance(value, domain.cls):
            return None
        rank = 0
        for name, inner in domain.fields:
            place = position(inner, getattr(value, name))
            if place is None:
                return None
            rank = rank * inner.size + place
        return rank
    assert isinstance(domain, ScalarType)
    code = domain.encode(value)
    return None if code is None else code - domain.low


def value_text(value: Any) -> str:
    """An author's value as the author would write it, whatever its type: `Type.name_of` tells twins apart."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(value_text, value))) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(value_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{value_text(k)}: {value_text(v)}" for k, v in value.items()) + "}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = ", ".join(f"{f.name}={value_text(getattr(value, f.name))}" for f in dataclasses.fields(value))
        return f"{type(value).__name__}({inner})"
    return value if isinstance(value, str) else repr(value)


def is_finite_domain(domain: Type) -> bool:
    """Whether values can serve as indices: scalars other than sets, and records of such."""
    if isinstance(domain, RecordType):
        return all(is_finite_domain(inner) for _, inner in domain.fields)
    return isinstance(domain, ScalarType) and not isinstance(domain, SetType)
