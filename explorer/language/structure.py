"""Operations on every shape of value, scalar or composite: `read` a place, `lift` an author's object to a
type, `assign`, `same` (equality) and `merge` (if-then-else). Knows nothing of the methods that authors call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, caller
from explorer.ir.expressions import Expr, Failure
from explorer.ir.places import Path
from explorer.ir.types import (
    IntType,
    MapType,
    OptionalRecord,
    OptionalScalar,
    QueueType,
    RecordType,
    ScalarType,
    SetType,
    Type,
    value_text,
)
from explorer.language import collections as kinds
from explorer.language.constants import value_of
from explorer.language.conversion import advice, convert, encode
from explorer.language.shared import SharedLocation
from explorer.language.values import BOOL, Location, Value, computed, describe, shown, write_cell


def read(type: Type, path: Path | None) -> Any:
    """The value at a place of the state."""
    assert path is not None
    if path.variable.shared and isinstance(type, ScalarType):
        return SharedLocation(type, path)
    if isinstance(type, SetType):
        found: kinds.Set[Any] = kinds.Set(type, path)
        object.__setattr__(found, "_expr", ex.cell(*path.cell(), path.primed))
        return found
    if isinstance(type, ScalarType):
        return Location(type, ex.cell(*path.cell(), path.primed), path)
    return _class_of(type)(type, path)


def _class_of(found: Type) -> Callable[..., Any]:
    classes: dict[type, Callable[..., Any]] = {
        RecordType: kinds.RecordLocation,
        OptionalRecord: kinds.OptionalRecordLocation,
        MapType: kinds.Map,
        QueueType: kinds.Queue,
    }
    return classes[found.__class__]


def parts_of(value: kinds.Composite[Any]) -> list[tuple[Any, Value[Any]]]:
    """The parts of a composite value, in the order of its cells."""
    found = value._type
    if isinstance(found, RecordType):
        return [(name, value._part(name, inner)) for name, inner in found.fields]
    if isinstance(found, OptionalRecord):
        assert isinstance(value, kinds.OptionalRecordLocation)
        return [("present", value._part("present", BOOL)), ("content", kinds.content(value))]
    if isinstance(found, MapType):
        return [(i, value._part(i, found.value)) for i in range(found.key.size)]
    assert isinstance(found, QueueType)
    length = value._part("length", IntType(0, found.capacity))
    return [("length", length)] + [(i, value._part(i, found.element)) for i in range(found.capacity)]


def combine(type: Type, make: Callable[[Any], Value[Any]], keys: Iterable[Any]) -> Any:
    return _class_of(type)(type, None, {key: make(key) for key in keys})


def map_cells(value: Any, change: Callable[[ScalarType, Expr], Expr]) -> Any:
    """A computed value with every scalar's expression changed."""
    found = value._type
    if isinstance(found, SetType):
        return kinds.computed_set(found, change(found, value._expr))
    if isinstance(found, ScalarType):
        return Value(found, change(found, value._expr))
    parts = dict(parts_of(value))
    return combine(found, lambda key: map_cells(parts[key], change), parts)


def guard(ok: Expr, value: Any, failure: Failure) -> Any:
    """The value, or an evaluation error where `ok` is 0."""
    return map_cells(value, lambda _, expr: ex.require(ok, expr, failure))


def after(value: Any, expr: Expr) -> Expr:
    """An expression that has a value only where all of `value` has one: operators but `&`, `|`, `implies`,
    `every`, `some` and `ite` evaluate all their operands.
    """
    if isinstance(value._type, ScalarType):
        return ex.demand(value._expr, expr)
    for _, part in parts_of(value):
        expr = after(part, expr)
    return expr


def merge(c: Expr, a: Any, b: Any) -> Any:
    """`a` where c, else `b`; both of one type."""
    if ex.is_const(c):
        return a if c.value else b
    found = a._type
    if isinstance(found, SetType):
        return kinds.computed_set(found, ex.choose(c, a._expr, b._expr))
    if isinstance(found, ScalarType):
        return Value(found, ex.choose(c, a._expr, b._expr))
    left, right = dict(parts_of(a)), dict(parts_of(b))
    return combine(found, lambda key: merge(c, left[key], right[key]), left)


def default(type: Type) -> Any:
    """The value that unused queue slots and absent records hold: every cell at its lowest code."""
    if isinstance(type, SetType):
        return kinds.computed_set(type, ex.const(0))
    if isinstance(type, ScalarType):
        return Value(type, ex.const(type.low))
    if isinstance(type, RecordType):
        inner = dict(type.fields)
        return combine(type, lambda key: default(inner[key]), inner)
    if isinstance(type, OptionalRecord):
        return combine(
            type,
            lambda key: Value(BOOL, ex.FALSE) if key == "present" else default(type.inner),
            ("present", "content"),
        )
    if isinstance(type, MapType):
        return combine(type, lambda _: default(type.value), range(type.key.size))
    assert isinstance(type, QueueType)
    empty: Value[int] = Value(IntType(0, type.capacity), ex.const(0))
    return combine(
        type,
        lambda key: empty if key == "length" else default(type.element),
        ["length", *range(type.capacity)],
    )


def lift(type: Type, obj: Any, role: str) -> Any:
    """An author's object, concrete or symbolic, as a value of a type; SpecError where it is of another."""
    obj = value_of(obj)
    if isinstance(type, ScalarType):
        if isinstance(type, SetType):
            return kinds.computed_set(type, convert(_set_of_values(type, obj, role), type, role))
        return Value(type, convert(obj, type, role))
    if isinstance(type, OptionalRecord):
        return _lift_optional(type, obj, role)
    if isinstance(obj, Value):
        if obj._type != type:
            raise SpecError(
                "E0226",
                f"{shown(obj)} as {role}",
                expected=f"a value of {type.name}",
                write=advice(obj._type, type),
            )
        return obj
    if isinstance(type, RecordType) and isinstance(obj, type.cls):
        fields = dict(type.fields)
        return combine(
            type, lambda key: lift(fields[key], getattr(obj, key), f"field {key!r} of {role}"), fields
        )
    if isinstance(type, MapType) and isinstance(obj, dict):
        return _lift_map(type, obj, role)
    if isinstance(type, QueueType) and isinstance(obj, (list, tuple)):
        return _lift_queue(type, obj, role)
    raise SpecError(
        "E0225", f"{shown(obj)} as {role}", expected=f"a value of {type.name}", write=examples(type)
    )


def examples(type: Type) -> str:
    if isinstance(type, RecordType):
        return f"record({type.name}, " + ", ".join(f"{name}=..." for name, _ in type.fields) + ")"
    if isinstance(type, MapType):
        return "an index, as in x[key], or {key: value for key in domain(...)} with every key"
    return "a list of elements, [] for the empty queue"


def _set_of_values(type: SetType, obj: Any, role: str) -> Any:
    """A Python set may hold symbolic members only by way of `.add`; concrete sets are encoded as they are."""
    if isinstance(obj, (list, tuple)):
        raise SpecError(
            "E0225",
            f"{shown(obj)} as {role}",
            expected=f"a value of {type.name}",
            write=f"a Python set of {type.element.name}, or old.add(x) and old.union(...)",
        )
    return obj


def _lift_optional(type: OptionalRecord, obj: Any, role: str) -> Any:
    if isinstance(obj, kinds.OptionalRecordLocation) and obj._type == type:
        return obj
    present = obj is not None
    inner = lift(type.inner, obj, role) if present else default(type.inner)
    parts = {"present": Value(BOOL, ex.const(present)), "content": inner}
    return combine(type, lambda key: parts[key], parts)


def _lift_map(type: MapType, obj: dict[Any, Any], role: str) -> Any:
    keys = type.key.values()
    given = {index_of(k, type.key, f"a key of {role}").value: v for k, v in obj.items()}
    missing = [value_text(k) for i, k in enumerate(keys) if i not in given]
    if missing:
        raise SpecError(
            "E0234",
            f"a map without a value for {', '.join(missing)} as {role}",
            expected="a value for every key",
            write="{key: value for key in domain(...)} with every key",
        )
    return combine(
        type, lambda i: lift(type.value, given[i], f"{role}[{value_text(keys[i])}]"), range(len(keys))
    )


def _lift_queue(type: QueueType, obj: Any, role: str) -> Any:
    if len(obj) > type.capacity:
        raise SpecError(
            "E0235",
            f"{len(obj)} elements as {role}",
            expected=f"at most {type.capacity}",
            write="a larger Capacity",
        )
    parts: dict[Any, Value[Any]] = {"length": Value(IntType(0, type.capacity), ex.const(len(obj)))}
    for i in range(type.capacity):
        parts[i] = (
            lift(type.element, obj[i], f"an element of {role}") if i < len(obj) else default(type.element)
        )
    return combine(type, lambda key: parts[key], parts)


def index_of(obj: Any, type: Type, role: str) -> Expr:
    """The position of a value in a finite domain, counted from 0."""
    obj = value_of(obj)
    if isinstance(type, ScalarType):
        return ex.plus(convert(obj, type, role), -type.low)
    assert isinstance(type, RecordType)
    value = lift(type, obj, role)
    index: Expr = ex.const(0)
    for name, inner in type.fields:
        step = index_of(value._part(name, inner), inner, role)
        scaled = ex.node("mul", (index, ex.const(inner.size)))
        index = (
            ex.const(index.value * inner.size + step.value)
            if ex.is_const(index) and ex.is_const(step)
            else (step if index is ex.const(0) else ex.node("add", (scaled, step)))
        )
    return index


def same(a: Value[Any], b: Any) -> Value[bool]:
    """Whether two values are equal; SpecError where their types can never be."""
    if not isinstance(b, Value) or a._type == b._type:
        if isinstance(a._type, ScalarType):
            return Value(
                BOOL, ex.equal(a._expr, _operand(a._type, b, f"a value compared with {describe(a)}"))
            )
        other = lift(a._type, b, f"a value compared with {describe(a)}")
        left, right = dict(parts_of(a)), dict(parts_of(other))  # type: ignore[arg-type]
        equations = ex.both(*(same(left[key], right[key])._expr for key in left))
        return Value(BOOL, after(a, after(other, equations)))
    if isinstance(a._type, IntType) and isinstance(b._type, IntType):
        return Value(BOOL, ex.equal(a._expr, b._expr))
    for x, y in ((a, b), (b, a)):
        if (
            isinstance(x._type, OptionalScalar)
            and isinstance(x._type.inner, IntType)
            and isinstance(y._type, IntType)
        ):
            return Value(
                BOOL, ex.both(ex.at_most(ex.const(x._type.inner.low), x._expr), ex.equal(x._expr, y._expr))
            )
    try:
        return same(lift(b._type, a, f"a value compared with {describe(b)}"), b)
    except SpecError:
        if isinstance(b._type, ScalarType) and not isinstance(a._type, ScalarType):
            raise
    return same(a, lift(a._type, b, f"a value compared with {describe(a)}"))


def _operand(type: ScalarType, obj: Any, role: str) -> Expr:
    """Any integer may be compared with a number; other scalars need a value of the type."""
    if isinstance(type, IntType) and isinstance(obj, int) and not isinstance(obj, bool):
        return ex.const(obj)
    if isinstance(obj, Value):
        return obj._expr
    return encode(type, obj, role)


def assign(target: Value[Any], new: Any) -> None:
    """Record that a place of the state gets a new value, cell by cell."""
    place = caller()
    path = target._path
    if path is None:
        raise computed(target)
    assign_cells(path, target._type, lift(target._type, new, f"the next value of {describe(target)}"), place)


def assign_cells(path: Path, type: Type, value: Any, place: Any) -> None:
    if isinstance(type, ScalarType):
        write_cell(path, value._expr, place)
        return
    parts = dict(parts_of(value))
    if isinstance(type, RecordType):
        for name, inner in type.fields:
            assign_cells(path.field(name), inner, parts[name], place)
    elif isinstance(type, OptionalRecord):
        assign_cells(path.field("present"), BOOL, parts["present"], place)
        assign_cells(path, type.inner, parts["content"], place)
    elif isinstance(type, MapType):
        for i in range(type.key.size):
            assign_cells(path.at(ex.const(i), type.key.size), type.value, parts[i], place)
    else:
        assert isinstance(type, QueueType)
        assign_cells(path.field("length"), IntType(0, type.capacity), parts["length"], place)
        for i in range(type.capacity):
            assign_cells(path.at(ex.const(i), type.capacity), type.element, parts[i], place)
