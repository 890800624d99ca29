"""Constructs of the language on small specs: what the reference finds, both engines find, with and without
symmetry.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.engine import python, reference
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.symmetry.find import find
from tests.support.comparison import facts
from tests.support.native import native_engine

HEAD = """
import enum
from dataclasses import dataclass
from explorer import *

class Cpu(Scalarset):
    size = 3

class Step(enum.Enum):
    IDLE, BUSY, DONE = range(3)

"""

SPECS: dict[str, str] = {}
"""A spec for each construct, by name."""

SPECS["fair_when"] = """
class Link(State):
    waiting: Map[Cpu, bool] = initially(True)
    up: Var[bool] = initially(True)

@action(fair=WEAK, group="delivery", per=("cpu",))
def deliver(link: Link, cpu: Cpu) -> None:
    when(link.waiting[cpu])
    fair_when(link.up)
    link.waiting[cpu].next = False

@action(fair=WEAK, group="delivery", per=("cpu",))
def give_up(link: Link, cpu: Cpu) -> None:
    when(link.waiting[cpu] & ~link.up)
    link.waiting[cpu].next = False

@action
def flap(link: Link) -> None:
    link.up.next = ~link.up

@action(stutters=True)
def idle(link: Link) -> None:
    pass
"""


@pytest.fixture(params=SPECS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    path = tmp_path / f"{request.param}.py"
    path.write_text(HEAD + SPECS[request.param] + "\nspec = Spec(deadlock=False)\n")
    return ground(load(path))


def test_engines_agree_on_every_construct(model: Model) -> None:
    """The same states, steps and violations from the reference, from Python and from machine code."""
    wanted = facts(reference.explore(model))
    engines: list[Callable[[Model], object]] = [python.explore, native_engine(1)]
    for engine in engines:
        assert facts(engine(model)) == wanted  # type: ignore[arg-type]


def test_symmetry_keeps_every_construct(model: Model) -> None:
    """Orbits stand for exactly the states that there are, where the proof succeeds."""
    quotient, whole = python.explore(model, symmetry=find(model)), reference.explore(model)
    assert quotient.represented == whole.distinct
    assert set(quotient.violations) == set(whole.violations)
