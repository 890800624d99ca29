"""Of a level a story looks only at states from which a step may lead on: none is missing, and of others there
are few.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from explorer.codegen.native_ways import ways_source
from explorer.engine import candidates, python
from explorer.engine.native import candidates as arrays
from explorer.engine.native import undo
from explorer.engine.native.jit import Jit, default_directory, undo_source
from explorer.engine.native.levels import integers, words_of
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.symmetry.find import find
from explorer.trace.shortest import lanes_of
from tests.support.comparison import bounded, model_of
from tests.support.generators import spec_text
from tests.support.house import ROOT, SPECS
from tests.support.slow import rest_slow, slow_where
from tests.support.symmetric import symmetric_text

EVERY = [
    path
    for folder in (SPECS, SPECS / "examples", SPECS / "gallery", ROOT / "tests/bench/specs")
    for path in sorted(folder.glob("*.py"))
    if path.name != "program.py"
]
FIRST = ("counters", "german", "ipi_fixed", "paxos", "peterson", "qrcu", "xive_shutdown_buggy")
"""Looked at in every run: counting, sets, relations, a memory, computed indices, functions of a cell."""


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates are looked for in every level, however dear that is."""
    monkeypatch.setattr(candidates, "SMALL", 0)
    monkeypatch.setattr(candidates, "NARROW", 0)
    monkeypatch.setattr(candidates, "ROOM", 1 << 40)
    monkeypatch.setattr(arrays, "SMALL", 0)
    monkeypatch.setattr(arrays, "DEAR", 0)
    monkeypatch.setattr(arrays, "MOST", 1 << 40)


def compared(
    space: StateSpace, seed: int, quicken: Callable[[arrays.ArrayCandidates], None] = lambda found: None
) -> tuple[int, int, int]:
    """Go back one step from some states of every level: how many states there are, how many are candidates,
    and from how many a step leads there.
    """
    compiled, lanes, rng = space.compiled, lanes_of(space), random.Random(seed)
    found = arrays.ArrayCandidates(compiled.candidates.origins, compiled.layout.words, compiled.plan)
    quicken(found)
    every = few = needed = 0
    for level, after in zip(space.levels, space.levels[1:]):
        states, goals = [*level], [*after]
        for size in (1, 5, len(goals)):
            later = dict.fromkeys(rng.sample(goals, min(size, len(goals))), lanes.goal)
            whole = compiled.costs_of(states, later, lanes)
            assert compiled.before(states, later, lanes) == whole
            words = compiled.layout.words
            rows = found.among(words_of(states, words), words_of([*later], words), 1 << 40)
            assert whole.keys() <= {*integers(rows)} <= {*states}
            every, few, needed = every + len(states), few + len(rows), needed + len(whole)
    return every, few, needed


def spaces_of(model: Model, most: int) -> list[StateSpace]:
    """The beginning of a space, and that of representatives where a symmetry is proved."""
    symmetry, limits = find(model), bounded(model, most)
    found = [python.explore(model, limits)]
    return [*found, python.explore(model, limits, symmetry=symmetry)] if symmetry.proven else found


@pytest.mark.parametrize(
    "path", slow_where(EVERY, [path for path in EVERY if path.stem not in FIRST]), ids=lambda path: path.stem
)
def test_no_candidate_is_missing_in_any_spec(path: Path) -> None:
    """Costs from the candidates alone are those from all states of a level, with and without symmetry, as
    integers and as arrays.
    """
    for space in spaces_of(ground(load(path)), 600):
        compared(space, 1)


@pytest.mark.parametrize("part", rest_slow(range(4)))
def test_no_candidate_is_missing_in_random_specs(part: int) -> None:
    """The same for random specs, half of them with identities that are interchangeable."""
    compared_with, together = 0, [0, 0, 0]
    for seed in range(part * 40, part * 40 + 40):
        rng = random.Random(seed)
        model = model_of(symmetric_text(rng) if seed % 2 else spec_text(rng, 1 + seed % 4))
        for space in spaces_of(model, 400) if model is not None else []:
            compared_with += space.compiled.candidates.origins is not None
            together = [a + b for a, b in zip(together, compared(space, seed))]
    assert compared_with > 40 and together[2] < together[0]


def test_few_others_are_looked_at() -> None:
    """In German's protocol and the filter lock one candidate of twenty, or fewer, has no step that leads
    there; with symmetry there are more.
    """
    for name, share in (
        ("german", 1.05),
        ("peterson", 1.05),
        ("philosophers", 1.0),
        ("two_phase_commit", 1.0),
    ):
        space, *_ = spaces_of(ground(load(SPECS / f"examples/{name}.py")), 1000)
        every, few, needed = compared(space, 2)
        assert few <= share * needed < every


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("name", ["german", "two_phase_commit", "ipi_buffers"])
def test_machine_code_finds_them_too(name: str, symmetric: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is missing where machine code undoes rules, and says what the states of an orbit share; candidates
    are listed a few at a time.
    """
    monkeypatch.setattr(undo, "TOGETHER", 8)
    folder = ROOT / "tests/support" if name == "ipi_buffers" else SPECS / "examples"
    space = spaces_of(ground(load(folder / f"{name}.py")), 1500)[symmetric]
    compiled = space.compiled
    assert compiled.candidates.origins is not None and symmetric == (compiled.plan is not None)
    jit, undone = Jit(default_directory()), undo.Undo(compiled.candidates.origins, compiled.layout.words)
    kernels = jit.module(undo_source())

    def quicken(found: arrays.ArrayCandidates) -> None:
        found.quicken(kernels, partial(undone.listed, kernels))
        if symmetric:
            text = ways_source(compiled.program, compiled.layout, compiled.plan)
            found.by_orbit(jit.module(text))

    every, few, needed = compared(space, 3, quicken)
    assert needed <= few < every
