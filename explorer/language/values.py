"""Symbolic scalars: what an author's expressions are made of. Knows nothing of how they are evaluated.

A `Value[T]` stands for a T that is known only during exploration. A `Location[T]` is a value that is a place
in the state: it also has `.next`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.errors import Place, SpecError, author_frame, caller, closest, nearest
from explorer.ir.expressions import Expr, Failure
from explorer.ir.places import Path as Path
from explorer.ir.places import Variable as Variable
from explorer.ir.steps import Doubt, Write
from explorer.ir.types import (
    BoolType,
    IntType,
    OptionalRecord,
    OptionalScalar,
    QueueType,
    ScalarType,
    Type,
    UnionType,
    value_text,
)
from explorer.language.constants import value_of
from explorer.language.precedence import misread
from explorer.language.tracing import current, maybe_current, no_truth_value

if TYPE_CHECKING:
    from explorer.language.collections import RecordLocation, _Dataclass
    from explorer.language.temporal import Formula

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
S = TypeVar("S")
D = TypeVar("D", bound="_Dataclass")

INTEGER = IntType(-(1 << 63), 1 << 63)
"""The type of a computed number. No declared range contains it, so assignments are checked."""
BOOL = BoolType()


class Incomparable:
    """For type checkers: the type of `==` between values that can never be equal. The wider side stands on
    the left.
    """


class Value(Generic[T_co]):
    """An expression over the state. It has no truth value, no hash and cannot be iterated over."""

    __slots__ = ("_expr", "_path", "_type")
    _type: Type
    _expr: Expr
    _path: Path | None

    def __init__(self, type: Type, expr: Expr, path: Path | None = None):
        object.__setattr__(self, "_type", type)
        object.__setattr__(self, "_expr", expr)
        object.__setattr__(self, "_path", path)

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
            if _is_formula(other)
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
            if _is_formula(other)
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

    # Optional values.

    @property
    def is_none(self) -> Value[bool]:
        """Whether an optional value is None."""
        from explorer.language.structure import same

        _check_optional(self, "is_none", "no test: it is never None")
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
            raise SpecError(
                "E0203",
                f"{describe(self)} as a dictionary key or set member",
                expected="a concrete value",
                write="ite(x == key, value, ...) in place of table[x], old.add(x) in place of {x}",
            )

        def __iter__(self):
            raise SpecError(
                "E0204",
                f"a loop over {describe(self)}",
                expected="a loop over a domain",
                write="for x in domain(T), with the condition inside every(...), some(...) or when(...)",
            )

        def __len__(self):
            raise SpecError(
                "E0205",
                f"len() of {describe(self)}",
                expected="a symbolic size",
                write=".size of a Set, .length of a Queue",
            )

        def __index__(self):
            raise SpecError(
                "E0206",
                f"{describe(self)} where Python needs a real integer",
                expected="a constant or a domain value",
                write="ite(x == i, value, ...) in place of table[x], for i in domain(T) in place of range(x)",
            )

        def __getitem__(self, key):
            raise SpecError(
                "E0209",
                f"{describe(self)} ({self._type.name}) is indexed",
                expected="a Map or a Queue before [...]",
                write=f"{bare(self)}, or {bare(self)}: Map[K, V] in the State class",
            )

        def __setitem__(self, key, new):
            shown = f"{bare(self)}[{bare(key)}]"
            write = (
                f"{bare(self)}.next = {bare(self)}.push(x)"
                if isinstance(self._type, QueueType)
                else f"{shown}.next = ..."
            )
            raise SpecError(
                "E0233", f"`{shown} = ...`", expected="an assignment to the next value", write=write
            )

        def __call__(self, *args, **kwargs):
            raise SpecError(
                "E0207",
                f"{describe(self)} is called like a function",
                expected="a value",
                write="the value without ()",
            )

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            if name == "next":
                raise computed(self)
            known = [
                n
                for n in dir(type(self))
                if not n.startswith("_") and (_is_optional(self._type) or n not in ("value", "is_none"))
            ]
            inside = name in dict(getattr(getattr(self._type, "inner", None), "fields", ()))
            raise SpecError(
                "E0208",
                f"{describe(self)} has no attribute {name!r}",
                expected=nearest(name, known),
                write=f".value.{name}"
                if inside
                else f".{closest(name, known)}"
                if closest(name, known)
                else "one of those",
            )

        def __setattr__(self, name, value):
            if name == "next":
                raise computed(self)
            if name in dict(getattr(self._type, "fields", ())):
                raise SpecError(
                    "E0233",
                    f"`{bare(self)}.{name} = ...`",
                    expected="an assignment to the next value",
                    write=f"{bare(self)}.{name}.next = ...",
                )
            raise SpecError(
                "E0213",
                f"assignment to {name!r} of {describe(self)}",
                expected="an assignment to the next value",
                write=f"{bare(self)}.next = ...",
            )

    def __repr__(self) -> str:
        return describe(self)


def _unsupported(sign: str, write: str) -> Any:
    def refuse(self: Value[Any], *others: Any) -> NoReturn:
        raise SpecError(
            "E0218",
            f"`{sign}` on {describe(self)}",
            expected="+ - * // % on numbers, & | ~ on conditions",
            write=write,
        )

    return refuse


for _name, _sign, _write in [
    ("truediv", "/", "// for whole numbers"),
    ("pow", "**", "x * x"),
    ("lshift", "<<", "x * 2"),
    ("rshift", ">>", "x // 2"),
    ("xor", "^", "a != b"),
    ("matmul", "@", "a loop over the domain"),
]:
    setattr(Value, f"__{_name}__", _unsupported(_sign, _write))
    setattr(Value, f"__r{_name}__", _unsupported(_sign, _write))


class _Content:
    """For type checkers: `.value` of an optional record is a record, of any other optional a value."""

    @overload
    def __get__(self, instance: Value[D | None], owner: Any) -> RecordLocation[D]: ...
    @overload
    def __get__(self, instance: Value[S | None], owner: Any) -> Value[S]: ...
    def __get__(self, instance: Any, owner: Any) -> Any: ...


def computed(value: Value[Any]) -> SpecError:
    return SpecError(
        "E0212",
        f"`.next` of {describe(value)}, which is computed",
        expected="a location of the state",
        write="component.variable.next",
    )


def _is_optional(found: Type) -> bool:
    return (isinstance(found, UnionType) and found.optional) or isinstance(
        found, (OptionalScalar, OptionalRecord)
    )


def _check_optional(value: Value[Any], name: str, write: str) -> None:
    if not _is_optional(value._type):
        raise SpecError(
            "E0211",
            f"`.{name}` of {describe(value)}, which is never None",
            expected="an optional value",
            write=write,
        )


def _content(optional: Value[Any]) -> Value[Any]:
    found: Any = optional._type
    _check_optional(optional, "value", "the value itself, without .value")
    inner = (
        found.inner if isinstance(found, OptionalScalar) else UnionType(found.classes, found.members, False)
    )
    ok = ex.at_most(ex.const(inner.low), optional._expr)
    return Value(
        inner,
        ex.require(ok, optional._expr, Failure(f"`.value` of {describe(optional)}, which is None", caller())),
    )


class Location(Value[T_co]):
    """A place in the state. Reading it gives the old value; `.next` is the new one."""

    __slots__ = ()

    @property
    def next(self) -> Location[T_co]:
        """Assigned in actions: the value after the step. Read in step invariants."""
        return primed(self)  # type: ignore[no-any-return]

    @next.setter
    def next(self, new: T_co | Value[T_co]) -> None:
        from explorer.language.structure import assign

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


def bare(value: Any) -> str:
    """The text of `describe` without its quotes, to stand inside a larger expression."""
    return describe(value).strip("`")


def describe(value: Any) -> str:
    """Text for messages: the place in the state, the expression, or the concrete value."""
    if isinstance(value, Value):
        if value._path is None and not isinstance(value._type, ScalarType):
            return f"a computed {value._type.name}"
        if value._path is not None:
            return f"`{value._path}`"
        shown = ex.show_condition if isinstance(value._type, BoolType) else ex.show
        return f"`{shown(value._expr)}`"
    return f"`{value_text(value)}`"


def shown(obj: Any) -> str:
    """An author's object with its type, for messages."""
    if isinstance(obj, Value):
        return f"{describe(obj)} ({obj._type.name})"
    if isinstance(obj, type):
        return f"the class {obj.__name__}"
    if obj is None:
        return "None"
    return f"{repr(obj) if isinstance(obj, str) else value_text(obj)} ({type(obj).__name__})"


def primed(value: Value[Any]) -> Any:
    """The same place after the step (step invariants only)."""
    from explorer.language.structure import read

    path = value._path
    if path is None:
        raise computed(value)
    trace = current("`.next`")
    if not trace.may_prime and trace.may_write:
        raise SpecError(
            "E0214",
            f"`.next` of {describe(value)} is read",
            expected="actions to read the old state only",
            write="x.next = x + 1 in place of x.next += 1, or the assigned expression kept in a local name",
        )
    if not trace.may_prime:
        raise SpecError(
            "E0214",
            f"`.next` of {describe(value)} is read in {trace.decorator} {trace.subject}",
            expected="one state",
            write="@step_invariant, which sees the states before and after a step",
        )
    if path.primed:
        raise SpecError(
            "E0216", f"`.next.next` of {describe(value)}", expected="one `.next`", write=f"{bare(value)}.next"
        )
    return read(value._type, Path(path.variable, path.fields, path.indices, True))


def write_cell(path: Path, expr: Expr, place: Place) -> None:
    """Record that a scalar place gets a new value; SpecError where that cannot be."""
    trace = maybe_current()
    if path.variable.shared:
        raise SpecError(
            "E0701",
            f"`{path}.next` is assigned, and `{path}` is a location of a memory",
            expected="a store by a CPU",
            write=f"memory.store(cpu, {path}, value)",
            place=place,
        )
    if trace is None or not trace.may_write:
        where = f"{trace.decorator} {trace.subject}" if trace else "module level"
        raise SpecError(
            "E0215",
            f"`{path}.next` is assigned in {where}",
            expected="assignments in actions only",
            write="the condition on the value, or an @action",
            place=place,
        )
    family, index = path.cell()
    for earlier in trace.writes:
        if earlier.family is family and earlier.index is index and not trace.impossible:
            whole = trace.kind == "action"
            raise SpecError(
                "E0217",
                f"`{path}` is assigned twice in {'action' if whole else 'a step of process'} {trace.subject}"
                f" (first at {earlier.place})",
                expected=f"one assignment to each location in {'an action' if whole else 'a step'}",
                write="one assignment with ite(condition, a, b)"
                if whole
                else 'yield "what the second step does" between them, or ite(condition, a, b)',
                place=place,
            )
    trace.writes.append(Write(family, index, expr, place))


def _is_formula(obj: Any) -> bool:
    """Whether the other side of `&` or `|` is a temporal formula, which combines with conditions itself."""
    from explorer.language.temporal import MadeFormula

    return isinstance(obj, MadeFormula)


def condition(obj: Any, where: str) -> Expr:
    """An author's condition as an expression."""
    obj = value_of(obj)
    if isinstance(obj, bool):
        return ex.TRUE if obj else ex.FALSE
    if isinstance(obj, Value) and isinstance(obj._type, BoolType):
        return obj._expr
    if isinstance(obj, int) and obj in (-1, -2):
        raise SpecError(
            "E0221",
            f"{obj} as a condition: `~` on a plain Python bool",
            expected="a condition",
            write="!= in place of ~(... == ...), or `not` where both sides are concrete",
        )
    raise SpecError(
        "E0222",
        f"{shown(obj)} as a condition of {where}",
        expected="a bool",
        write="a comparison, such as x == value, in parentheses beside & and |",
    )


def number(obj: Any, where: str) -> Expr:
    """An author's integer as an expression."""
    obj = value_of(obj)
    if isinstance(obj, int) and not isinstance(obj, bool):
        return ex.const(obj)
    if isinstance(obj, Value) and isinstance(obj._type, IntType):
        return obj._expr
    raise SpecError(
        "E0223",
        f"{shown(obj)} as an operand of {where}",
        expected="an integer",
        write=".value of an optional number"
        if isinstance(obj, Value) and isinstance(obj._type, OptionalScalar)
        else "== or != for enums and identities, count(...) for conditions, parentheses around comparisons",
    )


def _equation(a: Value[Any], b: Any) -> Value[bool]:
    """Whether two values are equal. A comparison that swallowed an `&` or `|` beside it is noted."""
    from explorer.language.structure import same

    b = value_of(b)
    trace = maybe_current()
    if trace is not None and (_is_joined(a) or _is_joined(b)):
        frame = author_frame()
        readings = misread(frame) if frame is not None else None
        if readings is not None:
            text = f"Python reads `{readings[0]}`; if `{readings[1]}` is meant, write the parentheses"
            trace.doubts.append(Doubt("precedence", trace.subject, text, caller()))
    return same(a, b)


def _is_joined(obj: Any) -> bool:
    return isinstance(obj, Value) and obj._expr.op in ("and", "or")


def _divide(op: str, sign: str, a: Any, b: Any) -> Value[int]:
    top, bottom = number(a, sign), number(b, sign)
    ok = ex.negate(ex.equal(bottom, ex.const(0)))
    failure = Failure(f"division by zero: {ex.show(ex.node(op, (top, bottom)))}", caller())
    if ex.is_const(bottom) and bottom.value == 0:
        raise SpecError(
            "E0224", failure.message, expected="a divisor other than zero", write="a positive constant"
        )
    quotient = ex.node(op, (top, bottom))
    return Value(INTEGER, quotient if ex.is_const(bottom) else ex.require(ok, quotient, failure))
