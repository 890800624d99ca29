"""Which attributes an author's function mentions, itself or by way of what it calls, read off its code.

An instance that ends at a constantly false guard leaves no trace of what stands behind it; what it mentions
there is not forgotten all the same. Knows nothing of symbolic values.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from explorer.language.constants import constant_name


def mentions(function: Callable[..., Any], classes: list[type]) -> frozenset[str]:
    """Names of attributes and globals in the code of a function, and of the functions of its module and the
    methods of `classes` that it mentions.
    """
    return frozenset[str]().union(*map(_names, _reached(function, tuple(classes))))


class Mentioned:
    """The names that functions mention. They are looked for when one is asked for: hardly a run does."""

    def __init__(self) -> None:
        self.all: list[tuple[Callable[..., Any], list[type]]] = []
        self.read: list[tuple[Callable[..., Any], list[type]]] = []
        """Functions that count only if they mention a constant, and then with the attributes that they read,
        not with those that they assign.
        """

    def __contains__(self, name: object) -> bool:
        return any(name in mentions(*at) for at in self.all) or any(
            any(name in _names(code) and name in _read(code) for code in _reached(function, tuple(classes)))
            for function, classes in self.read
            if mentions_constant(function, classes)
        )


@lru_cache(maxsize=1024)
def _reached(function: Callable[..., Any], classes: tuple[type, ...]) -> tuple[CodeType, ...]:
    """The code of a function and of those that it mentions, of its module and of the classes."""
    seen: dict[CodeType, None] = {}
    todo: list[Any] = [function]
    methods = [_attributes(cls) for cls in classes]
    while todo:
        at = todo.pop()
        if not isinstance(at, FunctionType) or at.__code__ in seen or _of_the_language(at):
            continue
        seen[at.__code__] = None
        for space in (at.__globals__, _enclosed(at), *methods):
            todo += [space[name] for name in _names(at.__code__) if name in space]
    return tuple(seen)


def mentions_constant(function: Callable[..., Any], classes: list[type]) -> bool:
    """Whether a function mentions a constant, of its own module or of one that it mentions."""
    names = mentions(function, classes)
    spaces = [function.__globals__]
    spaces += [vars(obj) for name in names if isinstance(obj := function.__globals__.get(name), ModuleType)]
    return any(constant_name(space.get(name)) is not None for space in spaces for name in names)


def _of_the_language(function: FunctionType) -> bool:
    """Whether a function is one of the language's own, which mentions nothing of an author's."""
    return (function.__module__ or "").partition(".")[0] == "explorer"


def _enclosed(function: FunctionType) -> dict[str, Any]:
    """The variables of outer functions that a function reads, as far as they have values."""
    result = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            result[name] = cell.cell_contents
        except ValueError:
            continue
    return result


@lru_cache(maxsize=256)
def _attributes(cls: type) -> dict[str, Any]:
    """What a class and its bases define, by name."""
    return {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}


@lru_cache(maxsize=4096)
def _names(code: CodeType) -> frozenset[str]:
    """The names in a code object and in those inside it (comprehensions, lambdas)."""
    return frozenset(_all_names(code))


def _all_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_names(constant)


@lru_cache(maxsize=4096)
def _read(code: CodeType) -> frozenset[str]:
    """The attributes that a code object reads. Of `lock.at[cpu].next = x`, `at` is none: it begins where the
    assigned place begins.
    """
    instructions = [i for i in dis.get_instructions(code) if i.positions is not None]
    assigned = {_begin(i) for i in instructions if i.opname == "STORE_ATTR" and i.argval == "next"}
    names = {
        i.argval
        for i in instructions
        if i.opname in ("LOAD_ATTR", "LOAD_METHOD") and _begin(i) not in assigned
    }
    return frozenset(names).union(*(_read(c) for c in code.co_consts if isinstance(c, CodeType)))


def _begin(instruction: dis.Instruction) -> tuple[int | None, int | None]:
    at = instruction.positions
    assert at is not None
    return at.lineno, at.col_offset
