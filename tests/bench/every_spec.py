"""What machine code costs for every spec: with an empty cache, and in the second run.

The command itself is run, natively, up to so many states that all that it compiles is compiled, liveness too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .measures import Bench, plain
from .sizes import IPI, ROOT
from .table import Row

STATES = 1000
SHIPPED = ("spec", "spec/examples", "spec/gallery")
SECONDS, MEGABYTES, AGAIN = 8.0, 500.0, 0.6


@dataclass(frozen=True, slots=True)
class Run:
    """A process: its processor time in seconds, its peak in MB and its exit code."""

    cpu: float
    peak: float
    code: int


@dataclass(frozen=True, slots=True)
class Cost:
    """A spec with an empty cache, and processor time from the start of a second process to its first
    level.
    """

    spec: str
    cold: Run
    again: float


def specs(bench: Bench) -> Iterator[Row]:
    """The worst of every spec, and each that is beyond a bound."""
    costs = []
    shipped = [ROOT / IPI] if bench.sizes.quick else [ROOT / folder for folder in SHIPPED]
    for path in files([*shipped, *bench.more]):
        cost = cost_of(path)
        if cost is not None:
            bench.say(
                f"specs {cost.spec}: {cost.cold.cpu:.1f} s, {cost.cold.peak:.0f} MB, then {cost.again:.2f} s"
            )
            costs.append(cost)
    note = f"{len(costs)} specs; processor time, search of at most {STATES:,} states included"
    for measure, unit, must, value in (
        ("compiled with an empty cache", "s", SECONDS, lambda cost: cost.cold.cpu),
        ("memory with an empty cache", "MB", MEGABYTES, lambda cost: cost.cold.peak),
        ("second run, start to first level", "s", AGAIN, lambda cost: cost.again),
    ):
        worst = max(costs, key=value)
        yield Row(
            f"{measure}, the worst of all specs",
            value(worst),
            unit,
            must,
            most=True,
            note=f"{worst.spec}; {note}",
        )
        for cost in costs:
            if value(cost) > must and cost is not worst:
                yield Row(f"{measure}, {cost.spec}", value(cost), unit, must, most=True)


def files(places: list[Path]) -> list[Path]:
    """The spec files at some places: files, or those in folders."""
    return [f for p in places for f in (sorted(p.glob("*.py")) if p.is_dir() else [p])]


def cost_of(path: Path) -> Cost | None:
    """What a spec costs; None where it is malformed, so that there is nothing to compile."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**plain(), "EXPLORER_CACHE": cache}
        command = [sys.executable, "-m", "explorer", str(path), "--engine", "native", "--json"]
        command += ["--max-states", str(STATES), "--out", f"{cache}/out"]
        cold = _run(command, environment)
        if cold.code in (2, 65):
            return None
        again = _run([sys.executable, "tests/bench/first_level.py", str(path)], environment)
    return Cost(path.stem, cold, again.cpu)


def _run(command: list[str], environment: dict[str, str]) -> Run:
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, process.returncode)


if __name__ == "__main__":
    for given in files([Path(text).resolve() for text in sys.argv[1:]]):
        print(given.stem, cost_of(given), flush=True)
