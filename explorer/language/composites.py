"""Types made of types: queues, sets, optional values and unions, and what none of them can be made of. Knows
nothing of annotations.
"""

from __future__ import annotations

from typing import Any

from explorer.ir.errors import Place, SpecError
from explorer.ir.types import (
    BoolType,
    IntType,
    LargeSetType,
    OptionalRecord,
    OptionalScalar,
    QueueType,
    RecordType,
    SetType,
    Type,
    UnionType,
    value_text,
)
from explorer.language.constants import value_of
from explorer.language.domains import MAX_DOMAIN

MAX_WORD, MAX_SET, MAX_CAPACITY = 62, 1 << 12, 1 << 12
"""Members of a set that are the bits of a number, members of any set, elements of a queue."""


def queue_of(element: Type, capacity: Any, place: Place) -> QueueType:
    """A queue of at most `capacity` elements."""
    capacity = value_of(capacity)
    if not isinstance(capacity, int) or isinstance(capacity, bool) or capacity < 1:
        raise SpecError(
            "E0122",
            f"a Queue with the capacity {capacity!r}",
            expected="a positive integer",
            write="Annotated[Queue[T], Capacity(3)]",
            place=place,
        )
    if capacity > MAX_CAPACITY:
        raise SpecError(
            "E0122",
            f"a Queue with the capacity {capacity}",
            expected=f"at most {MAX_CAPACITY} elements",
            write="Annotated[Queue[T], Capacity(3)]",
            place=place,
        )
    return QueueType(element, capacity)


def set_of(element: Type, place: Place) -> SetType | LargeSetType:
    """A set over a finite domain."""
    if element.size > MAX_SET:
        raise SpecError(
            "E0126",
            f"a Set over {element.name}, which has {element.size} values",
            expected=f"at most {MAX_SET} values",
            write="a smaller domain",
            place=place,
        )
    return SetType(element) if element.size <= MAX_WORD else LargeSetType(element, BoolType())


def optional_of(inner: Type, place: Place) -> Type:
    """`T | None`."""
    if isinstance(inner, UnionType):
        return UnionType(inner.classes, inner.members, True)
    if isinstance(inner, (BoolType, IntType)):
        return OptionalScalar(inner)
    if isinstance(inner, RecordType):
        if "present" in dict(inner.fields):
            raise reserved(inner.name, "present", place)
        return OptionalRecord(inner)
    raise SpecError(
        "E0129",
        f"{inner.name} | None",
        expected="an optional bool, enum, Range, Scalarset or record",
        write=f"{inner.name}, with an empty value in place of None",
        place=place,
    )


def union_of(parts: list[Type], optional: bool, place: Place) -> Type:
    """The union of enums, scalarsets and numbers, with or without None."""
    numbers = [part for part in parts if isinstance(part, IntType)]
    if len(numbers) == 1 and numbers[0].size > MAX_DOMAIN:
        raise too_large(f"{numbers[0].name} in a union", numbers[0], place)
    if len(numbers) == 1:
        tagged = UnionType((int,), numbers[0].values(), False)
        parts = [tagged if isinstance(part, IntType) else part for part in parts]
    unions = [part for part in parts if isinstance(part, UnionType)]
    if len(unions) < len(parts):
        raise SpecError(
            "E0129",
            f"the union {' | '.join(part.name for part in parts)}",
            expected="a union of enums, scalarsets and one range of numbers",
            write="a record with a tag field",
            place=place,
        )
    classes = tuple(c for u in unions for c in u.classes)
    members = tuple(m for u in unions for m in u.members)
    _check_members(classes, members, place)
    return UnionType(classes, members, optional or any(u.optional for u in unions))


def _check_members(classes: tuple[type, ...], members: tuple[Any, ...], place: Place) -> None:
    """SpecError where two members of a union could not be told apart, by Python or by a reader."""
    equal: dict[Any, Any] = {}
    for member in members:
        other = equal.setdefault(member, member)
        if other is not member:
            one, two = (f"{type(m).__name__}.{value_text(m)}" for m in (other, member))
            raise SpecError(
                "E0129",
                f"the union of {type(other).__name__} and {type(member).__name__}: {one} == {two}",
                expected="members that Python tells apart",
                write="enum.Enum in place of enum.IntEnum",
                place=place,
            )
    names = [cls.__name__ for cls in classes]
    twice = next((cls for cls in classes if names.count(cls.__name__) > 1), None)
    if twice is not None:
        raise SpecError(
            "E0129",
            f"the union of two classes named {twice.__name__}",
            expected="classes with names of their own",
            write="another name for one of them",
            place=place,
        )


def reserved(record: str, field: str, place: Place) -> SpecError:
    """The error for a field whose name the language uses."""
    return SpecError(
        "E0128",
        f"record {record} has a field named {field!r}" + (", and may be None" if field == "present" else ""),
        expected="a name that the language does not use",
        write="following, or another name",
        place=place,
    )


def too_large(what: str, type: Type, place: Place) -> SpecError:
    """The error for a domain whose values cannot be taken one by one."""
    return SpecError(
        "E0116",
        f"{what} has {type.size} values",
        expected=f"at most {MAX_DOMAIN} values",
        write="a smaller domain",
        place=place,
    )
