"""Symbolic maps, sets and optional records: what an author does with them. Knows nothing of actions."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, caller
from explorer.ir.expressions import Expr, Failure
from explorer.ir.types import IntType, LargeSetType, MapType, OptionalRecord, SetType, UnionType
from explorer.language import structure
from explorer.language.conversion import convert
from explorer.language.lifting import constant_index, index_of, lift
from explorer.language.queues import Queue
from explorer.language.symbolic import BOOL, INTEGER, Role, bare, describe, represents, shown
from explorer.language.values import Composite, D, Location, RecordLocation, Value

K = TypeVar("K")
V = TypeVar("V")
E = TypeVar("E")
K2 = TypeVar("K2")
V2 = TypeVar("V2")


@represents(OptionalRecord, Role.COMPUTED, Role.PLACE)
class OptionalRecordLocation(Composite[Any]):
    """A record or None."""

    __slots__ = ()

    @property
    def _present(self) -> Expr:
        present: Value[bool] = self._part("present", BOOL)
        return present._expr

    @property
    def is_none(self) -> Value[bool]:
        """Whether it is None."""
        return Value(BOOL, ex.negate(self._present))

    @property
    def value(self) -> Any:  # type: ignore[override]
        """The record; an evaluation error where it is None."""
        failure = Failure(f"`.value` of {describe(self)}, which is None", caller())
        content = self._part("content", self._type.inner)  # type: ignore[attr-defined]
        return structure.guard(self._present, content, failure)


@represents(MapType, Role.COMPUTED, Role.PLACE)
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
        type = self._type
        assert isinstance(type, MapType)
        if isinstance(key, tuple):
            raise SpecError(
                "E0232",
                f"`{bare(self)}[{', '.join(map(bare, key))}]`",
                expected="one index at a time",
                write=bare(self) + "".join(f"[{bare(k)}]" for k in key),
            )
        index = constant_index(key, type.key)
        if index is not None:
            return self._at(index, type.key.size, type.value)
        inner = type.value.key if isinstance(type.value, MapType) else None
        if (
            isinstance(inner, UnionType)
            and not isinstance(key, Value)
            and inner.encode(key) is not None
            and key not in type.key.values()
        ):
            raise SpecError(
                "E0225",
                f"{shown(key)} as an index of {describe(self)}",
                expected=f"a value of {type.key.name} first",
                write=f"the other order: {bare(self)}[{type.key.name.lower()}][{bare(key)}]",
            )
        return self._at(index_of(key, type.key, f"an index of {describe(self)}"), type.key.size, type.value)


@represents(SetType, Role.COMPUTED, Role.PLACE)
class Set(Location[AbstractSet[E]], Generic[E]):
    """A set over a small finite domain. Operations give new sets: `waiting.next = waiting.add(cpu)`."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def next(self) -> Set[E]: ...
        @next.setter
        def next(self, new: AbstractSet[E] | Value[AbstractSet[E]]) -> None: ...

    def _element(self, x: Any) -> Expr:
        return index_of(x, self._type.element, f"an element of {describe(self)}")  # type: ignore[attr-defined]

    def contains(self, x: E | Value[E]) -> Value[bool]:
        """Whether x is a member."""
        return Value(BOOL, ex.node("has", (self._expr, self._element(x))))

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
        return Value(BOOL, ex.equal(ex.node("bandnot", (self._expr, self._other(other))), ex.const(0)))

    @property
    def size(self) -> Value[int]:
        """How many members."""
        return Value(INTEGER, ex.node("popcount", (self._expr,)))

    @property
    def empty(self) -> Value[bool]:
        return Value(BOOL, ex.equal(self._expr, ex.const(0)))

    def _other(self, other: Any) -> Expr:
        return convert(other, self._type, f"a set beside {describe(self)}")  # type: ignore[arg-type]

    def _combine(self, op: str, other: Expr) -> Set[E]:
        return Set(self._type, ex.node(op, (self._expr, other)))


@represents(LargeSetType, Role.COMPUTED, Role.PLACE)
class LargeSet(Composite[AbstractSet[E]], Generic[E]):
    """A set over a domain with more members than a number has bits. Authors see it as a `Set`."""

    __slots__ = ()

    @property
    def _members(self) -> list[Expr]:
        return [part._expr for _, part in structure.parts_of(self)]

    def _index(self, x: Any) -> Expr:
        return index_of(x, self._type.key, f"an element of {describe(self)}")  # type: ignore[attr-defined]

    def _with(self, members: list[Expr]) -> LargeSet[E]:
        return LargeSet(self._type, None, {i: Value(BOOL, expr) for i, expr in enumerate(members)})

    def _setting(self, x: Any, new: Expr) -> LargeSet[E]:
        index = self._index(x)
        if ex.is_const(index):
            return self._with([new if i == index.value else old for i, old in enumerate(self._members)])
        here = (ex.equal(index, ex.const(i)) for i in range(self._type.key.size))  # type: ignore[attr-defined]
        return self._with([ex.choose(test, new, old) for test, old in zip(here, self._members)])

    def _other(self, other: Any) -> list[Expr]:
        lifted = lift(self._type, other, f"a set beside {describe(self)}")
        return [part._expr for _, part in structure.parts_of(lifted)]

    def contains(self, x: Any) -> Value[bool]:
        """Whether x is a member."""
        return self._at(self._index(x), self._type.key.size, BOOL)  # type: ignore[attr-defined, no-any-return]

    def add(self, x: Any) -> LargeSet[E]:
        """The set with x."""
        return self._setting(x, ex.TRUE)

    def remove(self, x: Any) -> LargeSet[E]:
        """The set without x (x need not be a member)."""
        return self._setting(x, ex.FALSE)

    def union(self, other: Any) -> LargeSet[E]:
        return self._with([ex.either(a, b) for a, b in zip(self._members, self._other(other))])

    def intersection(self, other: Any) -> LargeSet[E]:
        return self._with([ex.both(a, b) for a, b in zip(self._members, self._other(other))])

    def difference(self, other: Any) -> LargeSet[E]:
        return self._with([ex.both(a, ex.negate(b)) for a, b in zip(self._members, self._other(other))])

    def issubset(self, other: Any) -> Value[bool]:
        pairs = zip(self._members, self._other(other))
        return Value(BOOL, ex.both(*(ex.either(ex.negate(a), b) for a, b in pairs)))

    @property
    def size(self) -> Value[int]:
        """How many members."""
        members = self._members
        return Value(IntType(0, len(members)), ex.total(members))

    @property
    def empty(self) -> Value[bool]:
        return Value(BOOL, ex.negate(ex.either(*self._members)))
