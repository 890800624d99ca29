"""Imports run downwards through the rooms, no circle is left, and small specs stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import GenericAlias

import networkx as nx
import pytest

import explorer
from tests.support.house import DOCS, ROOT, SPECS
from tests.support.rooms import MODULES, imports, name_of, room_of, rooms_table

ROOMS = {
    "memory": (),
    "litmus": ("memory",),
    "ir": (),
    "language": ("ir", "memory"),
    "ground": ("ir", "memory", "language"),
    "program": ("ir", "language", "ground"),
    "symmetry": ("ir", "memory", "language", "ground", "program"),
    "codegen": ("ir", "language", "program", "symmetry"),
    "engine": ("ir", "language", "program", "symmetry", "codegen"),
    "trace": ("ir", "memory", "language", "program", "symmetry", "engine"),
    "liveness": ("ir", "language", "program", "symmetry", "codegen", "engine", "trace"),
    "verdict": ("ir", "language", "program", "symmetry", "codegen", "engine", "trace", "liveness"),
    "render": ("ir", "language", "engine", "trace", "verdict"),
    "run": (
        "",
        "__version__",
        "ir",
        "language",
        "ground",
        "program",
        "symmetry",
        "codegen",
        "engine",
        "trace",
        "liveness",
        "verdict",
        "render",
    ),
    "export": ("ir", "memory", "language", "program", "symmetry", "trace"),
    "judge": ("ir", "engine", "trace", "export", "run"),
    "api": ("ir", "language", "ground", "engine", "trace", "verdict", "render", "run"),
    "pytest_plugin": ("ir", "language", "ground", "verdict", "render", "run", "api"),
    "serve": ("ir", "language", "ground", "trace", "verdict", "render", "run"),
    "conform": ("ir", "language", "engine", "trace", "render", "run"),
    "command": (
        "",
        "conform",
        "litmus",
        "__version__",
        "ir",
        "memory",
        "language",
        "ground",
        "program",
        "symmetry",
        "codegen",
        "engine",
        "trace",
        "liveness",
        "verdict",
        "render",
        "run",
        "export",
        "judge",
        "api",
        "serve",
    ),
    "library": ("",),
    "": ("ir", "language", "memory", "run", "api", "command.interrupt"),
    "__main__": ("command",),
}
"""Each room with the rooms that its modules may import, from the ground floor up. `""` is the package."""

OPEN: set[tuple[str, str]] = set()
"""Imports that still run upwards: a module and the room that it should not know."""

OPEN_CIRCLES: set[str] = set()
"""Rooms whose modules still import each other in a circle."""

ONLY_IN = {
    "argparse": ("command",),
    "numpy": ("engine.native", "liveness", "engine.guards"),
    "numba": ("engine.native", "liveness"),
}
"""Libraries, and the rooms or modules that may import them."""


def allowed(module: str, rules: tuple[str, ...]) -> bool:
    return any(module == rule or module.startswith(rule + ".") for rule in rules)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_downwards(path: Path) -> None:
    """Each module stands in a room that has a rule, and imports only from rooms below."""
    module = name_of(path)
    room = room_of(module)
    wrong = [
        f"{path.name}:{line} imports explorer.{target}"
        for target, line in imports(path)
        if room_of(target) != room
        and target not in ROOMS[room]
        and room_of(target) not in ROOMS[room]
        and (module, room_of(target)) not in OPEN
    ]
    assert not wrong


def test_the_rooms_have_an_order() -> None:
    """No two rooms import each other, in however many steps, and no exception is kept that is not needed."""
    arrows = {(name_of(path), target) for path in MODULES for target, _ in imports(path)}
    graph = nx.DiGraph(
        (room_of(m), room_of(t))
        for m, t in arrows
        if "" not in (m, t) and room_of(m) != room_of(t) and (m, room_of(t)) not in OPEN
    )
    assert nx.is_directed_acyclic_graph(graph)
    assert {(m, room_of(t)) for m, t in arrows} >= OPEN


def test_no_circle_within_a_room() -> None:
    """The modules of a room have an order too; an exception that is not needed is not kept."""
    graph = nx.DiGraph((name_of(p), t) for p in MODULES for t, _ in imports(p) if t != name_of(p))
    circles = [c for c in nx.strongly_connected_components(graph) if len(c) > 1]
    rooms = [{room_of(m) for m in circle} for circle in circles]
    assert {only.pop() for only in rooms if len(only) == 1} == OPEN_CIRCLES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_stay_where_they_belong(path: Path) -> None:
    """Arguments are parsed by the command line alone, arrays belong to machine code and graphs."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    assert [n for n in names & set(ONLY_IN) if not allowed(name_of(path), ONLY_IN[n])] == []


@pytest.mark.parametrize(
    "path", sorted(SPECS.rglob("*.py")), ids=lambda path: path.relative_to(SPECS).as_posix()
)
def test_specs_import_only_public_names(path: Path) -> None:
    """A spec imports names of `explorer.__all__`, its own modules, the library's, and Python's own."""
    here = [*SPECS.iterdir(), *path.parent.iterdir()]
    own = {p.stem for p in here if p.suffix == ".py" or p.is_dir()}
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, ast.Import):
            assert all(alias.name in sys.stdlib_module_names for alias in found.names)
        if isinstance(found, ast.ImportFrom) and not found.level:
            assert found.module is not None
            first = found.module.partition(".")[0]
            library = found.module.startswith("explorer.library.")
            assert (
                first in sys.stdlib_module_names or first in own or found.module == "explorer" or library
            ), f"line {found.lineno}"
            if found.module == "explorer":
                assert {alias.name for alias in found.names} <= {"*", *explorer.__all__}, (
                    f"line {found.lineno}"
                )


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
        if callable(getattr(explorer, name))
        and not isinstance(getattr(explorer, name), GenericAlias)
        and not getattr(explorer, name).__doc__
    ]
    assert (missing, silent) == ([], [])


def test_the_page_shows_the_rooms_as_they_are() -> None:
    """The table of docs/architecture.md is drawn from the code: `python -m tests.support.rooms` writes it."""
    assert rooms_table() in (DOCS / "architecture.md").read_text()


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
        "import sys; from explorer.command.main import main; code = main(sys.argv[1:]); "
        "heavy = {'numpy', 'numba', 'llvmlite', 'networkx', 'matplotlib'} & set(sys.modules); "
        "print(code, sorted(heavy), file=sys.stderr)"
    )
    for more in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, "small.py", *more],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            timeout=60,
        )
        assert done.stderr.splitlines()[-1:] == ["12 []"], done.stderr
