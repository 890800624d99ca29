"""kill -9 at random moments of runs, compilations and writes leaves no damaged file, and no later verdict is
wrong.

`python -m tests.command.test_kill 100` kills as many.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.support.command_line import ENVIRONMENT, SPECS

COMMAND = ["bad.py", "--engine", "native", "--write", "junit,itf,mermaid"]
LONGEST = 6.0
"""Seconds, at most, until a run is killed: it compiles for about four."""


def run(directory: Path, patience: float | None = None) -> subprocess.Popen[str]:
    """A run in a directory with its own cache, which is killed where it takes longer than `patience`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer", *COMMAND],
        cwd=directory,
        env={**ENVIRONMENT, "EXPLORER_CACHE": str(directory / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
    return process


def check_files(directory: Path) -> None:
    """Whatever bears a result's name is whole."""
    for path in (directory / "out").rglob("*.json"):
        json.loads(path.read_text())
    for path in [*(directory / "out").rglob("*.xml"), *(directory / "out").rglob("*.svg")]:
        ElementTree.parse(path)


def kill(times: int, directory: Path, seed: int) -> None:
    """Kill so many runs, each followed by a look at the files; at last one that is left alone."""
    (directory / "bad.py").write_text(SPECS["bad"])
    rng = random.Random(seed)
    for _ in range(times):
        process = run(directory, rng.uniform(0.05, LONGEST))
        _, error = process.communicate()
        assert process.returncode in (-9, 12), error
        assert "Traceback" not in error, error
        check_files(directory)
    process = run(directory)
    out, error = process.communicate()
    assert process.returncode == 12 and "violates below, even_below" in out, error
    assert "Traceback" not in error
    assert json.loads((directory / "out/bad/verdict.json").read_text())["exit_code"] == 12


def test_a_killed_run_leaves_nothing_wrong(tmp_path: Path) -> None:
    """Six runs are killed at random moments, in a cache that they share; the seventh is right."""
    kill(6, tmp_path, seed=1)


if __name__ == "__main__":
    started, many = time.monotonic(), int(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        kill(many, Path(place), seed=many)
    print(f"{many} runs killed in {time.monotonic() - started:.0f} s: nothing is damaged")
