"""Symbolic queues: bounded, first in, first out. Knows nothing of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import caller
from explorer.ir.expressions import Expr, Failure
from explorer.ir.types import IntType, QueueType
from explorer.language import structure
from explorer.language.conversion import convert
from explorer.language.lifting import lift, same
from explorer.language.symbolic import BOOL, Role, describe, represents
from explorer.language.values import Composite, D, RecordLocation, Value

E = TypeVar("E")


class _Head:
    """For type checkers: the head of a queue of records is a record, of any other queue a value."""

    @overload
    def __get__(self, instance: Queue[D], owner: Any) -> RecordLocation[D]: ...
    @overload
    def __get__(self, instance: Queue[E], owner: Any) -> Value[E]: ...
    def __get__(self, instance: Any, owner: Any) -> Any: ...


@represents(QueueType, Role.COMPUTED, Role.PLACE)
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
        length: Value[int] = self._part("length", IntType(0, self._shape.capacity))
        return length._expr

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
        element = self._at(position, self._shape.capacity, self._shape.element)
        return structure.guard(ex.node("lt", (position, self._length)), element, failure)

    def push(self, x: E | Value[E]) -> Queue[E]:
        """The queue with x as the newest element."""
        length, shape = self._length, self._shape
        new = lift(shape.element, x, f"an element of {describe(self)}")
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
        item = lift(self._shape.element, x, f"an element of {describe(self)}")
        among = (
            ex.both(ex.node("lt", (ex.const(i), self._length)), same(self._slot(i), item)._expr)
            for i in range(self._shape.capacity)
        )
        return Value(BOOL, structure.demand(item, ex.either(*among)))
