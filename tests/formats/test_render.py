"""The story as text and as a picture, the summary and the record: each a pure function of the data it
shows.
"""

from __future__ import annotations

import io
import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from explorer.render.html import tables
from explorer.render.machine.json_record import to_json
from explorer.render.picture import dot, dot_layout, drawing
from explorer.render.text.summary import summary
from explorer.render.text.table import matrix
from explorer.render.text.terminal import clean, fitted, wants_colour
from explorer.render.text.text import story
from explorer.trace.trace import Change, Step, Trace
from tests.support.house import ROOT

NASTY = [
    'say "hi"',
    r"back\slash \n \N",
    "<b>bold</b>",
    "<<TABLE>>",
    "a & b &amp; c",
    "two\nlines",
    "bell\x07 \x1b[31mred",
    "é → ∀",
    "{a|b}",
    "",
]

Row = tuple[str, str, dict[str, Any]]


def told(
    rows: list[Row],
    lanes: tuple[str, ...],
    *,
    kind: str = "invariant",
    why: tuple[str, ...] = (),
    **initial: str,
) -> Trace:
    """A trace from (actor, label, fields); `changed` in the fields gives new values."""
    state = dict(initial)
    steps = [Step(0, "", "", {}, "", "initial state", "", "", "", (), (), (), dict(state), {}, {})]
    for index, (actor, label, fields) in enumerate(rows, 1):
        new = fields.get("changed", {})
        changed = {name: Change(state.get(name, "?"), value) for name, value in new.items()}
        state |= new
        steps.append(
            Step(
                index,
                "act",
                f"act(cpu={actor})",
                {"cpu": actor},
                actor,
                label,
                fields.get("function", ""),
                "",
                f"spec.py:{index}",
                fields.get("opens", ()),
                fields.get("closes", ()),
                fields.get("sends", ()),
                dict(state),
                changed,
                fields.get("observed", {}),
                fields.get("failed", False),
            )
        )
    return Trace("safe", kind, len(rows) - any(step.failed for step in steps), lanes, tuple(steps), why)


def lines(text: str) -> list[str]:
    """The steps' lines: without the heading and without the verdict."""
    return text.split("\n\n")[0].splitlines()[1:]


SET, BELL, EXCEPTION = (
    {"function": name}
    for name in ("smp_muxed_ipi_set_message", "doorbell_global_ipi(42)", "doorbell_exception")
)
COMMIT: list[Row] = [
    ("X", "smp_mb()", SET),
    ("X", "message[RESCHEDULE] = 1", SET),
    ("X", "kvmppc_set_host_ipi(42, 1)", BELL),
    ("X", "ppc_msgsnd_sync()/smp_mb()", BELL),
    ("X", "ppc_msgsnd() -> 42", {**BELL, "sends": (("42", "doorbell"),)}),
    ("42", "ppc_msgsync()", EXCEPTION),
    ("105", "smb_mb()", SET),
    ("105", "message[CALL_FUNCTION] = 1", {**SET, "opens": ("m",)}),
    ("105", "kvmppc_set_host_ipi(42, 1)", BELL),
    ("42", "kvmppc_set_host_ipi(42, 0)", EXCEPTION),
    ("42", "smp_ipi_demux_relaxed()", {}),
    ("42", "// returns to executing guest", {}),
    ("105", "message[CALL_FUNCTION] = 1", {"closes": ("m",)}),
    ("105", "ppc_msgsnd_sync()/smp_mb()", BELL),
    ("105", "ppc_msgsnd() -> 42", {**BELL, "sends": (("42", "doorbell"),)}),
    ("42", "local_paca->kvm_hstate.host_ipi == 0 // IPI ignored", {}),
    ("105", "// hangs waiting on 42", {}),
]


def test_the_story_is_laid_out_as_in_the_commit_message() -> None:
    """Actors, calls, brackets and changes stand in the columns of a kernel commit."""
    assert (
        story(told(COMMIT, ("X", "42", "105"), why=("message[CALL_FUNCTION] waits",)))
        == """\
    CPU
      X: smp_muxed_ipi_set_message():
      X:   smp_mb()
      X:   message[RESCHEDULE] = 1
      X: doorbell_global_ipi(42):
      X:   kvmppc_set_host_ipi(42, 1)
      X:   ppc_msgsnd_sync()/smp_mb()
      X:   ppc_msgsnd() -> 42
     42: doorbell_exception():
     42:   ppc_msgsync()
    105: smp_muxed_ipi_set_message():
    105:   smb_mb()
         // STORE DEFERRED DUE TO RE-ORDERING
  --105:   message[CALL_FUNCTION] = 1
  | 105: doorbell_global_ipi(42):
  | 105:   kvmppc_set_host_ipi(42, 1)
  |  42:   kvmppc_set_host_ipi(42, 0)
  |  42: smp_ipi_demux_relaxed()
  |  42: // returns to executing guest
  |      // RE-ORDERED STORE COMPLETES
  ->105:   message[CALL_FUNCTION] = 1
    105:   ppc_msgsnd_sync()/smp_mb()
    105:   ppc_msgsnd() -> 42
     42: local_paca->kvm_hstate.host_ipi == 0 // IPI ignored
    105: // hangs waiting on 42

  safe is violated after 17 steps:
    message[CALL_FUNCTION] waits
"""
    )


def test_what_changed_stands_in_a_column_of_its_own() -> None:
    """Changes are aligned to the right of the steps."""
    trace = told(
        [
            ("A", "x = 1", {"changed": {"x": "1"}}),
            ("B", "y = 1, z = 2", {"changed": {"y": "1", "z": "2"}}),
            ("A", "look", {}),
        ],
        ("A", "B"),
        x="0",
        y="0",
        z="0",
    )
    assert lines(story(trace)) == [
        "      A: x = 1          x: 0 → 1",
        "      B: y = 1, z = 2   y: 0 → 1, z: 0 → 2",
        "      A: look",
    ]


def test_a_line_that_is_too_long_continues_below_with_the_bracket_drawn_on() -> None:
    """A folded line does not cut the bracket beside it."""
    long = {"changed": {"a_rather_long_name": "1", "another_rather_long_name": "1"}}
    trace = told(
        [("A", "x = 1", {"opens": ("x",), **long}), ("B", "look", {}), ("A", "x = 1", {"closes": ("x",)})],
        ("A", "B"),
    )
    assert lines(story(trace, width=60)) == [
        "         // STORE DEFERRED DUE TO RE-ORDERING",
        "  --  A: x = 1   a_rather_long_name: ? → 1",
        "  |              another_rather_long_name: ? → 1",
        "  |   B: look",
        "  |      // RE-ORDERED STORE COMPLETES",
        "  ->  A: x = 1",
    ]


def gutters(rows: list[Row]) -> list[str]:
    """The left edges of the steps' own lines."""
    shown = [line for line in lines(story(told(rows, ("A", "B")))) if "//" not in line]
    return [line[: line.index(":") - 3].rstrip() for line in shown]


def issue(actor: str, *keys: str) -> Row:
    return actor, "issue", {"opens": keys}


def visible(actor: str, *keys: str) -> Row:
    return actor, "visible", {"closes": keys}


def look(actor: str) -> Row:
    return actor, "look", {}


@pytest.mark.parametrize(
    ("rows", "edges"),
    [
        ([issue("A", "x"), look("B"), visible("A", "x")], ["  --", "  |", "  ->"]),
        ([issue("A", "x"), look("A"), visible("A", "x")], ["", "", ""]),
        (
            [issue("A", "x"), issue("B", "y"), visible("B", "y"), look("B"), visible("A", "x")],
            ["  --", "  |", "  |", "  |", "  ->"],
        ),
        (
            [issue("A", "x"), issue("B", "y"), look("A"), visible("B", "y"), visible("A", "x")],
            ["  ----", "  | --", "  | |", "  | ->", "  --->"],
        ),
        (
            [issue("A", "x"), issue("B", "y"), look("C"), visible("A", "x"), look("A"), visible("B", "y")],
            ["    --", "  --|-", "  | |", "  | ->", "  |", "  --->"],
        ),
        ([issue("A", "x", "y"), look("B"), visible("A", "x", "y")], ["  ----", "  | |", "  --->"]),
        ([issue("A", "x"), look("B")], ["  --", "  |"]),
    ],
    ids=[
        "deferred",
        "nobody between",
        "one noticed, one not",
        "nested",
        "crossing",
        "one step, two stores",
        "never visible",
    ],
)
def test_a_bracket_joins_issue_and_visibility_where_another_cpu_acts_between(
    rows: list[Row], edges: list[str]
) -> None:
    """A bracket is drawn exactly where the delay can be noticed."""
    assert gutters(rows) == edges


def test_stores_of_one_key_become_visible_in_the_order_of_their_issue() -> None:
    """The first store that was issued is the first that closes."""
    rows = [issue("A", "x"), issue("A", "x"), look("B"), visible("A", "x"), look("B"), visible("A", "x")]
    assert gutters(rows) == ["    --", "  --|-", "  | |", "  | ->", "  |", "  --->"]


def test_a_store_that_never_becomes_visible_is_said_to_be_deferred_still() -> None:
    """The end of the story lists stores that are still under way."""
    assert (
        lines(story(told([issue("A", "x"), look("B")], ("A", "B"))))[-1] == "  |      // STORE STILL DEFERRED"
    )


def test_the_call_itself_needs_no_heading() -> None:
    """A function that is called by name has no heading with its name again."""
    trace = told([("A", "sync(1)", {"function": "sync"}), ("A", "x = 1", {"function": "sync"})], ("A",))
    assert lines(story(trace)) == ["      A: sync(1)", "      A:   x = 1"]


def test_a_receiver_that_the_text_leaves_out_is_added() -> None:
    """A message's arrow names the receiver once."""
    trace = told(
        [("A", "ring", {"sends": (("B", "doorbell"),)}), ("A", "ring B", {"sends": (("B", "doorbell"),)})],
        ("A", "B"),
    )
    assert lines(story(trace)) == ["      A: ring -> B", "      A: ring B"]


def test_observed_values_appear_when_they_change() -> None:
    """An `@observe` value stands at the steps that change it."""
    trace = told([("A", "one", {"observed": {"sum": "1"}}), ("A", "two", {"observed": {"sum": "1"}})], ("A",))
    assert lines(story(trace)) == ["      A: one   sum = 1", "      A: two"]


def test_long_repetitions_are_told_once() -> None:
    """A repeated block is told once, with how often it happens."""
    rows: list[Row] = [("A", "tick", {"changed": {"n": str(n)}}) for n in range(1, 20)] + [("B", "stop", {})]
    assert lines(story(told(rows, ("A", "B"), n="0"))) == [
        "      A: tick                                      n: 0 → 1",
        "         ... this step 18 more times, to step 19   n: 1 → 19",
        "      B: stop",
    ]
    assert story(told(rows, ("A", "B"), n="0"), full=True).count("A: tick") == 19


def test_whole_states_are_printed_on_request() -> None:
    """`--full` prints every variable after every step."""
    initial: dict[str, Any] = {"at[A]": "0", "at[B]": "0", "lock": "None"}
    trace = told([("A", "at[B] = 2", {"changed": {"at[B]": "2"}})], ("A", "B"), **initial)
    assert lines(story(trace, full=True)) == [
        "           // state 0",
        "             at    [A] 0  [B] 0",
        "             lock  = None",
        "      A: at[B] = 2   at[B]: 0 → 2",
        "           // state 1",
        "             at    [A] 0  [B] 2",
        "             lock  = None",
    ]


@pytest.mark.parametrize(
    ("kind", "failed", "sentence"),
    [
        ("invariant", False, "safe is violated after 1 step"),
        ("step", False, "safe is violated by step 1"),
        ("deadlock", False, "Deadlock after 1 step: no action can be taken"),
        ("evaluation", True, "An expression has no value in step 1"),
        ("evaluation", False, "An expression has no value after 1 step"),
    ],
)
def test_the_story_ends_with_the_property_and_why(kind: str, failed: bool, sentence: str) -> None:
    """The last lines name the property and the values that break it."""
    text = story(told([("A", "go", {"failed": failed})], ("A",), kind=kind, why=("because",)))
    assert text.endswith(f"\n\n  {sentence}:\n    because\n")
    assert ("<- THIS STEP FAILS" in text) == failed


def test_a_violation_in_an_initial_state_has_no_steps() -> None:
    """The story of an initial state says that no step is needed."""
    assert story(told([], ("A",))) == "    CPU\n\n  safe is violated in an initial state\n"


def test_the_story_survives_the_record() -> None:
    """A trace that is written to JSON has all that its story tells."""
    trace = told(COMMIT, ("X", "42", "105"))
    written = json.loads(to_json({"trace": trace}))["trace"]
    assert [(s["actor"], s["label"], s["function"], s["sends"]) for s in written["steps"]] == [
        (s.actor, s.label, s.function, [*map(list, s.sends)]) for s in trace.steps
    ]


def test_colour_adds_codes_and_nothing_else() -> None:
    """Without its escape codes a coloured text is the plain one."""
    trace = told(COMMIT, ("X", "42", "105"), why=("because",))
    coloured = story(trace, colour=True)
    assert "\x1b[" in coloured and "\x1b[" not in story(trace)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == story(trace)


@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_spec_can_move_the_cursor_or_break_a_line(text: str) -> None:
    """Control characters of an author's text are shown, not sent."""
    trace = told(
        [("A", text, {"changed": {"x": text}, "function": text, "opens": (text,)})],
        ("A",),
        why=(text,),
        x="0",
    )
    shown = story(trace, full=True)
    assert all(line.isprintable() for line in shown.splitlines())
    assert clean(text).isprintable() and (clean(text) == text) == text.isprintable()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_only_on_a_terminal_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], terminal: bool, colour: bool
) -> None:
    """NO_COLOR and FORCE_COLOR are respected."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(Terminal() if terminal else io.StringIO()) is colour


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


def test_the_record_is_plain_json_in_its_own_order() -> None:
    """The record has strings, numbers, lists and objects only, in a fixed order."""
    text = to_json({"b": 1, "a": math.inf, "é": (1, Path("x"))})
    assert text == '{\n  "b": 1,\n  "a": null,\n  "é": [\n    1,\n    "x"\n  ]\n}\n'


def record(verdict: str = "holds", **other: Any) -> dict[str, Any]:
    found = {
        "name": "safe",
        "kind": "invariant",
        "verdict": verdict,
        "reason": "",
        "trace_length": 7 if verdict == "violated" else None,
    }
    return {
        "spec": "toy",
        "constants": {"CPUS": 3, "SLOTS": 2},
        "bound": {"CPUS": 3},
        "engine": "python",
        "storage": "exact",
        "workers": 1,
        "verdict": verdict,
        "stopped": None,
        "seconds": 0.5,
        "states_per_second": 2468.0,
        "omission_probability": 0.0,
        "fingerprint_bits": 0,
        "not_checked": (),
        "differs": (),
        "expected": None,
        "expectation_met": None,
        "properties": [
            found,
            {**found, "name": "deadlock", "kind": "deadlock", "verdict": "holds", "trace_length": None},
        ],
        "states": {
            "initial": 1,
            "distinct": 1234,
            "within": 1234,
            "beyond": {},
            "generated": 3457,
            "transitions": 3456,
            "depth": 9,
            "levels": [],
            "bits": 17,
            "represented": 1234,
            "out_degree": {"min": 0, "mean": 2.8, "max": 5},
        },
        "findings": [],
        **other,
    }


def test_a_verdict_that_holds_is_told_calmly() -> None:
    """A run without a violation is a few lines."""
    assert (
        summary(record())
        == """\
toy holds with CPUS=3: every reachable state was visited.

  safe      invariant  holds
  deadlock  deadlock   holds

1,234 states (1 initial), 3,456 transitions, depth 9, out-degree 2.8 (at most 5), 17 bits/state, 0.50 s (2,468
states/s, python engine, exact storage)"""
    )


def test_many_properties_that_hold_share_a_line() -> None:
    """Properties without a story do not fill the screen."""
    many = [
        {"name": f"p{n}", "kind": "invariant", "verdict": "holds", "reason": "", "trace_length": None}
        for n in range(9)
    ]
    shown = summary(record(properties=many, bound={f"N{n}": n for n in range(9)}))
    assert "  holds  p0, p1, p2, p3, p4, p5, p6, p7, p8\n" in shown and len(shown.splitlines()) <= 12


def test_a_violation_names_the_property_and_the_length_of_its_story() -> None:
    """The summary has a line for each violated property."""
    assert summary(record("violated")).splitlines()[:4] == [
        "toy violates safe with CPUS=3; every reachable state was visited.",
        "",
        "  safe      invariant  violated  after 7 steps",
        "  deadlock  deadlock   holds",
    ]


def test_a_bound_is_part_of_the_claim() -> None:
    """A limit that was reached stands in the sentence of the verdict."""
    unknown = {
        "name": "safe",
        "kind": "invariant",
        "verdict": "undetermined",
        "reason": "--max-states 9 reached",
        "trace_length": None,
    }
    assert (
        summary(record("undetermined", stopped="--max-states 9 reached", properties=[unknown])).splitlines()[
            0
        ]
        == "toy is undetermined with CPUS=3: --max-states 9 reached; no violation in 1,234 states up to"
        " depth 9."
    )
    assert (
        summary(record("violated", stopped="--max-states 9 reached")).splitlines()[0]
        == "toy violates safe with CPUS=3; 1,234 states up to depth 9 were visited, not all: --max-states 9"
        " reached."
    )


def test_the_probability_of_an_omitted_state_stands_beside_the_verdict() -> None:
    """Compact storage is never silent about what it may have missed."""
    assert "unless one was omitted (fingerprints of 64 bits, probability at most 1.0e-09)" in summary(
        record(omission_probability=1e-9, fingerprint_bits=64)
    ).replace("\n", " ")


def test_findings_and_files_are_listed_but_never_flood_the_screen() -> None:
    """Long lists are cut, and say how much is left."""
    findings = [
        {
            "kind": "dropped",
            "subject": "a",
            "text": f"action a{n} is impossible",
            "place": "toy.py:3",
            "severe": True,
        }
        for n in range(20)
    ]
    shown = summary(record(findings=findings), files=[Path("out/verdict.json")]).splitlines()
    assert shown[-3:] == [
        "finding: action a7 is impossible (toy.py:3)",
        "and 12 more findings in verdict.json",
        "written: out/verdict.json",
    ]


def test_a_malformed_spec_has_a_summary_too() -> None:
    """In place of a verdict stands the message."""
    assert (
        summary({"spec": "toy", "error": "toy.py:3: E0101: no"})
        == "toy could not be checked:\ntoy.py:3: E0101: no"
    )


def test_a_matrix_has_a_row_for_each_binding_and_a_column_for_each_property() -> None:
    """Every combination of `-D` values has its row."""
    rows = [
        ({"CPUS": 2}, record()),
        ({"CPUS": 3}, record("violated")),
        ({"CPUS": 4}, record(properties=[])),
    ]
    assert (
        matrix(rows)
        == """\
  CPUS  states  safe         deadlock
  2      1,234  holds        holds
  3      1,234  violated 7   holds
  4      1,234  not checked  not checked"""
    )


def test_a_wide_matrix_numbers_its_columns() -> None:
    """Names that do not fit are numbered and explained below."""
    many = [
        {
            "name": f"a_rather_long_property_{n}",
            "kind": "invariant",
            "verdict": "violated",
            "reason": "",
            "trace_length": n,
        }
        for n in range(6)
    ]
    shown = matrix([({"CPUS": 2}, record(properties=many))]).splitlines()
    assert (
        shown[0].split() == ["CPUS", "states", *(f"({n})" for n in range(1, 7))]
        and shown[3] == "  (1) a_rather_long_property_0"
    )


def test_what_holds_everywhere_and_what_fails_alike_are_told_once() -> None:
    """A column for each story, below the table what holds in every row; 80 columns are enough."""
    a, b = (
        [
            {"name": name, "kind": "invariant", "verdict": v, "reason": "", "trace_length": n}
            for name, v, n in (("lost", verdict, 7), ("locked", verdict, 7), ("fair", "holds", None))
        ]
        for verdict in ("violated", "undetermined")
    )
    shown = matrix([({"MB": 0}, record(properties=a)), ({"MB": 1}, record(properties=b))], width=80)
    assert shown.splitlines() == [
        "  MB  states  lost, locked",
        "  0    1,234  violated 7",
        "  1    1,234  undetermined 7",
        "",
        "holds in every row: fair",
    ]


@pytest.mark.parametrize("width", (40, 80, 200))
@pytest.mark.parametrize("of", ("story", "summary", "matrix", "prose"))
def test_every_text_keeps_to_the_width_of_the_screen(of: str, width: int) -> None:
    """Nothing is wider, and no word is lost or broken that fits."""
    long = {"changed": {"a_rather_long_name": "1", "another_name": "some value"}}
    step = (
        "A",
        "spin_lock_irqsave(&lock->wait_lock, flags)  // as the header says, with the interrupts off",
        long,
    )
    text = {
        "story": lambda: story(told([step, step], ("A",)), width=width),
        "summary": lambda: summary(record("violated"), width=width),
        "matrix": lambda: matrix(
            [({"CPUS": n, "memory": "power"}, record("violated")) for n in (1, 2)], width=width
        ),
        "prose": lambda: fitted(f"\x1b[1mestimate\x1b[0m {'of some states ' * 20}", width),
    }[of]()
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.split("\n")]
    assert max(map(len, lines)) <= width
    assert len(lines) > 1 or width == 200


@pytest.mark.parametrize(("levels", "columns"), [(3, 3), (1000, 1000), (1001, 501), (250_000, 1000)])
def test_the_chart_of_levels_has_a_bounded_number_of_columns(levels: int, columns: int) -> None:
    """Levels share a column where there are more than a thousand; its height is the highest one's."""
    sizes = [1] * (levels - 1) + [9]
    drawn = list(tables._bars(sizes, 9))
    assert len(drawn) == columns
    first, last = str(drawn[0]), str(drawn[-1])
    assert ("levels 0 to" in first) == (levels > 1000)
    assert f"{levels - 1}: " in last and "9 states" in last
