"""The site of the pages: built as its command says, with no link that leads nowhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.support.house import ROOT


@pytest.mark.slow
def test_the_site_has_every_page_and_no_broken_link(tmp_path: Path) -> None:
    """Sphinx finds nothing to warn of, and every link of every page is to a file that was written."""
    for name in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(name)
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-c", "docs", ".", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    pages = [*tmp_path.rglob("*.html")]
    sources = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    assert {p.relative_to(ROOT).with_suffix(".html") for p in sources} <= {
        p.relative_to(tmp_path) for p in pages
    }
    wrong = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r'(?:href|src)="(?![a-z]+:)([^"#?]+)', page.read_text())
        if not (page.parent / unquote(link)).exists()
    ]
    assert wrong == []
