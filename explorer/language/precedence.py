"""`a == b & c` in Python is `a == (b & c)`: a comparison that swallowed a neighbour, read off the source.

Knows nothing of symbolic values.
"""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import FrameType

_SIGNS = {ast.Eq: "==", ast.NotEq: "!=", ast.BitAnd: "&", ast.BitOr: "|"}


def misread(frame: FrameType) -> tuple[str, str] | None:
    """What Python read and what was probably meant, where the comparison at the frame's current instruction
    has `&` or `|` on a side that stands in no parentheses; None for any other.
    """
    at = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    for node in _comparisons("".join(lines)):
        if (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == at:
            return _readings(node, lines)
    return None


@lru_cache(maxsize=8)
def _comparisons(source: str) -> list[ast.Compare]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.Compare) and len(node.ops) == 1]


def _readings(node: ast.Compare, lines: list[str]) -> tuple[str, str] | None:
    sign = _SIGNS.get(type(node.ops[0]))
    left, right = node.left, node.comparators[0]
    a, b = ast.unparse(left), ast.unparse(right)
    between = _between(left, right, lines)
    if sign is None:
        return None
    if isinstance(right, ast.BinOp) and type(right.op) in _SIGNS and "(" not in between:
        first, rest = ast.unparse(right.left), ast.unparse(right.right)
        return f"{a} {sign} ({b})", f"({a} {sign} {first}) {_SIGNS[type(right.op)]} {rest}"
    if isinstance(left, ast.BinOp) and type(left.op) in _SIGNS and ")" not in between:
        rest, last = ast.unparse(left.left), ast.unparse(left.right)
        return f"({a}) {sign} {b}", f"{rest} {_SIGNS[type(left.op)]} ({last} {sign} {b})"
    return None


def _between(left: ast.expr, right: ast.expr, lines: list[str]) -> str:
    """The text between two sides: the sign, and the parentheses of either."""
    assert left.end_lineno is not None and left.end_col_offset is not None
    text = [line.encode() for line in lines[left.end_lineno - 1 : right.lineno]]
    text[-1] = text[-1][: right.col_offset]
    text[0] = text[0][left.end_col_offset :]
    return b"".join(text).decode(errors="replace")
