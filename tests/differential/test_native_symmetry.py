"""The native engine visits the python engine's representatives, however forms are found and wherever it takes
over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from explorer.engine import auto as tiered
from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.native import search as native
from explorer.engine.native.machine import machine
from explorer.ground.ground import ground
from explorer.run.load import load
from explorer.symmetry import plan as orbits
from explorer.symmetry.find import find
from tests.support.house import SPECS
from tests.support.native import without_compiler
from tests.support.quotients import RICH, model, same_facts
from tests.support.slow import rest_slow


@pytest.mark.parametrize("part", rest_slow(range(3)))
def test_random_specs_without_the_compiler(part: int) -> None:
    """The native engine's text, run by the interpreter, gives the python engine's representatives on random
    symmetric specs.
    """
    first = 2000 + 20 * part
    agreed = without_compiler(
        "from tests.support.native import natively",
        f"sum(natively(seed, 12 if seed % 2 else 1) for seed in range({first}, {first + 20}))",
    )
    assert agreed > 5


@pytest.mark.slow
def test_machine_code_finds_the_same_representatives() -> None:
    """The native engine's forms are the python engine's, on states of one word and of two, sorted for and all
    tried.
    """
    for constants in ({"senders": 3}, {"targets": 2}):
        spec = ground(load(SPECS / "ipi_buggy.py"), constants)
        found = find(replace(spec, temporal=()))
        limits = Limits(max_depth=16)
        compiled = python.Compiled(spec, found)
        made = machine(compiled)
        expected = python.explore(spec, limits, symmetry=found)
        for options in (native.Options(1), native.Options(3)):
            space = native.explore(spec, limits, options=options, prepared=(compiled, made))
            same_facts(expected, space)


@pytest.mark.slow
def test_machine_code_sorts_where_there_are_many_renamings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ties among keys are broken alike in both engines."""
    monkeypatch.setattr(orbits, "DIRECT", 1)
    for block in ("", RICH):
        spec = model(block, CPUS=3)
        found, limits = find(spec), Limits(max_depth=5)
        assert not python.Compiled(spec, found).plan.direct or not block  # type: ignore[union-attr]
        same_facts(python.explore(spec, limits, symmetry=found), native.explore(spec, limits, symmetry=found))


def test_the_hand_over_keeps_the_symmetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that goes from the python engine to the native one in the middle stands for the same
    states, and its seconds go on from those before.
    """
    hand_over = tiered._hand_over

    def late(compiled: python.Compiled, search: python.Search, *more: Any) -> Any:
        search.space.phases["successors"] = 1000.0
        return hand_over(compiled, search, *more)

    monkeypatch.setattr(tiered, "_hand_over", late)
    monkeypatch.setattr(tiered, "COMPILE_FROM", 300)
    monkeypatch.setattr(tiered._Builder, "ready", lambda self, search: len(search.visited) >= 300)
    spec = ground(load(SPECS / "ipi_buggy.py"), {"senders": 3})
    found, limits = find(spec), Limits(max_depth=16)
    space = tiered.explore(spec, limits, symmetry=found)
    assert space.engine == "native" and space.phases["successors"] > 1000
    same_facts(python.explore(spec, limits, symmetry=found), space)
