"""The syntax of source texts. Knows nothing of what is looked for in it."""

from __future__ import annotations

import ast
from functools import lru_cache


@lru_cache(maxsize=32)
def syntax(text: str) -> ast.Module:
    """The syntax of a file's text, which nobody may change; an empty module where it cannot be parsed."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])
