"""Tests run from any directory and give the same result each time."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from command_line import HOUSE, SPECS, Done, run
from hypothesis import settings

if str(HOUSE) not in sys.path:
    sys.path.insert(0, str(HOUSE))

collect_ignore = ["typing", "bench/specs"]
"""Spec files that the tests use: the explorer's own plugin would take them for tests."""

pytest.register_assert_rewrite("families", "quotients")

settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("house")


@pytest.fixture
def explorer(tmp_path: Path) -> Callable[..., Done]:
    """Runs `python -m explorer` in a directory that has the specs of `command_line.py`."""
    for name, text in SPECS.items():
        (tmp_path / f"{name}.py").write_text(text)
    return partial(run, cwd=tmp_path)
