"""Compact storage says how likely it left a state out, and nothing holds where that matters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer import check
from explorer.engine.native import hashing
from explorer.engine.native import search as native
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.verdict.verdict import judge
from tests.support.command_line import Done

GRID = """
from typing import Annotated
from explorer import *
Place = Annotated[int, Range(0, 119)]
Noise = Annotated[int, Range(0, 31)]
class C(State):
    a: Var[Place] = initially(0)
    b: Var[Place] = initially(0)
    w: Map[Annotated[int, Range(0, ROWS)], Noise] = initially(0)
@action
def up_a(c: C) -> None:
    when(c.a < 119)
    c.a.next = c.a + 1
    c.w[0].next = (c.w[0] + 7) % 32
@action
def up_b(c: C) -> None:
    when(c.b < 119)
    c.b.next = c.b + 1
    c.w[ROWS].next = (c.w[ROWS] + 3) % 32
@terminal
def end(c: C) -> Value[bool]:
    return (c.a == 119) & (c.b == 119)
@invariant
def fine(c: C) -> Value[bool]:
    return c.a < 120
spec = Spec()
"""
NARROW, WIDE = 7, 11
"""The last row of `w`: with these a state has 54 and 74 bits. 14,400 states either way."""


@pytest.fixture(params=[NARROW, WIDE], ids=["narrow", "wide"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    (tmp_path / "grid.py").write_text(GRID.replace("ROWS", str(request.param)))
    return ground(load(tmp_path / "grid.py"))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_fingerprints_are_widened_before_the_bound_is_passed(model: Model, workers: int) -> None:
    """40 bits would pass the bound at 1,483 states; all 14,400 are found, with wider ones, and all holds."""
    space = native.explore(model, options=native.Options(workers, "compact"))
    assert space.distinct == 14_400 and space.transitions == 2 * 120 * 119
    assert space.fingerprint > hashing.NARROW and space.omission < space.max_omission
    assert judge(space).verdict == "holds"


@pytest.mark.parametrize("workers", [1, 2])
def test_they_stay_narrow_where_that_is_accepted(model: Model, workers: int) -> None:
    """A greater bound keeps entries of four bytes."""
    space = native.explore(model, options=native.Options(workers, "compact", max_omission=0.1))
    assert (space.distinct, space.fingerprint) == (14_400, hashing.NARROW)
    assert space.omission == pytest.approx(14_400**2 / 2**41, rel=1e-3)
    assert judge(space).verdict == "holds"


def test_nothing_holds_at_a_probability_that_matters(model: Model) -> None:
    """With a width that was asked for and is too small, every property is undetermined, and the reason says
    what to do.
    """
    found = judge(native.explore(model, options=native.Options(1, "compact", 32)))
    assert (found.verdict, found.exit_code) == ("undetermined", 20)
    assert {p.verdict for p in found.properties} == {"undetermined"}
    assert {p.reason for p in found.properties} == {
        "fingerprints of 32 bits may have left a state out (probability at most 2.4e-02, accepted 1.0e-06);"
        " write: --fingerprint 64, or --storage exact"
    }


def test_the_command_line_and_the_library_take_the_bound(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """--max-omission decides, and the record has probability and width; the library takes the same."""
    (tmp_path / "grid.py").write_text(GRID.replace("ROWS", str(NARROW)))
    narrow = ("grid.py", "--storage", "compact", "--fingerprint", "32")
    strict = json.loads(explorer(*narrow, "--json").out)
    assert (strict["verdict"], strict["exit_code"], strict["fingerprint_bits"]) == ("undetermined", 20, 32)
    lax = json.loads(explorer(*narrow, "--max-omission", "0.05", "--json").out)
    assert (lax["verdict"], lax["omission_probability"]) == ("holds", strict["omission_probability"])
    assert "(fingerprints of 32 bits, probability at most 2.4e-02)" in explorer(
        *narrow, "--max-omission", "0.05"
    ).out.replace("\n", " ")
    spec = load(tmp_path / "grid.py")
    assert not check(spec, storage="compact", fingerprint=32).holds
    assert check(spec, storage="compact", fingerprint=32, max_omission=0.05).holds
