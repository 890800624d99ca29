"""The tests themselves: each says what it promises, and none is imported by another."""

from __future__ import annotations

import ast

from tests.support.house import TESTS

MODULES = {path: ast.parse(path.read_text()) for path in TESTS.rglob("*.py")}


def test_every_test_says_in_a_sentence_what_it_promises() -> None:
    """A test function has a docstring that ends a sentence, and there are hundreds of them."""
    tests = [
        (path.name, node)
        for path, module in MODULES.items()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and path.name.startswith("test_")
    ]
    silent = [f"{name}: {node.name}" for name, node in tests if "." not in (ast.get_docstring(node) or "")]
    assert len(tests) > 500 and silent == []


def test_no_test_imports_a_test() -> None:
    """What several tests need stands in tests/support."""
    wrong = [
        f"{path.name}:{node.lineno}"
        for path, module in MODULES.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and ".test_" in f".{node.module or ''}"
    ]
    assert wrong == []


def test_names_of_test_files_are_those_of_their_folders() -> None:
    """A test file lies in the folder of its purpose, never beside the folders."""
    assert [path.name for path in TESTS.glob("test_*.py")] == []
