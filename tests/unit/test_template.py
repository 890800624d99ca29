"""Templates of generated source, and the shape of what is generated from them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from explorer.codegen.template import fill
from tests.support.house import ROOT

LOOP = """
    for {name} in range({size}):
        {body}
    {rest}
    end = {name}
"""


def test_a_slot_on_a_line_of_its_own_takes_any_number_of_lines() -> None:
    """Lines are indented as the slot is, an empty slot leaves no line, others stand in their line."""
    filled = fill(LOOP, name="bit", size=8, body=["if bit:\n    total += 1", "x = {}"], rest=[])
    assert filled == ("for bit in range(8):\n    if bit:\n        total += 1\n    x = {}\nend = bit")


def test_a_slot_that_nothing_fills_is_an_error() -> None:
    """A template that was not filled never becomes code."""
    with pytest.raises(KeyError):
        fill(LOOP, name="bit", size=8, body=[])


NATIVE = ROOT / "explorer" / "engine" / "native"


@pytest.mark.parametrize(
    "path", [NATIVE / f"{name}kernels.py" for name in ("", "find_", "tree_")], ids=lambda p: p.stem
)
def test_no_kernel_takes_more_than_five_arguments(path: Path) -> None:
    """Arrays come in groups with names (`engine/native/arrays.py`)."""
    functions = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)]
    assert functions and all(len(function.args.args) <= 5 for function in functions)
