"""What the visited set is asked for behind a level are all states from which a step leads there, of the level
before only.
"""

from __future__ import annotations

import random

import pytest

from explorer.engine.compiled import Compiled
from explorer.engine.limits import Limits
from explorer.engine.native import questions
from explorer.engine.native import search as native
from explorer.engine.native.candidates import ArrayCandidates
from explorer.engine.native.jit import Jit, default_directory, undo_source
from explorer.engine.native.levels import TableLevel, integers, words_of
from explorer.engine.native.machine import machine
from explorer.engine.native.undo import Undo
from explorer.engine.space import StateSpace, Violation
from explorer.trace.shortest import lanes_of, shortest
from tests.bench import child
from tests.support.house import ROOT, SPECS

MODELS = {
    "philosophers": (SPECS / "examples/philosophers.py", {"SEATS": "6"}),
    "peterson": (SPECS / "examples/peterson.py", {"PROCESSES": "4"}),
    "two_phase_commit": (SPECS / "examples/two_phase_commit.py", {"MANAGERS": "4"}),
    "ipi": (ROOT / "tests/support/ipi_buffers.py", {"senders": "2"}),
    "two words as one": (SPECS / "examples/german.py", {"CACHES": "4"}),
    "two words in a tree": (SPECS / "examples/german.py", {"CACHES": "5"}),
}
MOST = 20_000
"""States of a space."""


def explored(name: str, workers: int) -> StateSpace:
    """The space of a model by machine code, all of whose levels stand in the visited set."""
    path, define = MODELS[name]
    compiled = Compiled(child.model_of(str(path), define))
    options, limits = native.Options(workers=workers), Limits(max_states=MOST)
    return native.explore(compiled.model, limits, options=options, prepared=(compiled, machine(compiled)))


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_no_state_is_missing_and_none_is_of_another_level(name: str, workers: int) -> None:
    """For several sets of states of every level: each state that leads there, once, and only ones of the
    level before, whatever part of the visited set a worker has.
    """
    space, rng = explored(name, workers), random.Random(workers)
    compiled, lanes = space.compiled, lanes_of(space)
    layout, kernels = compiled.layout, Jit(default_directory()).module(undo_source())
    assert compiled.candidates.origins is not None
    assert (layout.words > 1, layout.dense is not None) == (name.startswith("two w"), name.endswith("as one"))
    undone = Undo(compiled.candidates.origins, layout.words)
    asked = most = 0
    for level, after in zip(space.levels, space.levels[1:]):
        goals = [*after]
        for size in (1, 7, len(goals)):
            later = dict.fromkeys(rng.sample(goals, min(size, len(goals))), lanes.goal)
            assert isinstance(level, TableLevel)
            rows = undone.before(kernels, level, words_of([*later], layout.words))
            if rows is not None:
                found = integers(rows)
                assert len(found) == len({*found}) and {*found} <= {*level}
                assert compiled.costs_of(level, later, lanes).keys() <= {*found}
                asked, most = asked + 1, max(most, len(found))
    assert asked > space.depth and most > 10


@pytest.mark.parametrize("name", ["philosophers", "peterson", "two words as one", "two words in a tree"])
def test_the_path_is_that_of_collected_levels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path of states that the visited set was asked for is the one that whole levels give."""
    space = explored(name, 1)
    goal = Violation("way", "way", space.depth, (min(space.levels[-1]),))
    monkeypatch.setattr(questions, "ASKED", 1 << 40)
    collected = shortest(space, goal)
    monkeypatch.setattr(questions, "ASKED", 0)
    monkeypatch.setattr(questions, "SMALL", 0)
    monkeypatch.setattr(ArrayCandidates, "among", None)
    assert shortest(space, goal) == collected
