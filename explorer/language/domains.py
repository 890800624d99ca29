"""Finite domains an author names: `Range`, `Scalarset`, `Capacity`.

Enum classes, `bool`, `T | None`, unions and frozen dataclasses are domains as they stand. Knows nothing of
state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from explorer.ir.errors import Place, SpecError, caller, class_place
from explorer.language.constants import is_bound, value_of

T = TypeVar("T")

MAX_NUMBER = 1 << 62
"""The largest magnitude of a stored number: codes, and their differences as bits, fit a machine word."""

MAX_DOMAIN = 1 << 16
"""The most values of a domain whose values are taken one by one."""


class Range:
    """The integers `low` to `high`, both included. In annotations: `Slot = Annotated[int, Range(0, 3)]`."""

    def __init__(self, low: int, high: int):
        self.low, self.high, self.place = low, high, caller()

    def bounds(self) -> tuple[int, int]:
        low, high = value_of(self.low), value_of(self.high)
        for bound in (low, high):
            if not isinstance(bound, int) or isinstance(bound, bool):
                raise SpecError(
                    "E0111",
                    f"Range with the bound {bound!r}",
                    expected="two integers",
                    write="Range(0, 3)",
                    place=self.place,
                )
        if low > high:
            raise SpecError(
                "E0112",
                f"{self!r} is empty",
                expected="a domain with at least one value",
                write=f"Range({high}, {low}), or bind the constants so that the range has a value",
                place=self.place,
            )
        for bound in (low, high):
            if abs(bound) > MAX_NUMBER:
                raise SpecError(
                    "E0117",
                    f"{self!r} reaches {bound}",
                    expected="a range from -2**62 to 2**62, or within it",
                    write="a smaller range; computed numbers that are not stored may be of any size",
                    place=self.place,
                )
        return low, high

    def __iter__(self) -> Iterator[int]:
        low, high = self.bounds()
        return iter(range(low, high + 1))

    def __repr__(self) -> str:
        if is_bound():
            return f"Range({value_of(self.low)}, {value_of(self.high)})"
        return f"Range({self.low!r}, {self.high!r})"


class Capacity:
    """How many elements a queue holds at most: `Annotated[Queue[Message], Capacity(3)]`."""

    def __init__(self, size: int):
        self.size, self.place = size, caller()

    def __repr__(self) -> str:
        return f"Capacity({self.size!r})"


class _ScalarsetMeta(type):
    def __iter__(cls: type[T]) -> Iterator[T]:
        return iter(cast(Any, cls).identities())

    def __len__(cls) -> int:
        return len(cast(Any, cls).identities())


class Scalarset(metaclass=_ScalarsetMeta):
    """Interchangeable identities (Ip and Dill 1996): `class Cpu(Scalarset): size = constant("CPUS", 3)`.

    `names` gives the texts shown for the identities, in order; the rest are the class name and a number.
    Two identities can be compared for equality and nothing else.
    """

    size: ClassVar[int]
    names: ClassVar[tuple[str, ...]] = ()
    index: int

    def __init__(self, index: int):
        number = value_of(index)
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            cls = type(self).__name__
            raise SpecError(
                "E0225",
                f"{cls}({index!r})",
                expected=f"the .index of an identity of {cls}: 0, 1, ...",
                write=f"a parameter {cls.lower()}: {cls}, one of domain({cls}), or {cls}(0)",
            )
        object.__setattr__(self, "index", number)

    if not TYPE_CHECKING:

        def __setattr__(self, name, value):
            raise SpecError(
                "E0213",
                f"assignment to {name!r} of {self!r}, which is a value and not a place",
                expected="an assignment to the next value",
                write="component.variable.next = ...",
            )

    @classmethod
    def identities(cls) -> tuple[Any, ...]:
        """The members, in order; needs bound constants."""
        if cls is Scalarset:
            raise SpecError(
                "E0113",
                "Scalarset itself is used as a domain",
                expected="a class of one's own",
                write="class Cpu(Scalarset): size = 3",
            )
        size = value_of(getattr(cls, "size", None))
        if not isinstance(size, int) or isinstance(size, bool):
            raise SpecError(
                "E0114",
                f"Scalarset {cls.__name__} has the size {size!r}",
                expected="a positive integer",
                write=f'class {cls.__name__}(Scalarset): size = constant("{cls.__name__.upper()}S", 3)',
                place=class_place(cls),
            )
        if size < 1:
            raise SpecError(
                "E0112",
                f"Scalarset {cls.__name__} has size {size}",
                expected="a domain with at least one value",
                write=f"a size of 1 or more for {cls.__name__}",
                place=class_place(cls),
            )
        if size > MAX_DOMAIN:
            raise SpecError(
                "E0116",
                f"Scalarset {cls.__name__} has size {size}",
                expected=f"at most {MAX_DOMAIN} values",
                write="a smaller size",
                place=class_place(cls),
            )
        cache: dict[int, tuple[Any, ...]] = cls.__dict__.get("_identities") or {}
        if size not in cache:
            _check_names(cls, size)
            cache[size] = tuple(cls(i) for i in range(size))
            cls._identities = cache  # type: ignore[attr-defined]
        return cache[size]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Scalarset):
            return type(self) is type(other) and self.index == other.index
        return NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self.index))

    def __repr__(self) -> str:
        return _identity_name(type(self), self.index)


def _identity_name(cls: type[Scalarset], index: int) -> str:
    return cls.names[index] if index < len(cls.names) else f"{cls.__name__}{index}"


def _check_names(cls: type[Scalarset], size: int) -> None:
    """SpecError where the names of identities are no texts, cannot be printed, or are not told apart."""
    names = cls.names
    if not isinstance(names, (tuple, list)) or not all(isinstance(name, str) for name in names):
        raise SpecError(
            "E0118",
            f"Scalarset {cls.__name__} has the names {names!r}",
            expected="a tuple of texts, one for each of the first identities",
            write='names = ("boot", "other")',
            place=class_place(cls),
        )
    shown = [_identity_name(cls, index) for index in range(size)]
    for name in shown:
        check_name(name, f"an identity of {cls.__name__}", class_place(cls))
    twice = next((name for name in shown if shown.count(name) > 1), None) if len(set(shown)) < size else None
    if twice is not None:
        raise SpecError(
            "E0118",
            f"two identities of {cls.__name__} are named {twice!r}",
            expected="a name of its own for each",
            write='names = ("boot", "other")',
            place=class_place(cls),
        )


def check_name(name: str, what: str, place: Place) -> None:
    """SpecError where the name of something cannot stand in a line of text."""
    if not name.strip() or not name.isprintable():
        raise SpecError(
            "E0118",
            f"{what} is named {name!r}",
            expected="a name that can be printed on one line",
            write="letters, digits and signs, without line breaks and control characters",
            place=place,
        )
