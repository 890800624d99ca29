"""The state graph as AUT and as JSON lines: every state and every step."""

from __future__ import annotations

import json
import re
from pathlib import Path

from explorer.render.machine.aut import aut
from explorer.render.machine.json_lines import json_lines
from explorer.render.picture.graph import state_graph
from tests.support.stories import (
    HOLDS_SPEC,
    NASTY_SPEC,
    checked,
    dekker,
    write,
)

AUT = re.compile(r'\((\d+), "((?:[^"\\]|\\.)*)", (\d+)\)')


def test_aut_has_every_step_of_the_graph(tmp_path: Path) -> None:
    """The Aldebaran file has as many transitions as the search counted."""
    _, space, verdict = checked(dekker(tmp_path))
    header, *lines = aut(state_graph(space, verdict.traces.values())).splitlines()
    assert header == f"des (0, {space.transitions}, {space.distinct})"
    steps = [found.groups() for found in map(AUT.fullmatch, lines) if found]
    assert len(steps) == len(lines) == space.transitions
    assert {tail for tail, _, _ in steps} | {head for _, _, head in steps} == set(
        map(str, range(space.distinct))
    )
    assert {label for tail, label, _ in steps if tail == "0"} == {"store(cpu=A)", "store(cpu=B)"}


def test_json_lines_have_every_state_and_step_of_the_graph(tmp_path: Path) -> None:
    """One object each, with numbers that meet, values by name, and what fails where."""
    _, space, verdict = checked(dekker(tmp_path))
    records = [
        json.loads(line) for line in json_lines(state_graph(space, verdict.traces.values())).splitlines()
    ]
    states = {r["state"]: r for r in records if "state" in r}
    steps = [r for r in records if "from" in r]
    assert (len(states), len(steps)) == (space.distinct, space.transitions)
    assert all(r["from"] in states and r["to"] in states for r in steps)
    assert [s["values"]["turns"] for s in states.values() if s["initial"]] == ["0"]
    assert any("exclusion" in s["violates"] for s in states.values())


def test_aut_has_one_initial_state_where_the_space_has_several(tmp_path: Path) -> None:
    """A new state leads to each of them."""
    _, space, _ = checked(write(tmp_path, "light", HOLDS_SPEC))
    assert aut(state_graph(space)).splitlines() == [
        "des (0, 4, 3)",
        '(0, "initially", 1)',
        '(0, "initially", 2)',
        '(1, "flip", 2)',
        '(2, "flip", 1)',
    ]


def test_labels_in_aut_cannot_end_their_quotes(tmp_path: Path) -> None:
    """Quotes in a label are escaped."""
    _, space, _ = checked(write(tmp_path, "x", NASTY_SPEC))
    _, *lines = aut(state_graph(space)).splitlines()
    assert all(AUT.fullmatch(line) for line in lines) and len(lines) == space.transitions
