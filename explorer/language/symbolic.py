"""The core of symbolic values: what one is, how messages show it, which class stands for which type. Knows
nothing of what authors do with values.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, TypeVar

from explorer.ir import expressions as ex
from explorer.ir.errors import SpecError
from explorer.ir.expression_text import show, show_condition
from explorer.ir.expressions import Expr
from explorer.ir.places import Path
from explorer.ir.types import BoolType, IntType, OptionalScalar, ScalarType, SetType, Type, value_text
from explorer.language.constants import value_of

C = TypeVar("C", bound="type[Symbolic]")

INTEGER = IntType(-(1 << 63), 1 << 63)
"""The type of a computed number. No declared range contains it, so assignments are checked."""
BOOL = BoolType()


class Symbolic:
    """A value that is known only during exploration: its type, its expression, its place in the state if it
    has one.
    """

    __slots__ = ("_expr", "_path", "_type")
    _type: Type
    _expr: Expr
    _path: Path | None

    def __init__(self, type: Type, expr: Expr, path: Path | None = None):
        object.__setattr__(self, "_type", type)
        object.__setattr__(self, "_expr", expr)
        object.__setattr__(self, "_path", path)

    def __repr__(self) -> str:
        return describe(self)

    def __reduce__(self) -> tuple[Any, ...]:
        names = [name for cls in type(self).__mro__ for name in vars(cls).get("__slots__", ())]
        return _again, (type(self), {name: getattr(self, name) for name in names})


def _again(cls: type[Symbolic], slots: dict[str, Any]) -> Symbolic:
    """A value as it was in another process."""
    value = object.__new__(cls)
    for name, held in slots.items():
        object.__setattr__(value, name, held)
    return value


class FormulaNode:
    """Base of temporal formulas: `&` and `|` of a condition leave it to a formula on the other side."""

    __slots__ = ()


# Which class stands for a type.


class Role(enum.Enum):
    """A symbolic value is computed, a place in the state, or a location of a shared memory."""

    COMPUTED = "computed"
    PLACE = "place"
    SHARED = "shared"


_CLASSES: dict[tuple[type[Type], Role], type[Symbolic]] = {}


def represents(type: type[Type], *roles: Role) -> Callable[[C], C]:
    """Decorator: the class that authors see for values of a type, in these roles."""

    def note(cls: C) -> C:
        _CLASSES.update(dict.fromkeys([(type, role) for role in roles], cls))
        return cls

    return note


def class_of(type: Type, role: Role) -> Any:
    """The class that stands for a type: its own, or that of the nearest base."""
    return next(_CLASSES[base, role] for base in type.__class__.__mro__ if (base, role) in _CLASSES)


def computed(type: ScalarType, expr: Expr) -> Any:
    """A computed scalar."""
    return class_of(type, Role.COMPUTED)(type, expr)


# What messages say.


def describe(value: Any) -> str:
    """Text for messages: the place in the state, the expression, or the concrete value."""
    if isinstance(value, Symbolic):
        if value._path is None and not isinstance(value._type, ScalarType):
            return f"a computed {value._type.name}"
        if value._path is not None:
            return f"`{value._path}`"
        text = show_condition if isinstance(value._type, BoolType) else show
        return f"`{text(value._expr)}`"
    return f"`{value_text(value)}`"


def bare(value: Any) -> str:
    """The text of `describe` without its quotes, to stand inside a larger expression."""
    return describe(value).strip("`")


def shown(obj: Any) -> str:
    """An author's object with its type, for messages."""
    if isinstance(obj, Symbolic):
        return f"{describe(obj)} ({obj._type.name})"
    if isinstance(obj, type):
        return f"the class {obj.__name__}"
    if obj is None:
        return "None"
    return f"{repr(obj) if isinstance(obj, str) else value_text(obj)} ({type(obj).__name__})"


# What authors write, as expressions.


def condition(obj: Any, where: str) -> Expr:
    """An author's condition as an expression."""
    obj = value_of(obj)
    if isinstance(obj, bool):
        return ex.TRUE if obj else ex.FALSE
    if isinstance(obj, Symbolic) and isinstance(obj._type, BoolType):
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
        write="return ... at the end of the function that gave None"
        if obj is None
        else _of_sets(obj, where) or "a comparison, such as x == value, in parentheses beside & and |",
    )


def number(obj: Any, where: str) -> Expr:
    """An author's integer as an expression."""
    obj = value_of(obj)
    if isinstance(obj, int) and not isinstance(obj, bool):
        return ex.const(obj)
    if isinstance(obj, Symbolic) and isinstance(obj._type, IntType):
        return obj._expr
    raise SpecError(
        "E0223",
        f"{shown(obj)} as an operand of {where}",
        expected="an integer",
        write=".value of an optional number"
        if isinstance(obj, Symbolic) and isinstance(obj._type, OptionalScalar)
        else _of_sets(obj, where)
        or "== or != for enums and identities, count(...) for conditions, parentheses around comparisons",
    )


SET_METHODS = {"|": "union", "&": "intersection", "-": "difference", "<=": "issubset"}
"""What sets have in place of Python's operators."""


def _of_sets(obj: Any, where: str) -> str:
    """What to write in place of an operator beside a set; "" for what is none."""
    if not (isinstance(obj, Symbolic) and isinstance(obj._type, SetType)):
        return ""
    names = [SET_METHODS[where]] if where in SET_METHODS else SET_METHODS.values()
    return ", ".join(f"s.{name}(t)" for name in names)
