"""Small levels that are passed many in one call: everything that is found and told is what it is where each
is passed alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer.engine.limits import Limits, Progress
from explorer.engine.native import hashing, small_levels, tree, visited
from explorer.engine.native import search as native
from explorer.engine.native.machine import machine
from explorer.engine.python import Compiled
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.symmetry.find import find
from tests.support.comparison import facts, reported

CHAIN = """
from typing import Annotated
from explorer import *
class S(State):
    n: Var[Annotated[int, Range(0, {top})]] = initially(0)
    wide: Var[bool] = initially(False)
    first: Var[Annotated[int, Range(0, {first} * 2**60)]] = initially(0)
    second: Var[Annotated[int, Range(0, {second} * 2**60)]] = initially(0)
@action
def up(s: S) -> None:
    when(s.n < {last})
    s.n.next = s.n + 1
    s.wide.next = False
    s.first.next = s.n * 3 * {first}
    s.second.next = s.n * 5 * {second}
@action
def out(s: S) -> None:
    when(s.n % 7 == 3)
    s.wide.next = True
@action
def stay(s: S) -> None:
    when(s.n % 5 == 4)
    s.n.next = s.n
{more}
spec = Spec(expect=HOLDS)
"""
FAILS = "@invariant\ndef low(s: S):\n    return s.n < 700\n"
STEPS = "@step_invariant\ndef rises(s: S):\n    return s.n.next != 650\n"
CUT = "@constraint\ndef inside(s: S):\n    return ~(s.wide & (s.n > 600))\n"
UNDEFINED = "@invariant\ndef odd(s: S):\n    return s.n // (s.n - 640) != 1\n"
EVERYTHING = FAILS + STEPS + CUT + UNDEFINED

PAIR = """
from typing import Annotated
from explorer import *
class Slot(Scalarset):
    size = 2
class Counters(State):
    n: Map[Slot, Annotated[int, Range(0, 99)]] = initially(0)
    large: Map[Slot, Annotated[int, Range(0, 2**{bits} - 1)]] = initially(0)
@action
def up(c: Counters, i: Slot) -> None:
    when(c.n[i] < 99)
    c.n[i].next = c.n[i] + 1
    c.large[i].next = (c.n[i] + 1) % 2**{bits}
spec = Spec(expect=violates("deadlock"))
"""


def chain(tmp_path: Path, top: int, last: int, more: str = "", words: int = 1) -> Model:
    return of_text(
        tmp_path, CHAIN.format(top=top, last=last, more=more, first=int(words > 1), second=int(words > 2))
    )


def of_text(tmp_path: Path, text: str) -> Model:
    file = tmp_path / "levels.py"
    file.write_text(text)
    return ground(load(file))


def both(
    monkeypatch: pytest.MonkeyPatch,
    model: Model,
    limits: Callable[[], Limits] = Limits,
    words: int = 1,
    **given: Any,
) -> StateSpace:
    """Explore with and without calls that pass many levels, and compare what is found and told."""
    compiled = Compiled(model, given.get("symmetry"))
    assert compiled.layout.words == words
    made, found, calls = machine(compiled), [], 0
    original = small_levels.SmallLevels._pass

    def counted(self: small_levels.SmallLevels, most: int) -> bool:
        nonlocal calls
        passed = original(self, most)
        calls += passed
        return passed

    monkeypatch.setattr(small_levels.SmallLevels, "_pass", counted)
    for begin in (1 << 60, 3):
        monkeypatch.setattr(small_levels, "LOADED_FROM", begin)
        monkeypatch.setattr(small_levels, "COMPILED_FROM", begin)
        told: list[Progress] = []
        space = native.explore(model, limits(), told.append, prepared=(compiled, made), **given)
        progress = [(p.level, p.states, p.frontier, [*p.levels], p.failed) for p in told]
        found.append((space, progress, facts(space), reported(space), space.represented))
        assert bool(calls) == (begin == 3)
    alone, together = found
    assert alone[1:] == together[1:]
    assert alone[0].notes == together[0].notes
    return together[0]


@pytest.mark.parametrize(
    "words, more",
    [
        *((1, more) for more in ("", FAILS, STEPS, CUT, UNDEFINED)),
        *((words, EVERYTHING) for words in (1, 2, 3)),
    ],
)
def test_what_fails_on_a_chain_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, words: int
) -> None:
    """A deadlock at the end of a chain of a thousand levels, and properties that fail on the way or have no
    value, are found at the same level and told at the same moment.
    """
    space = both(monkeypatch, chain(tmp_path, 1000, 1000, more, words), words=words)
    assert len(space.levels) == 1001
    assert len(space.violations) == 1 + more.count("@invariant") + more.count("@step")


@pytest.mark.parametrize("words", [1, 3])
@pytest.mark.parametrize(
    "limits",
    [
        lambda: Limits(max_states=500),
        lambda: Limits(max_states=501),
        lambda: Limits(max_depth=333),
        lambda: Limits(first=frozenset()),
        lambda: Limits(first=frozenset({"deadlock"})),
    ],
)
def test_a_limit_ends_a_chain_where_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Callable[[], Limits], words: int
) -> None:
    """Bounds of states and of depth, and the first failure, end a search behind the same level."""
    model = chain(tmp_path, 1000, 900, FAILS + STEPS, words)
    assert both(monkeypatch, model, limits, words).stopped


def test_levels_without_room_in_the_table_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """States of 62 bits leave an entry room for the first thousand levels only."""
    space = both(monkeypatch, chain(tmp_path, (1 << 61) - 1, 1500))
    assert len(space.levels) == 1501


@pytest.mark.parametrize("words, bits", [(1, 8), (3, 60)])
def test_representatives_stand_for_as_many_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: int, bits: int
) -> None:
    """Under a symmetry the sum of the orbits is the same."""
    model = of_text(tmp_path, PAIR.format(bits=bits))
    symmetry = find(model)
    space = both(monkeypatch, model, words=words, symmetry=symmetry)
    assert (space.distinct, space.represented) == (5050, 10_000)


@pytest.mark.parametrize("words", [1, 2, 3])
def test_a_full_table_ends_a_search_at_the_same_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: int
) -> None:
    """Where the table may not grow, what had room before is found, whichever way; and where it may, growing
    between two calls loses nothing, nor does the growth of dictionaries.
    """
    monkeypatch.setattr(visited, "FIRST_CAPACITY", 16)
    monkeypatch.setattr(tree, "FIRST_ROOM", 4)
    monkeypatch.setattr(hashing, "PARTITION_BITS", 2)
    model = chain(tmp_path, 1500, 1500, words=words)
    assert not both(monkeypatch, model, words=words).stopped
    monkeypatch.setattr(native, "available_bytes", lambda: 8_000)
    assert "--max-memory" in (both(monkeypatch, model, words=words).stopped or "")


def test_who_looks_on_can_end_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption during a level is heeded when at most as many levels again have passed."""
    monkeypatch.setattr(small_levels, "LOADED_FROM", 1)
    monkeypatch.setattr(small_levels, "COMPILED_FROM", 1)
    limits = Limits()

    def observe(progress: Progress) -> None:
        limits.interrupted = limits.interrupted or progress.level == 100

    space = native.explore(chain(tmp_path, 1000, 1000), limits, observe)
    assert space.stopped == "interrupted" and 100 < len(space.levels) <= 203
