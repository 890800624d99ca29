"""Which parts of a condition may be evaluated though they are not asked for (`lowering.py`): a branch that is
guessed wrongly takes longer. Knows the syntax only.
"""

from __future__ import annotations

import ast
from collections.abc import Container

LONG = 1 << 20
"""More nodes than are ever evaluated together."""

PLAIN = (ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Tuple)
SIGNS = (ast.cmpop, ast.boolop, ast.unaryop, ast.operator, ast.expr_context)
DIVISIONS = (ast.FloorDiv, ast.Mod)


def length(condition: ast.expr, computed: Container[str]) -> int:
    """The nodes of a condition; `LONG` for one that must not be evaluated where it is not asked for: one that
    divides, calls more than a cast, or reads an array at a place that depends on a `computed` name.
    """
    nodes = list(ast.walk(condition))
    return len(nodes) if all(_harmless(node, computed) for node in nodes) else LONG


def _harmless(node: ast.AST, computed: Container[str]) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("U", "I")
    if isinstance(node, ast.Subscript):
        index = list(ast.walk(node.slice))
        return not any(
            isinstance(at, ast.Subscript) or (isinstance(at, ast.Name) and at.id in computed) for at in index
        )
    return isinstance(node, (*PLAIN, *SIGNS)) and not isinstance(node, DIVISIONS)
