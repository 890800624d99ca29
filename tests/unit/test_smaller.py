"""Smaller instances of a spec: which there are, and that they are the spec's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from explorer.engine import python
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.run.smaller import Smaller
from explorer.symmetry.find import Symmetry
from tests.support.house import ROOT

SPEC = """
from typing import Annotated
from explorer import *
LAST = constant("LAST", 3)
STEPS = constant("STEPS", 0)
OTHER = constant("OTHER", 7)

class S(State):
    n: Var[Annotated[int, Range(0, 40)]] = initially(0)
    used: Var[Annotated[int, Range(0, 9)]] = initially(0)

@action
def up(s: S):
    if LAST == 2:
        raise RuntimeError("two is not served")
    when(s.n < LAST)
    s.n.next = s.n + 1

@action
def use(s: S):
    when(s.used < STEPS)
    s.used.next = s.used + 1

@invariant
def small(s: S):
    return (s.n <= LAST) & (OTHER > 0)

spec = Spec()
"""


def smaller(path: Path, values: dict[str, Any], symmetric: bool = True) -> Smaller:
    spec = load(path)
    model = ground(spec, values)
    defaults = {name: known._default for name, known in spec.known_constants().items()}
    return Smaller(model, lambda other: ground(spec, {**values, **other}), defaults, symmetric=symmetric)


def test_instances_have_the_counts_of_the_spec() -> None:
    """Peterson's lock for two, three and four processes, with and without symmetry."""
    for symmetric, states in ((True, (23, 174, 969)), (False, (43, 894, 18_165))):
        found = smaller(ROOT / "spec" / "examples" / "peterson.py", {"PROCESSES": 5}, symmetric)
        found.explore(20.0, 0, None)
        known = {i.at: i.states for i in found.found}
        assert tuple(known[n,] for n in (2, 3, 4)) == states
        assert (5,) not in known


def test_constants_that_were_given_are_made_smaller(tmp_path: Path) -> None:
    """Down to one, or to none where that is the default; what the spec refuses is left out."""
    (tmp_path / "spec.py").write_text(SPEC)
    found = smaller(tmp_path / "spec.py", {"LAST": 5, "STEPS": 2})
    found.explore(20.0, 0, None)
    assert found.constants == {"LAST": 5, "STEPS": 2}
    sizes = {i.at: i.states for i in found.found}
    assert sizes == {at: (at[0] + 1) * (at[1] + 1) for at in sizes}
    assert set(sizes) == {(1, 0), (1, 1), (1, 2), (4, 0), (4, 1), (4, 2), (5, 0), (5, 1)}
    few = smaller(tmp_path / "spec.py", {"LAST": 4})
    few.explore(20.0, 0, None)
    assert [i.at for i in few.found] == [(1,), (3,)]
    assert few.text() == "2 smaller instances explored, up to 4 states (LAST=3)."


def test_without_given_constants_all_are_made_smaller(tmp_path: Path) -> None:
    """Those that have their defaults, but for those that are one or less."""
    (tmp_path / "spec.py").write_text(SPEC)
    assert smaller(tmp_path / "spec.py", {}).constants == {"LAST": 3, "OTHER": 7}


def test_machine_code_is_asked_where_the_target_is_far() -> None:
    """After Python, for one instance at a time, near the target; never where the target is near."""
    asked = list[int]()

    def native(model: Model, symmetry: Symmetry | None, seconds: float) -> StateSpace:
        asked.append(model.constants["MODULUS"])
        return python.explore(model, Limits(max_states=1), symmetry=symmetry)

    counters = ROOT / "tests" / "bench" / "specs" / "counters.py"
    found = smaller(counters, {"COUNTERS": 2, "MODULUS": 4000}, symmetric=False)
    found.explore(0.5, 16_000_000, native)
    assert asked and max(i.at[1] for i in found.found if i.at[0] == 2) < min(asked) < 4000
    assert all(n < 4000 for n in asked) and len(asked) == len(set(asked))
    asked.clear()
    found = smaller(counters, {"COUNTERS": 1, "MODULUS": 30}, symmetric=False)
    found.explore(20.0, 30, native)
    assert not asked
