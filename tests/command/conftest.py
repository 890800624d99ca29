"""Where long runs are begun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkpoints import TURN
from tests.support.command_line import SPECS


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with specs, where commands are run."""
    monkeypatch.chdir(tmp_path)
    for name in ("good", "bad", "family", "large"):
        Path(f"{name}.py").write_text(SPECS[name])
    Path("turn.py").write_text(TURN)
    yield tmp_path
