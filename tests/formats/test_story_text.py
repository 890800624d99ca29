"""The story as text: a pure function of the trace."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from explorer.render.machine.json_record import to_json
from explorer.render.text.terminal import clean, wants_colour
from explorer.render.text.text import story
from tests.support.told import COMMIT, NASTY, Row, issue, look, told, visible


def lines(text: str) -> list[str]:
    """The steps' lines: without the heading and without the verdict."""
    return text.split("\n\n")[0].splitlines()[1:]


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
