"""The structure of a value: its parts by field and index, at a place of the state or computed. Knows nothing
of what authors write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr, Failure
from explorer.ir.places import Path
from explorer.ir.types import IntType, MapType, OptionalRecord, QueueType, RecordType, ScalarType, Type
from explorer.language.symbolic import BOOL, Role, class_of, computed


def read(type: Type, path: Path) -> Any:
    """The value at a place of the state."""
    if not isinstance(type, ScalarType):
        return class_of(type, Role.PLACE)(type, path)
    if path.variable.shared:
        return class_of(type, Role.SHARED)(type, path)
    return class_of(type, Role.PLACE)(type, ex.cell(*path.cell(), path.primed), path)


def part_types(type: Type) -> dict[Any, Type]:
    """The parts of a composite type by field name (str) or index (int), in the order of its cells."""
    if isinstance(type, RecordType):
        return dict(type.fields)
    if isinstance(type, OptionalRecord):
        return {"present": BOOL, "content": type.inner}
    if isinstance(type, MapType):
        return dict.fromkeys(range(type.key.size), type.value)
    assert isinstance(type, QueueType)
    return {"length": IntType(0, type.capacity), **dict.fromkeys(range(type.capacity), type.element)}


def part_path(path: Path, type: Type, key: Any) -> Path:
    """The place of a part of a composite place."""
    if isinstance(key, int):
        return path.at(ex.const(key), type.key.size if isinstance(type, MapType) else type.capacity)  # type: ignore[attr-defined]
    return path if isinstance(type, OptionalRecord) and key == "content" else path.field(key)


def parts_of(value: Any) -> list[tuple[Any, Any]]:
    """The parts of a composite value, in the order of its cells."""
    return [(key, value._part(key, inner)) for key, inner in part_types(value._type).items()]


def combine(type: Type, make: Callable[[Any], Any], keys: Iterable[Any]) -> Any:
    """A computed composite value: `make` gives the part under each key."""
    return class_of(type, Role.COMPUTED)(type, None, {key: make(key) for key in keys})


def map_cells(value: Any, change: Callable[[ScalarType, Expr], Expr]) -> Any:
    """A computed value with every scalar's expression changed."""
    type = value._type
    if isinstance(type, ScalarType):
        return computed(type, change(type, value._expr))
    parts = dict(parts_of(value))
    return combine(type, lambda key: map_cells(parts[key], change), parts)


def guard(ok: Expr, value: Any, failure: Failure) -> Any:
    """The value, or an evaluation error where `ok` is 0."""
    return map_cells(value, lambda _, expr: ex.require(ok, expr, failure))


def demand(value: Any, expr: Expr) -> Expr:
    """An expression that has a value only where all of `value` has one: operators but `&`, `|`, `implies`,
    `every`, `some` and `ite` evaluate all their operands.
    """
    if isinstance(value._type, ScalarType):
        return ex.demand(value._expr, expr)
    for _, part in parts_of(value):
        expr = demand(part, expr)
    return expr


def merge(c: Expr, a: Any, b: Any) -> Any:
    """`a` where c, else `b`; both of one type."""
    if ex.is_const(c):
        return a if c.value else b
    if isinstance(a._type, ScalarType):
        return computed(a._type, ex.choose(c, a._expr, b._expr))
    left, right = dict(parts_of(a)), dict(parts_of(b))
    return combine(a._type, lambda key: merge(c, left[key], right[key]), left)


def default(type: Type) -> Any:
    """The value that unused queue slots and absent records hold: every cell at its lowest code."""
    if isinstance(type, ScalarType):
        return computed(type, ex.const(type.low))
    inner = part_types(type)
    return combine(type, lambda key: default(inner[key]), inner)
