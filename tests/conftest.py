"""Tests run from any directory and give the same result each time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.command_line import SPECS, Done, run

collect_ignore = ["house/typing", "bench/specs"]
"""Spec files that the tests use: the explorer's own plugin would take them for tests."""

settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("house")


@pytest.fixture
def explorer(tmp_path: Path) -> Callable[..., Done]:
    """Runs `python -m explorer` in a directory that has the specs of `command_line.py`."""
    for name, text in SPECS.items():
        (tmp_path / f"{name}.py").write_text(text)
    return partial(run, cwd=tmp_path)
