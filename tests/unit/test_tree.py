"""Recursive indexing: a root word is as good as the state, for any number of words."""

from __future__ import annotations

import random

import numpy as np
import pytest

from explorer.engine import python
from explorer.engine.native.arrays import Level, Part, Unfolded
from explorer.engine.native.jit import Jit, default_directory, tree_source
from explorer.engine.native.levels import integers, words_of
from explorer.engine.native.tree import Tree
from explorer.ground.ground import ground
from explorer.program.layout import lay_out
from explorer.program.program import reduce
from explorer.run.load import load
from tests.support.comparison import agree
from tests.support.house import ROOT
from tests.support.native import native_engine
from tests.support.slow import rest_slow

BENCH = ROOT / "tests" / "bench" / "specs"


def tree(words: int) -> Tree:
    return Tree(Jit(default_directory()).module(tree_source(words)), words)


@pytest.mark.parametrize("words", rest_slow([2, 3, 5, 17, 4, 7, 8, 16], first=4))
def test_states_come_back_from_their_roots(words: int) -> None:
    """Equal states have equal roots, different ones different roots, and each comes back whole, while every
    dictionary grows several times.
    """
    rng = random.Random(words)
    parts = [[rng.getrandbits(64) for _ in range(5000)] for _ in range(words)]
    rows = [[rng.choice(part[: rng.choice((3, 5000))]) for part in parts] for _ in range(20_000)]
    states = np.array(rows, np.uint64)
    found = tree(words)
    roots = found.fold(states)
    assert (found.fold(states) == roots).all()
    assert (found.unfold(roots) == states).all()
    assert len(set(integers(roots))) == len(set(integers(states)))
    assert int(roots.max()).bit_length() <= 60


def test_successors_are_folded_where_parts_have_nodes_of_their_own() -> None:
    """A block of successors, of which every one changes something everywhere, comes back whole; so do those
    that change little.
    """
    words, parts = 20, [range(10), range(10, 20)]
    found = Tree(Jit(default_directory()).module(tree_source(words)), words, parts)
    assert [found.pairs[-1].tolist()] == [found.tops]
    rng = np.random.default_rng(3)
    before = rng.integers(0, 9, (1, words), np.uint64)
    for chance in (1.0, 0.5, 0.1):
        states = np.zeros((1000, 1 + words), np.uint64)
        changed = rng.random((1000, words)) < chance
        states[:, 1:] = np.where(changed, rng.integers(0, 9, (1000, words), np.uint64), before)
        root, folded = found.fold(before), found.room(1000, 1)
        parent = Unfolded(np.empty((1, words), np.uint64), found.numbers(1))
        found.unfold_some(root, (0, 1), parent)
        successors, at = Level(states, np.zeros(1000, np.uint16)), 0
        while at < 1000:
            part = Part(at, 1000, False, True)
            at = int(found.kernels.fold(successors, part, parent, found.arrays, folded))
            if folded.totals[2] >= 0:
                found.grow(int(folded.totals[2]))
        assert (found.unfold(folded.roots) == states[:, 1:]).all()


def test_the_dictionaries_stay_small() -> None:
    """A million pairs of a thousand parts need a thousand entries each."""
    found = tree(2)
    grid = np.array([(a << 40, b << 3) for a in range(300) for b in range(300)], np.uint64)
    assert len(np.unique(found.fold(grid))) == 90_000
    assert found.arrays.entries[:, 0].tolist() == [300, 300]


def test_parts_that_differ_in_few_bits_spread() -> None:
    """Dense words and words that differ in high bits only are found in few steps."""
    for shift in (0, 20, 48):
        found = tree(2)
        states = np.array([(i << shift, 0) for i in range(1 << 14)], np.uint64)
        found.fold(states)
        first, mask, move, _ = (int(x) for x in found.arrays.shape[0])
        slots = np.flatnonzero(found.arrays.slots[first : first + mask + 1])
        keys = [int(found.arrays.values[int(found.arrays.slots[first + s])]) for s in slots]
        homes = [((k ^ k >> 32) * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> move for k in keys]
        assert np.mean([(int(s) - h) & mask for s, h in zip(slots, homes)]) < 4


def test_no_state_at_all() -> None:
    """Nothing is folded to nothing."""
    found = tree(3)
    assert found.unfold(found.fold(words_of([], 3).reshape(0, 3))).shape == (0, 3)


@pytest.mark.parametrize(
    "counters, modulus, words", rest_slow([(2, 40, 2), (4, 32, 4), (3, 25, 3), (2, 100, 4)], 2)
)
def test_cells_of_one_index_lie_in_words_of_their_own(counters: int, modulus: int, words: int) -> None:
    """So a word takes few values: here no more than its counter does. A computed index finds the cells."""
    model = ground(load(BENCH / "thermometers.py"), {"COUNTERS": counters, "MODULUS": modulus})
    layout = lay_out(reduce(model))
    assert layout.words == words
    owner: dict[int, set[int]] = {}
    for family, field in layout.fields.items():
        cells = family.size // counters
        for i in range(family.size):
            assert field.shift(i) // 64 == (field.shift(i) + field.width - 1) // 64
            owner.setdefault(field.shift(i) // 64, set()).add(i // cells)
    assert all(len(some) == 1 for some in owner.values())
    if modulus**counters < 20_000:
        agree(model, python.explore, native_engine(1), native_engine(3))
