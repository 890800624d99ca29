"""Workers that go through levels together in machine code: everything that is found and told is what it is
where each phase of a level is a call of its own.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from numba import int64, njit, types

from explorer.engine import python
from explorer.engine.limits import Limits, Progress, Stopped
from explorer.engine.native import crew, dense_worker, hashing, visited, worker
from explorer.engine.native import search as native
from explorer.engine.native.jit import entry, unchecked
from explorer.engine.native.machine import machine
from explorer.engine.python import Compiled
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.symmetry.find import find
from tests.support.checkpoints import written
from tests.support.comparison import agree, bounded, facts, model_of, reported
from tests.support.generators import spec_text
from tests.support.native import native_engine, without_compiler
from tests.support.ring import marked, ring

GRID = """
from typing import Annotated
from explorer import *
class Slot(Scalarset):
    size = 3
class Grid(State):
    n: Map[Slot, Annotated[int, Range(0, 15)]] = initially(0)
    far: Var[bool] = initially(False)
@action
def up(g: Grid, i: Slot) -> None:
    when(g.n[i] < 11)
    g.n[i].next = g.n[i] + 1
@action
def back(g: Grid, i: Slot) -> None:
    when(g.n[i] > 9)
    g.n[i].next = 0
    g.far.next = True
{more}
spec = Spec(expect=HOLDS)
"""
FAILS = "@invariant\ndef low(g: Grid):\n    return ~every(g.n[i] >= 5 for i in Slot)\n"
STEPS = """@step_invariant
def stays(g: Grid):
    return g.far | ~g.far.next | every(g.n[i] != 7 for i in Slot)
"""
CUT = "@constraint\ndef inside(g: Grid):\n    return ~(g.far & every(g.n[i] > 4 for i in Slot))\n"
EVERYTHING = FAILS + STEPS + CUT
STATES = 12**3 + 12**3 - 1


@pytest.fixture(autouse=True)
def loaded() -> None:
    """Machine code is loaded, so that small levels are passed by it."""
    crew.load()


def refused(*wanted: Any) -> Any:
    """A system that gives no memory in advance."""
    raise MemoryError


def grid(tmp_path: Path, more: str = "") -> Model:
    file = tmp_path / "grid.py"
    file.write_text(GRID.format(more=more))
    return ground(load(file))


def long_ring() -> Model:
    """A model whose states have several words and are stored as one."""
    model = model_of(marked(ring(12, first=9, second=2, most=28)))
    assert model is not None
    layout = Compiled(model).layout
    assert layout.words > 1 and layout.dense is not None
    return model


def both(
    monkeypatch: pytest.MonkeyPatch,
    model: Model,
    limits: Callable[[], Limits] = Limits,
    workers: int = 2,
    **given: Any,
) -> StateSpace:
    """Explore with and without machine code in which workers meet; compare what is found and told."""
    compiled = Compiled(model, given.get("symmetry"))
    made, found, serves = machine(compiled), [], crew.Crew.serves
    for used in (False, True):
        calls: list[int] = []
        original = crew.Crew._go_on

        def counted(self: crew.Crew, depth: int) -> int:
            calls.append(depth)
            return original(self, depth)

        with monkeypatch.context() as patch:
            patch.setattr(crew.Crew, "_go_on", counted)
            patch.setattr(crew.Crew, "serves", lambda search: used and serves(search))
            told: list[Progress] = []
            options = native.Options(workers=workers)
            space = native.explore(
                model, limits(), told.append, options=options, prepared=(compiled, made), **given
            )
        assert bool(calls) == used
        last = {p.level: (p.states, p.frontier, [*p.levels], p.failed) for p in told}
        found.append((space, last, facts(space), reported(space), space.represented, space.distinct))
    apart, together = found
    assert apart[1:] == together[1:]
    return together[0]


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("more", ["", FAILS, STEPS, CUT, EVERYTHING])
def test_what_fails_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, workers: int
) -> None:
    """Properties that fail on the way, broken steps and constraints are found at the same level and told at
    the same moment.
    """
    space = both(monkeypatch, grid(tmp_path, more), workers=workers)
    assert len(space.violations) == more.count("@invariant") + more.count("@step")
    if not more:
        assert space.distinct == python.explore(grid(tmp_path)).distinct


@pytest.mark.parametrize(
    "limits",
    [
        lambda: Limits(max_states=500),
        lambda: Limits(max_states=501),
        lambda: Limits(max_depth=11),
        lambda: Limits(max_depth=0),
        lambda: Limits(first=frozenset()),
        lambda: Limits(first=frozenset({"low"})),
    ],
)
def test_a_limit_ends_a_search_where_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Callable[[], Limits]
) -> None:
    """Bounds of states and of depth, and the first failure, end a search behind the same level."""
    model = grid(tmp_path, FAILS)
    if limits().max_depth == 0:
        assert native_engine(2)(model, limits()).stopped
    else:
        assert both(monkeypatch, model, limits).stopped


@pytest.mark.parametrize("workers", [2, 3])
def test_levels_of_several_rounds_and_tables_that_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Buckets that are full before a level is done, tables and rows that must grow within a level, and many
    waits change nothing, nor does a system that gives no memory in advance.
    """
    monkeypatch.setattr(hashing, "PARTITION_BITS", 2)
    monkeypatch.setattr(worker, "BUCKET_WORDS", 4)
    monkeypatch.setattr(visited, "FIRST_CAPACITY", 16)
    monkeypatch.setattr(crew, "SPIN", 0)
    monkeypatch.setattr(crew, "WAIT", 1)
    monkeypatch.setattr(crew, "SLICE", 0.0)
    monkeypatch.setattr(crew, "NEAR", 1)
    monkeypatch.setattr(worker, "reserve", refused)
    model = grid(tmp_path, EVERYTHING)
    assert not both(monkeypatch, model, workers=workers).stopped


@pytest.mark.parametrize("dense", [False, True])
def test_arguments_have_the_types_of_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dense: bool
) -> None:
    """Numba, where it looks at what the kernel is given, refuses none of it."""
    monkeypatch.setattr(crew, "unchecked", lambda kernel: kernel)
    monkeypatch.setattr(crew, "entry", lambda kernel: kernel)
    assert both(monkeypatch, long_ring() if dense else grid(tmp_path, EVERYTHING)).violations


def test_an_error_of_a_kernel_leaves_the_one_that_was_given_it() -> None:
    """What goes wrong in a kernel that another one calls, such as that there is no memory, is not lost."""

    @njit(int64(int64))
    def fails(x: Any) -> Any:
        if x > 1:
            raise MemoryError
        return x

    @njit(int64(types.FunctionType(int64(int64)), int64))
    def calls(function: Any, x: Any) -> Any:
        return function(x)

    call, given = unchecked(calls), entry(fails)
    assert call(given, 1) == 1
    with pytest.raises(MemoryError):
        call(given, 2)


def test_tables_grow_less_where_few_states_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the largest levels tables grow by less: with one worker, with two that meet in machine code and
    elsewhere, and where a search goes on from a checkpoint.
    """
    monkeypatch.setattr(hashing, "PARTITION_BITS", 2)
    monkeypatch.setattr(visited, "LARGE", 256)
    model, last, slots = grid(tmp_path), native.Search._collect, list[int]()

    def measured(self: native.Search) -> None:
        slots.append(sum(w.store.slots for w in self.workers))
        last(self)

    monkeypatch.setattr(native.Search, "_collect", measured)
    monkeypatch.setattr(visited, "FIRST_CAPACITY", 128)
    for shrunk in (0.0, 0.5):
        monkeypatch.setattr(visited, "SHRUNK", shrunk)
        both(monkeypatch, model)
        native_engine(1)(model, Limits())
        directory = tmp_path / str(shrunk)
        for depth in (5, None, None):
            written(directory, model, native.explore, depth=depth)
        del slots[-3]
    before, after = slots[:5], slots[5:]
    assert after[0] == after[1] and all(less < more for less, more in zip(after, before))


@pytest.mark.parametrize("chunk", [7, 1 << 12])
@pytest.mark.parametrize("room", [4, 1 << 21])
def test_states_of_several_words_that_are_stored_as_one(
    monkeypatch: pytest.MonkeyPatch, chunk: int, room: int
) -> None:
    """The same on a ring of counters that fails, made whole so many states at a time, with levels of one
    round and of several.
    """
    monkeypatch.setattr(dense_worker, "CHUNK", chunk)
    monkeypatch.setattr(worker, "BUCKET_WORDS", room)
    monkeypatch.setattr(hashing, "PARTITION_BITS", 2)
    assert both(monkeypatch, long_ring()).violations


def test_a_full_table_ends_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the table of one worker may not grow, all stop, and what was found has a bound."""
    monkeypatch.setattr(visited, "FIRST_CAPACITY", 16)
    monkeypatch.setattr(hashing, "PARTITION_BITS", 2)
    monkeypatch.setattr(native, "available_bytes", lambda: 8_000)
    space = native_engine(2)(grid(tmp_path), Limits())
    assert "--max-memory" in (space.stopped or "") and 100 < space.distinct < STATES


def test_narrow_levels_are_left_to_one_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many narrow levels workers meet no more at levels of that size, and nothing changes."""
    monkeypatch.setattr(crew, "NARROW", 5)
    monkeypatch.setattr(crew, "NARROWEST", 50)
    both(monkeypatch, grid(tmp_path, EVERYTHING))


def test_representatives_stand_for_as_many_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a symmetry the sum of the orbits is the same."""
    model = grid(tmp_path)
    space = both(monkeypatch, model, symmetry=find(model))
    assert space.distinct < space.represented == python.explore(model).distinct


def test_an_error_of_one_worker_ends_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a worker that has raised an exception, be it the first one or another."""
    original = crew.Task._call
    for broken in (0, 1):

        def call(self: crew.Task) -> int:
            if self.me == broken:
                raise KeyboardInterrupt
            return original(self)

        with monkeypatch.context() as patch:
            patch.setattr(crew.Task, "_call", call)
            with pytest.raises(KeyboardInterrupt):
                native_engine(2)(grid(tmp_path), Limits())
    assert not [t for t in threading.enumerate() if t.name.startswith("ThreadPool") and t.is_alive()]


def test_an_interruption_while_machine_code_is_loaded_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found until then is a result."""

    def interrupted() -> Any:
        raise Stopped("interrupted")

    monkeypatch.setattr(interrupted, "cache_info", crew.load.cache_info, raising=False)
    monkeypatch.setattr(crew, "load", interrupted)
    space = native_engine(2)(grid(tmp_path), Limits())
    assert space.stopped == "interrupted" and space.distinct == 1


@pytest.mark.parametrize("on_disk, least, loads", [(False, 1 << 24, 0), (False, 100, 1), (True, 1 << 24, 1)])
def test_machine_code_is_compiled_for_large_searches_only(
    on_disk: bool, least: int, loads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies on disk is loaded for fewer states than what must be compiled."""
    original, loaded = crew.load, list[int]()

    def load() -> Any:
        loaded.append(1)
        return original()

    monkeypatch.setattr(load, "cache_info", lambda: SimpleNamespace(currsize=0), raising=False)
    monkeypatch.setattr(crew, "load", load)
    monkeypatch.setattr(crew, "ready", lambda: on_disk)
    monkeypatch.setattr(crew, "PARALLEL", 1)
    monkeypatch.setattr(crew, "COMPILED_FROM", least)
    space = native_engine(2)(grid(tmp_path), Limits())
    assert len(loaded) == loads and space.distinct == 2 * 12**3


@pytest.mark.parametrize("seed", range(9100, 9700, 100))
def test_random_specs_agree_with_the_reference(seed: int) -> None:
    """On random specs two and three workers that meet in machine code find what the reference finds."""
    texts = (spec_text(random.Random(number), 1 + number % 4) for number in range(seed, seed + 50))
    model = next(model for model in map(model_of, texts) if model is not None)
    compiled = python.Compiled(model)
    prepared = compiled, machine(compiled)
    agree(model, *(partial(native_engine(w), prepared=prepared) for w in (2, 3)), limits=bounded(model))


@pytest.mark.slow
def test_many_random_specs_without_the_compiler() -> None:
    """The same source run by the interpreter agrees with the reference on 200 random specs."""
    compared = without_compiler(
        "import random",
        "from explorer.engine.native import crew",
        "from tests.support.comparison import check",
        "from tests.support.generators import spec_text",
        "from tests.support.native import native_engine",
        "crew.load()",
        "texts = [spec_text(random.Random(seed), 1 + seed % 4) for seed in range(21000, 21200)]",
        "sum(check(text, (native_engine(2), native_engine(3))) is not None for text in texts)",
    )
    assert compared > 170
