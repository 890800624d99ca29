"""The syntax of source texts. Knows nothing of what is looked for in it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, get_args

from explorer.ir.kept import kept

Function = ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache(maxsize=64)
def syntax(text: str) -> ast.Module:
    """The syntax of a file's text, which nobody may change; an empty module where it cannot be parsed."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


@lru_cache(maxsize=64)
def functions(text: str) -> dict[int, Function]:
    """The functions of a file by their first lines, those of decorators included."""
    return {first_line(at): at for at in _statements(syntax(text)) if isinstance(at, Function)}


@lru_cache(maxsize=64)
def classes(text: str) -> dict[str, ast.ClassDef]:
    """The classes of a file by their qualified names; of several with one name the first."""
    definitions: dict[str, ast.ClassDef] = {}

    def look(inside: ast.AST, prefix: str) -> None:
        for at in _statements(inside, (ast.ClassDef, *get_args(Function))):
            if isinstance(at, ast.ClassDef):
                definitions.setdefault(prefix + at.name, at)
                look(at, f"{prefix}{at.name}.")
            elif isinstance(at, Function):
                look(at, f"{prefix}{at.name}.<locals>.")

    look(syntax(text), "")
    return definitions


class Outline(NamedTuple):
    """What a file defines: its docstring; of each function, by its first line, the last one; of each class,
    by its qualified name, the first and the last line, and the names that its body annotates with their
    lines. What it names of others: modules (relative ones as `..c`) with the names taken from each ("?" where
    any may be), and the names that begin with two underscores or are `BUILTIN`.
    """

    docstring: str
    functions: dict[int, int]
    classes: dict[str, tuple[int, int, list[tuple[str, int]]]]
    imports: tuple[tuple[str, tuple[str, ...]], ...]
    builtin: tuple[str, ...]


@lru_cache(maxsize=64)
def outline(text: str) -> Outline:
    """The outline of a file's text."""
    return Outline(*kept("outline", text, lambda: _outline(text), (__file__,)))


def _outline(text: str) -> tuple[Any, ...]:
    return (
        ast.get_docstring(syntax(text)) or "",
        {first: at.end_lineno or first for first, at in functions(text).items()},
        {
            name: (first_line(at), at.end_lineno or at.lineno, _annotated(at))
            for name, at in classes(text).items()
        },
        *_outside(text),
    )


def _annotated(definition: ast.ClassDef) -> list[tuple[str, int]]:
    return [
        (at.target.id, at.lineno)
        for at in definition.body
        if isinstance(at, ast.AnnAssign) and isinstance(at.target, ast.Name)
    ]


@lru_cache(maxsize=64)
def names(text: str) -> frozenset[str]:
    """The names that code reads, those in the braces of docstrings included."""
    return kept("names", text, lambda: _names(text), (__file__,))


def _names(text: str) -> frozenset[str]:
    found: set[str] = set()
    for node in nodes(syntax(text)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for inside in re.findall(r"\{([^{}]+)\}", node.value):
                found.update(re.findall(r"\w+", inside))
    return frozenset(found)


BUILTIN = frozenset(
    "breakpoint compile delattr eval exec exit globals hash help id input locals memoryview open print quit"
    " setattr vars".split()
)
"""Names of Python's own that see or change more than their arguments."""


def _outside(text: str) -> tuple[Any, ...]:
    imports: list[tuple[str, tuple[str, ...]]] = []
    whole: list[ast.alias] = []
    for at in _statements(syntax(text)):
        if isinstance(at, ast.Import):
            whole += at.names
        elif isinstance(at, ast.ImportFrom):
            imports.append(("." * at.level + (at.module or ""), tuple(alias.name for alias in at.names)))
    if not whole and not _MAY_BE_BUILTIN.search(text):
        return tuple(imports), ()
    every = nodes(syntax(text))
    uses = Counter(at.id for at in every if isinstance(at, ast.Name))
    taken: dict[str, dict[str, None]] = {}
    plain: Counter[str] = Counter()
    for at in every:
        if isinstance(at, ast.Attribute) and isinstance(at.value, ast.Name):
            taken.setdefault(at.value.id, {})[at.attr] = None
            plain[at.value.id] += 1
    for alias in whole:
        name = alias.asname or alias.name.partition(".")[0]
        imports.append((alias.name, tuple(taken.get(name, ())) if uses[name] == plain[name] else ("?",)))
    return tuple(imports), tuple(sorted(name for name in uses if name in BUILTIN or name.startswith("__")))


_MAY_BE_BUILTIN = re.compile(rf"\b(?:{'|'.join(BUILTIN)}|__\w+)\b")


def nodes(tree: ast.AST) -> list[ast.AST]:
    """What `ast.walk` gives, in its order and a third of its time, but for the contexts of names."""
    found = [tree]
    for at in found:
        for name in at._fields:
            part = getattr(at, name, None) if name != "ctx" else None
            if isinstance(part, list):
                found += [inner for inner in part if isinstance(inner, ast.AST)]
            elif isinstance(part, ast.AST):
                found.append(part)
    return found


def first_line(at: Function | ast.ClassDef) -> int:
    """Where a definition begins, with its decorators."""
    return min([at.lineno, *(decorator.lineno for decorator in at.decorator_list)])


def _statements(inside: ast.AST, closed: tuple[type, ...] = ()) -> Iterator[ast.AST]:
    """The statements below a node, at any depth but for what is inside of the `closed` kinds. Expressions
    hold none and are not looked into.
    """
    for name in ("body", "orelse", "handlers", "finalbody", "cases"):
        part = getattr(inside, name, ())
        for at in part if isinstance(part, list) else ():
            yield at
            if not isinstance(at, closed):
                yield from _statements(at, closed)
