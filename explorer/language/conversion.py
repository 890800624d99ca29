"""From an author's scalar, concrete or symbolic, to an expression with a code of a wanted type. Knows nothing
of composites.
"""

from __future__ import annotations

import enum
from typing import Any

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, caller
from explorer.ir.expressions import Expr, Failure
from explorer.ir.types import IntType, OptionalScalar, ScalarType, SetType, Type, UnionType
from explorer.language.constants import value_of
from explorer.language.symbolic import Symbolic, computed, describe, shown


def encode(type: ScalarType, obj: Any, role: str) -> Expr:
    """A concrete value as a code of a scalar type; SpecError where it is not in the domain."""
    code = type.encode(obj)
    if code is None:
        raise SpecError(
            "E0225",
            f"{shown(obj)} as {role}",
            expected=f"a value of {type.name}",
            write=_suggest(type, obj, role),
        )
    return ex.const(code)


def _suggest(wanted: ScalarType, obj: Any, role: str) -> str:
    """What to write where `obj` is not in a domain."""
    if isinstance(obj, type) and isinstance(wanted, UnionType) and obj in wanted.classes:
        if role.startswith("an index"):
            name = obj.__name__.lower()
            return (
                f"[{name}] with a parameter {name}: {obj.__name__}, or for {name} in domain({obj.__name__})"
            )
        return f"any_of({obj.__name__}) for a free choice, or one value"
    if isinstance(wanted, SetType):
        return how_to_write_set(wanted.element.name, obj)
    if isinstance(wanted, OptionalScalar):
        return f"None or {_suggest(wanted.inner, obj, role)}"
    if isinstance(wanted, IntType):
        return (
            " or ".join(map(str, range(wanted.low, wanted.high + 1)))
            if wanted.size <= 4
            else f"a number from {wanted.low} to {wanted.high}"
        )
    if not isinstance(wanted, UnionType):
        return "True or False"
    names = ["None"] * wanted.optional
    for cls in wanted.classes:
        if cls is int:
            names.append(f"a number of {wanted.numbers[1].name}" if wanted.numbers else "")
            continue
        members = [
            f"{cls.__name__}.{m.name}" for m in wanted.members if type(m) is cls and isinstance(m, enum.Enum)
        ]
        names += [*members[:6], *["..."] * (len(members) > 6)] or [
            f"an identity of {cls.__name__}, such as a parameter {cls.__name__.lower()}: {cls.__name__}"
        ]
    return " or ".join(names)


def how_to_write_set(element: str, obj: Any) -> str:
    """What to write where `obj` stands in place of a set."""
    if isinstance(obj, (list, tuple, dict)):
        return "{...}, or old.add(x) and old.union(...)" if obj else "set()"
    return f"a Python set of {element}, or old.add(x) and old.union(...)"


def convert(obj: Any, wanted: ScalarType, role: str) -> Expr:
    """An author's scalar, concrete or symbolic, as an expression with a code of `wanted`.

    A number that may lie outside is wrapped in `require`; any other mismatch is a SpecError.
    """
    obj = value_of(obj)
    if not isinstance(obj, Symbolic):
        return encode(wanted, obj, role)
    given = obj._type
    if isinstance(given, UnionType) and isinstance(wanted, UnionType):
        moved = _move(given, wanted, obj._expr)
        if moved is not None:
            return moved
    elif isinstance(given, IntType) and isinstance(wanted, UnionType) and wanted.numbers:
        offset, numbers = wanted.numbers
        code = ex.plus(obj._expr, offset - numbers.low)
        if numbers.low <= given.low and given.high <= numbers.high:
            return code
        failure = Failure(f"{role} got a value outside {numbers.name}", caller())
        return ex.require(ex.within(obj._expr, numbers.low, numbers.high), code, failure)
    elif isinstance(given, IntType) and isinstance(wanted, (IntType, OptionalScalar)):
        inner = wanted.inner if isinstance(wanted, OptionalScalar) else wanted
        if isinstance(inner, IntType):
            if inner.low <= given.low and given.high <= inner.high:
                return obj._expr
            failure = Failure(f"{role} got a value outside {inner.name}", caller())
            return ex.require(ex.within(obj._expr, inner.low, inner.high), obj._expr, failure)
    elif isinstance(given, OptionalScalar) and isinstance(wanted, OptionalScalar) and given != wanted:
        if isinstance(given.inner, IntType) and isinstance(wanted.inner, IntType):
            inner_value = computed(given.inner, obj._expr)
            absent = ex.equal(obj._expr, ex.const(given.low))
            return ex.choose(absent, ex.const(wanted.low), convert(inner_value, wanted.inner, role))
    elif given == wanted or (isinstance(wanted, OptionalScalar) and given == wanted.inner):
        return obj._expr
    raise SpecError(
        "E0226",
        f"{describe(obj)} ({given.name}) as {role}",
        expected=f"a value of {wanted.name}",
        write=advice(given, wanted),
    )


def advice(given: Type, wanted: Type) -> str:
    """What to write where a value of one type stands and another is wanted."""
    if given.name == f"{wanted.name} | None":
        return "x.value, after when(~x.is_none)"
    return f"an expression of type {wanted.name}"


def _move(given: UnionType, wanted: UnionType, expr: Expr) -> Expr | None:
    """Recode an enum or identity value from one union to a larger one."""
    if given.optional and not wanted.optional:
        return None
    codes = [wanted.encode(member) for member in given.members]
    if any(code is None for code in codes):
        return None
    shifts = {code - i for i, code in enumerate(codes) if code is not None}
    if shifts == {0}:
        return expr
    moved: Expr = ex.const(-1)
    if len(shifts) == 1:
        moved = ex.plus(expr, shifts.pop())
        return ex.choose(ex.node("lt", (expr, ex.const(0))), ex.const(-1), moved) if given.optional else moved
    for i, code in reversed(list(enumerate(codes))):
        assert code is not None
        moved = ex.choose(ex.equal(expr, ex.const(i)), ex.const(code), moved)
    return moved
