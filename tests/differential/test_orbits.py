"""With symmetry the answers are the same: orbits add up to all states, verdicts, stories and findings are
those of a full run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from explorer.engine import python, reference
from explorer.engine.limits import Limits
from explorer.ground.ground import ground
from explorer.run.load import load
from explorer.symmetry import plan as orbits
from explorer.symmetry.find import find
from explorer.verdict.verdict import judge
from tests.support.comparison import MOST, bounded
from tests.support.generators import spec_of
from tests.support.house import SPECS
from tests.support.quotients import check, model, random_symmetric
from tests.support.slow import rest_slow


@pytest.mark.parametrize("part", rest_slow(range(3)))
def test_random_symmetric_specs_have_the_same_answers(part: int) -> None:
    """Verdict, stories, findings and counts are the same with and without symmetry on 30 random specs."""
    reduced = proved = 0
    for seed in range(1000 + 30 * part, 1030 + 30 * part):
        symmetric = random_symmetric(seed)
        if symmetric is None:
            continue
        spec, found = symmetric
        limits = bounded(spec, 2 * MOST)
        if (
            found.ordered
            and {*found.ordered, "evaluation"} & reference.explore(spec, limits).violations.keys()
        ):
            continue
        proved += 1
        space = check(spec, found, limits)
        reduced += space.distinct < space.represented
    assert proved > 10 and reduced > 5


SYMMETRIC = """
    dma_window_buggy dma_window_fixed dma_window_levels_buggy dma_window_levels_fixed fadump_buggy
    fadump_fixed ipi_buggy ipi_fixed ipi_healing page_walk_buggy page_walk_fixed page_walk_ipi_buggy
    page_walk_ipi_fixed xmon_buggy xmon_fixed german peterson
    two_phase_commit ticket_lock paxos
""".split()
"""The shipped specs whose symmetry is proved; a proof that is lost shows here."""


@pytest.mark.parametrize(
    "path",
    [*sorted(SPECS.glob("*.py")), *sorted((SPECS / "examples").glob("*.py"))],
    ids=lambda path: path.stem,
)
def test_the_orbits_of_every_spec_add_up(path: Path) -> None:
    """On the specs of the house the orbits stand for exactly the states that a run without symmetry
    visits.
    """
    spec = replace(ground(load(path)), temporal=())
    found = find(spec)
    assert bool(found.proven) == (path.stem in SYMMETRIC)
    if not found.proven:
        return
    plain = python.explore(spec, Limits(max_states=30_000))
    limits = Limits(max_depth=max(0, len(plain.levels) - 2)) if plain.stopped else Limits()
    check(spec, found, limits)


def test_too_many_renamings_are_not_tried() -> None:
    """Of related scalarsets that would make too many renamings together one is left out, with a note; the
    orbits still add up.
    """
    spec = ground(
        spec_of("""
from explorer import *
class A(Scalarset):
    size = 6
class B(Scalarset):
    size = 4
class S(State):
    link: Map[A, B | None] = initially(None)
    rest: Map[A, bool] = initially(True)
@action
def act(s: S, a: A, b: B):
    when(count(s.rest[x] for x in A) > 4)
    when(s.rest[a])
    s.rest[a].next = False
    s.link[a].next = b
@terminal
def ends(s: S):
    return True
spec = Spec()
""")
    )
    found, text = find(spec), "A is not used as a symmetry: with the others there would be too many renamings"
    assert not check(spec, found).notes
    orbits.MOST, before = 100, orbits.MOST
    found.derived.clear()
    try:
        assert list(check(spec, found).notes) == [text]
    finally:
        orbits.MOST = before


def test_an_unchecked_property_is_not_called_vacuous() -> None:
    """A premise that is met for another identity only is no finding where its property is not checked."""
    spec = model("""
@invariant
def seen(lock: Lock):
    return implies(lock.owner == domain(Cpu)[0], lock.at[domain(Cpu)[0]] == Step.OWNER)
""")
    for only in (("owner_knows",), ("deadlock",)):
        found = find(spec, only)
        assert "seen" in found.unproved
        reduced = python.explore(spec, symmetry=found)
        assert reduced.distinct < reduced.represented
        assert judge(reduced, only=only).findings == judge(python.explore(spec), only=only).findings


def test_without_symmetry_nothing_is_proved() -> None:
    """A space that was explored without symmetry has no quotient and stands for itself."""
    space = python.explore(model())
    assert (space.quotient, space.represented, judge(space).states["orbits"]) == (None, 4, 4)
