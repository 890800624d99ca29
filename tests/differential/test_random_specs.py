"""The python engine finds what the reference finds: on random specs, and on every spec of the house."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support.comparison import ENGINES, agree, bounded, check, check_or_shrink
from tests.support.generators import spec_of, spec_text
from tests.support.house import SPECS
from tests.support.slow import rest_slow
from tests.support.wild import wild_text


@pytest.mark.parametrize("part", rest_slow(range(8)))
def test_engines_agree_with_the_reference_on_random_specs(part: int) -> None:
    """States, steps, counts, violations, traces and verdicts are those of the reference on 2,000 random specs
    (eight times 250; seven of the eight are slow).
    """
    spaces = [
        check_or_shrink(spec_text(random.Random(seed), 1 + seed % 4))
        for seed in range(part * 280, part * 280 + 280)
    ]
    assert sum(s is not None for s in spaces) >= 250
    assert sum(s is not None and s.distinct > 5 for s in spaces) > 90


@pytest.mark.parametrize("part", rest_slow(range(4)))
def test_engines_agree_on_large_numbers_equal_names_and_factories(part: int) -> None:
    """Also where numbers pass a machine word, domains cannot be listed, and two members print alike."""
    spaces = [check_or_shrink(wild_text(seed)) for seed in range(part * 200, part * 200 + 200)]
    assert sum(s is not None for s in spaces) >= 170
    assert sum(s is not None and s.distinct > 5 for s in spaces) > 60


def test_a_level_is_judged_whole_though_it_is_judged_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """All violations of a level are known, those of its later parts too."""
    monkeypatch.setattr("explorer.engine.python.CHUNK", 3)
    spaces = [check_or_shrink(spec_text(random.Random(seed), 1 + seed % 4)) for seed in range(5000, 5100)]
    violating = [v for s in spaces if s is not None for v in s.violations.values() if v.kind == "invariant"]
    assert any(len(v.states) > 3 for v in violating)


FOUND = {
    "a guard that no value of a cell meets": """
class S(State):
    a: Set[Bit] = initially({0})
    b: Var[bool] = initially(True)

@action
def impossible(s: S):
    when(s.a.size * s.a.size == count((s.b, s.b)))
    s.b.next = False
""",
    "a division by a constant zero behind its check": """
class S(State):
    a: Var[Bit] = initially(0)
    b: Var[bool] = initially(True)

@action
def flip(s: S):
    s.b.next = ~s.b

@invariant
def divides(s: S):
    return ((s.a // s.a) != 0) & (s.a + s.a != s.a)
""",
    "membership of what is None": """
class S(State):
    a: Var[Bit | None] = initially(None)
    b: Set[Bit] = initially(set())
    c: Set[Bit] = initially({0})

@action
def never(s: S):
    when(s.c.contains(s.a.value))
    s.b.next = s.c
""",
    "a constant that an impossible step seems to change": """
class S(State):
    queue: Annotated[Queue[Bit], Capacity(2)] = initially([1])
    seen: Map[Annotated[int, Range(-1, -1)], bool] = initially(any_of(bool))

@action
def act(s: S):
    s.queue.next = ite(s.queue.full, s.queue, s.queue.push(0))
    s.seen[s.queue.length].next = False
""",
    "a constraint and a terminal condition without a value": """
class S(State):
    a: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def up(s: S):
    when(s.a < 3)
    s.a.next = s.a + 1

@constraint
def bounded(s: S):
    return 6 // (2 - s.a) > -9

@terminal
def ends(s: S):
    return 6 // (3 - s.a) > 0
""",
    "what has a value only behind a test, used twice": """
class S(State):
    at: Map[Annotated[int, Range(0, 2)], Annotated[int, Range(0, 2)]] = initially(any_of(0, 2))
    i: Var[Annotated[int, Range(0, 3)]] = initially(0)

@action
def up(s: S):
    when((s.i == 0) | (s.at[s.i - 1] + s.at[s.i - 1] * s.at[s.i - 1] > 1))
    when((s.i == 0) | (s.at[0] // s.i + s.at[0] // s.i * (s.at[0] // s.i) != 6))
    when(s.i < 3)
    s.i.next = s.i + 1

@invariant
def lazily(s: S):
    return (s.i == 0) | (s.at[s.i - 1] + s.at[s.i - 1] // s.i + s.at[s.i - 1] // s.i > 1)
""",
    "two computed indices that meet": """
class S(State):
    at: Map[Bit, Annotated[int, Range(0, 2)]] = initially(any_of(0, 1))
    i: Var[Bit] = initially(any_of(0, 1))

@action
def write(s: S):
    s.at[s.i].next = 2
    s.at[s.at[0] % 2].next = 1
""",
}
"""Specs like those that once showed a bug; each is completed by `PREFIX` and `spec = Spec()`."""

PREFIX = "from typing import Annotated\nfrom explorer import *\n\nBit = Annotated[int, Range(0, 1)]\n"


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_once_went_wrong_stays_right(text: str) -> None:
    """Engines agree on the specs that once showed a bug."""
    agree(ground(spec_of(PREFIX + text + "\nspec = Spec()\n")), *ENGINES)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_engines_agree_on_specs_that_hypothesis_makes(rng: random.Random, size: int) -> None:
    """A generator steered by hypothesis finds no disagreement either."""
    check(spec_text(rng, size))


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.py")), ids=lambda path: path.stem)
def test_engines_agree_on_the_specs_of_the_house(path: Path) -> None:
    """Every spec in spec/ means the same to all engines, up to the depth that the reference reaches
    quickly.
    """
    model = ground(load(path))
    agree(model, *ENGINES, limits=bounded(model, 2000))
