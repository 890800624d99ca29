"""The IPI family over the language's memory and over store buffers: sc, tso and pso are the same."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest

from explorer.engine.python import explore
from explorer.engine.reference import successors
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.language.spec import Spec
from explorer.run.constants import constants_of
from explorer.run.load import load
from tests.support.house import ROOT, SPECS

MEMORY, BUFFERS = SPECS / "ipi_fixed.py", ROOT / "tests" / "support" / "ipi_buffers.py"
QUICK = (("V0", "pso"), ("V1", "tso"), ("V2' load", "tso"), ("V9 immediate", "tso"))
ROWS = {row.name: row for row in load(MEMORY).variants if row.name[0] == "V"}
PAIRS = [
    pytest.param(name, model, marks=() if (name, model) in QUICK else pytest.mark.slow)
    for name in ROWS
    for model in ("sc", "tso", "pso")
    if not name.endswith((" pso", " context"))
]
AGREED = {"no_lost_ipi", "no_ignored_message", "no_soft_lockup", "no_stuck_spinner", "no_stale_flag"}


def bound(spec: Spec, name: str, memory: str) -> Model:
    """The model of a row of the IPI family, under a memory model."""
    row = replace(ROWS[name], constants={**ROWS[name].constants, "memory": memory})
    return ground(spec, constants_of(spec, row))


def steps(model: Model, ends: set[State]) -> int:
    """The fewest steps to one of the states, not counting those in which a store leaves its buffer."""
    least = dict.fromkeys(model.initial_states(), 0)
    queue = deque(least)
    while queue:
        state = queue.popleft()
        if state in ends:
            return least[state]
        for _, number, after in successors(model, state):
            free = model.instances[number].action.name == "complete"
            cost = least[state] + (not free)
            if cost < least.get(after, cost + 1):
                least[after] = cost
                queue.appendleft(after) if free else queue.append(after)
    raise AssertionError("not reachable")


@pytest.mark.parametrize("name, memory", PAIRS)
def test_store_buffers_and_the_storage_agree(name: str, memory: str) -> None:
    """The same properties fail, and the shortest loss of an IPI has as many steps of the protocol."""
    ours = explore(bound(load(MEMORY), name, memory))
    judge = bound(load(BUFFERS), name, memory)
    theirs = explore(judge)
    assert set(ours.violations) == set(theirs.violations) <= AGREED
    if "no_lost_ipi" in ours.violations:
        ends = set(map(theirs.decode, theirs.violations["no_lost_ipi"].states))
        level = ours.violations["no_lost_ipi"].level
        # buffers let a demultiplexer that loads store over its CPU's own earlier stores
        assert steps(judge, ends) in ((level, level - 1) if "load" in name else (level,))
