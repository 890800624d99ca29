"""The clock is looked at within large levels, not only between levels."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.engine import auto, python
from explorer.engine.limits import Limits
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load

WIDE = """\
from typing import Annotated
from explorer import *

class S(State):
    n: Var[Annotated[int, Range(0, 9999)]] = initially(any_of(Annotated[int, Range(0, 9999)]))
    done: Var[bool] = initially(False)

@action
def end(s: S):
    when(~s.done)
    s.done.next = True

@invariant
def small(s: S):
    return s.n < 20000

@invariant
def not_done(s: S):
    return ~s.done | (s.n >= 0)

spec = Spec()
"""


class Sooner(Limits):
    """Limits that are reached when they are looked at for the nth time."""

    looks = 0
    last = 3

    def reached(self, distinct: int) -> str | None:
        self.looks += 1
        return "the time is over" if self.looks >= self.last else None


@pytest.fixture
def wide(tmp_path: Path) -> Model:
    """10,000 initial states, all of them the first level."""
    (tmp_path / "wide.py").write_text(WIDE)
    return ground(load(tmp_path / "wide.py"))


def test_a_level_that_is_checked_ends_when_the_time_is_over(
    wide: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a level with 100 parts no more is checked than until the limit is reached, and the run stops."""
    monkeypatch.setattr(python, "CHUNK", 100)
    checked: list[int] = []
    check = python.Flagged.check
    monkeypatch.setattr(
        python.Flagged,
        "check",
        lambda self, level, depth: (checked.append(len(level)), check(self, level, depth))[1],
    )
    space = python.explore(wide, Sooner())
    assert space.stopped == "the time is over" and space.expanded == 0
    assert checked == [100, 100, 100]


def test_a_level_that_is_expanded_ends_when_the_time_is_over(
    wide: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """States are expanded part by part, and none after the limit is reached."""
    limits = Sooner()
    limits.last = 6
    space = python.explore(wide, limits)
    assert space.stopped == "the time is over"
    assert 0 < space.expanded < 10_000 and space.distinct < 20_000


def test_what_cannot_be_handed_over_in_time_stays_with_python(
    wide: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handing states to machine code looks at no clock: it is not begun where it would take too long."""
    monkeypatch.setattr(auto, "COMPILE_FROM", 100)
    monkeypatch.setattr(auto._Builder, "ready", lambda self, search: True)
    monkeypatch.setattr(auto, "SECONDS_A_WORD", 1.0)
    space = auto.explore(wide, Limits(timeout=1000.0))
    assert (space.engine, space.stopped, space.distinct) == ("python", None, 20_000)


JUMPS = """\
from typing import Annotated
from explorer import *
Value = Annotated[int, Range(0, 39)]
class S(State):
    x: Var[Value] = initially(0)
    y: Var[Value] = initially(0)
@action
def to(s: S, x: Value, y: Value):
    s.x.next = x
    s.y.next = y
spec = Spec()
"""


@pytest.mark.parametrize(
    "work, wait, asked", [(1 << 30, 0, []), (2_500_000, 1 << 30, [False]), (2_500_000, 2_500_000, [True])]
)
def test_few_states_of_many_transitions_are_worth_machine_code(
    work: int, wait: int, asked: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is the work that is ahead: a level of 1,599 states with 1,600 transitions each. Where it is
    much the compilation is waited for.
    """
    (tmp_path / "jumps.py").write_text(JUMPS)
    seen: list[bool] = []
    monkeypatch.setattr(auto, "WORK_FROM", work)
    monkeypatch.setattr(auto, "WAIT_FROM", wait)
    monkeypatch.setattr(auto._Builder, "_done", lambda self, waits: seen.append(waits))
    space = auto.explore(ground(load(tmp_path / "jumps.py")))
    assert (space.distinct, space.transitions, seen) == (1_600, 1_600 * 1_600, asked)
