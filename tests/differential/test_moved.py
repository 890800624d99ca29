"""A story is the same whatever states are left out on the way to it, and none is left out that a best way
passes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from explorer.engine import python
from explorer.engine.compiled import Compiled
from explorer.engine.lanes import Lanes
from explorer.engine.moved import moved_of
from explorer.engine.native import search as native
from explorer.engine.native.ways import ArrayCosts
from explorer.engine.space import Handle, StateSpace, Violation
from explorer.trace import shortest
from tests.bench import child
from tests.support.comparison import bounded, model_of
from tests.support.generators import spec_text
from tests.support.house import ROOT, SPECS
from tests.support.slow import rest_slow

MODELS = {
    "philosophers": (SPECS / "examples/philosophers.py", {"SEATS": "5"}),
    "peterson": (SPECS / "examples/peterson.py", {"PROCESSES": "3"}),
    "two_phase_commit": (SPECS / "examples/two_phase_commit.py", {"MANAGERS": "3"}),
    "german": (SPECS / "examples/german.py", {"CACHES": "4"}),
    "bakery": (SPECS / "examples/bakery.py", {}),
    "paxos": (SPECS / "examples/paxos.py", {}),
    "interrupt_levels": (SPECS / "examples/interrupt_levels.py", {}),
    "ipi": (ROOT / "tests/support/ipi_buffers.py", {"senders": "2"}),
}
MOST = 6000
"""States of a space."""


def bounded_space(name: str) -> StateSpace:
    """The beginning of a model's space."""
    path, define = MODELS[name]
    model = child.model_of(str(path), define)
    return python.explore(model, bounded(model, MOST))


def goals_of(space: StateSpace, rng: random.Random) -> Iterator[Violation]:
    """Ways to one state or two of some levels."""
    for depth in sorted(rng.sample(range(len(space.levels)), min(4, len(space.levels)))):
        states = [*space.levels[depth]]
        yield Violation("way", "way", depth, tuple(rng.sample(states, min(1 + depth % 2, len(states)))))


def told(space: StateSpace, goal: Violation, monkeypatch: pytest.MonkeyPatch) -> list[shortest.StatePath]:
    """The path where nothing is left out, and where all is that can be, by a bad bound and by a good one."""
    paths = []
    for wide, narrow in ((1 << 40, 1), (0, 1), (0, 1000)):
        monkeypatch.setattr(shortest, "WIDE", wide)
        monkeypatch.setattr(shortest, "SPARSE", 1 << 40)
        monkeypatch.setattr(shortest, "NARROW", narrow)
        paths.append(shortest.shortest(space, goal))
    return paths


@pytest.mark.parametrize("name", MODELS)
def test_no_story_changes_where_states_are_left_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is the same, in both engines, also where the changes of the way that is looked for first are
    not the fewest.
    """
    space = bounded_space(name)
    compiled = Compiled(space.model)
    limits = bounded(space.model, MOST)
    prepared = compiled, native.machine(compiled)
    spaces = [space, native.explore(space.model, limits, options=native.Options(), prepared=prepared)]
    for goal in goals_of(space, random.Random(1)):
        first, *others = [path for one in spaces for path in told(one, goal, monkeypatch)]
        assert all(path == first for path in others)


@pytest.mark.parametrize("seed", rest_slow(range(12)))
def test_no_story_of_a_random_spec_changes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for random specs, in Python."""
    rng = random.Random(seed)
    model = model_of(spec_text(rng, 1 + seed % 4))
    space = python.explore(model, bounded(model, 600)) if model is not None else None
    for goal in goals_of(space, rng) if space is not None else ():
        first, *others = told(space, goal, monkeypatch) if space is not None else []
        assert all(path == first for path in others)


def changes_before(space: StateSpace, lanes: Lanes) -> list[dict[Handle, dict[int, int]]]:
    """For every state of every level the fewest changes on shortest ways to it, by the lane of the last
    step.
    """
    found: list[dict[Handle, dict[int, int]]] = [{state: {-1: 0} for state in space.levels[0]}]
    for level, after in zip(space.levels, space.levels[1:]):
        ahead: dict[Handle, dict[int, int]] = {state: {} for state in after}
        for origin, number, target in space.edges([*level], {*after}):
            lane = lanes.of[number]
            for last, changes in found[-1][origin].items():
                now = changes + (last not in (-1, lane))
                ahead[target][lane] = min(now, ahead[target].get(lane, now))
        found.append(ahead)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_no_way_has_fewer_changes_than_is_said(name: str) -> None:
    """For each state on shortest ways to some goal the best way through it has at least the changes that are
    said of it, and sometimes no more; arrays say what numbers do.
    """
    space = bounded_space(name)
    lanes = shortest.lanes_of(space)
    moved, behind = moved_of(space.compiled, lanes), changes_before(space, lanes)
    words, said, exact = space.compiled.layout.words, 0, 0
    for goal in goals_of(space, random.Random(2)):
        costs = dict.fromkeys(goal.states, lanes.goal)
        for at in reversed(range(goal.level)):
            costs = dict(space.before(space.levels[at], costs, lanes).items())
            for state, cost in costs.items():
                ways = behind[at][state].items()
                least = min(
                    changes + (cost >> lanes.number if last < 0 else lanes.changes(cost, last))
                    for last, changes in ways
                )
                assert moved.changes(state, cost) <= least
                said, exact = said + 1, exact + (moved.changes(state, cost) == least)
            rows = ArrayCosts.of(costs, words)
            for most, room in ((None, None), (least, None), (None, 3), (least, 3)):
                assert dict(rows.within(moved, most, room).items()) == moved.within(costs, most, room)
    assert said > 20 and exact > 0
