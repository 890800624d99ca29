"""A state of several words whose cells have few contents is stored as one word, as good as the state."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from explorer.codegen.native_dense import dense_source
from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.native import dense_worker
from explorer.engine.native import search as native
from explorer.engine.native.jit import Jit, default_directory
from explorer.engine.native.levels import integers
from explorer.engine.native.machine import machine
from explorer.engine.native.packing import Packing
from explorer.ground.ground import ground
from explorer.ir.verify import Malformed
from explorer.program.dense import MOST, Cell, Dense, dense
from explorer.program.layout import Layout, lay_out
from explorer.program.program import reduce
from explorer.program.verify import verify_layout
from explorer.run.load import load
from explorer.symmetry.find import find
from tests.support.comparison import agree, model_of
from tests.support.house import ROOT
from tests.support.native import native_engine, without_compiler
from tests.support.quotients import same_facts
from tests.support.ring import marked, ring

RING = marked(ring(12, first=10, second=1, most=30))


def random_cells(rng: random.Random, words: int) -> list[Cell]:
    """Cells with gaps between them, of domains that waste bits."""
    cells = []
    for word in range(words):
        shift = rng.randrange(3)
        while True:
            size = rng.choice((2, 3, 5, 6, 7, 9, 17, 33, 65, 129, 1025, 5000))
            bits = (size - 1).bit_length()
            if shift + bits > 64:
                break
            cells.append(Cell(word, shift, bits, size))
            shift += bits + rng.choice((0, 0, 0, 1))
    rng.shuffle(cells)
    return cells


def state_of(rng: random.Random, cells: list[Cell], words: int) -> list[int]:
    state = [0] * words
    for cell in cells:
        state[cell.word] |= rng.choice((0, cell.size - 1, rng.randrange(cell.size))) << cell.shift
    return state


def packing(seed: int) -> tuple[random.Random, list[Cell], Dense, int]:
    """The first of some random layouts that can be stored as one word."""
    rng = random.Random(seed)
    while True:
        words = rng.choice((2, 2, 3))
        cells = random_cells(rng, words)
        cells = cells[: rng.randrange(5, len(cells))]
        found = dense(cells)
        if found is not None and sum(cell.bits for cell in cells) > 50:
            return rng, cells, found, words


@pytest.mark.parametrize("seed", range(3))
def test_states_come_back_from_the_one_word(seed: int) -> None:
    """Machine code makes the word that Python makes, different states have different ones, and each comes
    back whole, for contents at both ends of their domains.
    """
    rng, cells, found, words = packing(seed)
    states = np.array([state_of(rng, cells, words) for _ in range(5000)], np.uint64)
    packed = Packing(Jit(default_directory()).module(dense_source(found, words)), words)
    roots = packed.fold(states)
    assert integers(roots) == [found.pack(state) for state in states.tolist()]
    assert (packed.unfold(roots) == states).all()
    assert len(np.unique(roots)) == len(np.unique(states, axis=0))
    assert max(integers(roots)).bit_length() <= found.bits <= MOST


def test_random_layouts_are_never_wider_than_their_cells() -> None:
    """The chunks of 300 random layouts cover every cell once, in places of their own, with no more bits than
    cells have; a layout of more bits is refused.
    """
    refused = 0
    for seed in range(300):
        rng = random.Random(seed)
        cells = random_cells(rng, 2)[:: rng.choice((1, 2))]
        found = dense(cells)
        if found is None:
            refused += 1
            continue
        taken = [bit for c in found.chunks for bit in range(c.place, c.place + c.width)]
        covered = [(c.word, bit) for c in found.chunks for bit in range(c.shift, c.shift + c.bits)]
        wanted = {(c.word, bit) for c in cells for bit in range(c.shift, c.shift + c.bits)}
        assert taken == list(range(found.bits)) and found.bits <= MOST
        assert wanted <= set(covered) and len(set(covered)) == len(covered)
        states = [state_of(rng, cells, 2) for _ in range(20)]
        assert len({found.pack(s) for s in states}) == len({tuple(s) for s in states})
    assert 50 < refused < 250


def layout_of(file: str, **constants: int) -> Layout:
    return lay_out(reduce(ground(load(ROOT / file), constants)))


def test_which_states_are_stored_as_one_word() -> None:
    """The filter lock of six processes has 69 bits and is stored in 61; with seven it is too wide, and with
    five it has one word anyway. Marks that use all their bits gain nothing.
    """
    lock = "spec/examples/peterson.py"
    six = layout_of(lock, PROCESSES=6)
    assert (six.cell_bits, six.words, six.stored) == (69, 2, 61)
    assert (layout_of(lock, PROCESSES=5).dense, layout_of(lock, PROCESSES=5).stored) == (None, 57)
    assert layout_of(lock, PROCESSES=7).stored is None
    assert layout_of("tests/bench/specs/thermometers.py", COUNTERS=2, MODULUS=40).stored is None


def test_a_word_that_forgets_something_is_found() -> None:
    """A layout whose one word leaves out a piece of the state, or one of its contents, is malformed."""
    model = model_of(RING)
    assert model is not None
    program = reduce(model)
    layout = lay_out(program)
    assert layout.dense is not None
    verify_layout(program, layout)
    *first, last = layout.dense.chunks
    assert last.contents is not None
    for chunks, text in (
        ((*first,), "lie in 0 pieces"),
        ((*first, replace(last, contents=last.contents[:-25])), "4 contents are stored, of 0..4"),
    ):
        with pytest.raises(Malformed) as raised:
            verify_layout(program, replace(layout, dense=replace(layout.dense, chunks=chunks)))
        assert any(text in fault for fault in raised.value.faults), raised.value.faults


@pytest.mark.parametrize("rows", [1 << 12, 7])
def test_engines_agree_on_states_that_are_stored_as_one_word(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Levels, counts, violations and stories are the reference's, with one to three workers, either storage,
    and however many states are made whole at once.
    """
    monkeypatch.setattr(dense_worker, "CHUNK", rows)
    model = model_of(RING)
    assert model is not None and python.Compiled(model).layout.dense is not None
    prepared = python.Compiled(model)
    made = prepared, machine(prepared)
    engines = [
        partial(native_engine(w, s), prepared=made) for w, s in ((1, "exact"), (3, "exact"), (2, "compact"))
    ]
    agree(model, python.explore, *engines)


def test_orbits_of_states_that_are_stored_as_one_word() -> None:
    """Representatives of the filter lock's first levels are those of the python engine, and what they stand
    for; all of them stand for all states.
    """
    model = ground(load(ROOT / "spec" / "examples" / "peterson.py"), {"PROCESSES": 6})
    found, two = find(model), native.Options(2)
    same_facts(
        native.explore(model, Limits(max_depth=10), options=two, symmetry=found),
        python.explore(model, Limits(max_depth=10), symmetry=found),
    )
    assert native.explore(model, options=two, symmetry=found).represented == 10_187_487


@pytest.mark.slow
def test_it_is_the_same_without_the_compiler() -> None:
    """The interpreter finds with the same source what the reference finds (Numba switched off)."""
    text = RING.replace("Range(0, 11)", "Range(0, 5)").replace("% 12", "% 6")
    compared = without_compiler(
        "from tests.support.comparison import check",
        "from tests.support.native import native_engine",
        f"int(check({text!r}, (native_engine(2),)) is not None)",
    )
    assert compared == 1
