"""Mistakes that leave no trace when a function runs, found in its source text. Knows nothing of symbolic values.

A bare comparison (`x == y` on a line of its own, meant as an assignment) and `is` (always False on a symbolic value).
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from explorer.language.errors import Place, SpecError


def lint(function: Callable[..., Any]) -> list[SpecError]:
    """The mistakes in one function; nothing where its source cannot be read."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError, TypeError, IndentationError):
        return []
    file = function.__code__.co_filename
    return [error for found in ast.walk(tree) for error in _judge(found, file, first)]


def _judge(found: ast.AST, file: str, first: int) -> list[SpecError]:
    if isinstance(found, ast.Expr) and isinstance(found.value, ast.Compare):
        place = Place(file, first + found.lineno - 1)
        left, right = ast.unparse(found.value.left), ast.unparse(found.value.comparators[0])
        return [SpecError("E0601", f"`{ast.unparse(found.value)}` stands alone and does nothing", expected="an assignment or a guard",
                          write=f"{left}.next = {right}, or when({ast.unparse(found.value)})", place=place)]
    if isinstance(found, ast.Compare) and any(isinstance(op, (ast.Is, ast.IsNot)) for op in found.ops):
        place = Place(file, first + found.lineno - 1)
        sign = "==" if isinstance(found.ops[0], ast.Is) else "!="
        left, right = ast.unparse(found.left), ast.unparse(found.comparators[0])
        return [SpecError("E0602", f"`{ast.unparse(found)}` compares Python objects, never the state", expected="== or !=",
                          write=f"{left} {sign} {right}", place=place)]
    return []
