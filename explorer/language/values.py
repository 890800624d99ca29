"""Symbolic scalars: what an author's expressions are made of. Knows nothing of how they are evaluated.

A `Value[T]` stands for a T that is known only during exploration. A `Location[T]` is a value that is a place in the
state: it also has `.next`. `convert` brings a value to a type, or says why it cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

from . import expressions as ex
from .constants import Constant, value_of
from .errors import Place, SpecError, caller, nearest
from .expressions import Expr, Failure, Family
from .tracing import Write, current, maybe_current, no_truth_value
from .types import BoolType, IntType, OptionalScalar, ScalarType, SetType, Type, UnionType, value_text

if TYPE_CHECKING:
    from .collections import RecordLocation
    from .collections import _Dataclass

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
S = TypeVar("S")
D = TypeVar("D", bound="_Dataclass")

INTEGER = IntType(-(1 << 62), 1 << 62)
BOOL = BoolType()


@dataclass(frozen=True, slots=True)
class Variable:
    """A state variable: its families by path ("" for a plain scalar, "[].length" for a map of queues)."""

    name: str
    type: Type
    families: dict[str, Family]


@dataclass(frozen=True, slots=True)
class Path:
    """A place in the state: a variable, the fields and indices taken so far."""

    variable: Variable
    fields: str
    indices: tuple[tuple[Expr, int], ...]
    primed: bool

    def field(self, name: str) -> Path:
        return Path(self.variable, f"{self.fields}.{name}", self.indices, self.primed)

    def at(self, index: Expr, size: int) -> Path:
        return Path(self.variable, f"{self.fields}[]", (*self.indices, (index, size)), self.primed)

    def cell(self) -> tuple[Family, Expr]:
        """The family and the linear index of a scalar place."""
        linear: Expr = ex.const(0)
        for index, size in self.indices:
            linear = _linear(linear, size, index)
        return self.variable.families[self.fields], linear

    def __str__(self) -> str:
        text, fields = self.variable.name, self.fields
        for index, _ in self.indices:
            fields = fields.replace("[]", f"[{ex.show(index)}]", 1)
        return text + fields


def _linear(base: Expr, size: int, index: Expr) -> Expr:
    if ex.is_const(base) and ex.is_const(index):
        return ex.const(base.value * size + index.value)
    scaled = ex.const(base.value * size) if ex.is_const(base) else ex.node("mul", (base, ex.const(size)))
    if ex.is_const(index):
        return ex.plus(scaled, index.value)
    return index if scaled is ex.const(0) else ex.node("add", (scaled, index))


class Incomparable:
    """For type checkers: the type of `==` between values that can never be equal. The wider side stands on the left."""


class Value(Generic[T_co]):
    """An expression over the state. It has no truth value, no hash and cannot be iterated over."""

    __slots__ = ("_type", "_expr", "_path")
    _type: Type
    _expr: Expr
    _path: Path | None

    def __init__(self, type: Type, expr: Expr, path: Path | None = None):
        object.__setattr__(self, "_type", type)
        object.__setattr__(self, "_expr", expr)
        object.__setattr__(self, "_path", path)

    # Comparison.

    # For type checkers an equation whose sides can never be equal is `Incomparable`, which no function takes as a condition.

    @overload  # type: ignore[override]
    def __eq__(self, other: T_co | Value[T_co]) -> Value[bool]: ...
    @overload
    def __eq__(self, other: object) -> Incomparable: ...
    def __eq__(self, other: Any) -> Any:
        from .collections import same
        return same(self, value_of(other))

    @overload  # type: ignore[override]
    def __ne__(self, other: T_co | Value[T_co]) -> Value[bool]: ...
    @overload
    def __ne__(self, other: object) -> Incomparable: ...
    def __ne__(self, other: Any) -> Any:
        from .collections import same
        return Value(BOOL, ex.negate(same(self, value_of(other))._expr))

    def __lt__(self: Value[int], other: int | Value[int]) -> Value[bool]:
        return Value(BOOL, ex.node("lt", (number(self, "<"), number(other, "<"))))

    def __le__(self: Value[int], other: int | Value[int]) -> Value[bool]:
        return Value(BOOL, ex.at_most(number(self, "<="), number(other, "<=")))

    def __gt__(self: Value[int], other: int | Value[int]) -> Value[bool]:
        return Value(BOOL, ex.node("lt", (number(other, ">"), number(self, ">"))))

    def __ge__(self: Value[int], other: int | Value[int]) -> Value[bool]:
        return Value(BOOL, ex.at_most(number(other, ">="), number(self, ">=")))

    # Logic.

    def __and__(self: Value[bool], other: bool | Value[bool]) -> Value[bool]:
        return Value(BOOL, ex.both(condition(self, "&"), condition(other, "&")))

    def __rand__(self: Value[bool], other: bool) -> Value[bool]:
        return Value(BOOL, ex.both(condition(other, "&"), condition(self, "&")))

    def __or__(self: Value[bool], other: bool | Value[bool]) -> Value[bool]:
        return Value(BOOL, ex.either(condition(self, "|"), condition(other, "|")))

    def __ror__(self: Value[bool], other: bool) -> Value[bool]:
        return Value(BOOL, ex.either(condition(other, "|"), condition(self, "|")))

    def __invert__(self: Value[bool]) -> Value[bool]:
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

    def __mod__(self: Value[int], other: int | Value[int]) -> Value[int]:
        return _divide("mod", "%", self, other)

    def __neg__(self: Value[int]) -> Value[int]:
        return Value(INTEGER, ex.node("neg", (number(self, "-"),)))

    # Optional values.

    @property
    def is_none(self) -> Value[bool]:
        """Whether an optional value is None."""
        from .collections import same
        return same(self, None)

    if TYPE_CHECKING:
        value: _Content
    else:
        @property
        def value(self):
            """The content of an optional value; an evaluation error where it is None."""
            return _content(self)

    # What Python would do silently wrong. Hidden from type checkers, so that they reject these too.

    if not TYPE_CHECKING:
        def __bool__(self):
            raise no_truth_value()

        def __contains__(self, item):
            raise no_truth_value()

        def __hash__(self):
            raise SpecError("E0203", f"{describe(self)} as a dictionary key or set member", expected="a concrete value",
                            write="a Map indexed by it, or set.add(x) on a Set")

        def __iter__(self):
            raise SpecError("E0204", f"a loop over {describe(self)}", expected="a loop over a domain",
                            write="for x in domain(T), with the condition inside every(...), some(...) or when(...)")

        def __len__(self):
            raise SpecError("E0205", f"len() of {describe(self)}", expected="a symbolic size",
                            write=".size of a Set, .length of a Queue")

        def __index__(self):
            raise SpecError("E0206", f"{describe(self)} where Python needs a real integer", expected="a constant or a domain value",
                            write="a loop over the domain, with when(x == i) or ite(x == i, ...)")

        def __call__(self, *args, **kwargs):
            raise SpecError("E0207", f"{describe(self)} is called like a function", expected="a value", write="the value without ()")

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            if name == "next":
                raise SpecError("E0212", f"`.next` of {describe(self)}, which is computed", expected="a location of the state",
                                write="component.variable.next = ...")
            known = [n for n in dir(type(self)) if not n.startswith("_")]
            raise SpecError("E0208", f"{describe(self)} has no attribute {name!r}", expected=nearest(name, known),
                            write="one of these attributes")

        def __setattr__(self, name, value):
            raise SpecError("E0213", f"assignment to {name!r} of {describe(self)}", expected="an assignment to the next value",
                            write=f".{name}.next = ..." if name in getattr(self._type, "field_names", ()) else ".next = ...")

    def __repr__(self) -> str:
        return describe(self)


class _Content:
    """For type checkers: `.value` of an optional record is a record, of any other optional a value."""

    @overload
    def __get__(self, instance: Value[D | None], owner: Any) -> RecordLocation[D]: ...
    @overload
    def __get__(self, instance: Value[S | None], owner: Any) -> Value[S]: ...
    def __get__(self, instance: Any, owner: Any) -> Any: ...


def _content(optional: Value[Any]) -> Value[Any]:
    found = optional._type
    if not ((isinstance(found, UnionType) and found.optional) or isinstance(found, OptionalScalar)):
        raise SpecError("E0211", f"`.value` of {describe(optional)}, which is never None", expected="an optional value",
                        write="the value itself, without .value")
    inner = found.inner if isinstance(found, OptionalScalar) else UnionType(found.classes, found.members, False)
    ok = ex.at_most(ex.const(inner.low), optional._expr)
    return Value(inner, ex.require(ok, optional._expr, Failure(f"`.value` of {describe(optional)}, which is None", caller())))


class Location(Value[T_co]):
    """A place in the state. Reading it gives the old value; `.next` is the new one."""

    __slots__ = ()

    @property
    def next(self) -> Location[T_co]:
        """Assigned in actions: the value after the step. Read in step invariants."""
        return primed(self)  # type: ignore[no-any-return]

    @next.setter
    def next(self, new: T_co | Value[T_co]) -> None:
        from .collections import assign
        assign(self, new)

    if not TYPE_CHECKING:
        def __setattr__(self, name, value):
            if name == "next":
                Location.next.fset(self, value)
            else:
                Value.__setattr__(self, name, value)


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


def describe(value: Any) -> str:
    """Text for messages: the place in the state, the expression, or the concrete value."""
    if isinstance(value, Value):
        path = value._path
        return f"`{path}`" if path is not None else f"`{ex.show(value._expr)}`"
    return f"`{value_text(value)}`"


def primed(value: Value[Any]) -> Any:
    """The same place after the step (step invariants only)."""
    from .collections import read

    path = value._path
    if path is None:
        raise SpecError("E0212", f"`.next` of {describe(value)}, which is computed", expected="a location of the state",
                        write="component.variable.next")
    if not current("`.next`").may_prime:
        raise SpecError("E0214", f"`.next` of {describe(value)} is read", expected="actions to read the old state only",
                        write="the expression that was assigned, kept in a local name; in @step_invariant .next can be read")
    return read(value._type, Path(path.variable, path.fields, path.indices, True))


def write_cell(path: Path, expr: Expr, place: Place) -> None:
    """Record that a scalar place gets a new value; SpecError where that cannot be."""
    trace = maybe_current()
    if trace is None or not trace.may_write:
        where = f"@{trace.kind} {trace.subject}" if trace else "module level"
        raise SpecError("E0215", f"`{path}.next` is assigned in {where}", expected="assignments in actions only",
                        write="the condition on the value, or an @action", place=place)
    if path.primed:
        raise SpecError("E0216", f"`{path}.next.next`", expected="one `.next`", write=f"{path}.next = ...", place=place)
    family, index = path.cell()
    for earlier in trace.writes:
        if earlier.family is family and earlier.index is index:
            raise SpecError("E0217", f"`{path}` is assigned twice in action {trace.subject} (first at {earlier.place})",
                            expected="one assignment to each location in an action",
                            write="one assignment with ite(condition, a, b)", place=place)
    trace.writes.append(Write(family, index, expr, place))


def condition(obj: Any, where: str) -> Expr:
    """An author's condition as an expression."""
    obj = value_of(obj)
    if isinstance(obj, bool):
        return ex.TRUE if obj else ex.FALSE
    if isinstance(obj, Value) and isinstance(obj._type, BoolType):
        return obj._expr
    if isinstance(obj, int) and obj in (-1, -2):
        raise SpecError("E0221", f"{obj} as a condition: `~` on a plain Python bool", expected="a condition",
                        write="!= in place of ~(... == ...), or `not` where both sides are concrete")
    what = f"{describe(obj)} ({obj._type.name})" if isinstance(obj, Value) else f"{obj!r}"
    raise SpecError("E0222", f"{what} as a condition of {where}", expected="a bool",
                    write="a comparison, such as x == value, in parentheses beside & and |")


def number(obj: Any, where: str) -> Expr:
    """An author's integer as an expression."""
    obj = value_of(obj)
    if isinstance(obj, int) and not isinstance(obj, bool):
        return ex.const(obj)
    if isinstance(obj, Value) and isinstance(obj._type, IntType):
        return obj._expr
    what = f"{describe(obj)} ({obj._type.name})" if isinstance(obj, Value) else f"{value_text(obj)}"
    raise SpecError("E0223", f"{what} as an operand of {where}", expected="an integer",
                    write="== or != for enums and identities, count(...) for conditions, parentheses around comparisons")


def _divide(op: str, sign: str, a: Any, b: Any) -> Value[int]:
    top, bottom = number(a, sign), number(b, sign)
    ok = ex.negate(ex.equal(bottom, ex.const(0)))
    failure = Failure(f"division by zero: {ex.show(top)} {sign} {ex.show(bottom)}", caller())
    if ex.is_const(bottom) and bottom.value == 0:
        raise SpecError("E0224", failure.message, expected="a divisor other than zero", write="a positive constant")
    quotient = ex.node(op, (top, bottom))
    return Value(INTEGER, quotient if ex.is_const(bottom) else ex.require(ok, quotient, failure))


def encode(found: ScalarType, obj: Any, role: str) -> Expr:
    """A concrete value as a code of a scalar type; SpecError where it is not in the domain."""
    code = found.encode(obj)
    if code is None:
        shown = value_text(obj) if not isinstance(obj, Constant) else repr(obj)
        raise SpecError("E0225", f"{shown} ({type(obj).__name__}) as {role}", expected=f"a value of {found.name}",
                        write=_suggest(found))
    return ex.const(code)


def _suggest(found: ScalarType) -> str:
    if isinstance(found, SetType):
        return "a set of " + found.element.name
    shown = [found.text(code) for code in range(found.low, min(found.high, found.low + 7) + 1)]
    return " or ".join(shown) + (" ..." if found.high - found.low > 7 else "")


def convert(obj: Any, wanted: ScalarType, role: str) -> Expr:
    """An author's scalar, concrete or symbolic, as an expression with a code of `wanted`.

    A number that may lie outside is wrapped in `require`; any other mismatch is a SpecError.
    """
    obj = value_of(obj)
    if not isinstance(obj, Value):
        return encode(wanted, obj, role)
    found = obj._type
    if isinstance(found, UnionType) and isinstance(wanted, UnionType):
        moved = _move(found, wanted, obj._expr)
        if moved is not None:
            return moved
    elif isinstance(found, IntType) and isinstance(wanted, (IntType, OptionalScalar)):
        inner = wanted.inner if isinstance(wanted, OptionalScalar) else wanted
        if isinstance(inner, IntType):
            if inner.low <= found.low and found.high <= inner.high:
                return obj._expr
            failure = Failure(f"{role} got a value outside {inner.name}", caller())
            return ex.require(ex.within(obj._expr, inner.low, inner.high), obj._expr, failure)
    elif found == wanted or (isinstance(wanted, OptionalScalar) and found == wanted.inner):
        return obj._expr
    raise SpecError("E0226", f"{describe(obj)} ({found.name}) as {role}", expected=f"a value of {wanted.name}",
                    write=_advice(found, wanted))


def _advice(found: Type, wanted: ScalarType) -> str:
    optional = isinstance(found, OptionalScalar) or (isinstance(found, UnionType) and found.optional)
    if optional and found.name == f"{wanted.name} | None":
        return "x.value, after when(~x.is_none)"
    return f"an expression of type {wanted.name}"


def _move(found: UnionType, wanted: UnionType, expr: Expr) -> Expr | None:
    """Recode an enum or identity value from one union to a larger one."""
    if found.optional and not wanted.optional:
        return None
    codes = [wanted.encode(member) for member in found.members]
    if any(code is None for code in codes):
        return None
    shifts = {code - i for i, code in enumerate(codes) if code is not None}
    if shifts == {0}:
        return expr
    moved: Expr = ex.const(-1)
    if len(shifts) == 1:
        moved = ex.plus(expr, shifts.pop())
        return ex.choose(ex.node("lt", (expr, ex.const(0))), ex.const(-1), moved) if found.optional else moved
    for i, code in reversed(list(enumerate(codes))):
        assert code is not None
        moved = ex.choose(ex.equal(expr, ex.const(i)), ex.const(code), moved)
    return moved
