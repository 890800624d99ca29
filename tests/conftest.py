"""Tests run from any directory and give the same result each time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.command_line import SPECS, Done, run

collect_ignore = ["house/typing", "bench/specs"]
"""Spec files that the tests use: the explorer's own plugin would take them for tests."""

UNHURRIED = 600.0
"""Seconds before a wait is announced, so that on a slow machine no line stands before an expected message."""

settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def waits_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands called in this process announce no wait; `run` leaves the lines of other processes out."""
    monkeypatch.setattr("explorer.command.progress.FIRST", UNHURRIED)


@pytest.fixture
def explorer(tmp_path: Path) -> Callable[..., Done]:
    """Runs `python -m explorer` in a directory that has the specs of `command_line.py`."""
    for name, text in SPECS.items():
        (tmp_path / f"{name}.py").write_text(text)
    return partial(run, cwd=tmp_path)
