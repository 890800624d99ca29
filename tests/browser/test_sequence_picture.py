"""The sequence picture of a story: notes, arrows and boxes stand where they belong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from explorer.render.picture.sequence import NARROW, WIDE, Diagram
from tests.support.stories import Record, with_lasso


@pytest.mark.parametrize("measure", [WIDE, NARROW])
def test_notes_stand_inside_the_picture_and_rows_follow_each_other(
    measure: Any, violated: Record, nasty: Record
) -> None:
    """On every lane, wide and narrow, whatever the texts."""
    for trace in (violated["traces"]["exclusion"], nasty["traces"]["unfilled"]):
        diagram = Diagram(trace, measure)
        assert len(diagram.placed) == len(trace.steps) - 1
        assert all(p.left >= 0 and p.left + p.width <= diagram.width for p in diagram.placed)
        assert all(one.bottom <= two.top for one, two in zip(diagram.placed, diagram.placed[1:]))


def test_a_deferred_store_slants_from_its_issue_to_where_it_becomes_visible(violated: Record) -> None:
    """The arrow of a store begins and ends at the two steps it belongs to."""
    trace = violated["traces"]["exclusion"]
    diagram = Diagram(trace)
    line = re.search(
        r'<title>A: issued, visible later</title><line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)"'
        r' y2="([\d.]+)"',
        diagram.svg(0),
    )
    assert line is not None
    x1, y1, x2, y2 = map(float, line.groups())
    assert (x1, y1, y2) == (
        diagram.x(0),
        pytest.approx(diagram.placed[0].y, abs=0.1),
        pytest.approx(diagram.placed[5].y, abs=0.1),
    )
    assert x2 < x1 and y2 > y1


def test_a_message_goes_from_the_senders_lane_to_the_receivers(violated: Record) -> None:
    """An arrow joins the lanes of who sends and who receives."""
    diagram = Diagram(violated["traces"]["exclusion"])
    paths = re.findall(r'<g class="message"><path d="M([\d.]+) ([\d.]+)H([\d.]+)"', diagram.svg(0))
    ends = [(float(x1), float(x2)) for x1, _, x2 in paths]
    assert ends == [(diagram.x(0), diagram.x(1) - 3), (diagram.x(1), diagram.x(0) + 3)]


@pytest.mark.parametrize(("loop", "inside"), [(2, 4), (0, 6), (6, 0)])
def test_a_box_stands_around_the_steps_that_repeat(loop: int, inside: int, violated: Record) -> None:
    """The cycle of a lasso is framed, and nothing else."""
    trace = with_lasso(violated, "exclusion", loop)["traces"]["exclusion"]
    diagram = Diagram(trace)
    found = re.search(
        r'<g class="cycle"><rect x="2" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', diagram.svg(0)
    )
    assert found is not None
    top, height = map(float, found.groups())
    assert sum(top <= p.y <= top + height for p in diagram.placed) == inside
    assert (f"back to the state after step {loop}" if inside else "nothing more happens") in diagram.svg(0)
