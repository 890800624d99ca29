"""Random specs against brute force that shares no code with the engines.

`python -m tests.differential.test_explicit FIRST LAST` compares many seeds with the python engine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from explorer.engine import python, reference
from explorer.engine.limits import Limits
from explorer.engine.native import search as native
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.errors import SpecError
from explorer.liveness.check import check
from explorer.verdict.verdict import judge
from tests.support.comparison import spec_of
from tests.support.explicit import Found, Sample, explore, sample, text
from tests.support.slow import rest_slow

MOST = 400
SPECS, COMPILED = 600, 4
"""The largest spec that is compared; specs that the tests look at, and those that are compiled."""

Engine = Callable[..., StateSpace]


def compare(spec: Sample, *engines: Engine) -> Found | None:
    """Hold the engines against brute force; None where the spec is no spec, or too large."""
    wanted = explore(spec, MOST)
    if wanted is None:
        return None
    try:
        model = ground(spec_of(text(spec)))
    except SpecError as error:
        assert error.code in ("E0225", "E0606"), f"{error}\n\n{text(spec)}"
        return None
    for engine in engines:
        space = engine(model, Limits())
        assert [len(level) for level in space.levels] == wanted.levels, text(spec)
        assert space.transitions == wanted.transitions, text(spec)
        verdict = judge(space, answers=check(space, Limits()))
        properties = {p.name: p for p in verdict.properties}
        for name, level in (("inside", wanted.broken), ("evaluation", wanted.failed)):
            assert properties[name].trace_length == level, f"{name} {level}\n\n{text(spec)}"
        for name, fails in (("ever", wanted.always_fails), ("once", wanted.eventually_fails)):
            expected = {"violated" if fails else "holds" if wanted.failed is None else "undetermined"}
            if wanted.failed is not None:
                expected.add("undetermined")  # what is fair, or what a formula means, may be open
            assert properties[name].verdict in expected, f"{name} {expected}\n\n{text(spec)}"
    return wanted


@pytest.mark.parametrize("part", rest_slow(range(3)))
def test_engines_agree_with_brute_force(part: int) -> None:
    """Counts, levels, where an invariant fails and what formulas say are those of plain Python."""
    seeds = range(part * SPECS // 3, (part + 1) * SPECS // 3)
    found = [at for seed in seeds if (at := compare(sample(seed), reference.explore, python.explore))]
    assert len(found) > SPECS / 3 * 0.5
    assert sum(at.broken is not None for at in found) > 10
    assert sum(at.failed is not None for at in found) > 10
    assert sum(at.always_fails for at in found) > 10
    assert sum(len(at.levels) > 3 for at in found) > 5


@pytest.mark.slow
def test_machine_code_agrees_with_brute_force() -> None:
    """So is what machine code finds, where it can compute the spec at all."""
    compiled, seed = 0, 0
    while compiled < COMPILED:
        spec = sample(seed)
        spaces: list[StateSpace] = []

        def explored(*arguments: object, keep: list[StateSpace] = spaces) -> StateSpace:
            keep.append(native.explore(*arguments))  # type: ignore[arg-type]
            return keep[-1]

        compare(spec, explored)
        compiled += bool(spaces) and spaces[0].engine == "native"
        seed += 1
    assert seed < 100


if __name__ == "__main__":
    compared = 0
    for seed in range(int(sys.argv[1]), int(sys.argv[2])):
        try:
            compared += compare(sample(seed), python.explore) is not None
        except AssertionError as difference:
            print(f"seed {seed}: {difference}", flush=True)
    print(f"{compared} specs compared, seeds {sys.argv[1]} to {int(sys.argv[2]) - 1}")
