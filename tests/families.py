"""Every variant that a spec declares, as test cases: `@pytest.mark.parametrize("name", names(SPEC))`, then `check(SPEC, name)`.

Records of other tests are not touched: nothing is written.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from explorer.check import liveness
from explorer.check.verdict import Verdict, judge
from explorer.compile.ground import ground
from explorer.compile.model import Model
from explorer.engine.limits import Limits
from explorer.engine.python import explore
from explorer.language.spec import Spec
from explorer.load import load
from explorer.options import constants_of
from explorer.trace.trace import Trace

SPECS = Path(__file__).parents[1] / "spec"


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


def verdict(spec: str, name: str = "") -> Verdict:
    """What the explorer finds, every property asked for."""
    space = explore(model(spec, name))
    return judge(space, strict=True, answers=liveness.check(space, Limits()))


def steps(trace: Trace) -> list[str]:
    """The steps of a story, each as its actor and its text up to a comment."""
    return [f"{step.actor}: {step.label.partition('  //')[0]}" for step in trace.steps[1:]]


def counts(spec: str) -> tuple[int, int, int]:
    """States, transitions and depth."""
    space = explore(model(spec))
    return space.distinct, space.transitions, space.depth


def check(spec: str, name: str = "") -> Verdict:
    """The verdict of a spec or variant, after asserting that it is exactly the declared one."""
    found = verdict(spec, name)
    assert found.expectation_met, (spec, name, found.expected, [(p.name, p.verdict, p.trace_length) for p in found.properties])
    return found
