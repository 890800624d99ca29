"""Late-bound constants: named in a module, given a value by `Spec(...)`, by `-D NAME=VALUE`, or by default.

Knows nothing of state or actions. While a binding is active a constant *is* its value: comparisons,
arithmetic, `range(N)` and `if N == ...` give real Python values, because constants are settled before
anything is traced.
"""

from __future__ import annotations

import enum
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from explorer.ir.errors import Place, SpecError, caller, closest

T = TypeVar("T")

_binding: ContextVar[Mapping[str, Any] | None] = ContextVar("binding", default=None)
_bound_at: ContextVar[Place | None] = ContextVar("bound_at", default=None)
_asked: ContextVar[dict[str, Constant] | None] = ContextVar("asked", default=None)


class Constant:
    """A named value fixed before tracing, or arithmetic over such values."""

    def __init__(self, name: str, default: Any, place: Place, compute: Callable[[], Any] | None = None):
        self._name, self._default, self._place, self._compute = name, default, place, compute

    def __repr__(self) -> str:
        return self._name

    def _combine(
        self, sign: str, compute: Callable[[Any, Any], Any], other: Any, swapped: bool = False
    ) -> Any:
        if _binding.get() is not None:
            a, b = value_of(self), value_of(other)
            return compute(b, a) if swapped else compute(a, b)
        left, right = (other, self) if swapped else (self, other)
        return Constant(
            f"{left!r} {sign} {right!r}", None, self._place, lambda: compute(value_of(left), value_of(right))
        )

    def _compare(self, compute: Callable[[Any, Any], Any], other: Any) -> Any:
        if _binding.get() is None:
            raise SpecError(
                "E0101",
                f"constant {self._name!r} is compared while the module is being imported",
                expected="a comparison inside an action, property or helper, where constants have values",
                write="move the comparison into the function that needs it",
            )
        return compute(value_of(self), value_of(other))

    def __add__(self, other: Any) -> Any:
        return self._combine("+", operator.add, other)

    def __radd__(self, other: Any) -> Any:
        return self._combine("+", operator.add, other, True)

    def __sub__(self, other: Any) -> Any:
        return self._combine("-", operator.sub, other)

    def __rsub__(self, other: Any) -> Any:
        return self._combine("-", operator.sub, other, True)

    def __mul__(self, other: Any) -> Any:
        return self._combine("*", operator.mul, other)

    def __rmul__(self, other: Any) -> Any:
        return self._combine("*", operator.mul, other, True)

    def __floordiv__(self, other: Any) -> Any:
        return self._combine("//", operator.floordiv, other)

    def __mod__(self, other: Any) -> Any:
        return self._combine("%", operator.mod, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._combine("//", operator.floordiv, other, True)

    def __rmod__(self, other: Any) -> Any:
        return self._combine("%", operator.mod, other, True)

    def __pow__(self, other: Any) -> Any:
        return self._combine("**", operator.pow, other)

    def __rpow__(self, other: Any) -> Any:
        return self._combine("**", operator.pow, other, True)

    def __neg__(self) -> Any:
        return self._combine("*", operator.mul, -1)

    def __invert__(self) -> Any:
        def invert() -> Any:
            value = value_of(self)
            return not value if isinstance(value, bool) else ~value

        return Constant(f"~{self!r}", None, self._place, invert) if _binding.get() is None else invert()

    def __lt__(self, other: Any) -> Any:
        return self._compare(operator.lt, other)

    def __le__(self, other: Any) -> Any:
        return self._compare(operator.le, other)

    def __gt__(self, other: Any) -> Any:
        return self._compare(operator.gt, other)

    def __ge__(self, other: Any) -> Any:
        return self._compare(operator.ge, other)

    def __eq__(self, other: Any) -> Any:
        return self._compare(operator.eq, other)

    def __ne__(self, other: Any) -> Any:
        return self._compare(operator.ne, other)

    def __hash__(self) -> int:
        return hash(value_of(self)) if _binding.get() is not None else id(self)

    def __index__(self) -> int:
        if _binding.get() is None:
            raise SpecError(
                "E0101",
                f"constant {self._name!r} is used as a number while the module is being imported",
                expected="constants used inside actions, properties, helpers, domains and `initially`",
                write="Range(0, N - 1) for range(N) in a domain; elsewhere move the use into the function"
                " that needs it",
            )
        return operator.index(value_of(self))

    def __int__(self) -> int:
        return int(value_of(self))

    def __iter__(self) -> Iterator[Any]:
        return iter(value_of(self))

    def __len__(self) -> int:
        return len(value_of(self))

    def __getitem__(self, key: Any) -> Any:
        return value_of(self)[key]

    def __bool__(self) -> bool:
        if _binding.get() is None:
            raise SpecError(
                "E0101",
                f"constant {self._name!r} is used as a truth value while the module is being imported",
                expected="a test inside an action, property or helper, where constants have values",
                write="move the test into the function that needs it",
            )
        return bool(value_of(self))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(value_of(self), name)


def constant(name: str, default: T) -> T:
    """A value bound late: `SENDERS = constant("SENDERS", 2)`, then `Spec(SENDERS=3)` or `-D SENDERS=4`.

    The default's type is the constant's type: an int, bool, str or enum member.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise SpecError(
            "E0102",
            f"constant named {name!r}",
            expected="a name that is an identifier",
            write=(
                f'constant("{re.sub(r"[^A-Za-z0-9]+", "_", str(name)).upper().strip("_") or "SENDERS"}", 2)'
            ),
        )
    if not isinstance(default, (bool, int, str, enum.Enum)):
        raise SpecError(
            "E0103",
            f"constant {name!r} has the default {default!r}",
            expected="an int, bool, str or enum member",
            write=f'constant("{name}", 2)',
        )
    return cast(T, Constant(name, default, caller()))


def constant_name(obj: Any) -> str | None:
    """The name of a declared constant; None for anything else (arithmetic over constants included)."""
    return obj._name if isinstance(obj, Constant) and obj._compute is None else None


def value_of(obj: Any) -> Any:
    """The value an object stands for: constants resolved, everything else itself."""
    if not isinstance(obj, Constant):
        return obj
    if obj._compute is not None:
        return obj._compute()
    binding = _binding.get()
    if binding is None:
        raise SpecError(
            "E0101",
            f"constant {obj._name!r} is used while the module is being imported",
            expected="constants used inside actions, properties, helpers, domains and `initially`",
            write="move the use into the function that needs it",
        )
    asked = _asked.get()
    if asked is not None:
        known = asked.setdefault(obj._name, obj)
        if known._default != obj._default or type(known._default) is not type(obj._default):
            raise SpecError(
                "E0104",
                f"constant {obj._name!r} is declared twice, with defaults {known._default!r} "
                f"({known._place}) and {obj._default!r}",
                expected="one declaration",
                write="import the constant from the module that declares it",
                place=obj._place,
            )
    given = value_of(binding.get(obj._name, obj._default))
    check(obj._name, given, obj._default, _bound_at.get())
    return given


def check(name: str, value: Any, default: Any, place: Place | None) -> None:
    """SpecError where a constant is given a value of another type than its default's."""
    if type(value) is not type(default):
        shown, usual = written(value), written(default)
        expected = f"a value like its default {usual} ({type(default).__name__})"
        if isinstance(default, enum.Enum):
            members = list(type(default).__members__)
            meant = closest(str(value), members)
            expected = f"did you mean {type(default).__name__}.{meant}?" if meant else expected
            expected += f" known: {', '.join(members)}"
            usual = written(type(default)[meant]) if meant else usual
        raise SpecError(
            "E0508",
            f"constant {name} = {shown} ({type(value).__name__})",
            expected=expected,
            write=f"Spec(..., {name}={usual})",
            place=place,
        )


def written(value: Any) -> str:
    """A constant's value as it is written in a spec."""
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)


@contextmanager
def bound(values: Mapping[str, Any], place: Place | None = None) -> Iterator[dict[str, Constant]]:
    """Give constants their values for the duration; yields every declared constant that was asked for.

    `place` is where the values come from, for messages about them.
    """
    asked: dict[str, Constant] = {}
    tokens = _binding.set(values), _asked.set(asked), _bound_at.set(place)
    try:
        yield asked
    finally:
        _binding.reset(tokens[0])
        _asked.reset(tokens[1])
        _bound_at.reset(tokens[2])


def bindings_of(values: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Values for constants, those that follow from other constants computed: `memory_bound=4 * N + 1`."""
    with bound(values, place):
        try:
            return {name: value_of(value) for name, value in values.items()}
        except RecursionError:
            raise SpecError(
                "E0508",
                f"constants that follow from each other: {', '.join(values)}",
                expected="a value that does not need itself",
                write=f"a number in place of one of them, such as {next(iter(values))}=2",
                place=place,
            ) from None


def binding() -> Mapping[str, Any]:
    """The values that constants are given at the moment."""
    return _binding.get() or {}


def is_bound() -> bool:
    return _binding.get() is not None


def parse(constant: Constant, text: str) -> Any:
    """The value that `-D NAME=text` means, by the type of the constant's default.

    Raises ValueError with a sentence that says what would have been accepted.
    """
    default = constant._default
    if isinstance(default, bool):
        words = {
            "true": True,
            "yes": True,
            "1": True,
            "on": True,
            "false": False,
            "no": False,
            "0": False,
            "off": False,
        }
        if text.lower() not in words:
            raise ValueError(f"{text!r} is not a bool; write true or false")
        return words[text.lower()]
    if isinstance(default, enum.Enum):
        members = type(default).__members__
        for name, member in members.items():
            if name.lower() == text.lower() or str(member.value).lower() == text.lower():
                return member
        near = closest(text, list(members)).lower()
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"{text!r} is not one of {', '.join(name.lower() for name in members)}{hint}")
    if isinstance(default, int):
        try:
            return int(text, 0)
        except ValueError:
            raise ValueError(f"{text!r} is not an integer") from None
    return text
