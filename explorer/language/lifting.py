"""From an author's object, concrete or symbolic, to a value of a wanted type: `lift`, `index_of` and `same`
(equality). Knows nothing of the methods that authors call.
"""

from __future__ import annotations

from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError
from explorer.ir.expressions import Expr
from explorer.ir.types import (
    IntType,
    LargeSetType,
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
from explorer.language.constants import value_of
from explorer.language.conversion import advice, convert, encode, how_to_write_set
from explorer.language.structure import combine, default, demand, parts_of
from explorer.language.symbolic import BOOL, Symbolic, computed, describe, shown


def lift(type: Type, obj: Any, role: str) -> Any:
    """An author's object, concrete or symbolic, as a value of a type; SpecError where it is of another."""
    obj = value_of(obj)
    if isinstance(type, ScalarType):
        if isinstance(type, SetType):
            _check_set(type, obj, role)
        return computed(type, convert(obj, type, role))
    if isinstance(type, OptionalRecord):
        return _lift_optional(type, obj, role)
    if isinstance(obj, Symbolic):
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
    if isinstance(type, LargeSetType) and isinstance(obj, (set, frozenset)):
        members = {index_of(x, type.key, f"an element of {role}").value for x in obj}
        return combine(type, lambda i: computed(BOOL, ex.const(i in members)), range(type.key.size))
    if isinstance(type, MapType) and isinstance(obj, dict):
        return _lift_map(type, obj, role)
    if isinstance(type, QueueType) and isinstance(obj, (list, tuple)):
        return _lift_queue(type, obj, role)
    raise SpecError(
        "E0225", f"{shown(obj)} as {role}", expected=f"a value of {type.name}", write=examples(type)
    )


def examples(type: Type) -> str:
    """How to write a value of a composite type."""
    if isinstance(type, RecordType):
        return f"record({type.name}, " + ", ".join(f"{name}=..." for name, _ in type.fields) + ")"
    if isinstance(type, LargeSetType):
        return f"a Python set of {type.key.name}, or old.add(x) and old.union(...)"
    if isinstance(type, MapType):
        return "an index, as in x[key], or {key: value for key in domain(...)} with every key"
    return "a list of elements, [] for the empty queue"


def _check_set(type: SetType, obj: Any, role: str) -> None:
    """A Python set may hold symbolic members only by way of `.add`; concrete sets are encoded as they are."""
    if isinstance(obj, (list, tuple)):
        raise SpecError(
            "E0225",
            f"{shown(obj)} as {role}",
            expected=f"a value of {type.name}",
            write=how_to_write_set(type.element.name, obj),
        )


def _lift_optional(type: OptionalRecord, obj: Any, role: str) -> Any:
    if isinstance(obj, Symbolic) and obj._type == type:
        return obj
    present = obj is not None
    inner = lift(type.inner, obj, role) if present else default(type.inner)
    parts = {"present": computed(BOOL, ex.const(present)), "content": inner}
    return combine(type, parts.__getitem__, parts)


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
    parts: dict[Any, Any] = {"length": computed(IntType(0, type.capacity), ex.const(len(obj)))}
    for i in range(type.capacity):
        given = i < len(obj)
        parts[i] = lift(type.element, obj[i], f"an element of {role}") if given else default(type.element)
    return combine(type, parts.__getitem__, parts)


def constant_index(obj: Any, type: Type) -> Expr | None:
    """As `index_of`, for a concrete value of a scalar domain; None for everything else."""
    obj = value_of(obj)
    if isinstance(obj, Symbolic) or not isinstance(type, ScalarType):
        return None
    code = type.encode(obj)
    return None if code is None else ex.const(code - type.low)


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


def same(a: Any, b: Any) -> Any:
    """Whether two values are equal; SpecError where their types can never be."""
    if not isinstance(b, Symbolic) or a._type == b._type:
        role = f"a value compared with {describe(a)}"
        if isinstance(a._type, ScalarType):
            return computed(BOOL, ex.equal(a._expr, _operand(a._type, b, role)))
        other = lift(a._type, b, role)
        left, right = dict(parts_of(a)), dict(parts_of(other))
        equations = ex.both(*(same(left[key], right[key])._expr for key in left))
        return computed(BOOL, demand(a, demand(other, equations)))
    if isinstance(a._type, IntType) and isinstance(b._type, IntType):
        return computed(BOOL, ex.equal(a._expr, b._expr))
    for x, y in ((a, b), (b, a)):
        inner = x._type.inner if isinstance(x._type, OptionalScalar) else None
        if isinstance(inner, IntType) and isinstance(y._type, IntType):
            present = ex.at_most(ex.const(inner.low), x._expr)
            return computed(BOOL, ex.both(present, ex.equal(x._expr, y._expr)))
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
    if isinstance(obj, Symbolic):
        return obj._expr
    return encode(type, obj, role)
