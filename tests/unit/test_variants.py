"""A row of a table as a spec of its own: `spec = fixed.variant("V0")`."""

from pathlib import Path

import pytest

from explorer import check
from explorer.ground.ground import ground
from explorer.run.load import load

FIXED = """
from typing import Annotated
from explorer import *

LAST = constant("LAST", 1)
STEPS = constant("STEPS", "one")

class S(State):
    n: Var[Annotated[int, Range(0, 5)]] = initially(0)

@action
def up(s: S):
    when(s.n < LAST)
    s.n.next = s.n + 1

@terminal
def ends(s: S):
    return s.n == LAST

@invariant
def low(s: S):
    return s.n < 3

spec = Spec(expect=HOLDS, survivors={"up: when": "it overflows"},
            variants=[variant("V0", violates("low", steps=3), "too far", LAST="4", STEPS="two")])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fixed.py").write_text(FIXED)
    return tmp_path


def test_a_row_is_a_spec_of_its_own(folder: Path) -> None:
    """It has the file's name, the row's constants and expectation, and neither rows nor survivors."""
    file = folder / "buggy.py"
    file.write_text('from fixed import spec as fixed\n\nspec = fixed.variant("V0")\n')
    spec = load(file)
    assert (spec.name, spec.place.file, spec.place.line) == ("buggy", str(file), 3)
    assert (spec.variants, spec.survivors) == ((), {})
    model = ground(spec)
    assert model.bound == {"LAST": 4, "STEPS": "two"}
    assert check(spec).as_expected
    assert model.digest == ground(load(folder / "fixed.py"), {"LAST": 4, "STEPS": "two"}).digest


def test_an_expectation_and_constants_stand_for_a_row(folder: Path) -> None:
    """What no table lists is given in place; the spec that it comes from stays as it was."""
    file = folder / "buggy.py"
    file.write_text(
        "from fixed import spec as fixed\nfrom explorer import violates\n"
        'spec = fixed.variant(violates("low", steps=3), LAST=3)\nassert fixed.constants == {}\n'
    )
    assert check(load(file)).as_expected


def test_constants_beside_a_row_win(folder: Path) -> None:
    """A row can be taken with one constant more."""
    file = folder / "larger.py"
    file.write_text('from fixed import spec as fixed\n\nspec = fixed.variant("V0", LAST=5)\n')
    assert ground(load(file)).bound["LAST"] == 5
