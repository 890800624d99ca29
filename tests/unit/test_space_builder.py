"""The state space is a value: what an engine counts later does not change what it gave away."""

from __future__ import annotations

import dataclasses

import pytest

from explorer.engine.compiled import Compiled
from explorer.engine.limits import Limits, Prefix, Progress
from explorer.engine.python import Search
from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support.house import SPECS


def test_a_space_stays_as_it_was_while_the_search_goes_on() -> None:
    """Counts, levels and violations of a space taken after some levels are the same when the search ends."""
    model = ground(load(SPECS / "ipi_buggy.py"))
    seen: list[Progress] = []
    search = Search(Compiled(model), Limits(), seen.append, 0.0)
    for _ in range(5):
        search.step()
    early = search.space.space()
    before = (early.distinct, early.enabled, dict(early.violations), early.depth, early.transitions)
    sizes = [*seen[0].levels]
    whole = search.run()
    assert (early.distinct, early.enabled, dict(early.violations), early.depth, early.transitions) == before
    assert [*seen[0].levels] == sizes == [1]
    assert whole.distinct > early.distinct and whole.violations and not early.violations


def test_nobody_can_write_into_a_space() -> None:
    """Fields, counts, levels and violations of a space cannot be assigned."""
    space = Search(Compiled(ground(load(SPECS / "ipi_buggy.py"))), Limits(), lambda _: None, 0.0).run()
    with pytest.raises(dataclasses.FrozenInstanceError):
        space.stopped = "no"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        space.violations["no_lost_ipi"].level = 0  # type: ignore[misc]
    for part in (space.enabled, space.levels, space.violations, space.cut, space.phases, space.notes):
        with pytest.raises(TypeError):
            part[0] = None  # type: ignore[index]


def test_a_prefix_is_a_value() -> None:
    """The first items of a list stay what they were when others are appended."""
    items = [3, 1, 4]
    first = Prefix(items)
    items += [1, 5]
    assert ([*first], first[-1], first[1:], len(first), max(first)) == ([3, 1, 4], 4, [1, 4], 3, 4)
    with pytest.raises(IndexError):
        first[3]
