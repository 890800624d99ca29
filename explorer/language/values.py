"""Symbolic values: what an author's expressions are made of. Knows nothing of how they are evaluated.

A `Value[T]` stands for a T that is known only during exploration. A `Location[T]` is a value that is a place
in the state: it also has `.next`. A `Composite` has several cells, a `RecordLocation` fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError, author_frame, caller, closest, nearest
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Failure
from explorer.ir.places import Path
from explorer.ir.steps import Doubt
from explorer.ir.types import IntType, OptionalScalar, RecordType, ScalarType, Type, UnionType
from explorer.language import structure
from explorer.language.assignment import assign, primed
from explorer.language.constants import value_of
from explorer.language.lifting import same
from explorer.language.precedence import misread
from explorer.language.refusals import Refusals, is_optional
from explorer.language.symbolic import (
    BOOL,
    INTEGER,
    FormulaNode,
    Role,
    condition,
    describe,
    number,
    represents,
)
from explorer.language.tracing import maybe_current

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S")


class DataclassLike(Protocol):
    """For type checkers: any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


D = TypeVar("D", bound=DataclassLike)


class Incomparable:
    """For type checkers: the type of `==` between values that can never be equal. The wider side stands on
    the left.
    """


@represents(ScalarType, Role.COMPUTED)
class Value(Refusals, Generic[T_co]):
    """An expression over the state. It has no truth value, no hash and cannot be iterated over."""

    __slots__ = ()

    # Comparison.

    # For type checkers an equation whose sides can never be equal is `Incomparable`, which no function takes
    # as a condition.

    @overload  # type: ignore[override]
    def __eq__(self, other: T_co | Value[T_co]) -> Value[bool]: ...
    @overload
    def __eq__(self, other: object) -> Incomparable: ...
    def __eq__(self, other: Any) -> Any:
        return _equation(self, other)

    @overload  # type: ignore[override]
    def __ne__(self, other: T_co | Value[T_co]) -> Value[bool]: ...
    @overload
    def __ne__(self, other: object) -> Incomparable: ...
    def __ne__(self, other: Any) -> Any:
        return Value(BOOL, ex.negate(_equation(self, other)._expr))

    def __lt__(self: Value[int], other: int | Value[int]) -> Value[bool]:
        return Value(BOOL, ex.node("lt", (number(self, "<"), number(other, "<"))))

    def __le__(self: Value[int], other: int | Value[int]) -> Value[bool]:
        return Value(BOOL, ex.at_most(number(self, "<="), number(other, "<=")))

    def __gt__(self: Value[int], other: int | Value[int]) -> Value[bool]:
        return Value(BOOL, ex.node("lt", (number(other, ">"), number(self, ">"))))

    def __ge__(self: Value[int], other: int | Value[int]) -> Value[bool]:
        return Value(BOOL, ex.at_most(number(other, ">="), number(self, ">=")))

    if not TYPE_CHECKING:
        __hash__ = Refusals.__hash__  # a class with __eq__ would have none

    # Logic.

    @overload
    def __and__(self: Value[bool], other: bool | Value[bool]) -> Value[bool]: ...
    @overload
    def __and__(self: Value[bool], other: Formula) -> Formula: ...
    @overload
    def __and__(self: Formula, other: bool | Value[bool] | Formula) -> Formula: ...
    def __and__(self: Any, other: Any) -> Any:
        return (
            NotImplemented
            if isinstance(other, FormulaNode)
            else Value(BOOL, ex.both(condition(self, "&"), condition(other, "&")))
        )

    def __rand__(self: Value[bool], other: bool) -> Value[bool]:
        return Value(BOOL, ex.both(condition(other, "&"), condition(self, "&")))

    @overload
    def __or__(self: Value[bool], other: bool | Value[bool]) -> Value[bool]: ...
    @overload
    def __or__(self: Value[bool], other: Formula) -> Formula: ...
    @overload
    def __or__(self: Formula, other: bool | Value[bool] | Formula) -> Formula: ...
    def __or__(self: Any, other: Any) -> Any:
        return (
            NotImplemented
            if isinstance(other, FormulaNode)
            else Value(BOOL, ex.either(condition(self, "|"), condition(other, "|")))
        )

    def __ror__(self: Value[bool], other: bool) -> Value[bool]:
        return Value(BOOL, ex.either(condition(other, "|"), condition(self, "|")))

    @overload
    def __invert__(self: Value[bool]) -> Value[bool]: ...
    @overload
    def __invert__(self: Formula) -> Formula: ...
    def __invert__(self: Any) -> Any:
        return Value(BOOL, ex.negate(condition(self, "~")))

    # Arithmetic.

    def __add__(self: Value[int], other: int | Value[int]) -> Value[int]:
        return Value(INTEGER, ex.node("add", (number(self, "+"), number(other, "+"))))

    def __radd__(self: Value[int], other: int) -> Value[int]:
        return Value(INTEGER, ex.node("add", (number(other, "+"), number(self, "+"))))

    def __sub__(self: Value[int], other: int | Value[int]) -> Value[int]:
        return Value(INTEGER, ex.node("sub", (number(self, "-"), number(other, "-"))))

    def __rsub__(self: Value[int], other: int) -> Value[int]:
        return Value(INTEGER, ex.node("sub", (number(other, "-"), number(self, "-"))))

    def __mul__(self: Value[int], other: int | Value[int]) -> Value[int]:
        return Value(INTEGER, ex.node("mul", (number(self, "*"), number(other, "*"))))

    def __rmul__(self: Value[int], other: int) -> Value[int]:
        return Value(INTEGER, ex.node("mul", (number(other, "*"), number(self, "*"))))

    def __floordiv__(self: Value[int], other: int | Value[int]) -> Value[int]:
        return _divide("floordiv", "//", self, other)

    def __rfloordiv__(self: Value[int], other: int) -> Value[int]:
        return _divide("floordiv", "//", other, self)

    def __mod__(self: Value[int], other: int | Value[int]) -> Value[int]:
        return _divide("mod", "%", self, other)

    def __rmod__(self: Value[int], other: int) -> Value[int]:
        return _divide("mod", "%", other, self)

    def __neg__(self: Value[int]) -> Value[int]:
        return Value(INTEGER, ex.node("neg", (number(self, "-"),)))

    def __abs__(self: Value[int]) -> Value[int]:
        a = number(self, "abs(...)")
        return Value(INTEGER, ex.choose(ex.node("lt", (a, ex.const(0))), ex.node("neg", (a,)), a))

    # Optional values.

    @property
    def is_none(self) -> Value[bool]:
        """Whether an optional value is None."""
        _check_optional(self, "is_none", "no test: it is never None")
        return same(self, None)  # type: ignore[no-any-return]

    # Unions with numbers.

    @property
    def is_number(self) -> Value[bool]:
        """Whether a value of a union with numbers is a number."""
        offset, numbers = _numbers(self, "is_number")
        return Value(BOOL, ex.within(self._expr, offset, offset + numbers.size - 1))

    @property
    def number(self) -> Value[int]:
        """The number that a value of a union is; an evaluation error where it is none."""
        offset, numbers = _numbers(self, "number")
        failure = Failure(f"`.number` of {describe(self)}, which is none", caller())
        code = ex.require(self.is_number._expr, self._expr, failure)
        return Value(numbers, ex.plus(code, numbers.low - offset))

    if TYPE_CHECKING:
        value: _Content
    else:

        @property
        def value(self):
            """The content of an optional value; an evaluation error where it is None."""
            return _content(self)


class _Content:
    """For type checkers: `.value` of an optional record is a record, of any other optional a value."""

    @overload
    def __get__(self, instance: Value[D | None], owner: Any) -> RecordLocation[D]: ...
    @overload
    def __get__(self, instance: Value[S | None], owner: Any) -> Value[S]: ...
    def __get__(self, instance: Any, owner: Any) -> Any: ...


if TYPE_CHECKING:

    class Behaviour:
        """For type checkers: a formula is a value that a whole behaviour has, so that a mixed every(...) or
        implies(...) stays a value.
        """

    Formula: TypeAlias = Value[Behaviour]


def _check_optional(value: Value[Any], name: str, write: str) -> None:
    if not is_optional(value._type):
        raise SpecError(
            "E0211",
            f"`.{name}` of {describe(value)}, which is never None",
            expected="an optional value",
            write=write,
        )


def _numbers(value: Value[Any], name: str) -> tuple[int, IntType]:
    numbers = value._type.numbers if isinstance(value._type, UnionType) else None
    if numbers is None:
        raise SpecError(
            "E0211",
            f"`.{name}` of {describe(value)} ({value._type.name})",
            expected="a value of a union with numbers",
            write="the value itself"
            if isinstance(value._type, IntType)
            else "Step | Annotated[int, range(4)]",
        )
    return numbers


def _content(optional: Value[Any]) -> Value[Any]:
    type: Any = optional._type
    _check_optional(optional, "value", "the value itself, without .value")
    inner = type.inner if isinstance(type, OptionalScalar) else UnionType(type.classes, type.members, False)
    ok = ex.at_most(ex.const(inner.low), optional._expr)
    return Value(
        inner,
        ex.require(ok, optional._expr, Failure(f"`.value` of {describe(optional)}, which is None", caller())),
    )


@represents(ScalarType, Role.PLACE)
class Location(Value[T_co]):
    """A place in the state. Reading it gives the old value; `.next` is the new one."""

    __slots__ = ()

    @property
    def next(self) -> Location[T_co]:
        """Assigned in actions: the value after the step. Read in step invariants."""
        return primed(self)  # type: ignore[no-any-return]

    @next.setter
    def next(self, new: T_co | Value[T_co]) -> None:
        assign(self, new)

    if not TYPE_CHECKING:

        def __setattr__(self, name, value):
            if name == "next":
                Location.next.fset(self, value)
            else:
                Value.__setattr__(self, name, value)


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
        return structure.read(inner, structure.part_path(self._path, self._type, key))

    def _at(self, index: Expr, size: int, inner: Type) -> Any:
        """The part under a computed index."""
        if ex.is_const(index):
            return self._part(index.value, inner)
        if self._path is not None:
            return structure.read(inner, self._path.at(index, size))
        part = self._part(size - 1, inner)
        for i in reversed(range(size - 1)):
            part = structure.merge(ex.equal(index, ex.const(i)), self._part(i, inner), part)
        return part


@represents(RecordType, Role.COMPUTED, Role.PLACE)
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


def no_field(type: RecordType, name: str) -> SpecError:
    """The error for a field that a record does not have."""
    known = [field for field, _ in type.fields]
    return SpecError(
        "E0231",
        f"record {type.name} has no field {name!r}",
        expected=nearest(name, known),
        write=f".{closest(name, known, known[0])}",
    )


class Var(Generic[T]):
    """Annotation of a state variable: `stopped: Var[bool] = initially(False)`."""

    if TYPE_CHECKING:

        @overload
        def __get__(self: Var[D | None], instance: object, owner: Any) -> Location[D | None]: ...
        @overload
        def __get__(self: Var[D], instance: object, owner: Any) -> RecordLocation[D]: ...
        @overload
        def __get__(self: Var[S], instance: object, owner: Any) -> Location[S]: ...
        def __get__(self, instance: object, owner: Any) -> Any: ...


def _equation(a: Value[Any], b: Any) -> Value[bool]:
    """Whether two values are equal. A comparison that swallowed an `&` or `|` beside it is noted."""
    b = value_of(b)
    trace = maybe_current()
    if trace is not None and (_is_joined(a) or _is_joined(b)):
        frame = author_frame()
        readings = misread(frame) if frame is not None else None
        if readings is not None:
            text = f"Python reads `{readings[0]}`; if `{readings[1]}` is meant, write the parentheses"
            trace.doubts.append(Doubt("precedence", trace.subject, text, caller()))
    return same(a, b)  # type: ignore[no-any-return]


def _is_joined(obj: Any) -> bool:
    return isinstance(obj, Value) and obj._expr.op in ("and", "or")


def _divide(op: str, sign: str, a: Any, b: Any) -> Value[int]:
    top, bottom = number(a, sign), number(b, sign)
    ok = ex.negate(ex.equal(bottom, ex.const(0)))
    failure = Failure(f"division by zero: {show(ex.node(op, (top, bottom)))}", caller())
    if ex.is_const(bottom) and bottom.value == 0:
        raise SpecError(
            "E0224", failure.message, expected="a divisor other than zero", write="a positive constant"
        )
    quotient = ex.node(op, (top, bottom))
    return Value(INTEGER, quotient if ex.is_const(bottom) else ex.require(ok, quotient, failure))
