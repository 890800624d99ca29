"""A search whose visited set has no room in memory finds and tells what one does that has: the table is so
small here that most states leave it, and much that seems new is not.
"""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.native import delayed, dense_worker, hashing, visited, worker
from explorer.engine.native import search as native
from explorer.engine.native.machine import machine
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.symmetry.find import find
from tests.support.checkpoints import written
from tests.support.comparison import facts, model_of, reported
from tests.support.generators import spec_of
from tests.support.house import ROOT
from tests.support.quotients import same_facts
from tests.support.ring import marked, ring
from tests.support.slow import rest_slow

RING = ring(30, first=25, second=2, most=80)
"""Up to 27,000 states; every counter goes back to zero."""

WIDE = RING.replace("Range(0, 29)", "Range(0, 10**8)")
"""The same in states of several words."""

MARKED = marked(RING)
"""The same in states of several words that are stored as one."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tables of a few hundred states; how many states were found not to be new, each time."""
    monkeypatch.setattr(delayed, "SHARE", 0.0)
    monkeypatch.setattr(hashing, "PARTITION_BITS", 1)
    monkeypatch.setattr(worker, "BUCKET_WORDS", 1 << 10)
    monkeypatch.setattr(dense_worker, "CHUNK", 64)
    for name, least in (("CHUNK", 64), ("SUCCESSORS", 96), ("MISSED", 16)):
        monkeypatch.setattr(worker, name, least)
    found: list[int] = []
    take_out = delayed.DelayedSearch._take_out

    def count(self: delayed.DelayedSearch, marks: Any, depth: int) -> None:
        found.append(sum(int(part.sum()) for part in marks))
        take_out(self, marks, depth)

    monkeypatch.setattr(delayed.DelayedSearch, "_take_out", count)
    return found


def on_disk(model: Model, directory: Path, workers: int = 1) -> partial[StateSpace]:
    compiled = python.Compiled(model)
    options = native.Options(workers, kind=delayed.on_disk(directory))
    return partial(native.explore, options=options, prepared=(compiled, machine(compiled)))


@pytest.mark.parametrize("workers, capacity", rest_slow([(2, 4000), (1, 3000)]))
@pytest.mark.parametrize("text", [RING, WIDE, MARKED], ids=["narrow", "wide", "as one word"])
def test_states_that_left_memory_are_not_counted_twice(
    text: str, workers: int, capacity: int, small: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts, levels, violations and stories are those of the python engine, though tens of thousands of
    states were visited again and taken back.
    """
    monkeypatch.setattr(visited, "FIRST_CAPACITY", capacity)
    model = model_of(text)
    assert model is not None
    explore = on_disk(model, tmp_path, workers)
    space, whole = explore(model), python.explore(model)
    assert space.stopped is None and len(small) > 4 and sum(small) > 10_000
    assert facts(space) == facts(whole) and reported(space) == reported(whole)
    assert space.omission == 0.0


@pytest.mark.parametrize(
    "text, depth",
    rest_slow([(RING, 0), (RING, 11), (MARKED, 40), (WIDE, 40), (RING, 40), (RING, 60), (WIDE, 60)], 4),
)
def test_a_search_that_is_ended_has_counted_right(
    text: str, depth: int, small: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a limit leaves is compared too, before anything is said of it."""
    monkeypatch.setattr(visited, "FIRST_CAPACITY", 3000)
    model = model_of(text)
    assert model is not None
    limits = Limits(max_depth=depth)
    assert facts(on_disk(model, tmp_path)(model, limits)) == facts(python.explore(model, limits))


@pytest.mark.parametrize("text", rest_slow([WIDE, MARKED, RING], 2))
def test_a_checkpoint_of_it_goes_on_in_memory_and_back(
    text: str, small: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search on disk is kept as any other, and goes on from any other."""
    monkeypatch.setattr(visited, "FIRST_CAPACITY", 3000)
    model = model_of(text)
    assert model is not None
    explore, place = on_disk(model, tmp_path), tmp_path / "kept"
    written(place, model, explore, depth=25)
    written(place, model, depth=35)
    space = written(place, model, explore)
    assert sum(small) > 1000 and facts(space) == facts(python.explore(model))


@pytest.mark.parametrize("seed", rest_slow([1, 2]))
def test_rings_with_random_jumps_are_the_same(
    seed: int, small: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps that lead back far, and forth, change nothing."""
    monkeypatch.setattr(visited, "FIRST_CAPACITY", 3000)
    rng = random.Random(seed)
    jumps = "".join(
        f"""@action
def jump_{k}(c: C) -> None:
    when((c.a[{rng.randrange(3)}] == {rng.randrange(30)}) & (c.a[{rng.randrange(3)}] > {rng.randrange(30)}))
    c.a[{rng.randrange(3)}].next = {rng.randrange(30)}
"""
        for k in range(3)
    )
    model = model_of(RING.replace("@constraint", f"{jumps}@constraint"))
    assert model is not None
    space = on_disk(model, tmp_path)(model)
    assert sum(small) > 1000 and facts(space) == facts(python.explore(model))


@pytest.mark.parametrize("most", rest_slow(["10**8", "MODULUS - 1"]))
def test_representatives_are_counted_back_with_what_they_stand_for(
    most: str, small: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a symmetry the states that were visited again stand for nothing."""
    monkeypatch.setattr(visited, "FIRST_CAPACITY", 1200)
    text = (ROOT / "tests/bench/specs/counters.py").read_text().replace("MODULUS - 1)]]", f"{most})]]")
    model = ground(spec_of(text), {"COUNTERS": 3, "MODULUS": 30})
    found = find(model)
    space = native.explore(model, options=native.Options(kind=delayed.on_disk(tmp_path)), symmetry=found)
    assert sum(small) > 200 and space.represented == 27_000
    same_facts(space, python.explore(model, symmetry=found))
