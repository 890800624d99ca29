"""Diagrams (Mermaid, PlantUML) and Markdown: numbered as the story; no line that a spec could forge."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.render.picture.mermaid import mermaid
from explorer.render.picture.plantuml import plantuml
from explorer.render.text.markdown import markdown
from tests.support.stories import (
    MALFORMED,
    Record,
    checked,
    dekker,
    lasso,
)

MERMAID = [
    r"sequenceDiagram",
    r"    autonumber",
    r"    participant p\d+ as .+",
    r"    p\d+->>p\d+: .+",
    r"    Note (over|right of) p\d+(,p\d+)?: .+",
    r"    loop for ever",
    r"    end",
]
PLANTUML = [
    r"@startuml",
    r"autonumber",
    r"hide footbox",
    r'participant "[^"]+" as p\d+',
    r"p\d+ -> p\d+ : .+",
    r"note (right|over) ?(of )?p?\d*( : .+)?",
    r"note over p\d+, p\d+ #fcebe9",
    r"end note",
    r"loop for ever",
    r"end",
    r"@enduml",
    r"\.\.\. and so for ever \.\.\.",
]


@pytest.mark.parametrize(("made", "arrow"), [(mermaid, "->>"), (plantuml, " -> ")])
@pytest.mark.parametrize("loop", [None, 2, 6])
def test_diagrams_number_their_arrows_as_the_story_does(
    made: Callable[..., str], arrow: str, loop: int | None, tmp_path: Path
) -> None:
    """One arrow for each step in order, a message to its receiver, a box round what repeats."""
    trace = checked(dekker(tmp_path))[2].traces["exclusion"]
    lines = [line.strip() for line in made(trace if loop is None else lasso(trace, loop)).splitlines()]
    arrows = [line for line in lines if re.match(rf"p\d+{arrow}", line)]
    assert len(arrows) == 6
    ends = ["".join(re.sub(r"\s*:.*", "", line).split(arrow)) for line in arrows]
    assert ends == ["p0p0", "p0p1", "p1p1", "p1p1", "p1p0", "p0p0"]
    if loop == 2:
        assert arrows.index(lines[lines.index("loop for ever") + 1]) == 2
        assert lines.index("end") > lines.index(arrows[-1])


@pytest.mark.parametrize(("made", "grammar"), [(mermaid, MERMAID), (plantuml, PLANTUML)])
def test_diagrams_have_no_line_that_a_spec_could_forge(
    made: Callable[..., str], grammar: list[str], nasty: Record
) -> None:
    """Every line is one that the format knows; markup characters of the spec are escaped."""
    found = made(nasty["traces"]["unfilled"])
    free = False
    for line in found.splitlines():
        assert any(re.fullmatch(rule, line) for rule in grammar) or free, line
        free = grammar is PLANTUML and (bool(re.match(r"note [^:]*$", line)) or (free and line != "end note"))
    texts = re.sub(r"<br/>|<U\+[0-9A-F]{4}>|#\d+;|->>?|@startuml|@enduml|#fcebe9", "", found)
    assert not set('<>#;&%|`\\"{}') & set(re.sub(r'participant "([^"]*)"', r"\1", texts)) - (
        {"|"} if made is mermaid else {"`", ";"}
    )


def test_markdown_has_a_row_for_each_property_and_draws_the_story(violated: Record) -> None:
    """The summary is a table and a diagram that GitHub renders."""
    text = markdown([violated])
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows == [
        "| property | kind | verdict | steps |",
        "| exclusion | invariant | ✗ violated | 6 |",
        "| inside\\_stays | step | ✓ holds |  |",
        "| deadlock | deadlock | ✓ holds |  |",
        "| evaluation | evaluation | ✓ holds |  |",
    ]
    assert mermaid(violated["traces"]["exclusion"]).rstrip("\n") in text


def test_markdown_shows_a_specs_text_and_never_its_markup(nasty: Record) -> None:
    """Outside code there is no tag, and a bar does not make a column."""
    blocks = re.sub(r"(?ms)^(```+).*?^\1$", "", markdown([nasty, MALFORMED]))
    outside = re.sub(r"`[^`]*`", "", blocks)
    assert set(re.findall(r"</?\w+", outside)) == {"<details", "<summary", "</summary", "</details"}
    assert all(
        len(re.findall(r"(?<!\\)\|", line)) == 5 for line in outside.splitlines() if line.startswith("| ")
    )
