"""What makes a formula false: the leaves that decide, the step since which they do, and counts in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.program.enabling import enabling
from explorer.run.load import load
from explorer.trace.reasons import decisive
from explorer.trace.sample import STEPS, sample
from explorer.trace.walk import Walk
from tests.support.stories import dekker, write

ROOM = """\
from explorer import *

class Guest(Scalarset):
    size = 3
    names = ("A", "B", "C")

class Room(State):
    inside: Map[Guest, bool] = initially(False)
    light: Var[bool] = initially(False)

@action(actor="guest")
def enter(room: Room, guest: Guest) -> None:
    when(~room.inside[guest])
    room.inside[guest].next = True

@action
def switch(room: Room) -> None:
    room.light.next = ~room.light

@action(actor="guest")
def read(room: Room, guest: Guest) -> None:
    when(room.light)
    when(room.inside[guest])
    room.inside[guest].next = False

@invariant
def {name}(room: Room):
    return {formula}

spec = Spec()
"""


def room(directory: Path, name: str, formula: str) -> Model:
    return ground(load(str(write(directory, "room", ROOM.format(name=name, formula=formula)))))


@pytest.mark.parametrize(
    "formula, told",
    [
        ("count(room.inside[g] for g in Guest) <= 1", "2 hold, not at most 1: inside[A], inside[B]"),
        ("count(room.inside[g] for g in Guest) < 2", "2 hold, not fewer than 2: inside[A], inside[B]"),
        ("count(room.inside[g] for g in Guest) >= 3", "2 hold, not at least 3: inside[A], inside[B]"),
        ("count(room.inside[g] for g in Guest) > 2", "2 hold, not more than 2: inside[A], inside[B]"),
        ("count(room.inside[g] for g in Guest) == 1", "2 hold, not exactly 1: inside[A], inside[B]"),
        ("~(count(room.inside[g] for g in Guest) == 2)", "2 hold, exactly 2: inside[A], inside[B]"),
        ("~(count(room.inside[g] for g in Guest) >= 1)", "2 hold, at least 1: inside[A], inside[B]"),
    ],
)
def test_a_count_says_how_many_and_which(formula: str, told: str, tmp_path: Path) -> None:
    """In place of a sum of conditions."""
    walk = Walk(room(tmp_path, "few", formula))
    for name in ("enter(guest=A)", "enter(guest=B)"):
        walk.take(name)
    assert [leaf.text for leaf in decisive(walk.model, "few", walk.states)] == [told]


def test_the_latest_leaf_comes_first_with_its_step(tmp_path: Path) -> None:
    """What was so before follows, each with the step since which it is so, 0 for the start."""
    walk = Walk(
        room(
            tmp_path,
            "dark",
            "~(room.inside[B] & ~room.inside[C] & room.light)".replace("[B]", "[Guest(1)]").replace(
                "[C]", "[Guest(2)]"
            ),
        )
    )
    for name in ("enter(guest=B)", "enter(guest=C)", "switch", "read(guest=C)"):
        walk.take(name)
    assert [(leaf.text, leaf.since) for leaf in decisive(walk.model, "dark", walk.states)] == [
        ("inside[C] = False", 4),
        ("light = True", 3),
        ("inside[B] = True", 1),
    ]
    assert decisive(walk.model, "dark", walk.states[:3]) == [] == decisive(walk.model, "nothing", walk.states)


def test_an_action_is_enabled_by_what_writes_for_it(tmp_path: Path) -> None:
    """What only writes what the guard rules out is left out; in a large model nothing is said."""
    model = room(tmp_path, "few", "True")
    assert enabling(model) == {"enter": ["read"], "switch": [], "read": ["enter", "switch"]}
    assert enabling(ground(load(str(dekker(tmp_path)))))["complete"] == ["store"]


def test_no_pair_is_looked_at_in_a_large_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is claimed then."""
    monkeypatch.setattr("explorer.program.enabling.PAIRS", 10)
    assert enabling(room(tmp_path, "few", "True")) == {"enter": [], "switch": [], "read": []}


def test_a_sample_takes_every_action_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk of the spec into ever new states; none of a model in which that takes long."""
    model = room(tmp_path, "few", "True")
    trace = sample(model)
    assert trace is not None and 3 <= trace.length <= STEPS
    walk = Walk(model)
    for step in trace.steps[1:]:
        walk.take(step.instance)
    assert len(set(walk.states)) == len(walk.states) and {s.action for s in trace.steps[1:]} == {
        "enter",
        "switch",
        "read",
    }
    monkeypatch.setattr("explorer.trace.sample.BUDGET", 10)
    assert sample(model) is None
