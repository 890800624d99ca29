"""Partitions owned by actors find and tell what one machine does. Here the actors are in this process, and
what they say and send goes through bytes; `tests/command/test_cluster.py` has those of Ray.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="the package ray is not installed")

from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.native import hashing, worker
from explorer.engine.native import search as native
from explorer.engine.native.cluster import search as cluster
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.run.recipe import Recipe
from explorer.symmetry.find import find
from explorer.verdict.verdict import judge
from tests.support.checkpoints import written
from tests.support.cluster import clustered
from tests.support.comparison import agree, bounded, facts, model_of, reported
from tests.support.generators import spec_text
from tests.support.house import ROOT
from tests.support.quotients import same_facts
from tests.support.ring import marked, ring
from tests.support.slow import rest_slow

RING = ring(12, first=10, second=1, most=30)
"""Some 1,700 states; every counter goes back to zero."""

WIDE = RING.replace("Range(0, 11)", "Range(0, 10**8)")
"""The same in states of several words."""

MARKED = marked(RING)
"""The same in states of several words that are stored as one."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets of so few states that a level takes several rounds; the larger levels settle late."""
    monkeypatch.setattr(worker, "BUCKET_WORDS", 1 << 8)
    monkeypatch.setattr(hashing, "PARTITION_BITS", 3)
    monkeypatch.setattr(cluster, "LATE", 8)


def ring(text: str = RING) -> Model:
    model = model_of(text)
    assert model is not None
    return model


def found(space: StateSpace) -> dict[str, Any]:
    return {**facts(space), **reported(space)}


@pytest.mark.parametrize("seed", range(9000, 9600, 50))
def test_actors_find_what_the_reference_finds(seed: int) -> None:
    """On random specs, with one to five actors, everything found and told is the reference's."""
    texts = (spec_text(random.Random(number), 1 + number % 4) for number in range(seed, seed + 50))
    model = next(model for model in map(model_of, texts) if model is not None)
    agree(
        model,
        clustered(1),
        clustered(3, 2),
        clustered(5),
        clustered(2, storage="compact"),
        limits=bounded(model),
    )


@pytest.mark.parametrize(
    "number, threads, storage", rest_slow([(3, 1, "exact"), (2, 2, "exact"), (5, 1, "compact")], 2)
)
@pytest.mark.parametrize("text", [RING, WIDE, MARKED], ids=["narrow", "wide", "as one word"])
def test_many_rounds_of_a_level_are_the_same(text: str, number: int, threads: int, storage: str) -> None:
    """Levels of several rounds, with constraints and broken properties, on narrow and wide states."""
    model = ring(text)
    space = clustered(number, threads, storage=storage)(model)
    assert space.stopped is None and found(space) == found(python.explore(model))


@pytest.mark.parametrize("depth", [0, 11, 20])
def test_a_limit_leaves_the_same(depth: int) -> None:
    """A search that is ended at a depth has found and counted what one machine has."""
    limits = Limits(max_depth=depth)
    assert facts(clustered(3)(ring(), limits)) == facts(python.explore(ring(), limits))


def test_the_first_violation_ends_it() -> None:
    """Under --first it ends with the level of the first violation."""
    limits = [Limits(first=frozenset()), Limits(first=frozenset())]
    assert facts(clustered(2)(ring(), limits[0])) == facts(python.explore(ring(), limits[1]))


@pytest.mark.parametrize("number", rest_slow([2, 1, 3, 5]))
def test_representatives_are_the_same(number: int) -> None:
    """Under a symmetry the actors visit the same representatives, which stand for as many states."""
    model = ground(load(ROOT / "tests/bench/specs/counters.py"), {"COUNTERS": 3, "MODULUS": 12})
    symmetry = find(model)
    space = clustered(number)(model, symmetry=symmetry)
    assert space.represented == 12**3
    same_facts(space, python.explore(model, symmetry=symmetry))


@pytest.mark.parametrize("calls", [0, 3, 20, 45])
@pytest.mark.parametrize("kept", [True, False], ids=["checkpoint", "no checkpoint"])
def test_a_lost_actor_changes_nothing(calls: int, kept: bool, tmp_path: Path) -> None:
    """An actor dies at some moment, twice: the search goes on by itself, and ends with the same results."""
    said: list[str] = []
    engine = clustered(3, deaths=[(1, calls), (2, calls // 2 + 12)], hear=said.append)
    space = written(tmp_path / "kept", ring(), engine) if kept else engine(ring())
    assert found(space) == found(python.explore(ring()))
    assert sum("the search goes on" in sentence for sentence in said) == 2


def test_an_actor_that_is_lost_again_and_again_ends_it() -> None:
    """Where nothing new is reached between losses, the search ends with a sentence, undetermined."""
    space = clustered(2, deaths=[(0, 30)] * 9)(ring())
    assert space.stopped == "an actor died, 3 times in a row without a new level"


def test_what_was_kept_is_told_when_all_actors_are_lost(tmp_path: Path) -> None:
    """The levels are read from the checkpoint then: the counterexample of what failed before is told."""
    space = written(tmp_path / "kept", ring(), clustered(2, deaths=[(0, 80), *[(0, 20)] * 9]))
    whole = python.explore(ring())
    assert space.stopped is not None and space.violations
    stories, told = reported(whole)["traces"], reported(space)["traces"]
    assert told and told == {name: stories[name] for name in told}


def test_what_failed_stays_failed_when_all_is_lost() -> None:
    """Without a checkpoint the states are gone: the verdict still says what failed, without its story."""
    space = clustered(2, deaths=[(0, 55), *[(0, 20)] * 9])(ring())
    verdict = judge(space, limits=Limits())
    assert space.stopped is not None and space.violations
    assert verdict.verdict == "violated" and not verdict.traces


def test_a_checkpoint_goes_on_with_other_actors_and_on_one_machine(tmp_path: Path) -> None:
    """A search that two actors began goes on with python, then with five actors: the same results."""
    place = tmp_path / "kept"
    written(place, ring(), clustered(2), depth=10)
    written(place, ring(), depth=20)
    assert found(written(place, ring(), clustered(5))) == found(python.explore(ring()))


LOCK = "tests/bench/specs/memory_lock.py", ()
IPI = "spec/ipi_fixed.py", ("senders=2", "set_barrier=none", "clear_barrier=none")
MEMORIES = [
    (LOCK, 3, 1, "exact"),
    (LOCK, 2, 2, "compact"),
    (LOCK, 1, 1, "exact"),
    (LOCK, 5, 1, "exact"),
    (IPI, 3, 1, "exact"),
]


def made_of(spec: tuple[str, tuple[str, ...]]) -> Recipe:
    """How each actor makes its own model, and its own memory, of a spec."""
    file, define = spec
    return Recipe(str(ROOT / file), define, ())


@pytest.mark.parametrize("spec, number, threads, storage", rest_slow(MEMORIES))
def test_states_of_a_memory_have_one_number_for_all(
    spec: tuple[str, tuple[str, ...]], number: int, threads: int, storage: str
) -> None:
    """Each actor has a memory of its own; everything found and told is that of one machine."""
    made = made_of(spec)
    model = made(False).model
    space = clustered(number, threads, storage=storage, made=made)(model)
    assert space.stopped is None and found(space) == found(native.explore(model))


@pytest.mark.parametrize("number", rest_slow([2, 1, 3, 5]))
def test_representatives_with_a_memory_are_the_same(number: int) -> None:
    """The actors choose one representative of each orbit, though it is chosen by the memory's number."""
    made = made_of(LOCK)
    model = made(True).model
    symmetry = find(model)
    space = clustered(number, made=made)(model, symmetry=symmetry)
    assert space.represented > space.distinct
    same_facts(space, native.explore(model, symmetry=symmetry))


@pytest.mark.parametrize("calls", rest_slow([10, 0, 24]))
@pytest.mark.parametrize("kept", [True, False], ids=["checkpoint", "no checkpoint"])
def test_a_lost_actor_leaves_the_numbers(calls: int, kept: bool, tmp_path: Path) -> None:
    """After a loss the new actors and the book go on with the numbers that there are."""
    made = made_of(LOCK)
    model = made(False).model
    engine = clustered(3, deaths=[(1, calls)], made=made)
    space = written(tmp_path / "kept", model, engine) if kept else engine(model)
    assert found(space) == found(native.explore(model))


def test_a_checkpoint_of_a_memory_goes_on_elsewhere(tmp_path: Path) -> None:
    """Another process goes on with the numbers that a cluster gave, and a cluster with those of a process."""
    made, place = made_of(LOCK), tmp_path / "kept"
    written(place, made(False).model, clustered(2, made=made), depth=10)
    written(place, made(False).model, depth=20)
    model = made(False).model
    space = written(place, model, clustered(3, made=made))
    assert found(space) == found(native.explore(model))
