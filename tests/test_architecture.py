"""Imports run against the flow spec -> language -> compile -> engine -> check -> trace -> render, and small
specs stay light.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import explorer

HOUSE = Path(__file__).resolve().parent.parent
PACKAGE, SPECS = HOUSE / "explorer", HOUSE / "spec"

MAY_IMPORT = {
    "language": ("language",),
    "compile": ("language", "compile"),
    "engine": ("language", "compile", "engine"),
    "reference": ("language", "compile.model", "engine.limits", "engine.space"),
    "trace": ("language", "compile.model", "engine.space", "reference", "trace"),
    "check": (
        "language",
        "compile",
        "engine.space",
        "engine.graph",
        "engine.frames",
        "engine.limits",
        "trace",
        "check",
        "callable",
    ),
    "render": ("trace.trace", "render"),
}
"""For each room, what of `explorer` its modules may import."""

STATE_GRAPH = ("engine.space", "trace.story", "trace.shortest", "compile.model", "language")
"""What the pictures of whole state spaces may import besides: they draw a StateSpace, not a verdict record.
"""

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """`compile.model` for explorer/compile/model.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """The modules of `explorer` that a file imports anywhere, without the package's name, and the lines."""
    package = [PACKAGE.name, *path.relative_to(PACKAGE).parent.parts]
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, ast.Import):
            names = [alias.name for alias in found.names]
        elif isinstance(found, ast.ImportFrom):
            base = package[: len(package) - found.level + 1] if found.level else []
            module = ".".join([*base, *([found.module] if found.module else [])])
            names = [f"{module}.{a.name}" if _is_package(module) else module for a in found.names]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first == PACKAGE.name:
                yield rest, found.lineno


def _is_package(module: str) -> bool:
    parts = module.split(".")
    return parts[0] == PACKAGE.name and HOUSE.joinpath(*parts).is_dir()


def allowed(module: str, rules: tuple[str, ...]) -> bool:
    return any(module == rule or module.startswith(rule + ".") for rule in rules)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_against_the_flow(path: Path) -> None:
    """Each room imports only what stands before it."""
    room = name_of(path).partition(".")[0]
    rules = MAY_IMPORT.get(room)
    if rules is None:
        return
    if room == "render" and path.name.startswith("graph"):
        rules = (*rules, *STATE_GRAPH)
    wrong = [
        f"{path.name}:{line} imports explorer.{module}"
        for module, line in imports(path)
        if not allowed(module, rules)
    ]
    assert not wrong


def test_nobody_imports_the_command_line() -> None:
    """Only `python -m explorer` imports cli.py: everything else can be used as a library."""
    importers = {
        name_of(path)
        for path in MODULES
        for module, _ in imports(path)
        if module == "cli" or module.startswith("cli.")
    }
    assert importers == {"__main__"}


@pytest.mark.parametrize(
    "path", sorted(SPECS.rglob("*.py")), ids=lambda path: path.relative_to(SPECS).as_posix()
)
def test_specs_import_only_public_names(path: Path) -> None:
    """A spec imports names of `explorer.__all__`, its own modules, and the standard library."""
    own = {p.stem for p in SPECS.iterdir() if p.suffix == ".py" or p.is_dir()}
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, ast.Import):
            assert all(alias.name in sys.stdlib_module_names for alias in found.names)
        if isinstance(found, ast.ImportFrom) and not found.level:
            assert found.module is not None
            first = found.module.partition(".")[0]
            assert first in sys.stdlib_module_names or first in own or found.module == "explorer", (
                f"line {found.lineno}"
            )
            if first == "explorer":
                assert {alias.name for alias in found.names} <= set(explorer.__all__), f"line {found.lineno}"


@pytest.mark.parametrize("path", [p for p in MODULES if p.read_text().strip()], ids=name_of)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """A module opens with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_public_name_exists_and_says_what_it_is_for() -> None:
    """What `from explorer import *` gives is there; functions and classes have docstrings."""
    missing = [name for name in explorer.__all__ if not hasattr(explorer, name)]
    silent = [
        name
        for name in explorer.__all__
        if callable(getattr(explorer, name)) and not getattr(explorer, name).__doc__
    ]
    assert (missing, silent) == ([], [])


SMALL = """\
from typing import Annotated
from explorer import *

class S(State):
    n: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def up(s: S):
    s.n.next = (s.n + 1) % 4

@invariant
def low(s: S):
    return s.n < 3

spec = Spec()
"""


def test_small_specs_load_no_heavy_library(tmp_path: Path) -> None:
    """Checking a small spec imports neither NumPy nor Numba nor networkx: it starts in a fraction of a
    second.
    """
    (tmp_path / "small.py").write_text(SMALL)
    code = (
        "import sys; from explorer.cli import main; code = main(sys.argv[1:]); print(code, sorted({'numpy',"
        " 'numba', 'llvmlite', 'networkx', 'matplotlib'} & set(sys.modules)), file=sys.stderr)"
    )
    for more in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, "small.py", *more],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={"PYTHONPATH": str(HOUSE), "PATH": "/usr/bin:/bin"},
            timeout=60,
        )
        assert done.stderr.splitlines()[-1:] == ["12 []"], done.stderr
