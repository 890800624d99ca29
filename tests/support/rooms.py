"""The rooms of the explorer as the code has them: what each is for, and what it imports.

`python -m tests.support.rooms` writes the table of docs/architecture.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.house import DOCS, ROOT

PACKAGE = ROOT / "explorer"
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """`compile.model` for explorer/ir/model.py."""
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
    return parts[0] == PACKAGE.name and ROOT.joinpath(*parts).is_dir()


def room_of(module: str) -> str:
    return module.partition(".")[0]


def rooms_table() -> str:
    """A row for each folder of the package, the lowest first: what it is for, and which rooms it imports."""
    below: dict[str, set[str]] = {path.parent.name: set() for path in PACKAGE.glob("*/__init__.py")}
    for path in MODULES:
        room = room_of(name_of(path))
        if room in below:
            below[room] |= {room_of(target) for target, _ in imports(path)} & below.keys() - {room}
    lines = ["| room | what it is for | imports |", "|---|---|---|"]
    done: list[str] = []
    while len(done) < len(below):
        free = sorted(room for room in below if room not in done and below[room] <= set(done))
        done.append(free[0])
        doc = ast.get_docstring(ast.parse((PACKAGE / free[0] / "__init__.py").read_text())) or ""
        purpose = " ".join(doc.partition("\n\n")[0].split())
        lines.append(
            f"| `{free[0]}/` | {purpose} | {', '.join(r for r in done if r in below[free[0]]) or '–'} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    page = DOCS / "architecture.md"
    table = re.compile(r"^\| room \|.*\n(?:\|.*\n)+", re.MULTILINE)
    page.write_text(table.sub(lambda _: rooms_table(), page.read_text()))
