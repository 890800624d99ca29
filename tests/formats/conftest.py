"""Records that each format is made from: a violation, hostile texts, a search that was ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.engine.limits import Limits
from tests.support.stories import (
    NASTY_SPEC,
    Record,
    dekker,
    record_of,
    write,
)


@pytest.fixture
def violated(tmp_path: Path) -> Record:
    return record_of(dekker(tmp_path))


@pytest.fixture
def nasty(tmp_path: Path) -> Record:
    return record_of(write(tmp_path, "<b>x", NASTY_SPEC))


@pytest.fixture
def undecided(tmp_path: Path) -> Record:
    return record_of(dekker(tmp_path), limits=Limits(max_depth=2))
