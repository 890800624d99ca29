"""`spec/gallery/`: public bugs of other people, before and after their fixes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.api import check
from explorer.command.main import main
from tests.support import families
from tests.support.house import DOCS, SPECS

GALLERY = SPECS / "gallery"
FILES = sorted(path.stem for path in GALLERY.glob("*.py"))
LARGE = ("byzantine_broadcast",)
"""Millions of states in each row. `python -m explorer table spec/gallery/byzantine_broadcast.py` is a command
of its own (a quarter of an hour); here the file as it stands is checked.
"""


def marked(name: str, *more: str) -> object:
    """A case, which runs with the slow ones where it is large."""
    return pytest.param(name, *more, marks=[pytest.mark.slow] * (name in LARGE))


ROWS = [marked(name, row) for name in FILES for row in families.names(f"gallery/{name}") if name not in LARGE]


@pytest.mark.parametrize("name, row", ROWS)
def test_every_variant_is_as_it_declares(name: str, row: str) -> None:
    """Exactly the named properties fail, in the stated number of steps, and nothing is vacuous."""
    verdict = families.check(f"gallery/{name}", row)
    assert verdict.expectation_met
    assert [finding.text for finding in verdict.findings if finding.severe] == []


@pytest.mark.parametrize("name", list(map(marked, FILES)))
def test_the_fixed_version_holds(name: str) -> None:
    """The file as it stands is the code after the fix, under power where memory is modelled."""
    assert check(GALLERY / f"{name}.py").holds


@pytest.mark.parametrize("name", FILES)
def test_the_page_names_every_file(name: str) -> None:
    """docs/models/gallery.md has the report of each, and what its table says."""
    page = (DOCS / "models" / "gallery.md").read_text()
    assert f"[{name}.py](../../spec/gallery/{name}.py)" in page and f"**{name}.**" in page


def test_the_page_shows_a_table() -> None:
    """The rows of virtio_avail stand in the page as the command prints them."""
    page = (DOCS / "models" / "gallery.md").read_text()
    for row in families.names("gallery/virtio_avail"):
        states = families.check("gallery/virtio_avail", row).states["distinct"]
        assert f"  {row:<12}  {states:>6}  " in page


@pytest.mark.slow
def test_positions_of_a_barrier(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """mm_cid: of the two positions only the one between store and look helps, on every architecture."""
    question = [str(GALLERY / "mm_cid.py"), "--barriers=switch_mm,finish_lock_switch"]
    assert main(["synthesize", *question, "--memory=tso,arm,power", "--json"]) == 0
    for run in json.loads(capsys.readouterr().out)["runs"]:
        assert [e["choice"] for e in run["enough"]] == [{"switch_mm": "sync", "finish_lock_switch": "none"}]
        assert run["barriers"]["finish_lock_switch"]["is"] == "redundant"
