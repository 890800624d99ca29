"""What it means to rename identities: the action of a permutation on values, on codes and on whole states.

A renaming moves the cells of maps that are indexed by identities and changes the codes that name identities.
Slots of a queue beyond its length and the content of an absent record keep what they hold: it means nothing.
Knows nothing of proofs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.expressions import Family
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.ir.types import (
    MapType,
    OptionalRecord,
    QueueType,
    RecordType,
    ScalarType,
    SetType,
    Type,
    UnionType,
)
from explorer.language.domains import Scalarset
from explorer.language.memory_wiring import MemoryType
from explorer.memory.renaming import Codes, Exchange


@dataclass(frozen=True, slots=True)
class Digit:
    """One index of a family after records were taken apart; `type` is None for the slots of a queue."""

    size: int
    type: ScalarType | None


@dataclass(frozen=True, slots=True)
class Presence:
    """When a cell means something: `family` holds its flag, or a length that exceeds the cell's digit number
    `slot`.

    The first `depth` digits of the cell are the index in `family`.
    """

    family: Family
    depth: int
    slot: int | None


@dataclass(frozen=True, slots=True)
class FamilyStructure:
    """How the cells of a family are indexed, most significant digit first, and when they mean something."""

    family: Family
    digits: tuple[Digit, ...]
    presence: tuple[Presence, ...]

    def split(self, index: int) -> tuple[int, ...]:
        """The digits of a linear index."""
        result = []
        for digit in reversed(self.digits):
            index, rest = divmod(index, digit.size)
            result.append(rest)
        return tuple(reversed(result))

    def join(self, digits: tuple[int, ...]) -> int:
        index = 0
        for digit, value in zip(self.digits, digits):
            index = index * digit.size + value
        return index

    def present(self, digits: tuple[int, ...]) -> Iterator[tuple[int, int]]:
        """The cells that decide whether the cell means something, each with the least code that it must
        have.
        """
        for p in self.presence:
            index = 0
            for digit, value in zip(self.digits[: p.depth], digits):
                index = index * digit.size + value
            yield p.family.first + index, 1 if p.slot is None else digits[p.slot] + 1


def family_structures(model: Model) -> dict[Family, FamilyStructure]:
    """The family_structure of every family of a model."""
    return {
        a.family: a
        for variable in model.variables
        for a in _walk(variable.type, "", (), (), variable.families)
    }


def _walk(
    type: Type,
    path: str,
    digits: tuple[Digit, ...],
    presence: tuple[Presence, ...],
    families: dict[str, Family],
) -> Iterator[FamilyStructure]:
    if isinstance(type, ScalarType):
        yield FamilyStructure(families[path], digits, presence)
    elif isinstance(type, RecordType):
        for name, inner in type.fields:
            yield from _walk(inner, f"{path}.{name}", digits, presence, families)
    elif isinstance(type, OptionalRecord):
        flag = families[f"{path}.present"]
        yield FamilyStructure(flag, digits, presence)
        yield from _walk(type.inner, path, digits, (*presence, Presence(flag, len(digits), None)), families)
    elif isinstance(type, MapType):
        yield from _walk(type.value, f"{path}[]", (*digits, *key_digits(type.key)), presence, families)
    else:
        assert isinstance(type, QueueType)
        length = families[f"{path}.length"]
        yield FamilyStructure(length, digits, presence)
        inside = (*presence, Presence(length, len(digits), len(digits)))
        yield from _walk(type.element, f"{path}[]", (*digits, Digit(type.capacity, None)), inside, families)


def key_digits(type: Type) -> tuple[Digit, ...]:
    """A key as digits: one for a scalar, those of its fields for a record."""
    if isinstance(type, RecordType):
        return tuple(digit for _, inner in type.fields for digit in key_digits(inner))
    assert isinstance(type, ScalarType)
    return (Digit(type.size, type),)


class Renaming:
    """A permutation of the identities of some scalarsets: identity k of `cls` becomes `images[cls][k]`."""

    def __init__(
        self,
        structure: dict[Family, FamilyStructure],
        images: Mapping[type[Scalarset], tuple[Scalarset, ...]],
    ):
        self.structure, self.images = structure, images
        self._codes: dict[int, tuple[int, ...] | None] = {}  # by identity: to hash a type is slow
        self._memories: dict[int, Exchange | None] = {}

    def value(self, value: Any) -> Any:
        """An author's value with its identities renamed."""
        if isinstance(value, Scalarset):
            images = self.images.get(type(value))
            return images[value.index] if images else value
        if isinstance(value, frozenset):
            return frozenset(map(self.value, value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return type(value)(
                **{f.name: self.value(getattr(value, f.name)) for f in dataclasses.fields(value)}
            )
        return value

    def codes(self, type: ScalarType) -> tuple[int, ...] | None:
        """The new code for each code of a type other than a set, from the lowest on; None where all stay."""
        if id(type) not in self._codes:
            permuted = None
            if isinstance(type, UnionType) and any(cls in self.images for cls in type.classes):
                place = {id(member): code for code, member in enumerate(type.members)}
                table = [-1] * type.optional + [place[id(self.value(member))] for member in type.members]
                permuted = tuple(table) if table != list(range(type.low, type.high + 1)) else None
            self._codes[id(type)] = permuted
        return self._codes[id(type)]

    def bits(self, type: SetType) -> tuple[int, ...] | None:
        """The new position of each bit of a set; None where all stay."""
        if id(type) not in self._codes:
            digits = key_digits(type.element)
            tables = [self._digit(digit) for digit in digits]
            permuted = None
            if any(table is not None for table in tables):
                permuted = tuple(
                    self._moved(digits, tables, values)
                    for values in product(*(range(d.size) for d in digits))
                )
            self._codes[id(type)] = permuted
        return self._codes[id(type)]

    def _digit(self, digit: Digit) -> tuple[int, ...] | None:
        table = self.codes(digit.type) if digit.type is not None else None
        return (
            table if table is None or digit.type is None else tuple(code - digit.type.low for code in table)
        )

    @staticmethod
    def _moved(
        digits: tuple[Digit, ...], tables: list[tuple[int, ...] | None], values: tuple[int, ...]
    ) -> int:
        index = 0
        for digit, table, value in zip(digits, tables, values):
            index = index * digit.size + (value if table is None else table[value])
        return index

    def digit_tables(self, family: Family) -> list[tuple[int, ...] | None] | None:
        """For each digit of a family the new value of each value (None: all stay); None where no cell
        moves.
        """
        tables = [self._digit(digit) for digit in self.structure[family].digits]
        return tables if any(table is not None for table in tables) else None

    def memory(self, type: MemoryType) -> Exchange | None:
        """What is exchanged in a memory; None where everything stays."""
        if id(type) not in self._memories:
            self._memories[id(type)] = self._exchange(type)
        return self._memories[id(type)]

    def _exchange(self, type: MemoryType) -> Exchange | None:
        structure = {a.family: a for v in type.variables for a in _walk(v.type, "", (), (), v.families)}
        digits = key_digits(type.domain)
        tables = [self._digit(digit) for digit in digits]
        of_digits = product(*(range(digit.size) for digit in digits))
        exchange = Exchange(
            tuple(self._moved(digits, tables, values) for values in of_digits),
            tuple(Renaming(structure, self.images).targets),
            tuple(map(self._codes_of, type.types)),
        )
        stay = tuple(range(len(exchange.cpus))), tuple(range(len(exchange.locations)))
        changed = (exchange.cpus, exchange.locations) != stay or any(exchange.codes)
        return exchange if changed else None

    def _codes_of(self, type: ScalarType) -> Codes | None:
        images = self.bits(type) if isinstance(type, SetType) else self.codes(type)
        return None if images is None else Codes(images, type.low, isinstance(type, SetType))

    def code(self, type: ScalarType, code: int) -> int:
        """The new code of a cell of this type that means something."""
        if isinstance(type, MemoryType):
            exchange = self.memory(type)
            return code if exchange is None else type.storage.renamed(code, exchange)
        codes = self._codes_of(type)
        return code if codes is None else codes.of(code)

    def changes(self, type: ScalarType) -> bool:
        """Whether some code of the type changes."""
        if isinstance(type, MemoryType):
            return self.memory(type) is not None
        return (self.bits(type) if isinstance(type, SetType) else self.codes(type)) is not None

    @cached_property
    def inverse(self) -> Renaming:
        """The renaming that takes this one back."""
        back = {}
        for cls, images in self.images.items():
            identities = sorted(images, key=lambda one: one.index)
            back[cls] = tuple(identities[images.index(one)] for one in identities)
        return Renaming(self.structure, back)

    @cached_property
    def targets(self) -> list[int]:
        """Where the content of each cell goes."""
        result: list[int] = []
        for family, family_structure in self.structure.items():
            tables = self.digit_tables(family)
            if tables is None:
                result += range(family.first, family.first + family.size)
            else:
                result += [
                    family.first + self._moved(family_structure.digits, tables, family_structure.split(i))
                    for i in range(family.size)
                ]
        return result

    @cached_property
    def sources(self) -> list[int]:
        """Where the content of each cell comes from."""
        result = [0] * len(self.targets)
        for source, target in enumerate(self.targets):
            result[target] = source
        return result

    @cached_property
    def needs(self) -> dict[int, tuple[Family, tuple[tuple[int, int], ...]]]:
        """For each cell whose code may change: its family, and the cells that say whether it means
        something.
        """
        result = {}
        for family, family_structure in self.structure.items():
            if self.changes(family.type):
                for i in range(family.size):
                    result[family.first + i] = (
                        family,
                        tuple(family_structure.present(family_structure.split(i))),
                    )
        return result

    def content(self, state: Any, source: int) -> int:
        """What the content of a cell of a state becomes, wherever it goes."""
        code: int = state[source]
        result = self.needs.get(source)
        if result is None or any(state[cell] < least for cell, least in result[1]):
            return code
        return self.code(result[0].type, code)

    def state(self, state: State) -> State:
        """A whole state, renamed."""
        return tuple(self.content(state, source) for source in self.sources)


class RenamedState:
    """A state renamed cell by cell, as it is read."""

    def __init__(self, renaming: Renaming, state: Any):
        self.renaming, self.below = renaming, state

    def __getitem__(self, cell: int) -> int:
        return self.renaming.content(self.below, self.renaming.sources[cell])


def scalarsets(model: Model) -> dict[type[Scalarset], tuple[Scalarset, ...]]:
    """The identities of every scalarset that the state knows and that has at least two, in order of their
    first use.
    """
    result: dict[type[Scalarset], tuple[Scalarset, ...]] = {}

    def of(type_: Type) -> None:
        if isinstance(type_, UnionType):
            for cls in type_.classes:
                if issubclass(cls, Scalarset):
                    result[cls] = tuple(member for member in type_.members if type(member) is cls)
        for part in (getattr(type_, name, None) for name in ("key", "value", "element", "inner", "domain")):
            if isinstance(part, Type):
                of(part)
        for inner in getattr(type_, "variables", ()):
            of(inner.type)
        for _, field in getattr(type_, "fields", ()):
            of(field)

    for variable in model.variables:
        of(variable.type)
    return {cls: members for cls, members in result.items() if len(members) > 1}
