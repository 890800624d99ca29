"""The library: its examples run with nothing but an installation, and its page says what is there."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import DOCS, ROOT
from tests.support.installation import installation

PAGE = (DOCS / "library.md").read_text()
EXAMPLES = re.findall(r"```python\n# file: (\S+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel has."""
    return installation(tmp_path_factory.mktemp("site"))


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "explorer", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_examples_run_from_an_installation(installed: Path, tmp_path: Path) -> None:
    """Every example of the page meets its expectation without a finding, without the checkout."""
    assert len(EXAMPLES) == 10
    for name, text in EXAMPLES:
        (tmp_path / name).write_text(text)
    done = run(installed, tmp_path, *(name for name, _ in EXAMPLES), "--expect", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("expectation (holds): met") == len(EXAMPLES)


def test_a_mistake_in_a_component_has_its_own_line(installed: Path, tmp_path: Path) -> None:
    """What the library's code waits for is told with its file, in an installation too."""
    (tmp_path / "ring.py").write_text(dict(EXAMPLES)["ring.py"])
    shown = run(installed, tmp_path, "show", "ring.py").stdout
    assert re.search(r"when +rung\[T\] +\S*library/kernel/doorbell.py:\d+", shown), shown


def test_the_page_lists_every_method() -> None:
    """For each module of the table: its components, and every public method, as the code has them."""
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 11
    for room, module, components, methods in rows:
        tree = ast.parse((ROOT / "spec/actions" / room / f"{module}.py").read_text())
        states = [n for n in tree.body if isinstance(n, ast.ClassDef) and ast.unparse(n).count("State")]
        listed = set(re.findall(r"`(\w+)`", methods))
        assert listed == {f.name for state in states for f in state.body if isinstance(f, ast.FunctionDef)}, (
            module
        )
        assert all(f"`{state.name}`" in components for state in states), module


def test_every_method_says_what_it_is() -> None:
    """Modules, classes and methods of `kernel` have docstrings: they are the interface."""
    for path in (ROOT / "spec/actions/kernel").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                assert ast.get_docstring(node), (path.name, getattr(node, "name", "module"))
