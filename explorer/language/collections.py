"""Symbolic maps, sets, queues and records, and the operations that work on every shape of value:
`read` a place, `lift` a concrete value, `assign`, `same` (equality) and `merge` (if-then-else).

A composite value is either a place in the state (`_path`) or computed from parts (`_parts`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, AbstractSet, Any, ClassVar, Generic, NoReturn, Protocol, TypeVar, overload

from . import expressions as ex
from .constants import value_of
from .errors import SpecError, caller, nearest
from .expressions import Expr, Failure
from .types import (IntType, MapType, OptionalRecord, QueueType, RecordType, ScalarType, SetType, Type, value_text)
from .values import BOOL, INTEGER, Location, Path, Value, convert, describe, encode, write_cell

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
E = TypeVar("E")
K2 = TypeVar("K2")
V2 = TypeVar("V2")


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


D = TypeVar("D", bound=_Dataclass)


class _Composite(Location[T]):
    """A value of several cells. `_parts` maps a field name or an index to its value when it is computed."""

    __slots__ = ("_parts",)
    _parts: dict[Any, Value[Any]] | None

    def __init__(self, type: Type, path: Path | None, parts: dict[Any, Value[Any]] | None = None):
        super().__init__(type, ex.TRUE, path)
        object.__setattr__(self, "_parts", parts)

    def _part(self, key: Any, inner: Type) -> Any:
        """The part under a field name (str) or constant index (int)."""
        if self._parts is not None:
            return self._parts[key]
        assert self._path is not None
        if isinstance(key, str):
            return read(inner, self._path.field(key))
        sizes = self._type.key.size if isinstance(self._type, MapType) else self._type.capacity  # type: ignore[attr-defined]
        return read(inner, self._path.at(ex.const(key), sizes))

    def _at(self, index: Expr, size: int, inner: Type) -> Any:
        """The part under a computed index."""
        if ex.is_const(index):
            return self._part(index.value, inner)
        if self._path is not None:
            return read(inner, self._path.at(index, size))
        found = self._part(size - 1, inner)
        for i in reversed(range(size - 1)):
            found = merge(ex.equal(index, ex.const(i)), self._part(i, inner), found)
        return found


class RecordLocation(_Composite[D]):
    """A record of the state, or a computed one: fields are attributes."""

    __slots__ = ()

    if TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any: ...
    else:
        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            fields = dict(self._type.fields)
            if name in fields:
                return self._part(name, fields[name])
            raise SpecError("E0231", f"record {self._type.name} has no field {name!r}", expected=nearest(name, list(fields)),
                            write="one of these fields")


class OptionalRecordLocation(_Composite[Any]):
    """A record or None."""

    __slots__ = ()

    @property
    def _present(self) -> Expr:
        found: Value[bool] = self._part("present", BOOL)
        return found._expr

    @property
    def is_none(self) -> Value[bool]:
        return Value(BOOL, ex.negate(self._present))

    @property
    def value(self) -> Any:  # type: ignore[override]
        failure = Failure(f"`.value` of {describe(self)}, which is None", caller())
        return guard(self._present, content(self), failure)


def content(optional: OptionalRecordLocation) -> Any:
    """The record inside an optional one, whether or not it is there."""
    inner = optional._type.inner  # type: ignore[attr-defined]
    if optional._parts is not None:
        return optional._parts["content"]
    return read(inner, optional._path)


class Map(_Composite[Mapping[K, V]], Generic[K, V]):
    """A total function on a finite domain: `at: Map[Cpu, Step]`, read `at[cpu]`, assigned `at[cpu].next = ...`."""

    __slots__ = ()

    if TYPE_CHECKING:
        @overload
        def __getitem__(self: Map[K, Map[K2, V2]], key: K | Value[K]) -> Map[K2, V2]: ...
        @overload
        def __getitem__(self: Map[K, Set[E]], key: K | Value[K]) -> Set[E]: ...
        @overload
        def __getitem__(self: Map[K, Queue[E]], key: K | Value[K]) -> Queue[E]: ...
        @overload
        def __getitem__(self: Map[K, D], key: K | Value[K]) -> RecordLocation[D]: ...
        @overload
        def __getitem__(self: Map[K, V], key: K | Value[K]) -> Location[V]: ...

    def __getitem__(self, key: Any) -> Any:
        found = self._type
        assert isinstance(found, MapType)
        if isinstance(key, tuple):
            raise SpecError("E0232", f"{describe(self)}[{', '.join(map(_text, key))}]", expected="one index at a time",
                            write=f"{describe(self).strip('`')}" + "".join(f"[{_text(k)}]" for k in key))
        return self._at(index_of(key, found.key, f"an index of {describe(self)}"), found.key.size, found.value)

    if not TYPE_CHECKING:
        def __setitem__(self, key, new):
            shown = f"{describe(self).strip('`')}[{_text(key)}]"
            raise SpecError("E0233", f"`{shown} = ...`", expected="an assignment to the next value", write=f"{shown}.next = ...")


class Set(_Composite[AbstractSet[E]], Generic[E]):
    """A set over a small finite domain. Operations give new sets: `waiting.next = waiting.add(cpu)`."""

    __slots__ = ()

    if TYPE_CHECKING:
        @property
        def next(self) -> Set[E]: ...
        @next.setter
        def next(self, new: AbstractSet[E] | Value[AbstractSet[E]]) -> None: ...

    @property
    def _mask(self) -> Expr:
        return self._expr

    def _element(self, x: Any) -> Expr:
        return index_of(x, self._type.element, f"an element of {describe(self)}")  # type: ignore[attr-defined]

    def contains(self, x: E | Value[E]) -> Value[bool]:
        """Whether x is a member."""
        return Value(BOOL, ex.node("has", (self._mask, self._element(x))))

    def add(self, x: E | Value[E]) -> Set[E]:
        """The set with x."""
        return self._combine("bor", ex.node("bit", (self._element(x),)))

    def remove(self, x: E | Value[E]) -> Set[E]:
        """The set without x (x need not be a member)."""
        return self._combine("bandnot", ex.node("bit", (self._element(x),)))

    def union(self, other: Set[E] | AbstractSet[E]) -> Set[E]:
        return self._combine("bor", self._other(other))

    def intersection(self, other: Set[E] | AbstractSet[E]) -> Set[E]:
        return self._combine("band", self._other(other))

    def difference(self, other: Set[E] | AbstractSet[E]) -> Set[E]:
        return self._combine("bandnot", self._other(other))

    def issubset(self, other: Set[E] | AbstractSet[E]) -> Value[bool]:
        return Value(BOOL, ex.equal(ex.node("bandnot", (self._mask, self._other(other))), ex.const(0)))

    @property
    def size(self) -> Value[int]:
        """How many members."""
        return Value(INTEGER, ex.node("popcount", (self._mask,)))

    @property
    def empty(self) -> Value[bool]:
        return Value(BOOL, ex.equal(self._mask, ex.const(0)))

    def _other(self, other: Any) -> Expr:
        return convert(other, self._type, f"a set beside {describe(self)}")  # type: ignore[arg-type]

    def _combine(self, op: str, other: Expr) -> Set[E]:
        return computed_set(self._type, ex.node(op, (self._mask, other)))


def computed_set(type: Type, mask: Expr) -> Set[Any]:
    found: Set[Any] = Set(type, None)
    object.__setattr__(found, "_expr", mask)
    return found


class _Head:
    """For type checkers: the head of a queue of records is a record, of any other queue a value."""

    @overload
    def __get__(self, instance: Queue[D], owner: Any) -> RecordLocation[D]: ...
    @overload
    def __get__(self, instance: Queue[E], owner: Any) -> Value[E]: ...
    def __get__(self, instance: Any, owner: Any) -> Any: ...


class Queue(_Composite[Sequence[E]], Generic[E]):
    """A bounded FIFO. Operations give new queues: `pending.next = pending.push(x)`.

    Taking from an empty queue or pushing to a full one is an evaluation error with its trace; guard with `when(~q.full)`.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        @property
        def next(self) -> Queue[E]: ...
        @next.setter
        def next(self, new: Sequence[E] | Value[Sequence[E]]) -> None: ...

    @property
    def _shape(self) -> QueueType:
        assert isinstance(self._type, QueueType)
        return self._type

    @property
    def _length(self) -> Expr:
        found: Value[int] = self._part("length", IntType(0, self._shape.capacity))
        return found._expr

    def _slot(self, i: int) -> Any:
        return self._part(i, self._shape.element)

    @property
    def length(self) -> Value[int]:
        return Value(IntType(0, self._shape.capacity), self._length)

    @property
    def empty(self) -> Value[bool]:
        return Value(BOOL, ex.equal(self._length, ex.const(0)))

    @property
    def full(self) -> Value[bool]:
        return Value(BOOL, ex.equal(self._length, ex.const(self._shape.capacity)))

    if TYPE_CHECKING:
        head: _Head
    else:
        @property
        def head(self):
            """The oldest element; an evaluation error where the queue is empty."""
            failure = Failure(f"head of {describe(self)}, which is empty", caller())
            return guard(ex.node("lt", (ex.const(0), self._length)), self._slot(0), failure)

    @overload
    def __getitem__(self: Queue[D], index: int | Value[int]) -> RecordLocation[D]: ...
    @overload
    def __getitem__(self: Queue[E], index: int | Value[int]) -> Value[E]: ...
    def __getitem__(self, index: Any) -> Any:
        """The element at a position, 0 the oldest; an evaluation error at or beyond the length."""
        position = convert(index, IntType(0, self._shape.capacity - 1), f"a position in {describe(self)}")
        failure = Failure(f"position beyond the end of {describe(self)}", caller())
        return guard(ex.node("lt", (position, self._length)), self._at(position, self._shape.capacity, self._shape.element), failure)

    def push(self, x: E | Value[E]) -> Queue[E]:
        """The queue with x as the newest element."""
        length, shape = self._length, self._shape
        new = lift(shape.element, x, f"an element of {describe(self)}")
        parts: dict[Any, Value[Any]] = {
            i: merge(ex.equal(length, ex.const(i)), new, self._slot(i)) for i in range(shape.capacity)}
        failure = Failure(f"push to {describe(self)}, which is full ({shape.capacity})", caller())
        ok = ex.node("lt", (length, ex.const(shape.capacity)))
        parts["length"] = Value(IntType(0, shape.capacity), ex.require(ok, ex.plus(length, 1), failure))
        return Queue(shape, None, parts)

    def pop(self) -> Queue[E]:
        """The queue without its oldest element."""
        return self._without(ex.const(0), Failure(f"pop of {describe(self)}, which is empty", caller()))

    def remove_at(self, index: int | Value[int]) -> Queue[E]:
        """The queue without the element at a position."""
        position = convert(index, IntType(0, self._shape.capacity - 1), f"a position in {describe(self)}")
        return self._without(position, Failure(f"position beyond the end of {describe(self)}", caller()))

    def _without(self, position: Expr, failure: Failure) -> Queue[E]:
        length, shape = self._length, self._shape
        last = shape.capacity - 1
        blank = default(shape.element)
        parts: dict[Any, Value[Any]] = {}
        for i in range(shape.capacity):
            following = self._slot(i + 1) if i < last else blank
            if ex.is_const(position):
                parts[i] = following if i >= position.value else self._slot(i)
            else:
                parts[i] = merge(ex.at_most(position, ex.const(i)), following, self._slot(i))
        ok = ex.node("lt", (position, length))
        parts["length"] = Value(IntType(0, shape.capacity), ex.require(ok, ex.plus(length, -1), failure))
        return Queue(shape, None, parts)

    def contains(self, x: E | Value[E]) -> Value[bool]:
        """Whether some element equals x."""
        item = lift(self._shape.element, x, f"an element of {describe(self)}")
        return Value(BOOL, ex.either(*(
            ex.both(ex.node("lt", (ex.const(i), self._length)), same(self._slot(i), item)._expr)
            for i in range(self._shape.capacity))))


def read(type: Type, path: Path | None) -> Any:
    """The value at a place of the state."""
    assert path is not None
    if isinstance(type, SetType):
        found: Set[Any] = Set(type, path)
        object.__setattr__(found, "_expr", ex.cell(*path.cell(), path.primed))
        return found
    if isinstance(type, ScalarType):
        return Location(type, ex.cell(*path.cell(), path.primed), path)
    return _CLASSES[_kind(type)](type, path)


def _kind(found: Type) -> type:
    return type(found)


_CLASSES: dict[type, Callable[..., Any]] = {
    RecordType: RecordLocation, OptionalRecord: OptionalRecordLocation, MapType: Map, QueueType: Queue}


def parts_of(value: _Composite[Any]) -> list[tuple[Any, Value[Any]]]:
    """The parts of a composite value, in the order of its cells."""
    found = value._type
    if isinstance(found, RecordType):
        return [(name, value._part(name, inner)) for name, inner in found.fields]
    if isinstance(found, OptionalRecord):
        assert isinstance(value, OptionalRecordLocation)
        return [("present", value._part("present", BOOL)), ("content", content(value))]
    if isinstance(found, MapType):
        return [(i, value._part(i, found.value)) for i in range(found.key.size)]
    assert isinstance(found, QueueType)
    length = value._part("length", IntType(0, found.capacity))
    return [("length", length)] + [(i, value._part(i, found.element)) for i in range(found.capacity)]


def _combine(type: Type, make: Callable[[Any], Value[Any]], keys: Iterable[Any]) -> Any:
    return _CLASSES[_kind(type)](type, None, {key: make(key) for key in keys})


def map_cells(value: Any, change: Callable[[ScalarType, Expr], Expr]) -> Any:
    """A computed value with every scalar's expression changed."""
    found = value._type
    if isinstance(found, SetType):
        return computed_set(found, change(found, value._expr))
    if isinstance(found, ScalarType):
        return Value(found, change(found, value._expr))
    parts = dict(parts_of(value))
    return _combine(found, lambda key: map_cells(parts[key], change), parts)


def guard(ok: Expr, value: Any, failure: Failure) -> Any:
    """The value, or an evaluation error where `ok` is 0."""
    return map_cells(value, lambda _, expr: ex.require(ok, expr, failure))


def merge(c: Expr, a: Any, b: Any) -> Any:
    """`a` where c, else `b`; both of one type."""
    if ex.is_const(c):
        return a if c.value else b
    found = a._type
    if isinstance(found, SetType):
        return computed_set(found, ex.choose(c, a._expr, b._expr))
    if isinstance(found, ScalarType):
        return Value(found, ex.choose(c, a._expr, b._expr))
    left, right = dict(parts_of(a)), dict(parts_of(b))
    return _combine(found, lambda key: merge(c, left[key], right[key]), left)


def default(type: Type) -> Any:
    """The value that unused queue slots and absent records hold: every cell at its lowest code."""
    if isinstance(type, SetType):
        return computed_set(type, ex.const(0))
    if isinstance(type, ScalarType):
        return Value(type, ex.const(type.low))
    if isinstance(type, RecordType):
        inner = dict(type.fields)
        return _combine(type, lambda key: default(inner[key]), inner)
    if isinstance(type, OptionalRecord):
        return _combine(type, lambda key: Value(BOOL, ex.FALSE) if key == "present" else default(type.inner), ("present", "content"))
    if isinstance(type, MapType):
        return _combine(type, lambda _: default(type.value), range(type.key.size))
    assert isinstance(type, QueueType)
    empty: Value[int] = Value(IntType(0, type.capacity), ex.const(0))
    return _combine(type, lambda key: empty if key == "length" else default(type.element), ["length", *range(type.capacity)])


def lift(type: Type, obj: Any, role: str) -> Any:
    """An author's object, concrete or symbolic, as a value of a type; SpecError where it is of another."""
    obj = value_of(obj)
    if isinstance(type, ScalarType):
        if isinstance(type, SetType):
            return computed_set(type, convert(_set_of_values(type, obj, role), type, role))
        return Value(type, convert(obj, type, role))
    if isinstance(type, OptionalRecord):
        return _lift_optional(type, obj, role)
    if isinstance(obj, Value):
        if obj._type != type:
            raise SpecError("E0226", f"{describe(obj)} ({obj._type.name}) as {role}", expected=f"a value of {type.name}",
                            write=f"an expression of type {type.name}")
        return obj
    if isinstance(type, RecordType) and isinstance(obj, type.cls):
        fields = dict(type.fields)
        return _combine(type, lambda key: lift(fields[key], getattr(obj, key), f"field {key!r} of {role}"), fields)
    if isinstance(type, MapType) and isinstance(obj, dict):
        return _lift_map(type, obj, role)
    if isinstance(type, QueueType) and isinstance(obj, (list, tuple)):
        return _lift_queue(type, obj, role)
    raise SpecError("E0225", f"{value_text(obj)} ({obj.__class__.__name__}) as {role}", expected=f"a value of {type.name}",
                    write=_examples(type))


def _examples(type: Type) -> str:
    if isinstance(type, RecordType):
        return f"record({type.name}, " + ", ".join(f"{name}=..." for name, _ in type.fields) + ")"
    if isinstance(type, MapType):
        return "{key: value for key in domain(...)} with every key"
    return "a list of elements, [] for the empty queue"


def _set_of_values(type: SetType, obj: Any, role: str) -> Any:
    """A Python set may hold symbolic members only by way of `.add`; concrete sets are encoded as they are."""
    if isinstance(obj, (list, tuple)):
        raise SpecError("E0225", f"{value_text(obj)} ({obj.__class__.__name__}) as {role}", expected=f"a value of {type.name}",
                        write="a Python set, or set().add(x)")
    return obj


def _lift_optional(type: OptionalRecord, obj: Any, role: str) -> Any:
    if isinstance(obj, OptionalRecordLocation) and obj._type == type:
        return obj
    present = obj is not None
    inner = lift(type.inner, obj, role) if present else default(type.inner)
    parts = {"present": Value(BOOL, ex.const(present)), "content": inner}
    return _combine(type, lambda key: parts[key], parts)


def _lift_map(type: MapType, obj: dict[Any, Any], role: str) -> Any:
    keys = type.key.values()
    given = {index_of(k, type.key, f"a key of {role}").value: v for k, v in obj.items()}
    missing = [value_text(k) for i, k in enumerate(keys) if i not in given]
    if missing:
        raise SpecError("E0234", f"a map without a value for {', '.join(missing)} as {role}", expected="a value for every key",
                        write="{key: value for key in domain(...)} with every key")
    return _combine(type, lambda i: lift(type.value, given[i], f"{role}[{value_text(keys[i])}]"), range(len(keys)))


def _lift_queue(type: QueueType, obj: Any, role: str) -> Any:
    if len(obj) > type.capacity:
        raise SpecError("E0235", f"{len(obj)} elements as {role}", expected=f"at most {type.capacity}", write="a larger Capacity")
    parts: dict[Any, Value[Any]] = {"length": Value(IntType(0, type.capacity), ex.const(len(obj)))}
    for i in range(type.capacity):
        parts[i] = lift(type.element, obj[i], f"an element of {role}") if i < len(obj) else default(type.element)
    return _combine(type, lambda key: parts[key], parts)


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
        index = ex.const(index.value * inner.size + step.value) if ex.is_const(index) and ex.is_const(step) else (
            step if index is ex.const(0) else ex.node("add", (scaled, step)))
    return index


def same(a: Value[Any], b: Any) -> Value[bool]:
    """Whether two values are equal; SpecError where their types can never be."""
    if not isinstance(b, Value) or a._type == b._type:
        if isinstance(a._type, ScalarType):
            return Value(BOOL, ex.equal(a._expr, _operand(a._type, b, f"the other side of == {describe(a)}")))
        other = lift(a._type, b, f"the other side of == {describe(a)}")
        left, right = dict(parts_of(a)), dict(parts_of(other))  # type: ignore[arg-type]
        return Value(BOOL, ex.both(*(same(left[key], right[key])._expr for key in left)))
    if isinstance(a._type, IntType) and isinstance(b._type, IntType):
        return Value(BOOL, ex.equal(a._expr, b._expr))
    try:
        return same(lift(b._type, a, ""), b)
    except SpecError:
        if isinstance(b._type, ScalarType) and not isinstance(a._type, ScalarType):
            raise
    return same(a, lift(a._type, b, f"the other side of == {describe(a)}"))


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
        raise SpecError("E0212", f"`.next` of {describe(target)}, which is computed", expected="a location of the state",
                        write="component.variable.next = ...")
    _assign(path, target._type, lift(target._type, new, f"the next value of {describe(target)}"), place)


def _assign(path: Path, type: Type, value: Any, place: Any) -> None:
    if isinstance(type, ScalarType):
        write_cell(path, value._expr, place)
        return
    parts = dict(parts_of(value))
    if isinstance(type, RecordType):
        for name, inner in type.fields:
            _assign(path.field(name), inner, parts[name], place)
    elif isinstance(type, OptionalRecord):
        _assign(path.field("present"), BOOL, parts["present"], place)
        _assign(path, type.inner, parts["content"], place)
    elif isinstance(type, MapType):
        for i in range(type.key.size):
            _assign(path.at(ex.const(i), type.key.size), type.value, parts[i], place)
    else:
        assert isinstance(type, QueueType)
        _assign(path.field("length"), IntType(0, type.capacity), parts["length"], place)
        for i in range(type.capacity):
            _assign(path.at(ex.const(i), type.capacity), type.element, parts[i], place)


def record(cls: type[D], **fields: Any) -> RecordLocation[D]:
    """A record with symbolic fields: `record(Store, address=a, value=sender.kind[cpu])`."""
    from .annotations import resolve

    found = resolve(cls, caller()) if dataclasses.is_dataclass(cls) else None
    if not isinstance(found, RecordType):
        raise SpecError("E0236", f"record({getattr(cls, '__name__', cls)}, ...)", expected="a dataclass", write="@dataclass(frozen=True)")
    inner = dict(found.fields)
    wrong = [name for name in fields if name not in inner]
    if wrong:
        raise SpecError("E0231", f"record {found.name} has no field {wrong[0]!r}", expected=nearest(wrong[0], list(inner)),
                        write="one of these fields")
    missing = [name for name in inner if name not in fields]
    if missing:
        raise SpecError("E0237", f"record({found.name}, ...) without {', '.join(missing)}", expected="every field",
                        write=_examples(found))
    made: RecordLocation[D] = _combine(found, lambda key: lift(inner[key], fields[key], f"field {key!r} of {found.name}"), inner)
    return made


def _text(obj: Any) -> str:
    return describe(obj).strip("`")
