"""Traces in the Informal Trace Format: executed again, typed as the format says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.ground.ground import ground
from explorer.render.machine import itf
from explorer.run.load import load
from explorer.trace.replay import replay, walk_of
from explorer.trace.tell import ReplayError
from tests.support.stories import (
    HOLDS_SPEC,
    NASTY,
    Record,
    checked,
    dekker,
    made,
    record_of,
    with_lasso,
    write,
)


def test_an_itf_trace_is_executed_again_step_by_step(tmp_path: Path) -> None:
    """What is read back from the file is a walk of the spec, with maps of maps, sets, queues, optional values
    and numbers.
    """
    path = dekker(tmp_path)
    model, _, verdict = checked(path)
    walk, loop = itf.read(made(itf.itf, record_of(path), "exclusion"))
    assert walk == [(name, dict(texts)) for name, texts in walk_of(verdict.traces["exclusion"])]
    assert len(replay(model, walk)) == 7 and loop is None


def test_an_itf_trace_that_was_tampered_with_is_not_executed(tmp_path: Path, violated: Record) -> None:
    """A changed state or step in a stored trace is refused."""
    model = ground(load(tmp_path / "dekker.py"), {}, "dekker.py")
    text = made(itf.itf, violated, "exclusion")
    walk, _ = itf.read(text)
    for wrong in (
        walk[:2] + walk[3:],
        [*walk[:-1], (walk[-1][0], walk[0][1])],
        [("", {**walk[0][1], "turns": "9"})],
        [walk[0], ("fly()", walk[1][1])],
    ):
        with pytest.raises(ReplayError):
            replay(model, wrong)


def test_itf_values_have_the_types_that_the_format_names(violated: Record) -> None:
    """Sets, maps, sequences and large numbers are written as ITF says."""
    state = json.loads(made(itf.itf, violated, "exclusion"))["states"][-1]
    assert state["at"] == {"#map": [["A", "INSIDE"], ["B", "INSIDE"]]}
    assert state["buffered"] == {
        "#map": [["A", {"#map": [["A", False], ["B", False]]}], ["B", {"#map": [["A", False], ["B", False]]}]]
    }
    assert (state["turns"], state["last"], state["seen"], state["waiting"]) == (
        {"#bigint": "2"},
        "B",
        {"#set": ["A", "B"]},
        ["A", "B"],
    )
    assert state["#meta"] | {"source": ""} == {
        "index": 6,
        "action": "complete",
        "instance": "complete(cpu=A)",
        "params": {"cpu": "A"},
        "actor": "A",
        "label": "flag[A] = 1",
        "source": "",
        "code": "",
    }


def test_every_itf_state_assigns_every_variable(nasty: Record) -> None:
    """No state of a trace leaves a variable out."""
    found = json.loads(made(itf.itf, nasty, "unfilled"))
    assert found["vars"] == ["by", "n"]
    assert all(set(state) == {"#meta", "by", "n"} for state in found["states"])
    assert [key for key, _ in found["states"][0]["by"]["#map"]] == NASTY


def test_a_lasso_in_itf_names_the_state_it_goes_back_to(violated: Record) -> None:
    """The key `loop` is the index of the first state of the cycle."""
    assert itf.read(made(itf.itf, with_lasso(violated, "exclusion", 2), "exclusion"))[1] == 2


def test_initial_states_are_found_again_among_many(tmp_path: Path) -> None:
    """A free choice in the initial state shows in the file and is taken again."""
    model, _, verdict = checked(
        write(tmp_path, "light", HOLDS_SPEC.replace("light.on | ~light.broken", "~light.on"))
    )
    assert replay(model, walk_of(verdict.traces["lit_or_not"])) == [(1, 0)]
