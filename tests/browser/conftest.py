"""Reports to look at, and a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.pages import browser_path
from tests.support.stories import NASTY_SPEC, Record, dekker, record_of, write


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def violated(directory: Path) -> Record:
    return record_of(dekker(directory))


@pytest.fixture(scope="module")
def nasty(directory: Path) -> Record:
    return record_of(write(directory, "<script>alert(9)<", NASTY_SPEC))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, driven by playwright; tests are skipped where one of them is not there."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: pip install -e '.[browser]'"
    )
    path = browser_path()
    if path is None:
        pytest.skip("no Chromium was found: apt-get install chromium")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()
