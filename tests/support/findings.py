"""What the library says about kernels: `docs/findings.json`, and the tables of docs/findings.md made from it.

`python -m tests.support.findings` writes the tables anew.
"""

from __future__ import annotations

import enum
import json
import shlex
from typing import NamedTuple

from explorer.language.variants import Variant
from explorer.run.load import load
from tests.support.house import DOCS, SPECS

LIST, PAGE = DOCS / "findings.json", DOCS / "findings.md"

KNOWN, REPORTED, REAL = "known and fixed", "reported", "real by source, unreported"
CONDITIONAL, WITHDRAWN = "conditional", "artefact (withdrawn)"
CLASSES = {
    REPORTED: "Somebody has met it, or something near it; no fix of the cause is known.",
    REAL: "The kernel's source says it, in the model and by hand. No report is known.",
    CONDITIONAL: "The code is as told; what it needs is not known to happen.",
    KNOWN: "Found by others, and mended.",
    WITHDRAWN: "Once told here; the model was wrong, not the kernel.",
}
HEAD = "| family, name | finding | steps | |\n|---|---|---|---|"

OURS = (REPORTED, REAL, CONDITIONAL)
"""The classes of what a page tells under "What only the model says"."""


class Finding(NamedTuple):
    """`row` is a variant of `spec`, "" its default, None if withdrawn; `where` a commit or report."""

    family: str
    name: str
    spec: str
    row: str | None
    property: str
    steps: int | None
    kind: str
    where: str
    says: str

    def variant(self) -> Variant | None:
        """The row of the table, where it has one."""
        return next((row for row in load(SPECS / f"{self.spec}.py").variants if row.name == self.row), None)

    def command(self) -> str:
        """What shows it."""
        row = self.variant()
        constants = row.constants if row else {}
        options = "".join(f" -D {shlex.quote(f'{name}={text(value)}')}" for name, value in constants.items())
        return f"python -m explorer spec/{self.spec}.py{options} --property {self.property}"

    def line(self) -> str:
        """Its line of the page."""
        command = f"`{self.command()}`" if self.row is not None else ""
        told = f"{self.says}. {self.where[0].upper()}{self.where[1:]}" if self.where else self.says
        page = f"[{self.family}](models/{self.family}.md)"
        return f"\n| {page} {self.name} | {told} | {self.steps or '-'} | {command} |"


def text(value: object) -> str:
    """A constant's value as the command line takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value if isinstance(value, enum.Enum) else value)


def findings() -> list[Finding]:
    """The list."""
    return [
        Finding(*(entry["class"] if field == "kind" else entry[field] for field in Finding._fields))
        for entry in json.loads(LIST.read_text(encoding="utf-8"))
    ]


def tables() -> str:
    """The findings, by class."""
    found, parts = findings(), []
    for kind, meaning in CLASSES.items():
        rows = "".join(one.line() for one in found if one.kind == kind)
        parts.append(f"## {kind[0].upper()}{kind[1:]}\n\n{meaning}\n\n{HEAD}{rows}")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    head, mark, _ = PAGE.read_text(encoding="utf-8").partition("<!-- tables -->\n")
    PAGE.write_text(f"{head}{mark}\n{tables()}", encoding="utf-8")
