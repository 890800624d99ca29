"""Steps that are said to commute do, in every reachable state; so no successor is lost that the native engine
leaves out.
"""

from __future__ import annotations

import random

import pytest

from explorer.engine.limits import Limits
from explorer.engine.native import hashing
from explorer.engine.native import search as native
from explorer.engine.native.worker import Worker
from explorer.engine.python import Compiled
from explorer.engine.reference import explore
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.program.commuting import known_after
from explorer.run.load import load
from tests.support.comparison import bounded, model_of
from tests.support.generators import spec_text
from tests.support.house import ROOT, SPECS


def commuting_pairs(model: Model, most: int = 3_000) -> int:
    """How many (state, a, b) with b known after a were seen, each of them checked."""
    space = explore(model, bounded(model, most))
    compiled = Compiled(model)
    rank = {rule.instance.number: r for r, rule in enumerate(compiled.program.rules)}
    known = known_after(list(compiled.program.rules))
    states = [state for level in space.levels for state in level][:most]
    steps = {
        state: {rank[number]: target for _, number, target in space.edges([state], None)} for state in states
    }
    found = 0
    for p in states:
        for a, s in steps[p].items():
            for b, t in steps.get(s, {}).items():
                if a < b and known[a] >> b & 1:
                    found += 1
                    assert b in steps[p], "the second step was possible before the first"
                    q = steps[p][b]
                    assert q not in steps or steps[q].get(a) == t, "both orders lead to one state"
    return found


@pytest.mark.parametrize("name", ["ipi_fixed", "ipi_buggy"])
def test_commuting_steps_of_the_lost_ipi(name: str) -> None:
    """On the shipped IPI each pair that is said to commute does, in thousands of states."""
    assert commuting_pairs(ground(load(SPECS / f"{name}.py"))) > 1000


def test_steps_at_computed_places_of_two_rows_commute() -> None:
    """A computed last key means a cell of its row, not of the whole map."""
    model = ground(
        load(ROOT / "tests" / "bench" / "specs" / "thermometers.py"), {"COUNTERS": 2, "MODULUS": 5}
    )
    assert commuting_pairs(model) > 10


@pytest.mark.parametrize("part", range(4))
def test_commuting_steps_of_random_specs(part: int) -> None:
    """On random specs each pair that is said to commute does, in every state."""
    found = 0
    for seed in range(40 * part, 40 * part + 40):
        model = model_of(spec_text(random.Random(seed)))
        if model is not None:
            found += commuting_pairs(model, 400)
    assert found > 100


@pytest.mark.parametrize("words", [1, 2])
def test_rules_that_a_word_has_no_room_for_are_not_told_apart(
    words: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a hash leaves room for a few rules only, states by others count as made by none, and the same is
    found.
    """
    file, constants = ("two_phase_commit", {"MANAGERS": 4}) if words == 1 else ("peterson", {"PROCESSES": 6})
    model = ground(load(ROOT / "spec" / "examples" / f"{file}.py"), constants)
    assert Compiled(model).layout.words == words
    told: set[int] = set()
    begin = Worker.begin

    def note(worker: Worker, roomy: bool = False) -> None:
        begin(worker, roomy)
        told.update(worker.level.rules.tolist())

    monkeypatch.setattr(Worker, "begin", note)
    whole = native.explore(model, Limits(max_depth=14))
    assert max(told) > 8
    told.clear()
    monkeypatch.setattr(hashing.Hashing, "rules", 8)
    space = native.explore(model, Limits(max_depth=14))
    assert told == set(range(8))
    assert (space.distinct, space.transitions) == (whole.distinct, whole.transitions)
    assert [len(level) for level in space.levels] == [len(level) for level in whole.levels]
