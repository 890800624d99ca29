"""What random walks find is told without what it does not need."""

from __future__ import annotations

import random
from typing import Annotated

import pytest

from explorer import (
    Map,
    Range,
    Spec,
    State,
    Value,
    Var,
    action,
    after,
    initially,
    invariant,
    step_invariant,
    terminal,
    when,
)
from explorer.engine.reference import successors
from explorer.engine.space import Violation
from explorer.ground.ground import ground
from explorer.trace.shorten import shortened

Digit = Annotated[int, Range(0, 9)]
Lane = Annotated[int, Range(0, 2)]


class Counters(State):
    n: Map[Lane, Digit] = initially(0)
    done: Var[bool] = initially(False)


@action
def up(c: Counters, lane: Lane) -> None:
    when((c.n[lane] < 9) & ~c.done)
    c.n[lane].next = c.n[lane] + 1


@action
def reset(c: Counters, lane: Lane) -> None:
    when(~c.done)
    c.n[lane].next = 0


@action
def close(c: Counters) -> None:
    when((c.n[2] == 2) & ~c.done)
    c.done.next = True


@invariant
def small(c: Counters) -> Value[bool]:
    return c.n[0] < 4


@step_invariant
def no_fall(c: Counters) -> Value[bool]:
    return ~((c.n[1] == 3) & (after(c.n[1]) == 0))


@terminal
def never(c: Counters) -> Value[bool]:
    return c.n[0] == 9


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "name, kind, steps", [("small", "invariant", 4), ("no_fall", "step", 4), ("deadlock", "deadlock", 3)]
)
def test_a_walk_loses_every_step_that_its_end_does_not_need(
    name: str, kind: str, steps: int, seed: int
) -> None:
    """Three counters that know nothing of each other: only the steps of one are left, without detours."""
    model = ground(Spec(Counters, up, reset, close, small, no_fall, never))
    initial = state = next(iter(model.initial_states()))
    names = {i.name: i.number for i in model.instances}
    rng, numbers = random.Random(seed), list[int]()
    for _ in range(150):
        edges = [edge for edge in successors(model, state) if edge[1] != names["close"]]
        _, number, state = rng.choice(edges)
        numbers.append(number)
    tail = {
        "small": [names["reset(lane=0)"]] + [names["up(lane=0)"]] * 4,
        "no_fall": [names["reset(lane=1)"]] + [names["up(lane=1)"]] * 3 + [names["reset(lane=1)"]],
        "deadlock": [names["reset(lane=2)"]] + [names["up(lane=2)"]] * 2 + [names["close"]],
    }[name]
    kept = shortened(model, Violation(name, kind, 0), initial, numbers + tail)
    assert len(kept) == steps
