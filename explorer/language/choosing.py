"""Values chosen among several: members of a set, the first that, the largest, an entry of a table. Knows
nothing of actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, caller
from explorer.ir.expressions import Failure
from explorer.ir.types import IntType, SetType
from explorer.language.annotations import domain, resolve
from explorer.language.collections import LargeSet, Set
from explorer.language.composites import set_of
from explorer.language.constants import value_of
from explorer.language.lifting import lift, same
from explorer.language.operators import ite, type_of
from explorer.language.structure import combine, guard
from explorer.language.symbolic import BOOL, Symbolic, computed, condition, describe, number, shown
from explorer.language.values import Value

T = TypeVar("T")
S = TypeVar("S")


def is_in(x: T | Value[T], values: Iterable[T] | Set[T] | type[T]) -> Value[bool]:
    """Whether x is one of some values, of a set of the state, or of a domain: `is_in(lock.at[cpu],
    {Step.WAIT, Step.OWNER})`.
    """
    values = value_of(values)
    if isinstance(values, (Set, LargeSet)):
        return values.contains(x)
    if isinstance(values, Symbolic):
        raise SpecError(
            "E0243",
            f"is_in(x, {describe(values)})",
            expected="a set, several values or a domain",
            write="x == y for one value, queue.contains(x) for a queue",
        )
    options = _listed(values, "is_in(x, ...)")
    if not isinstance(x, Symbolic):
        return Value(BOOL, ex.either(*(_equal(x, option) for option in options)))
    return Value(BOOL, ex.either(*(same(x, option)._expr for option in options)))


def _equal(x: Any, option: Any) -> ex.Expr:
    """Whether a plain value is an option, plain or not."""
    return same(option, x)._expr if isinstance(option, Symbolic) else ex.const(value_of(x) == option)


def _listed(values: Any, what: str) -> list[Any]:
    """The values of a domain, or those listed; those of a Python set in an order that no hash decides."""
    if isinstance(values, (set, frozenset)):
        return sorted((value_of(value) for value in values), key=repr)
    if isinstance(values, Iterable) and not isinstance(values, type):
        return [value_of(value) for value in values]
    try:
        return list(domain(values))
    except SpecError:
        raise SpecError(
            "E0243",
            f"{what} of {shown(values)}",
            expected="several values or a domain",
            write="{A, B}, or a class such as Cpu",
        ) from None


def maximum(first: int | Value[int], *others: int | Value[int]) -> Value[int]:
    """The largest of some numbers."""
    return _extreme((first, *others), "maximum(...)", lambda a, b: ex.node("lt", (a, b)))


def minimum(first: int | Value[int], *others: int | Value[int]) -> Value[int]:
    """The smallest of some numbers."""
    return _extreme((first, *others), "minimum(...)", lambda a, b: ex.node("lt", (b, a)))


def _extreme(values: tuple[Any, ...], what: str, worse: Callable[[ex.Expr, ex.Expr], ex.Expr]) -> Value[int]:
    best = number(values[0], what)
    for value in values[1:]:
        other = number(value, what)
        best = ex.choose(worse(best, other), other, best)
    types = [type_of(value_of(value)) for value in values]
    bounds = [(t.low, t.high) for t in types if isinstance(t, IntType)]
    return Value(IntType(min(low for low, _ in bounds), max(high for _, high in bounds)), best)


@overload
def first_that(
    values: type[T] | Iterable[T], holds: Callable[[T], bool | Value[bool]]
) -> Value[T | None]: ...
@overload
def first_that(
    values: type[T] | Iterable[T], holds: Callable[[T], bool | Value[bool]], otherwise: S
) -> Value[T | S]: ...
def first_that(values: Any, holds: Any, otherwise: Any = None) -> Any:
    """The first value of a domain, or of those listed, for which a condition holds: `first_that(Cpu, lambda
    cpu: lock.at[cpu] == Step.WAIT)`. None, or `otherwise`, where it holds for none.
    """
    return _search(_listed(values, "first_that(...)"), holds, otherwise, "first_that(...)")


@overload
def last_that(values: type[T] | Iterable[T], holds: Callable[[T], bool | Value[bool]]) -> Value[T | None]: ...
@overload
def last_that(
    values: type[T] | Iterable[T], holds: Callable[[T], bool | Value[bool]], otherwise: S
) -> Value[T | S]: ...
def last_that(values: Any, holds: Any, otherwise: Any = None) -> Any:
    """The last such value: of numbers, the highest for which the condition holds."""
    return _search(_listed(values, "last_that(...)")[::-1], holds, otherwise, "last_that(...)")


def _search(options: list[Any], holds: Callable[[Any], Any], otherwise: Any, what: str) -> Any:
    result = otherwise
    for option in reversed(options):
        test = condition(holds(option), what)
        result = ite(Value(BOOL, test), option, result)
    return result


@overload
def subset(values: type[T], holds: Callable[[T], bool | Value[bool]]) -> Set[T]: ...
@overload
def subset(values: Any, holds: Callable[[Any], bool | Value[bool]]) -> Set[Any]: ...
def subset(values: Any, holds: Any) -> Any:
    """The set of the values of a domain for which a condition holds: `subset(Cpu, lambda cpu: lock.at[cpu] ==
    Step.WAIT)`.
    """
    type = set_of(resolve(values, caller()), caller())
    if not isinstance(type, SetType):
        tests = [condition(holds(value), "subset(...)") for value in type.key.values()]
        return combine(type, lambda i: computed(BOOL, tests[i]), range(len(tests)))
    mask: ex.Expr = ex.const(0)
    for i, value in enumerate(type.element.values()):
        test = condition(holds(value), "subset(...)")
        bit = ex.choose(test, ex.const(1 << i), ex.const(0))
        mask = bit if i == 0 else ex.node("bor", (mask, bit))
    return computed(type, mask)


_MISSING: Any = object()


def lookup(table: Mapping[T, S], key: T | Value[T], otherwise: S | Value[S] = _MISSING) -> Value[S]:
    """The entry of a Python dictionary under a key that the state decides: `lookup(PRIORITY, lock.at[cpu])`.

    A key without an entry gives `otherwise`; where that is not given, it is an evaluation error.
    """
    key = value_of(key)
    if not isinstance(table, Mapping) or not table:
        raise SpecError(
            "E0243",
            f"lookup({shown(table)}, ...)",
            expected="a dictionary with an entry",
            write="lookup({key: value, ...}, key)",
        )
    if not isinstance(key, Symbolic):
        chosen = table.get(key, otherwise)
        if chosen is _MISSING:
            raise SpecError(
                "E0243",
                f"lookup(...) of {shown(key)}, which has no entry",
                expected="a key of the table",
                write="lookup(table, key, otherwise)",
            )
        return chosen  # type: ignore[return-value]
    tests = [(same(key, k)._expr, v) for k, v in table.items()]
    result: Any = tests[-1][1] if otherwise is _MISSING else otherwise
    for test, value in reversed(tests[:-1] if otherwise is _MISSING else tests):
        result = ite(Value(BOOL, test), value, result)
    if otherwise is _MISSING and not _covers(table, key):
        failure = Failure(f"{describe(key)} has no entry in the table", caller())
        if not isinstance(result, Symbolic):
            kind = resolve(type(result), caller()) if type_of(result) is None else type_of(result)
            assert kind is not None
            result = lift(kind, result, "an entry")
        result = guard(ex.either(*(test for test, _ in tests)), result, failure)
    return result  # type: ignore[no-any-return]


def _covers(table: Mapping[Any, Any], key: Symbolic) -> bool:
    """Whether a table has an entry for every value that a key may have."""
    type: Any = key._type
    return isinstance(type.size, int) and type.size <= len(table) and all(v in table for v in type.values())
