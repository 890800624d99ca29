"""Which attributes an author's function mentions, itself or by way of what it calls, read off its code.

An instance that ends at a constantly false guard leaves no trace of what stands behind it; what it mentions
there is not forgotten all the same. Knows nothing of symbolic values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any

from explorer.language.constants import constant_name


def mentions(function: Callable[..., Any], classes: list[type]) -> frozenset[str]:
    """Names of attributes and globals in the code of a function, and of the functions of its module and the
    methods of `classes` that it mentions.
    """
    names: set[str] = set()
    seen: set[CodeType] = set()
    todo: list[Any] = [function]
    methods = [
        {name: own for base in reversed(cls.__mro__) for name, own in vars(base).items()} for cls in classes
    ]
    while todo:
        at = todo.pop()
        if not inspect.isfunction(at) or at.__code__ in seen:
            continue
        seen.add(at.__code__)
        outer = inspect.getclosurevars(at).nonlocals
        for name in _names(at.__code__):
            names.add(name)
            todo += [at.__globals__.get(name), outer.get(name)]
            todo += [known.get(name) for known in methods]
    return frozenset(names)


def mentions_constant(function: Callable[..., Any], classes: list[type]) -> bool:
    """Whether a function mentions a constant, of its own module or of one that it mentions."""
    names = mentions(function, classes)
    spaces = [function.__globals__]
    spaces += [vars(obj) for name in names if isinstance(obj := function.__globals__.get(name), ModuleType)]
    return any(constant_name(space.get(name)) is not None for space in spaces for name in names)


def _names(code: CodeType) -> Iterator[str]:
    """The names in a code object and in those inside it (comprehensions, lambdas)."""
    yield from code.co_names
    yield from code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
