"""Functions that authors combine conditions and values with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, caller
from explorer.ir.formulas import conjunction, disjunction
from explorer.ir.steps import Condition
from explorer.ir.types import BoolType, IntType, OptionalRecord, OptionalScalar, RecordType, Type, UnionType
from explorer.language.annotations import resolve
from explorer.language.collections import Set
from explorer.language.constants import value_of
from explorer.language.lifting import lift
from explorer.language.queues import Queue
from explorer.language.structure import merge
from explorer.language.symbolic import BOOL, condition, shown
from explorer.language.temporal import Formula, MadeFormula, formula, implication, operand
from explorer.language.tracing import maybe_current
from explorer.language.values import D, RecordLocation, Value

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
def ite(
    test: bool | Value[bool], then: RecordLocation[D], otherwise: RecordLocation[D] | D
) -> RecordLocation[D]: ...
@overload
def ite(test: bool | Value[bool], then: D, otherwise: RecordLocation[D] | D) -> RecordLocation[D]: ...
@overload
def ite(test: bool | Value[bool], then: Value[T], otherwise: Value[T] | T) -> Value[T]: ...
@overload
def ite(test: bool | Value[bool], then: T | Value[T], otherwise: Value[T] | T) -> Value[T]: ...
def ite(test: bool | Value[bool], then: Any, otherwise: Any) -> Any:
    """`then` where the test holds, else `otherwise`; only the one chosen is evaluated."""
    c = condition(test, "ite(...)")
    a, b = value_of(then), value_of(otherwise)
    if ex.is_const(c) and not isinstance(a, Value) and not isinstance(b, Value):
        return a if c.value else b
    try:
        first, second = (_text(x) if isinstance(x, str) else type_of(x) for x in (a, b))
    except SpecError:
        raise _mixed(a, b) from None
    if _is_text(first) or _is_text(second):
        wanted = _texts(first, second)
    elif first is None or second is None:
        known = second if first is None else first
        wanted = [] if known is None else [optional(known), known]
    elif isinstance(first, IntType) and isinstance(second, IntType):
        wanted = [_wider(first, second)]
    elif (numbers := [_number_of(type) for type in (first, second)]) and None not in numbers:
        wanted = [OptionalScalar(_wider(*(n for n in numbers if n is not None)))]
    else:
        wanted = (
            [first, second, *_united(first, second)]
            if isinstance(b, Value)
            else [second, first, *_united(first, second)]
        )
    for type in wanted:
        try:
            return merge(c, lift(type, a, "a value of ite(...)"), lift(type, b, "a value of ite(...)"))
        except SpecError:
            pass
    raise _mixed(a, b)


def _wider(a: IntType, b: IntType) -> IntType:
    return IntType(min(a.low, b.low), max(a.high, b.high))


def _number_of(type: Type) -> IntType | None:
    """The type of a number, or of a number or None."""
    inner = type.inner if isinstance(type, OptionalScalar) else type
    return inner if isinstance(inner, IntType) else None


def _text(text: str) -> Type:
    return UnionType((str,), (text,), False)


def _is_text(type: Type | None) -> bool:
    return isinstance(type, UnionType) and type.classes == (str,)


def _texts(first: Type | None, second: Type | None) -> list[Type]:
    """The type of two texts, in a label."""
    trace = maybe_current()
    if not (isinstance(first, UnionType) and isinstance(second, UnionType) and _is_text(first)):
        return []
    if not _is_text(second) or trace is None or trace.kind not in ("label", "observe"):
        return []
    return [UnionType((str,), tuple(dict.fromkeys((*first.members, *second.members))), False)]


def _mixed(a: Any, b: Any) -> SpecError:
    return SpecError(
        "E0241",
        f"ite(...) with {shown(a)} and {shown(b)}",
        expected="two values of one type",
        write="ite(condition, a, b), with a and b of the variable's type",
    )


def type_of(obj: Any) -> Type | None:
    """The narrowest type of an author's value; None for None and for what stands for several types ([],
    set()).
    """
    if isinstance(obj, Value):
        return obj._type
    if isinstance(obj, int) and not isinstance(obj, bool):
        return IntType(obj, obj)
    if obj is None or isinstance(obj, (list, tuple, dict, set, frozenset)):
        return None
    return resolve(type(obj), caller())


def optional(type: Type) -> Type:
    """The type with None, where there is one."""
    if isinstance(type, UnionType):
        return UnionType(type.classes, type.members, True)
    if isinstance(type, (BoolType, IntType)):
        return OptionalScalar(type)
    return OptionalRecord(type) if isinstance(type, RecordType) else type


def _united(a: Type, b: Type) -> list[Type]:
    """The union of two types of enums and identities, where they have no class in common."""
    if isinstance(a, UnionType) and isinstance(b, UnionType) and not set(a.classes) & set(b.classes):
        return [UnionType((*a.classes, *b.classes), (*a.members, *b.members), a.optional or b.optional)]
    return []


@overload
def every(conditions: Iterable[bool | Value[bool]]) -> Value[bool]: ...
@overload
def every(conditions: Iterable[Formula]) -> Formula: ...
def every(conditions: Any) -> Any:
    """Whether all hold: `every(at[c] == Step.IDLE for c in Cpu)`. Of temporal formulas, a formula."""
    items = _items(conditions, "every")
    if any(isinstance(item, MadeFormula) for item in items):
        return formula(conjunction(*(operand(item, "every(...)") for item in items)))
    return Value(BOOL, ex.both(*(condition(c, "every(...)") for c in items)))


@overload
def some(conditions: Iterable[bool | Value[bool]]) -> Value[bool]: ...
@overload
def some(conditions: Iterable[Formula]) -> Formula: ...
def some(conditions: Any) -> Any:
    """Whether at least one holds. Of temporal formulas, a formula."""
    items = _items(conditions, "some")
    if any(isinstance(item, MadeFormula) for item in items):
        return formula(disjunction(*(operand(item, "some(...)") for item in items)))
    return Value(BOOL, ex.either(*(condition(c, "some(...)") for c in items)))


def count(conditions: Iterable[bool | Value[bool]]) -> Value[int]:
    """How many hold."""
    items = [condition(c, "count(...)") for c in _items(conditions, "count")]
    return Value(IntType(0, len(items)), ex.total([item for item in items if item is not ex.const(0)]))


def _items(conditions: Any, name: str) -> list[Any]:
    if isinstance(conditions, (Value, bool)) or not isinstance(conditions, Iterable):
        raise SpecError(
            "E0242",
            f"{name}() of {shown(conditions)}",
            expected="several conditions",
            write=f"{name}(p(x) for x in Domain)",
        )
    return list(conditions)


@overload
def implies(premise: bool | Value[bool], conclusion: bool | Value[bool]) -> Value[bool]: ...
@overload
def implies(premise: Formula, conclusion: bool | Value[bool] | Formula) -> Formula: ...
@overload
def implies(premise: bool | Value[bool], conclusion: Formula) -> Formula: ...
def implies(premise: Any, conclusion: Any) -> Any:
    """The conclusion holds wherever the premise does. A premise that no state meets is reported as
    vacuous.
    """
    if isinstance(premise, MadeFormula) or isinstance(conclusion, MadeFormula):
        return formula(implication(operand(premise, "implies(...)"), operand(conclusion, "implies(...)")))
    p, c = condition(premise, "implies(...)"), condition(conclusion, "implies(...)")
    trace = maybe_current()
    if trace is not None:
        trace.premises.append(Condition(p, caller()))
    return Value(BOOL, ex.either(ex.negate(p), c))
