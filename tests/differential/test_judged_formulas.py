"""SPIN judges temporal properties as this explorer does: under weak and strong fairness, and of a memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.judge.compare import JUDGES, judge, table
from tests.support.judged_specs import LASTING, PASSING, model_of

pytestmark = pytest.mark.skipif(not JUDGES["SPIN"](), reason="SPIN is not installed")


def test_spin_judges_temporal_properties_under_weak_fairness(tmp_path: Path) -> None:
    """What fairness decides, both ways: with a counter of turns SPIN says what we say, and each of its lassos
    is fair and breaks its property here. The next state has no words, and is named.
    """
    found = judge(model_of(tmp_path, LASTING), ("SPIN",), 10_000, 100)
    assert found.agreed, list(table(found))
    mine, told = found.answers
    assert told.temporal == ("all_sleep", "nobody_wakes", "it_ends", "one_wakes_first", "turns")
    broken = {name for name in told.violated if name in told.temporal}
    assert broken == {"nobody_wakes", "it_ends"}, list(table(found))
    assert all(told.stories[name].loop is not None for name in broken)
    assert "the next state" in told.left["twice"] and "twice" in mine.temporal


FLICKERS = """
import enum
from explorer import *

class Light(enum.Enum):
    idle, turn, number, taken, again, fails, check = range(7)

class S(State):
    on: Var[bool] = initially(False)
    held: Var[bool] = initially(False)
    at: Var[Light] = initially(Light.idle)

@action
def shine(s: S) -> None:
    s.at.next = Light.turn

@action(fair=WEAK)
def flip(s: S) -> None:
    s.on.next = ~s.on

@action(fair=STRONG)
def take(s: S) -> None:
    when(s.on & ~s.held)
    s.held.next = True

@action
def give(s: S) -> None:
    when(s.held)
    s.held.next = False

@temporal
def is_held(s: S) -> Formula:
    return eventually(s.held)

@temporal
def is_held_again(s: S) -> Formula:
    return always_eventually(s.held)

@temporal
def is_held_in_the_end(s: S) -> Formula:
    return eventually_always(s.held)

spec = Spec()
"""


@pytest.mark.parametrize(
    "fair, broken",
    [
        ("STRONG", {"is_held_in_the_end"}),
        ("WEAK", {"is_held", "is_held_again", "is_held_in_the_end"}),
    ],
)
def test_spin_judges_temporal_properties_under_strong_fairness(
    fair: str, broken: set[str], tmp_path: Path
) -> None:
    """What is possible again and again, and never for long, is taken where fairness is strong; where it is
    weak, it need not be.
    """
    found = judge(model_of(tmp_path, FLICKERS.replace("STRONG", fair)), ("SPIN",), 9_000, 99)
    assert found.agreed and not found.answers[1].left, list(table(found))
    assert {*found.answers[1].violated} == broken == {*found.answers[0].violated}


def test_what_spin_cannot_be_asked_is_told_by_name(tmp_path: Path) -> None:
    """Too many strongly fair actions: the table says which property, and why."""
    many = FLICKERS.replace("def take(s: S)", "def take(s: S, n: Annotated[int, Range(0, 6)])")
    many = many.replace("when(s.on & ~s.held)", "when(s.on & ~s.held & (n >= 0))")
    many = many.replace("import *", "import *\nfrom typing import Annotated")
    found = judge(model_of(tmp_path, many), ("SPIN",), 9_000, 99)
    assert "7 strongly fair actions" in found.answers[1].left["is_held"] and found.agreed
    assert any("SPIN is not asked is_held: 7 strongly fair actions" in line for line in table(found))


ENDS = """
@temporal
def ends(at: At) -> Formula:
    return eventually(at.producer == 4)

@temporal
def is_seen(at: At) -> Formula:
    return leads_to(at.producer == 2, at.consumer > 0)

@action(fair=STRONG)
def poll(at: At, ram: Ram) -> None:
    when(at.consumer == 0)
    when(ram.load(C, ram.index))
    at.consumer.next = 1

spec = Spec()
"""


def test_spin_judges_temporal_properties_of_a_memory(tmp_path: Path) -> None:
    """Atoms and fairness speak of steps in C: a store arrives in the end, and who polls sees it."""
    model = model_of(tmp_path, PASSING.replace("spec = Spec()\n", ENDS))
    found = judge(model, ("SPIN",), 100_000, 100)
    assert found.agreed and not found.answers[1].left, list(table(found))
    assert found.answers[1].temporal == ("ends", "is_seen") == found.answers[0].temporal
    assert "ends" in found.answers[1].violated and "is_seen" not in found.answers[1].violated
