"""The picture beside a counterexample: the report's drawing in a file of its own."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from explorer.render.picture.design import BAD, LANES, STROKES, TINTS
from explorer.render.picture.sequence import Diagram
from explorer.render.picture.svg_file import style, svg_file
from explorer.render.text.terminal import clean
from tests.support.command_line import run
from tests.support.house import ROOT
from tests.support.stories import NASTY_SPEC, checked, dekker, lasso, write

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("loop", [None, 2])
def test_the_file_is_the_reports_drawing(tmp_path: Path, loop: int | None) -> None:
    """It is SVG that any reader parses, with every text of the diagram of the page."""
    trace = checked(dekker(tmp_path))[2].traces["exclusion"]
    trace = trace if loop is None else lasso(trace, loop)
    root = ElementTree.fromstring(svg_file(trace))
    page = ElementTree.fromstring(str(Diagram(trace).svg(0)))
    texts = [at.text for at in root.iter(f"{SVG}text")]
    assert root.tag == f"{SVG}svg" and texts == [at.text for at in page.iter("text")] and len(texts) > 12


def test_the_style_needs_no_variables() -> None:
    """Viewers that know no CSS variables and no media queries show the colours of the light page."""
    rules = style()
    assert "var(" not in rules and "--" not in rules and "@" not in rules
    assert all(f".lane{n}.step .note {{ fill: #" in rules for n in range(LANES))
    assert all(f".{name} " in rules for name in ("change", "late", "wrong", "lifeline", "message", "cycle"))


def test_a_specs_texts_stay_texts(tmp_path: Path) -> None:
    """Nothing of a spec becomes an element or a rule of the file."""
    trace = checked(write(tmp_path, "x", NASTY_SPEC))[2].traces["unfilled"]
    root = ElementTree.fromstring(svg_file(trace))
    assert {at.tag.removeprefix(SVG) for at in root.iter()} <= {
        *("svg", "style", "rect", "defs", "marker", "path", "g", "line", "title", "text", "circle")
    }
    shown = "".join(at.text or "" for at in root.iter(f"{SVG}text"))
    assert re.sub(r"\s+", "", clean(trace.steps[1].label))[:10] in re.sub(r"\s+", "", shown)


def test_a_run_leaves_the_picture_and_no_other_drawing(tmp_path: Path) -> None:
    """The SVG stands beside the report; DOT is written where it is asked for."""
    dekker(tmp_path)
    run("dekker.py", cwd=tmp_path)
    assert (tmp_path / "out/dekker/exclusion.svg").read_text().startswith("<svg ")
    assert not (tmp_path / "out/dekker/exclusion.dot").exists()
    run("dekker.py", "--write", "dot", cwd=tmp_path)
    assert (tmp_path / "out/dekker/exclusion.dot").read_text().startswith("digraph")


def test_every_picture_has_its_colours_from_one_table() -> None:
    """No module of pictures has a colour of its own: `design.py` reads those of the style sheet."""
    modules = (ROOT / "explorer" / "render" / "picture").glob("*.py")
    assert [path.name for path in modules if re.search(r"#[0-9a-f]{6}", path.read_text())] == []
    assert STROKES[0] in style() and TINTS[0] in style() and BAD in style()
