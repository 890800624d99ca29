"""What a notebook shows of a spec and of a walk."""

from __future__ import annotations

from pathlib import Path

import explorer
from tests.support.command_line import SPECS
from tests.support.stories import write


def test_a_spec_shows_what_it_declares(tmp_path: Path) -> None:
    """Actions, properties, constants and rows, every text escaped."""
    spec = explorer.load(write(tmp_path, "family", SPECS["family"].replace("n grows", "n < grows")))
    page = spec._repr_html_()
    assert page.count("<table>") == 3 and "n &lt; grows from {s.n}" in page
    for text in (
        "<b>family</b>",
        "<td>invariant</td><td>inside</td>",
        "<td>LAST</td><td>3</td>",
        "<td>V1</td>",
    ):
        assert text in page, text


def test_a_malformed_spec_shows_its_message() -> None:
    """A notebook is no place for a traceback while something is shown."""

    @explorer.action
    def twice(s):
        return None

    first = twice

    @explorer.action
    def twice(s):
        return None

    assert "E0504: two declarations named" in explorer.Spec(first, twice)._repr_html_()


def test_a_walk_shows_where_it_is(tmp_path: Path) -> None:
    """The state and what is possible; with a step the picture, and what is violated."""
    walk = explorer.walk(write(tmp_path, "bad", SPECS["bad"]))
    page = walk._repr_html_()
    assert "<img" not in page and "<td>n</td><td>0</td>" in page and "<li><code>up</code></li>" in page
    walk.take("up")
    walk.take("up")
    page = walk._repr_html_()
    assert page.startswith("<img") and "✗ below is violated here" in page
