"""No call has more than five positional arguments: a reader of the sixth does not know what it is."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.house import ROOT
from tests.support.rooms import MODULES

MOST = 5
COUNTED = [path for path in MODULES if not path.stem.endswith("kernels")]
"""Kernels call each other with their arrays, too."""

VARIADIC = ("el", "joined", "module_of", "print", "signature")
"""Functions that take any number of equal things."""

COMPILED = ("run", "kernels", "code", "search")
"""What kernels are called on: machine code takes its arrays in order, which docstrings of kernels give."""


def is_exempt(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in VARIADIC
    if not isinstance(called, ast.Attribute):
        return False
    owner = called.value
    return (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")) in COMPILED


def long_calls(path: Path) -> list[int]:
    """The lines of calls with too many positional arguments."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and len(node.args) > MOST
        and not is_exempt(node.func)
        and not any(isinstance(a, ast.Starred) for a in node.args)
    ]


def test_calls_have_at_most_five_positional_arguments() -> None:
    """Others are given by name."""
    wrong = [f"{path.relative_to(ROOT)}:{line}" for path in COUNTED for line in long_calls(path)]
    assert wrong == []
