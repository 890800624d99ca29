"""Steps of a story are listed by the code of the search as Python lists them, however states are stored."""

from __future__ import annotations

import random

import pytest

from explorer.codegen.native_ways import ways_source
from explorer.engine import python
from explorer.engine.compiled import Compiled
from explorer.engine.lanes import Lanes
from explorer.engine.native import into, questions
from explorer.engine.native.into import StepsInto
from explorer.engine.native.jit import Jit, default_directory, into_source
from explorer.engine.native.levels import words_of
from explorer.engine.native.machine import machine
from explorer.engine.native.questions import Questions
from explorer.engine.native.ways import MOST_LANES, ArrayCosts
from explorer.ir.model import Model
from explorer.trace.shortest import lanes_of
from tests.bench import child
from tests.support.comparison import bounded, model_of
from tests.support.generators import spec_text
from tests.support.house import ROOT, SPECS
from tests.support.slow import rest_slow

STORED = {
    "a word": (SPECS / "examples/peterson.py", {"PROCESSES": "3"}),
    "a word with hardly a bit to spare": (ROOT / "tests/support/ipi_buffers.py", {"senders": "3"}),
    "one word of two": (SPECS / "examples/german.py", {"CACHES": "4"}),
    "a word, and a memory": (SPECS / "ipi_fixed.py", {}),
    "two words": (SPECS / "examples/german.py", {"CACHES": "5"}),
}


def compared(model: Model, seed: int) -> StepsInto:
    """Compare the costs of states of every level, for several sets of states behind it with any costs."""
    compiled, rng = Compiled(model), random.Random(seed)
    space, words = python.explore(model, bounded(model, 600)), compiled.layout.words
    lanes, function = lanes_of(space), Jit(default_directory()).module(into_source()).into
    steps = StepsInto(machine(compiled), compiled.layout)
    assert steps.possible and lanes.number <= MOST_LANES
    for level, after in zip(space.levels, space.levels[1:]):
        states, goals = [*level], [*after]
        for size in (1, 5, len(goals)):
            chosen = rng.sample(goals, min(size, len(goals)))
            later = {s: rng.randrange(3) << lanes.number | rng.getrandbits(lanes.number) for s in chosen}
            rows = words_of(states, words)
            found = steps.before(function, rows, ArrayCosts.of(later, words), lanes)
            assert dict(found.items()) == compiled.costs_of(states, later, lanes)
    return steps


@pytest.mark.parametrize("stored", STORED)
def test_costs_are_those_of_python(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The costs of the states of a level are those that Python finds, where little room makes many calls."""
    monkeypatch.setattr(into, "ROOM", 8)
    path, define = STORED[stored]
    steps = compared(child.model_of(str(path), define), 1)
    buckets = len(steps.buckets.states)
    assert {
        "a word": steps.together == buckets == 128,
        "a word with hardly a bit to spare": 1 < steps.together < buckets,
        "one word of two": steps.packing is not None,
        "a word, and a memory": steps.machine.functions is not None,
        "two words": steps.bits == 0,
    }[stored]


@pytest.mark.parametrize("seed", rest_slow(range(24)))
def test_costs_of_random_specs_are_those_of_python(seed: int) -> None:
    """The same for random specs."""
    model = model_of(spec_text(random.Random(seed), 1 + seed % 4))
    if model is not None and not model.constraints:
        compared(model, seed)


@pytest.mark.parametrize("name", ["into", "ways"])
def test_which_code_lists_the_steps_of_a_story(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of the search lists them while that does not take long, then code made for the program, which
    alone finds steps of a state to itself, where levels were walked. Both find what Python does.
    """
    for constant in ("FEW", "LOADED", "SMALL"):
        monkeypatch.setattr(questions, constant, 0)
    if name == "ways":
        monkeypatch.setattr(questions, "WORTH", 0.0)
    path, define = STORED["a word"]
    compiled = Compiled(child.model_of(str(path), define))
    space = python.explore(compiled.model, bounded(compiled.model, 600))
    lanes, asked = lanes_of(space), Questions(compiled, machine(compiled))
    monkeypatch.setattr(asked, "cached", {"ways": name == "ways"})
    monkeypatch.setattr(asked, "texts", {"ways": ways_source(compiled.program, compiled.layout)})
    level, later = [*space.levels[4]], dict.fromkeys(space.levels[5], lanes.goal)
    found = asked.before(level, later, lanes)
    assert [*asked.modules] == [name]
    assert dict(found.items()) == compiled.costs_of(level, later, lanes) != {}
    asked.before(level, later, lanes, walked=True)
    assert [*asked.modules] == [*dict.fromkeys((name, "ways"))]


def test_more_actors_than_a_number_has_bits() -> None:
    """Costs of seventy lanes do not fit machine numbers: Python finds them."""
    path, define = STORED["a word"]
    compiled = Compiled(child.model_of(str(path), define))
    space = python.explore(compiled.model, bounded(compiled.model, 600))
    lanes, asked = Lanes(lanes_of(space).of, 70, []), Questions(compiled, machine(compiled))
    level, later = [*space.levels[4]], dict.fromkeys(space.levels[5], lanes.goal)
    found = asked.before(level, later, lanes)
    assert dict(found.items()) == compiled.costs_of(level, later, lanes) != {}
