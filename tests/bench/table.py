"""Rows of the benchmark as a table and as CSV, and what machine they were measured on. No host names, no
absolute paths.
"""

from __future__ import annotations

import csv
import os
import platform
import re
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import explorer

COLUMNS = ("date", "version", "machine", "measure", "value", "unit", "must", "aim", "met", "note")


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `value` is None where it could not be measured, and `note` says why. `most` marks values that
    should be small.
    """

    measure: str
    value: float | None
    unit: str = ""
    must: float | None = None
    aim: float | None = None
    most: bool = False
    note: str = ""

    @property
    def met(self) -> str:
        """What is reached: the aim, what must be, or neither; empty where nothing is asked."""
        if self.value is None:
            return "skipped"
        for name, bound in (("aim", self.aim), ("must", self.must)):
            if bound is not None and (self.value <= bound if self.most else self.value >= bound):
                return name
        return "" if self.must is None else "NO"

    def cells(self) -> tuple[str, ...]:
        sign = "≤ " if self.most else "≥ "
        bounds = ["" if b is None else sign + quantity(b, self.unit) for b in (self.must, self.aim)]
        return (
            self.measure,
            "-" if self.value is None else quantity(self.value, self.unit),
            *bounds,
            self.met,
            self.note,
        )


def quantity(value: float, unit: str) -> str:
    """A number with its unit, to three digits."""
    if unit == "/s":
        return f"{value / 1e6:.2f} M/s" if value >= 1e6 else f"{value:,.0f}/s"
    if unit == "":
        return f"{value:,.0f}"
    text = f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
    return text + {"x": "x", "%": " %", "s": " s", "B": " B", "MB": " MB"}[unit]


def markdown(rows: Iterable[Row]) -> str:
    """The table, readable in a terminal and on a page."""
    cells = [("measure", "measured", "must", "aim", "met", "note"), *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(6)]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def append(path: Path, rows: Iterable[Row], machine: str) -> None:
    """Add the rows to a CSV file."""
    fresh = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if fresh:
            writer.writerow(COLUMNS)
        now = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime())
        for row in rows:
            value, must, aim = ("" if x is None else f"{x:.6g}" for x in (row.value, row.must, row.aim))
            writer.writerow(
                (
                    now,
                    explorer.__version__,
                    machine,
                    row.measure,
                    value,
                    row.unit,
                    must,
                    aim,
                    row.met,
                    row.note,
                )
            )


def machine() -> str:
    """Processor, memory and versions in one line."""
    processor, cores = _processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    parts = [
        processor,
        f"{cores} cores",
        f"{memory:.0f} GiB",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        *(f"{name} {_version(name)}" for name in ("numba", "numpy")),
        *filter(None, (_tool("spin", "-V"), _tool("rumur", "--version"), _tool("gcc", "--version"))),
    ]
    return ", ".join(parts)


def load() -> str:
    """How busy the machine is with other work; empty where it is not."""
    busy = os.getloadavg()[0]
    return f"load average {busy:.1f} at the start: not a quiet machine" if busy > 0.5 else ""


def _processor() -> tuple[str, int]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return (" ".join(found[1].split()) if found else platform.processor() or "processor unknown"), cores


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _tool(name: str, option: str) -> str:
    try:
        text = subprocess.run([name, option], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    found = re.search(r"v?(\d{4}\.\d\d\.\d\d\S*|\d+\.\d+\.\d+)", text)
    return f"{name} {found[1]}" if found else name
