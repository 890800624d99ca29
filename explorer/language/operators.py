"""Functions that authors combine conditions and values with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import AbstractSet, Any, TypeVar, overload

from . import expressions as ex
from .collections import D, Queue, RecordLocation, Set, lift, merge
from .constants import value_of
from .errors import SpecError, caller
from .tracing import Condition, maybe_current
from .types import IntType, ScalarType
from .values import BOOL, INTEGER, Value, condition, describe

T = TypeVar("T")


@overload
def ite(test: bool | Value[bool], then: Set[T], otherwise: Set[T] | AbstractSet[T]) -> Set[T]: ...
@overload
def ite(test: bool | Value[bool], then: AbstractSet[T], otherwise: Set[T]) -> Set[T]: ...
@overload
def ite(test: bool | Value[bool], then: Queue[T], otherwise: Queue[T] | Sequence[T]) -> Queue[T]: ...
@overload
def ite(test: bool | Value[bool], then: Sequence[T], otherwise: Queue[T]) -> Queue[T]: ...
@overload
def ite(test: bool | Value[bool], then: RecordLocation[D], otherwise: RecordLocation[D] | D) -> RecordLocation[D]: ...
@overload
def ite(test: bool | Value[bool], then: D, otherwise: RecordLocation[D] | D) -> RecordLocation[D]: ...
@overload
def ite(test: bool | Value[bool], then: T | Value[T], otherwise: T | Value[T]) -> Value[T]: ...
def ite(test: bool | Value[bool], then: Any, otherwise: Any) -> Any:
    """`then` where the test holds, else `otherwise`; only the one chosen is evaluated."""
    c = condition(test, "ite(...)")
    a, b = value_of(then), value_of(otherwise)
    if not isinstance(a, Value) and not isinstance(b, Value):
        return _concrete_choice(c, a, b)
    if not isinstance(a, Value):
        return merge(c, _beside(b, a), b)
    if isinstance(a._type, IntType) and isinstance(b, Value) and isinstance(b._type, IntType):
        return Value(INTEGER, ex.choose(c, a._expr, b._expr))
    if isinstance(b, Value) and isinstance(a._type, ScalarType) and a._type != b._type:
        try:
            return merge(c, a, lift(a._type, b, "the second value of ite(...)"))
        except SpecError:
            return merge(c, lift(b._type, a, "the first value of ite(...)"), b)
    return merge(c, a, _beside(a, b))


def _beside(known: Value[Any], obj: Any) -> Value[Any]:
    if isinstance(known._type, IntType) and isinstance(obj, int) and not isinstance(obj, bool):
        return Value(INTEGER, ex.const(obj))
    found: Value[Any] = lift(known._type, obj, f"the value beside {describe(known)} in ite(...)")
    return found


def _concrete_choice(c: ex.Expr, a: Any, b: Any) -> Any:
    from .annotations import resolve

    if ex.is_const(c):
        return a if c.value else b
    if isinstance(a, bool) and isinstance(b, bool):
        return Value(BOOL, ex.choose(c, ex.const(a), ex.const(b)))
    if isinstance(a, int) and isinstance(b, int):
        return Value(IntType(min(a, b), max(a, b)), ex.choose(c, ex.const(a), ex.const(b)))
    known = [type(x) for x in (a, b) if x is not None]
    if known and all(t is known[0] for t in known):
        found = resolve(known[0] | None if None in (a, b) else known[0], caller())
        if isinstance(found, ScalarType):
            return merge(c, lift(found, a, "a value of ite(...)"), lift(found, b, "a value of ite(...)"))
    raise SpecError("E0241", f"ite(...) with {a!r} and {b!r}", expected="two values of one type", write="ite(condition, a, b)")


def every(conditions: Iterable[bool | Value[bool]]) -> Value[bool]:
    """Whether all hold: `every(at[c] == Step.IDLE for c in Cpu)`."""
    return Value(BOOL, ex.both(*_list(conditions, "every")))


def some(conditions: Iterable[bool | Value[bool]]) -> Value[bool]:
    """Whether at least one holds."""
    return Value(BOOL, ex.either(*_list(conditions, "some")))


def count(conditions: Iterable[bool | Value[bool]]) -> Value[int]:
    """How many hold."""
    total: ex.Expr = ex.const(0)
    found = _list(conditions, "count")
    for item in found:
        total = item if total is ex.const(0) else ex.node("add", (total, item))
    return Value(IntType(0, len(found)), total)


def _list(conditions: Any, name: str) -> list[ex.Expr]:
    if isinstance(conditions, (Value, bool)):
        raise SpecError("E0242", f"{name}() of a single condition", expected="several conditions",
                        write=f"{name}(p(x) for x in Domain)")
    return [condition(c, f"{name}(...)") for c in conditions]


def implies(premise: bool | Value[bool], conclusion: bool | Value[bool]) -> Value[bool]:
    """The conclusion holds wherever the premise does. A premise that no state meets is reported as vacuous."""
    p, c = condition(premise, "implies(...)"), condition(conclusion, "implies(...)")
    trace = maybe_current()
    if trace is not None:
        trace.premises.append(Condition(p, caller()))
    return Value(BOOL, ex.either(ex.negate(p), c))


