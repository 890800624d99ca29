"""Symbolic maps, sets, queues and records: what an author does with them. Knows nothing of actions.

A composite value is either a place in the state (`_path`) or computed from parts (`_parts`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, caller, closest, nearest
from explorer.ir.expressions import Expr, Failure
from explorer.ir.places import Path
from explorer.ir.types import IntType, MapType, QueueType, RecordType, Type, UnionType
from explorer.language import structure
from explorer.language.conversion import convert
from explorer.language.values import BOOL, INTEGER, Location, Value, bare, describe, shown

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
E = TypeVar("E")
K2 = TypeVar("K2")
V2 = TypeVar("V2")


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


D = TypeVar("D", bound=_Dataclass)


class Composite(Location[T]):
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
            return structure.read(inner, self._path.field(key))
        sizes = self._type.key.size if isinstance(self._type, MapType) else self._type.capacity  # type: ignore[attr-defined]
        return structure.read(inner, self._path.at(ex.const(key), sizes))

    def _at(self, index: Expr, size: int, inner: Type) -> Any:
        """The part under a computed index."""
        if ex.is_const(index):
            return self._part(index.value, inner)
        if self._path is not None:
            return structure.read(inner, self._path.at(index, size))
        found = self._part(size - 1, inner)
        for i in reversed(range(size - 1)):
            found = structure.merge(ex.equal(index, ex.const(i)), self._part(i, inner), found)
        return found


class RecordLocation(Composite[D]):
    """A record of the state, or a computed one: fields are attributes."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
    else:

        def __getattribute__(self, name):
            """Fields come first: a field may be named `value`."""
            if not name.startswith("_") and name != "next":
                fields = dict(self._type.fields)
                if name in fields:
                    return self._part(name, fields[name])
                raise no_field(self._type, name)
            return super().__getattribute__(name)


def no_field(found: RecordType, name: str) -> SpecError:
    known = [field for field, _ in found.fields]
    return SpecError(
        "E0231",
        f"record {found.name} has no field {name!r}",
        expected=nearest(name, known),
        write=f".{closest(name, known, known[0])}",
    )


class OptionalRecordLocation(Composite[Any]):
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
        return structure.guard(self._present, content(self), failure)


def content(optional: OptionalRecordLocation) -> Any:
    """The record inside an optional one, whether or not it is there."""
    inner = optional._type.inner  # type: ignore[attr-defined]
    if optional._parts is not None:
        return optional._parts["content"]
    return structure.read(inner, optional._path)


class Map(Composite[Mapping[K, V]], Generic[K, V]):
    """A total function on a finite domain: `at: Map[Cpu, Step]`, read `at[cpu]`, assigned `at[cpu].next =
    ...`.
    """

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
            raise SpecError(
                "E0232",
                f"`{bare(self)}[{', '.join(map(bare, key))}]`",
                expected="one index at a time",
                write=bare(self) + "".join(f"[{bare(k)}]" for k in key),
            )
        inner = found.value.key if isinstance(found.value, MapType) else None
        if (
            isinstance(inner, UnionType)
            and not isinstance(key, Value)
            and inner.encode(key) is not None
            and key not in found.key.values()
        ):
            raise SpecError(
                "E0225",
                f"{shown(key)} as an index of {describe(self)}",
                expected=f"a value of {found.key.name} first",
                write=f"the other order: {bare(self)}[{found.key.name.lower()}][{bare(key)}]",
            )
        return self._at(
            structure.index_of(key, found.key, f"an index of {describe(self)}"), found.key.size, found.value
        )


class Set(Composite[AbstractSet[E]], Generic[E]):
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
        return structure.index_of(x, self._type.element, f"an element of {describe(self)}")  # type: ignore[attr-defined]

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


class Queue(Composite[Sequence[E]], Generic[E]):
    """A bounded FIFO. Operations give new queues: `pending.next = pending.push(x)`.

    Taking from an empty queue or pushing to a full one is an evaluation error with its trace; guard with
    `when(~q.full)`.
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
            return structure.guard(ex.node("lt", (ex.const(0), self._length)), self._slot(0), failure)

    @overload
    def __getitem__(self: Queue[D], index: int | Value[int]) -> RecordLocation[D]: ...
    @overload
    def __getitem__(self: Queue[E], index: int | Value[int]) -> Value[E]: ...
    def __getitem__(self, index: Any) -> Any:
        """The element at a position, 0 the oldest; an evaluation error at or beyond the length."""
        position = convert(index, IntType(0, self._shape.capacity - 1), f"a position in {describe(self)}")
        failure = Failure(f"position beyond the end of {describe(self)}", caller())
        found = self._at(position, self._shape.capacity, self._shape.element)
        return structure.guard(ex.node("lt", (position, self._length)), found, failure)

    def push(self, x: E | Value[E]) -> Queue[E]:
        """The queue with x as the newest element."""
        length, shape = self._length, self._shape
        new = structure.lift(shape.element, x, f"an element of {describe(self)}")
        parts: dict[Any, Value[Any]] = {
            i: structure.merge(ex.equal(length, ex.const(i)), new, self._slot(i))
            for i in range(shape.capacity)
        }
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
        blank = structure.default(shape.element)
        parts: dict[Any, Value[Any]] = {}
        for i in range(shape.capacity):
            following = self._slot(i + 1) if i < last else blank
            if ex.is_const(position):
                parts[i] = following if i >= position.value else self._slot(i)
            else:
                parts[i] = structure.merge(ex.at_most(position, ex.const(i)), following, self._slot(i))
        ok = ex.node("lt", (position, length))
        parts["length"] = Value(IntType(0, shape.capacity), ex.require(ok, ex.plus(length, -1), failure))
        return Queue(shape, None, parts)

    def contains(self, x: E | Value[E]) -> Value[bool]:
        """Whether some element equals x. An x without a value is an evaluation error, also where the queue is
        empty.
        """
        item = structure.lift(self._shape.element, x, f"an element of {describe(self)}")
        among = (
            ex.both(ex.node("lt", (ex.const(i), self._length)), structure.same(self._slot(i), item)._expr)
            for i in range(self._shape.capacity)
        )
        return Value(BOOL, structure.after(item, ex.either(*among)))


def record(cls: type[D], **fields: Any) -> RecordLocation[D]:
    """A record with symbolic fields: `record(Store, address=a, value=sender.kind[cpu])`."""
    from explorer.language.annotations import resolve

    found = resolve(cls, caller()) if dataclasses.is_dataclass(cls) else None
    if not isinstance(found, RecordType):
        raise SpecError(
            "E0236",
            f"record({getattr(cls, '__name__', cls)}, ...)",
            expected="a dataclass",
            write="@dataclass(frozen=True)",
        )
    inner = dict(found.fields)
    wrong = [name for name in fields if name not in inner]
    if wrong:
        raise no_field(found, wrong[0])
    missing = [name for name in inner if name not in fields]
    if missing:
        raise SpecError(
            "E0237",
            f"record({found.name}, ...) without {', '.join(missing)}",
            expected="every field",
            write=structure.examples(found),
        )
    made: RecordLocation[D] = structure.combine(
        found, lambda key: structure.lift(inner[key], fields[key], f"field {key!r} of {found.name}"), inner
    )
    return made
