"""A search that goes on from a checkpoint finds and tells what one does that was never interrupted, with any
engine, storage and number of workers.
"""

from __future__ import annotations

import itertools
import random
from functools import partial
from pathlib import Path

import pytest

from explorer.engine import auto, python
from explorer.engine.limits import Limits
from explorer.engine.native import search as native
from explorer.engine.native.machine import machine
from explorer.engine.space import StateSpace
from tests.support.checkpoints import Engine, written
from tests.support.comparison import agree, facts, model_of, reported
from tests.support.generators import spec_text
from tests.support.quotients import random_symmetric, same_facts
from tests.support.symmetric import temporal_text

GRID = """
from typing import Annotated
from explorer import *
Place = Annotated[int, Range(0, 11)]
Noise = Annotated[int, Range(0, 31)]
class C(State):
    a: Var[Place] = initially(0)
    b: Var[Place] = initially(0)
    w: Map[Annotated[int, Range(0, ROWS)], Noise] = initially(0)
@action
def up_a(c: C) -> None:
    when(c.a < 11)
    c.a.next = c.a + 1
    c.w[0].next = (c.w[0] + 7) % 32
@action
def up_b(c: C) -> None:
    when(c.b < 11)
    c.b.next = c.b + 1 + 2 // (c.a - 9)
    c.w[ROWS].next = (c.w[ROWS] + 3) % 32
@constraint
def near(c: C) -> Value[bool]:
    return (c.a < 11) | (c.b < 6)
@invariant
def fine(c: C) -> Value[bool]:
    return c.a + c.b < 13
@step_invariant
def slow(c: C) -> Value[bool]:
    return implies(c.a == 7, c.b.next < 9)
spec = Spec()
"""
"""Every kind of violation, in several levels, and a constraint."""

MOST = Limits(max_states=1000)


@pytest.mark.parametrize("seed", range(0, 100, 20))
def test_random_specs_go_on_from_any_level(seed: int, tmp_path: Path) -> None:
    """Of a random spec the python engine stops at each of the first levels, and goes on from it: everything
    found is what an uninterrupted search finds.
    """
    texts = (spec_text(random.Random(number), 1 + number % 4) for number in range(seed, seed + 20))
    spaces = ((m, python.explore(m, MOST)) for m in map(model_of, texts) if m is not None)
    model, whole = next((m, s) for m, s in spaces if 3 < len(s.levels) and not s.stopped)
    for depth in range(min(len(whole.levels), 12)):
        written(tmp_path, model, depth=depth)
    again = written(tmp_path, model)
    assert facts(again) == facts(whole) and reported(again) == reported(whole)


@pytest.mark.parametrize("seed", [3, 11])
def test_one_of_each_orbit_goes_on(seed: int, tmp_path: Path) -> None:
    """Under a symmetry the same representatives are visited, and stand for as many states."""
    spec, found = next(
        pair
        for pair in map(random_symmetric, itertools.count(seed))
        if pair is not None and len(python.explore(pair[0], MOST, symmetry=pair[1]).levels) > 2
    )
    written(tmp_path, spec, depth=1, symmetry=found)
    same_facts(written(tmp_path, spec, symmetry=found), python.explore(spec, symmetry=found))


def test_temporal_properties_are_judged_after_it(tmp_path: Path) -> None:
    """A search that went on has the graph that liveness needs: the verdicts and lassos are the same."""
    model = next(
        m
        for m in (model_of(temporal_text(random.Random(seed), 2)) for seed in itertools.count())
        if m is not None and len(python.explore(m, MOST).levels) > 3
    )
    assert model.temporal
    written(tmp_path, model, depth=2)
    assert reported(written(tmp_path, model)) == reported(python.explore(model))


WAYS = {
    "python": {},
    "native, 1 worker": {"workers": 1},
    "native, 3 workers": {"workers": 3},
    "compact": {"workers": 2, "storage": "compact", "fingerprint": 64},
}


@pytest.mark.parametrize("rows", [7, 11], ids=["one word", "two words"])
def test_engines_storages_and_workers_go_on_from_each_other(rows: int, tmp_path: Path) -> None:
    """What any of them has written up to a level, any other goes on from to the next, and the last one has
    everything; but what was compact stays so.
    """
    model = model_of(GRID.replace("ROWS", str(rows)))
    assert model is not None
    compiled = python.Compiled(model)
    made = machine(compiled)
    engines: dict[str, Engine] = {
        name: partial(native.explore, options=native.Options(**way), prepared=(compiled, made))  # type: ignore[arg-type]
        if way
        else python.explore
        for name, way in WAYS.items()
    }
    whole = agree(model, python.explore)
    expected, told = facts(whole), reported(whole)
    for order in itertools.permutations(WAYS, 2):
        if order[0] == "compact":
            continue
        place = tmp_path / " ".join(order)
        for name, depth in zip(order, (4, 13)):
            written(place, model, engines[name], depth=depth)
        space = written(place, model, engines[order[1]])
        assert (facts(space), reported(space)) == (expected, told), order


def test_auto_goes_on_with_the_engine_that_suits_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a small checkpoint Python goes on, from a large one machine code; the space is the same."""
    monkeypatch.setattr(auto, "COMPILE_FROM", 60)
    model = model_of(GRID.replace("ROWS", "7"))
    assert model is not None
    written(tmp_path, model, depth=4)
    assert written(tmp_path, model, auto.explore, depth=12).engine == "python"
    space = written(tmp_path, model, auto.explore)
    assert space.engine == "native" and facts(space) == facts(python.explore(model))


def test_a_search_that_is_over_tells_its_result_again(tmp_path: Path) -> None:
    """The last checkpoint has every level: who goes on from it visits nothing and knows everything."""
    model = model_of(GRID.replace("ROWS", "7"))
    assert model is not None
    first = written(tmp_path, model)
    assert facts(written(tmp_path, model)) == facts(first)


def test_fingerprints_of_another_width_add_to_the_probability(tmp_path: Path) -> None:
    """What narrow fingerprints may have cost is not forgotten by a search that goes on with wide ones."""
    model = model_of(GRID.replace("ROWS", "11"))
    assert model is not None

    def compact(bits: int) -> Engine:
        return partial(native.explore, options=native.Options(1, "compact", bits))

    def chance(space: StateSpace) -> float:
        return space.omission

    written(tmp_path, model, compact(32), depth=15)
    wide = written(tmp_path, model, compact(64))
    assert chance(native.explore(model, options=native.Options(1, "compact", 64))) < chance(wide)
    assert chance(wide) < chance(native.explore(model, options=native.Options(1, "compact", 32)))
