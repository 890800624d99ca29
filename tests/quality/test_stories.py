"""With --stories N the counterexamples of one property are different, shortest first, and none is missed.

The judge here lists every set of actions that leads to a violation, with no thought of what may be left out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.engine.python import explore
from explorer.engine.reference import successors
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.semantics import evaluate
from explorer.symmetry.find import find
from explorer.trace.stories import others
from explorer.trace.tell import tell
from explorer.trace.trace import Trace
from explorer.trace.walk import Walk
from tests.support.comparison import model_of
from tests.support.generators import spec_of
from tests.support.stories import write

ROOM = '''\
from explorer import *

class Guest(Scalarset):
    size = 3
    names = ("A", "B", "C")

class Room(State):
    inside: Map[Guest, bool] = initially(False)
    door: Var[bool] = initially(False)
    window: Var[bool] = initially(False)
    key: Map[Guest, bool] = initially(False)

@action(actor="guest")
def open_door(room: Room, guest: Guest) -> None:
    when(room.key[guest])
    room.door.next = True

@action(actor="guest")
def find_key(room: Room, guest: Guest) -> None:
    when(~room.key[guest])
    room.key[guest].next = True

@action(actor="guest")
def break_window(room: Room, guest: Guest) -> None:
    room.window.next = True

@action(actor="guest")
def walk_in(room: Room, guest: Guest) -> None:
    when(room.door)
    room.inside[guest].next = True

@action(actor="guest")
def climb_in(room: Room, guest: Guest) -> None:
    when(room.window)
    room.inside[guest].next = True

@invariant
def alone(room: Room):
    """at most one guest is inside"""
    return count(room.inside[g] for g in Guest) <= 1

spec = Spec(expect=violates("alone"))
'''
KINDS = {
    "invariant": ("@invariant", "g.at != 0"),
    "step": ("@step_invariant", "(g.at > 2) | (g.at.next != 0)"),
    "deadlock": ("@invariant", "g.at >= 0"),
}
GRAPH = """\
from typing import Annotated
from explorer import *

class Graph(State):
    at: Var[Annotated[int, Range(0, 4)]] = initially(any_of({starts}))

{actions}

{kind}
def fine(g: Graph):
    return {goal}

spec = Spec()
"""
Found = list[tuple[int, frozenset[str]]]


def graph(rng: random.Random, kind: str) -> str:
    """Steps between five places, one of which may have no way out."""
    actions = [
        f'@action(actor="{rng.choice(("left", "right"))}")\ndef go{i}(g: Graph):\n'
        f"    when(g.at == {rng.randrange(1, 5)})\n    g.at.next = {rng.randrange(5)}"
        for i in range(rng.randint(5, 9))
    ]
    head, goal = KINDS[kind]
    starts = ", ".join(str(rng.randrange(1, 5)) for _ in range(2))
    return GRAPH.format(starts=starts, actions="\n\n".join(actions), kind=head, goal=goal)


def ends(model: Model, name: str) -> Found:
    """Every set of actions of a way to a violation, with the length of the shortest such way."""
    prop = next((p for p in model.properties if p.name == name), None)
    result: dict[frozenset[str], int] = {}
    level = {(state, frozenset[str]()) for state in model.initial_states()}
    seen, length = set(level), 0
    while level:
        fresh = set()
        for state, own in level:
            steps = list(successors(model, state))
            if prop is None:
                result.setdefault(own, length) if not steps else None
            elif prop.kind == "invariant" and not all(evaluate(e, state) for _, e in prop.parts):
                result.setdefault(own, length)
            for _, number, after in steps:
                more = own | {model.instances[number].action.name}
                if prop and prop.kind == "step" and not all(evaluate(e, state, after) for _, e in prop.parts):
                    result[more] = min(result.get(more, length + 1), length + 1)
                fresh.add((after, more))
        level = fresh - seen
        seen |= level
        length += 1
    return [(shortest, own) for own, shortest in result.items()]


def told(model: Model, name: str, wanted: int, symmetric: bool = False) -> tuple[list[Trace], str]:
    space = explore(model, symmetry=find(model) if symmetric else None)
    assert (space.quotient is not None) == symmetric
    violation = space.violations[name]
    first, rest = tell(space, violation), list[Trace]()
    why = others(space, violation, first, wanted, rest)
    return [first, *rest], why


def actions_of(trace: Trace) -> frozenset[str]:
    return frozenset(step.action for step in trace.steps[1:])


def check(model: Model, stories: list[Trace], name: str, every: Found) -> Iterator[int]:
    """Each story is a behaviour, breaks the property at its end, and is the shortest of those left."""
    for trace in stories:
        walk = Walk(model, trace.steps[0].state)
        for step in trace.steps[1:]:
            walk.take(step.instance)
        assert name in walk.broken()
        assert trace.length == min(length for length, _ in every)
        own = actions_of(trace)
        assert (trace.length, own) in every
        every = [(length, other) for length, other in every if not other >= own]
        yield len(every)


@pytest.mark.parametrize("kind", KINDS)
def test_stories_are_the_shortest_different_ones_and_all_of_them(kind: str) -> None:
    """On random graphs, against every set of actions: nothing shorter, nothing missed."""
    rng, name, several = random.Random(17), "deadlock" if kind == "deadlock" else "fine", 0
    for _ in range(120):
        model = model_of(graph(rng, kind))
        if model is None or not (every := ends(model, name)):
            continue
        stories, why = told(model, name, 99)
        left = list(check(model, stories, name, every))
        assert left[-1] == 0 and why == "there is no other that leaves out an action of each"
        several += len(stories) > 1
    assert several >= 8


def test_stories_are_the_same_with_and_without_symmetry() -> None:
    """Two ways into a room, for whichever guests."""
    model = ground(spec_of(ROOM))
    plain, symmetric = told(model, "alone", 5), told(model, "alone", 5, symmetric=True)
    assert plain == symmetric
    stories, why = plain
    assert [sorted(actions_of(trace)) for trace in stories] == [
        ["break_window", "climb_in"],
        ["find_key", "open_door", "walk_in"],
    ]
    assert [trace.length for trace in stories] == [3, 4] and why
    assert stories[1].why[-1] == "unlike story 1: without break_window, climb_in"
    assert told(model, "alone", 2)[1] == ""


def test_each_story_is_shown_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbered on the screen, in verdict.json, in the report, and in a file of its own that replays."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "room", ROOM)
    assert main(["room.py", "--stories", "3", "--write", "itf"]) == 12
    screen = capsys.readouterr().out
    assert "\n  alone is violated after 3 steps:" in screen
    assert "\n  Story 2: alone is violated after 4 steps:" in screen
    assert "note: 2 of 3 stories of alone: there is no other that leaves out an action of each" in screen
    out = tmp_path / "out" / "room"
    record = json.loads((out / "verdict.json").read_text())
    assert [(name, t["story"]) for name, t in record["traces"].items()] == [("alone", 1), ("alone-2", 2)]
    page = (out / "report.html").read_text()
    assert 'data-story="alone-2"' in page and "unlike story 1: without break_window, climb_in" in page
    for name in ("alone-2.txt", "alone-2.svg", "alone-2.itf.json"):
        assert (out / name).exists(), name
    assert main(["replay", str(out / "alone-2.itf.json"), "room.py"]) == 0
    assert "4 steps" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--stories", "0"], "argument --stories: '0' is not a positive integer"),
        (["simulate", "--stories", "2"], "--stories: random walks know nothing of it"),
    ],
)
def test_what_stories_cannot_be_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """No story is no number, and random walks are no search."""
    *word, option, number = arguments
    assert main([*word, str(write(tmp_path, "room", ROOM)), option, number]) == 2
    assert said in capsys.readouterr().err


FOR_EVER = """\
from explorer import *

class S(State):
    on: Var[bool] = initially(False)

@action
def switch(s: S):
    s.on.next = ~s.on

@temporal
def stays(s: S):
    return eventually(always(s.on))

spec = Spec()
"""


def test_a_lasso_is_told_once_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what goes on for ever one story is told, with a note."""
    out = str(tmp_path / "out")
    assert main([str(write(tmp_path, "lamp", FOR_EVER)), "--stories", "2", "--out", out]) == 13
    assert "note: one story of stays: several are looked for where a state or a step fails" in (
        capsys.readouterr().out.replace("\n  ", " ")
    )


@pytest.mark.parametrize(
    "asked",
    [
        ["--checkpoint", "kept"],
        ["--engine", "native", "--workers", "2"],
        ["--engine", "native", "--storage", "compact"],
        ["--engine", "native", "--disk", "full", "--max-memory", "16G"],
        ["--engine", "reference"],
    ],
    ids=lambda asked: asked[-2].strip("-"),
)
def test_every_way_to_search_tells_the_same_stories(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Engines, workers, storages, and a search that was resumed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "room.py").write_text(ROOM)
    (tmp_path / "full").mkdir()

    def told(*options: str) -> dict[str, str]:
        assert main(["room.py", "--stories", "2", "--out", "out", *options]) == 12
        capsys.readouterr()
        return {path.name: path.read_text() for path in Path("out").glob("*.txt")}

    plain = told()
    assert plain.keys() == {"alone.txt", "alone-2.txt"}
    assert told(*asked) == plain
    if asked[0] == "--checkpoint":
        assert told("--resume", "kept", "--workers", "2", "--engine", "native") == plain
