"""Canonical forms are canonical: by brute force over all renamings, every state of an orbit has one
representative.
"""

from __future__ import annotations

import itertools
import math
import random

import pytest

from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.symmetry import plan as orbits
from explorer.symmetry.find import Symmetry, find
from explorer.symmetry.permutation import Renaming
from tests.support.house import SPECS
from tests.support.quotients import RICH, model, random_symmetric


def renamings(spec: Model, found: Symmetry) -> list[Renaming]:
    """Every renaming of the proven scalarsets."""
    orders = [list(itertools.permutations(identities)) for identities in found.proven.values()]
    return [
        Renaming(found.structure, dict(zip(found.proven, picked))) for picked in itertools.product(*orders)
    ]


def check_forms(spec: Model, found: Symmetry, states: list[tuple[int, ...]]) -> None:
    """On some states: all of an orbit have one representative, which is in the orbit, and the orbit's size is
    right.
    """
    compiled = python.Compiled(spec, found)
    quotient = compiled.quotient
    assert quotient is not None
    for state in states:
        orbit = {compiled.layout.pack(r.state(state)) for r in renamings(spec, found)}
        (form,) = {quotient.canonical(packed) for packed in orbit}
        assert form in orbit
        assert quotient.orbit(form) == len(orbit)


@pytest.mark.parametrize(
    "direct",
    [pytest.param(orbits.DIRECT, id="all tried", marks=pytest.mark.slow), pytest.param(1, id="sorted")],
)
def test_forms_are_canonical(direct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Brute force over all renamings agrees on random symmetric specs, narrow and wide, and on every way to a
    form.
    """
    monkeypatch.setattr(orbits, "DIRECT", direct)
    rng, checked, wide = random.Random(7), 0, 0
    rich = model(RICH, CPUS=3)
    family = [
        ground(load(SPECS / "ipi_fixed.py"), constants)
        for constants in ({"targets": 2}, {"senders": 3, "targets": 2})
    ]
    written = [(spec, find(spec)) for spec in (rich, *family)]
    for spec, found in (*written, *filter(None, map(random_symmetric, range(300, 330)))):
        space = python.explore(spec, Limits(max_states=400))
        states = [space.decode(s) for level in space.levels for s in level]
        check_forms(spec, found, rng.sample(states, min(25, len(states))))
        checked += 1
        wide += python.Compiled(spec, found).layout.words > 1
    assert checked > 12 and wide


def test_plain_changes_visit_every_order_once() -> None:
    """Exchanging neighbours as told gives every order of n things once."""
    for n in range(1, 7):
        order, seen = list(range(n)), {tuple(range(n))}
        for i in orbits.plain_changes(n):
            order[i], order[i + 1] = order[i + 1], order[i]
            seen.add(tuple(order))
        assert len(seen) == math.factorial(n) == len(orbits.plain_changes(n)) + 1
