"""From an annotation to the type it means. Knows nothing of actions.

Annotations: `bool`, enum classes, `Scalarset` classes, `Annotated[int, Range(lo, hi)]`, `T | None`, unions of
enums and scalarsets, dataclasses, `Map[K, V]`, `Set[T]`, `Annotated[Queue[T], Capacity(n)]`; at run time also
the short forms `Range(lo, hi)` and `Queue[T, n]`.
"""

from __future__ import annotations

import dataclasses
import enum
import types as pytypes
import typing
from contextvars import ContextVar
from functools import lru_cache
from typing import Annotated, Any, TypeVar, Union, overload

from explorer.ir.errors import Place, SpecError, caller
from explorer.ir.types import (
    BoolType,
    IntType,
    MapType,
    RecordType,
    SetType,
    Type,
    UnionType,
    is_finite_domain,
)
from explorer.language.collections import Map, Set
from explorer.language.composites import optional_of, queue_of, reserved, set_of, too_large, union_of
from explorer.language.domains import MAX_DOMAIN, Capacity, Range, Scalarset, check_name
from explorer.language.queues import Queue
from explorer.language.values import Var

T = TypeVar("T")
_open_records: ContextVar[tuple[type, ...]] = ContextVar("open_records", default=())


@overload
def domain(annotation: type[T]) -> tuple[T, ...]: ...
@overload
def domain(annotation: Any) -> tuple[Any, ...]: ...
def domain(annotation: Any) -> tuple[Any, ...]:
    """Every value of a domain, in order, to loop over: `for cpu in domain(Sender | Target)`."""
    place = caller()
    type = resolve(annotation, place)
    if (isinstance(type, SetType) or is_finite_domain(type)) and type.size > MAX_DOMAIN:
        raise too_large(f"domain({type.name})", type, place)
    return type.values()


def resolve(annotation: Any, place: Place) -> Type:
    """The type an annotation means under the active binding; SpecError where it means none."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _annotated(args, place)
    if isinstance(annotation, range):
        annotation = _range(annotation, place)
    if isinstance(annotation, Range):
        return IntType(*annotation.bounds())
    if annotation is bool:
        return BoolType()
    if annotation is int:
        raise SpecError(
            "E0121",
            "int is unbounded",
            expected="a range of integers",
            write="Annotated[int, Range(0, 7)]",
            place=place,
        )
    if annotation is Scalarset:
        raise SpecError(
            "E0113",
            "Scalarset itself is used as a domain",
            expected="a class of one's own",
            write="class Cpu(Scalarset): size = 3",
            place=place,
        )
    if isinstance(annotation, type) and issubclass(annotation, Scalarset):
        return UnionType((annotation,), annotation.identities(), False)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        if not len(annotation):
            raise SpecError(
                "E0112",
                f"enum {annotation.__name__} has no members",
                expected="a domain with at least one value",
                write=f"at least one member in {annotation.__name__}",
                place=place,
            )
        for member in annotation:
            check_name(member.name, f"a member of {annotation.__name__}", place)
        return UnionType((annotation,), tuple(annotation), False)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _record(annotation, place)
    if origin is Union or isinstance(annotation, pytypes.UnionType):
        return _union(args, place)
    if origin is Map:
        return MapType(_finite(args[0], "the keys of a map", place), resolve(args[1], place))
    if origin is Set:
        return set_of(_finite(args[0], "the elements of a set", place), place)
    if origin is Queue:
        if len(args) == 2:
            return queue_of(resolve(args[0], place), args[1], place)
        raise SpecError(
            "E0122",
            "a Queue without a capacity",
            expected="the most elements it will ever hold",
            write="Annotated[Queue[T], Capacity(3)]",
            place=place,
        )
    if origin is Var:
        raise SpecError(
            "E0123",
            "Var inside another type",
            expected="Var only directly on an attribute of a State",
            write="the type itself, without Var[...]",
            place=place,
        )
    name = getattr(annotation, "__name__", None) or repr(annotation)
    raise SpecError(
        "E0124",
        f"{name} is not a domain",
        expected="bool, an enum.Enum, a Range, a Scalarset, T | None, a union "
        "of enums and scalarsets, a dataclass, Map, Set or Queue",
        write=_instead(annotation),
        place=place,
    )


def _range(mark: range, place: Place) -> Range:
    """Python's own `range(4)`, whose end is not in it."""
    if mark.step != 1 or not mark:
        raise SpecError(
            "E0111",
            f"{mark!r} as a domain",
            expected="numbers one after the other",
            write="range(4), which is 0 to 3",
            place=place,
        )
    return Range(mark.start, mark.stop - 1)


def _instead(annotation: Any) -> str:
    """What an author who wrote an annotation of plain Python probably wants."""
    base = typing.get_origin(annotation) or annotation
    known = {
        str: "an enum.Enum with a member for each text",
        list: "Annotated[Queue[T], Capacity(3)]",
        set: "Set[T]",
        frozenset: "Set[T]",
        dict: "Map[K, V]",
        tuple: "a frozen dataclass",
    }
    if isinstance(base, type) and hasattr(base, "_unknown"):
        return f"a parameter of the action: x: {base.__name__}"
    return known.get(base, "Annotated[int, Range(0, 7)], or one of the domains above")


def _annotated(args: tuple[Any, ...], place: Place) -> Type:
    base, *marks = args
    for mark in marks:
        if isinstance(mark, range):
            mark = _range(mark, place)
        if isinstance(mark, Range):
            if base is not int:
                raise SpecError(
                    "E0125",
                    f"a Range on {getattr(base, '__name__', base)!s}",
                    expected="a Range on int",
                    write="Annotated[int, Range(0, 3)]",
                    place=place,
                )
            return IntType(*mark.bounds())
        if isinstance(mark, Capacity):
            if typing.get_origin(base) is not Queue:
                raise SpecError(
                    "E0125",
                    f"a Capacity on {getattr(base, '__name__', base)!s}",
                    expected="a Capacity on a Queue",
                    write="Annotated[Queue[T], Capacity(3)]",
                    place=place,
                )
            return queue_of(resolve(typing.get_args(base)[0], place), mark.size, place)
    return resolve(base, place)


def _finite(annotation: Any, role: str, place: Place) -> Type:
    if annotation is int:
        raise SpecError(
            "E0121",
            f"int as {role} is unbounded",
            expected="a range of integers",
            write="Annotated[int, Range(0, 7)]",
            place=place,
        )
    type = resolve(annotation, place)
    if is_finite_domain(type) and type.size > MAX_DOMAIN:
        raise too_large(f"{type.name} as {role}", type, place)
    if not is_finite_domain(type):
        raise SpecError(
            "E0127",
            f"{type.name} as {role}",
            expected="bool, an enum, a Range, a Scalarset or a record of those",
            write="a simpler domain, or Map[K, Map[L, bool]]",
            place=place,
        )
    return type


def _record(cls: type, place: Place) -> RecordType:
    outer = _open_records.get()
    if cls in outer:
        raise SpecError(
            "E0128",
            f"record {cls.__name__} contains itself",
            expected="a record of bounded depth",
            write="an index into a Map, in place of the inner record",
            place=place,
        )
    token = _open_records.set((*outer, cls))
    try:
        return _fields(cls, place)
    finally:
        _open_records.reset(token)


@lru_cache(maxsize=256)
def _hints(cls: type) -> dict[str, Any]:
    """The annotations of a record, evaluated."""
    space = getattr(vars(cls).get("__init__"), "__globals__", None)
    return typing.get_type_hints(cls, space, include_extras=True)


def _fields(cls: type, place: Place) -> RecordType:
    hints = _hints(cls)
    fields = dataclasses.fields(cls)
    if not fields:
        raise SpecError(
            "E0128",
            f"record {cls.__name__} has no fields",
            expected="a dataclass with fields",
            write="a field, such as kind: Kind",
            place=place,
        )
    return RecordType(
        cls, tuple((field.name, _field(cls, field.name, hints[field.name], place)) for field in fields)
    )


def _field(cls: type, name: str, annotation: Any, place: Place) -> Type:
    if name == "next" or name.startswith("_"):
        raise reserved(cls.__name__, name, place)
    try:
        return resolve(annotation, place)
    except SpecError as error:
        raise SpecError(
            error.code,
            f"field {name!r} of record {cls.__name__}: {error.found}",
            expected=error.expected,
            write=error.write,
            place=error.place,
        ) from None


def _union(args: tuple[Any, ...], place: Place) -> Type:
    parts = [resolve(part, place) for part in args if part is not type(None)]
    optional = type(None) in args
    return optional_of(parts[0], place) if len(parts) == 1 else union_of(parts, optional, place)
