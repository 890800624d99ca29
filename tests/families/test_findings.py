"""docs/findings.json is what the specs declare and what the pages say."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from explorer.run.load import load
from tests.support.command_line import run
from tests.support.findings import CLASSES, OURS, PAGE, WITHDRAWN, Finding, findings, tables
from tests.support.house import DOCS, SPECS

FOUND = findings()
SECTION = re.compile(r"^### What only the model says\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
PAGES = sorted((DOCS / "models").glob("*.md"))


def test_the_page_is_made_from_the_list() -> None:
    """Its tables are those of the list; each class is used, and no finding is listed twice."""
    assert PAGE.read_text().partition("<!-- tables -->\n")[2] == f"\n{tables()}"
    assert {one.kind for one in FOUND} == set(CLASSES)
    assert len({(one.family, one.name) for one in FOUND}) == len(FOUND) > 40


@pytest.mark.parametrize("one", FOUND, ids=lambda one: f"{one.family}: {one.name}")
def test_a_finding_is_what_its_row_declares(one: Finding) -> None:
    """The row exists and is expected to violate the property; the family's page has the steps."""
    if one.kind == WITHDRAWN:
        assert one.row is None and one.steps is None
        assert one.name not in {row.name for row in load(SPECS / f"{one.spec}.py").variants}
        return
    spec, row = load(SPECS / f"{one.spec}.py"), one.variant()
    assert row or one.row == ""
    expect = row.expect if row else spec.expect
    assert expect is not None and one.property in (expect.property, *expect.also)
    if expect.property == one.property:
        assert expect.steps == one.steps
    elif row:
        page = (DOCS / "models" / f"{one.family}.md").read_text().splitlines()
        (line,) = (line for line in page if line.endswith(f"  {row.text}") and f" {row.name}  " in line)
        assert f"violated {one.steps} " in line
    else:
        assert f"`{one.property}`, {one.steps} steps" in (DOCS / "models" / f"{one.family}.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_only_the_model_says_is_in_the_list(page: Path) -> None:
    """The points of that section of a page are the family's findings that nobody else has mended."""
    sections = SECTION.findall(page.read_text())
    told = [
        name.rstrip(".") for section in sections for name in re.findall(r"^\* \*\*(.+?)\*\*", section, re.M)
    ]
    told = [name.partition(",")[0] for name in told]
    assert sorted(told) == sorted(one.name for one in FOUND if one.family == page.stem and one.kind in OURS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "one", [f for f in FOUND if f.kind != WITHDRAWN], ids=lambda one: f"{one.family}: {one.name}"
)
def test_the_command_of_a_finding_shows_it(one: Finding, tmp_path: Path) -> None:
    """What the page says to type finds the property violated, after as many steps."""
    done = run(*shlex.split(one.command())[3:], "--json", "--out", str(tmp_path), cwd=SPECS.parent)
    (judged,) = (p for p in json.loads(done.out)["properties"] if p["name"] == one.property)
    assert (judged["verdict"], judged["trace_length"]) == ("violated", one.steps)
