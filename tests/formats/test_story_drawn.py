"""The story drawn by Graphviz: a pure function of the trace, and what happens without Graphviz."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from explorer.render.picture import dot, dot_layout, drawing
from explorer.render.text.terminal import clean
from tests.support.house import ROOT
from tests.support.told import COMMIT, NASTY, Row, look, told


def parsed(source: Path) -> dict[str, Any]:
    """The graph as Graphviz itself reads it back."""
    program = drawing.layout_program()
    assert program is not None
    out = subprocess.run(
        [program, "-q", "-Tjson0", str(source)], capture_output=True, check=True, timeout=60
    ).stdout
    found: dict[str, Any] = json.loads(out)
    return found


def svg_text(path: Path) -> str:
    """Every text and tooltip of an SVG file."""
    root = ElementTree.parse(path).getroot()
    tips = [
        value for element in root.iter() for name, value in element.attrib.items() if name.endswith("title")
    ]
    return "\n".join(
        [*(element.text or "" for element in root.iter() if element.tag.endswith("text")), *tips]
    )


def test_the_picture_has_a_lane_for_each_cpu_and_a_node_for_each_step(tmp_path: Path) -> None:
    """Nothing of the story is missing from the picture."""
    trace = told(COMMIT, ("X", "42", "105"), why=("because",))
    assert dot.draw(dot.lanes(trace), tmp_path / "story") == []
    graph = parsed(tmp_path / "story.dot")
    names = {node["name"]: node for node in graph["objects"]}
    assert sorted(names) == sorted(
        [
            "lane0",
            "lane1",
            "lane2",
            "end0",
            "end1",
            "end2",
            "deferred0",
            "visible0",
            "verdict",
            *(f"step{n}" for n in range(1, 18)),
        ]
    )
    for number, lane in enumerate(trace.lanes):
        columns = {
            float(names[f"step{s.index}"]["pos"].split(",")[0]) for s in trace.steps if s.actor == lane
        }
        assert len(columns) == 1 and names[f"lane{number}"]["label"] == lane
    down = [float(names[f"step{n}"]["pos"].rstrip("!").split(",")[1]) for n in range(1, 18)]
    assert down == sorted(down, reverse=True)


def test_the_picture_draws_each_kind_of_edge(tmp_path: Path) -> None:
    """Messages, deferred stores and the back edge of a lasso are told apart."""
    dot.draw(dot.lanes(told(COMMIT, ("X", "42", "105"))), tmp_path / "story", ())
    kinds = [edge["class"] for edge in parsed(tmp_path / "story.dot")["edges"]]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "deferred": 3,
        "failure": 1,
        "lifeline": 17 + 3,
        "next": 14,
        "sends": 2,
    }  # two steps of the sequence are a message's arrow


def test_the_picture_is_well_formed_and_shows_each_label(tmp_path: Path) -> None:
    """The SVG parses and has every label as text."""
    trace = told(COMMIT, ("X", "42", "105"), why=("because of it",))
    dot.draw(dot.lanes(trace), tmp_path / "story", ("svg", "png"))
    shown = svg_text(tmp_path / "story.svg")
    for text in [
        *(step.label for step in trace.steps[1:]),
        *trace.lanes,
        "safe is violated after 17 steps",
        "because of it",
    ]:
        assert text in shown
    assert (tmp_path / "story.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_spec_can_break_the_picture(tmp_path: Path, text: str) -> None:
    """Markup in an author's text is escaped."""
    trace = told(
        [(text, text, {"changed": {text: text}, "function": text, "sends": (("B", text),)}), ("B", text, {})],
        (text, "B"),
        why=(text,),
    )
    assert dot.draw(dot.lanes(trace), tmp_path / "story") == []
    shown = svg_text(tmp_path / "story.svg")
    assert " ".join(clean(text).split()) in " ".join(shown.split())
    names = {node["name"] for node in parsed(tmp_path / "story.dot")["objects"]}
    assert names == {"lane0", "lane1", "end0", "end1", "step1", "step2", "verdict"}


def test_an_initial_violation_and_an_actorless_step_can_be_drawn(tmp_path: Path) -> None:
    """A story without steps, and a step without an actor, have pictures."""
    assert dot.draw(dot.lanes(told([], ("A",))), tmp_path / "none") == []
    assert dot.draw(dot.lanes(told([("", "it rains", {})], ("A",))), tmp_path / "rain") == []
    assert "(none)" in svg_text(tmp_path / "rain.svg")


def test_a_picture_above_the_limit_is_refused_with_advice() -> None:
    """A story of too many steps has a note in place of a picture."""
    rows: list[Row] = [("AB"[n % 2], f"step {n}", {}) for n in range(dot_layout.LIMIT + 1)]
    with pytest.raises(
        drawing.TooLarge,
        match=r"301 steps: at most 300 are drawn; read the text, or narrow the constants with -D",
    ):
        dot.lanes(told(rows, ("A", "B")))


def test_the_largest_picture_is_drawn_in_time(tmp_path: Path) -> None:
    """The layout of the longest allowed story takes seconds."""
    rows: list[Row] = [
        ("AB"[n % 2], f"step {n}", {"opens": (f"{n}",), "closes": (f"{n - 3}",)})
        for n in range(dot_layout.LIMIT)
    ]
    assert dot.draw(dot.lanes(told(rows, ("A", "B"))), tmp_path / "large") == []


def test_without_graphviz_the_dot_file_is_written_and_a_note_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing program costs the picture and nothing else."""
    monkeypatch.setattr(drawing, "layout_program", lambda: None)
    (tmp_path / "story.svg").write_text("an old picture")
    assert dot.draw(dot.lanes(told([look("A")], ("A",))), tmp_path / "story") == [drawing.MISSING]
    assert [path.name for path in tmp_path.iterdir()] == ["story.dot"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for dot")
@pytest.mark.parametrize(
    ("script", "note"),
    [
        (
            "sleep 60",
            "story.svg was not drawn: the layout took longer than 0.2 s; the graph is in the .dot file",
        ),
        ("echo 'no plugin for svg' >&2; exit 1", "story.svg was not drawn: no plugin for svg"),
        ("exit 3", "story.svg was not drawn: exit code 3"),
    ],
)
def test_a_failing_or_endless_layout_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, note: str
) -> None:
    """A layout program that fails or hangs does not fail the run."""
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\n{script.replace('sleep', 'exec sleep')}\n")
    program.chmod(0o755)
    monkeypatch.setattr(drawing, "layout_program", lambda: program)
    found = drawing.draw(
        dot.lanes(told([look("A")], ("A",))),
        tmp_path / "out" / "story",
        ("svg",),
        timeout=0.2 if "sleep" in script else 20,
    )
    assert found.notes == [note] and [path.name for path in found.files] == ["story.dot"]


def test_a_place_that_cannot_be_written_is_a_note(tmp_path: Path) -> None:
    """A picture that cannot be written does not fail the run."""
    (tmp_path / "file").write_text("")
    notes = dot.draw(dot.lanes(told([look("A")], ("A",))), tmp_path / "file" / "story")
    assert len(notes) == 1 and "was not written" in notes[0]


def test_the_text_needs_neither_graphviz_nor_networkx() -> None:
    """Telling a story imports no library for graphs."""
    code = (
        "import sys, explorer.render.text.text, explorer.render.text.summary, explorer.render.picture.dot,"
        " explorer.render.picture.graph; print([m for m in ('graphviz', 'networkx') if m in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
        == "[]\n"
    )
