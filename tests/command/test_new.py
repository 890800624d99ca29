"""`new NAME`: what it writes works as it is, and nothing is written over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import ENVIRONMENT, Done


def test_what_is_written_works(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """The spec meets its table, its test passes with one for each property, and the workflow names both."""
    done = explorer("new", "my_lock")
    assert (
        done.code == 0 and done.out.splitlines()[-1] == "next: python -m explorer my_lock.py --row 'no lock'"
    )
    assert explorer("table", "my_lock.py", "--strict").code == 0
    assert "Cpu1: writes 0 + 1" in explorer("my_lock.py", "--row", "no lock").out
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "test_my_lock.py", "my_lock.py"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0 and "passed" in ran.stdout, ran.stdout + ran.stderr
    workflow = (tmp_path / ".github" / "workflows" / "my_lock.yml").read_text()
    assert "python -m explorer table my_lock.py --strict" in workflow and "${{ runner.os }}" in workflow
    assert "pip install pytest git+https://github.com/OWNER/" in workflow and "where OWNER stands" in done.out


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "no name; write: python -m explorer new my_lock"),
        (("a-b",), "new a-b: is no name for a module; write: python -m explorer new my_lock"),
        (("class",), "new class: is no name for a module; write: python -m explorer new my_lock"),
        (("good",), "new good: good.py exists; write: another name"),
    ],
)
def test_what_is_refused(explorer: Callable[..., Done], arguments: tuple[str, ...], message: str) -> None:
    """What is no name of a module, and a file that is there: in one line, and nothing is written."""
    done = explorer("new", *arguments)
    assert (done.code, done.err.strip()) == (2, f"explorer: {message}")
