"""What the families of the library have in common: their variants as test cases, and the tests that each
family has.

A family's file names its specs with their counts, calls `claims`, and adds the facts of its protocol. What
was explored is kept, so that one exploration serves counts, verdict and stories. Nothing is written: records
of other tests are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import pytest

from explorer.engine import reference
from explorer.engine.limits import Limits
from explorer.engine.python import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.language.spec import Spec
from explorer.liveness import check as liveness
from explorer.run.constants import constants_of
from explorer.run.load import load
from explorer.trace.trace import Trace
from explorer.verdict.verdict import Verdict, judge
from tests.support.house import SPECS
from tests.support.slow import slow_where

Counts = tuple[int, int, int]
"""States, transitions and depth."""


@cache
def names(spec: str) -> list[str]:
    """The names of the variants of `spec/<spec>.py`."""
    return [row.name for row in load(SPECS / f"{spec}.py").variants]


def model(spec: str, name: str = "") -> Model:
    """The ground model of a spec, or of one of its variants with that variant's expectation."""
    found: Spec = load(SPECS / f"{spec}.py")
    file = str(SPECS / f"{spec}.py")
    if not name:
        return ground(found, {}, file)
    row = next(row for row in found.variants if row.name == name)
    return replace(ground(found, constants_of(found, row), file), expect=row.expect)


@lru_cache(maxsize=6)
def space(spec: str, name: str = "") -> StateSpace:
    """Everything reachable in a spec or variant; the last few are kept."""
    return explore(model(spec, name))


@cache
def verdict(spec: str, name: str = "") -> Verdict:
    """What the explorer finds, every property asked for."""
    found = space(spec, name)
    return judge(found, strict=True, answers=liveness.check(found, Limits()))


def check(spec: str, name: str = "") -> Verdict:
    """The verdict of a spec or variant, after asserting that it is exactly the declared one."""
    found = verdict(spec, name)
    assert found.expectation_met, (
        spec,
        name,
        found.expected,
        [(p.name, p.verdict, p.trace_length) for p in found.properties],
    )
    return found


def bound(spec: str, **constants: Any) -> StateSpace:
    """Everything reachable in a spec with these constants."""
    file = SPECS / f"{spec}.py"
    return explore(ground(load(file), constants, str(file)))


def states(found: StateSpace) -> list[dict[str, object]]:
    """The visited states, each as the value of every cell by its name."""
    cells = [found.model.cell_name(cell) for cell in range(found.model.size)]
    return [dict(zip(cells, found.decode(state))) for level in found.levels for state in level]


def labels(trace: Trace) -> list[str]:
    """The steps of a story, each as its actor and its whole text."""
    return [f"{step.actor}: {step.label}" for step in trace.steps[1:]]


def steps(trace: Trace) -> list[str]:
    """The steps of a story, each as its actor and its text up to a comment."""
    return [label.partition("  //")[0] for label in labels(trace)]


def counts(found: StateSpace) -> Counts:
    return found.distinct, found.transitions, found.depth


def same_as_reference(fast: StateSpace) -> None:
    """Assert that the reference finds the same states, transitions and depth, and the same violations at the
    same levels.
    """
    slow = reference.explore(fast.model)
    assert counts(fast) == counts(slow)
    assert {k: v.level for k, v in fast.violations.items()} == {
        k: v.level for k, v in slow.violations.items()
    }


MANY = 20_000
"""The reference takes seconds for more transitions than these."""


def claims(golden: Mapping[str, Counts], judged: Collection[str] = ()) -> tuple[Callable[..., None], ...]:
    """The tests of a family whose specs have these counts: counts, expectations, every row of every table,
    the reference.

    `judged` names the specs that the reference explores in a few seconds; all, if none is named.
    """
    rows = [(spec, row) for spec in golden for row in names(spec)]
    assert rows, f"none of {', '.join(golden)} has variants"

    @pytest.mark.parametrize("name", golden)
    def test_counts(name: str) -> None:
        """States, transitions and depth are as they were."""
        assert counts(space(name)) == golden[name]

    @pytest.mark.parametrize("name", golden)
    def test_expectations(name: str) -> None:
        """Each spec shows what it declares, and no severe finding."""
        assert [found.text for found in check(name).findings if found.severe] == []

    @pytest.mark.parametrize("spec, row", rows, ids=[f"{spec}: {row}" for spec, row in rows])
    def test_variants(spec: str, row: str) -> None:
        """Every row of the tables is exactly as declared."""
        check(spec, row)

    @pytest.mark.parametrize(
        "name", slow_where(judged or golden, (name for name in golden if golden[name][1] > MANY))
    )
    def test_reference(name: str) -> None:
        """The judge finds the same states and violations as the engine."""
        same_as_reference(space(name))

    return test_counts, test_expectations, test_variants, test_reference
