"""The same protocol written as actions and as processes is the same system.

The pairs stand in `twins.txt`: what they share, the actions with their program counters, the processes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from explorer.api import check
from explorer.engine import reference
from explorer.engine.python import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.run.load import load
from explorer.symmetry.find import find

HEAD = """\
from __future__ import annotations
import enum
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = 2
class Target(Scalarset):
    size = 2
class Kind(enum.Enum):
    CALL, WAKE = range(2)
class Side(enum.Enum):
    LEFT, RIGHT = range(2)
"""


class Twins(NamedTuple):
    title: str
    actions: str
    processes: str


def pairs() -> list[Twins]:
    text = (Path(__file__).parent / "twins.txt").read_text()
    found = []
    for block in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        title, _, rest = block.partition("\n")
        shared, actions, processes = re.split(r"^--- \w+\n", rest, flags=re.MULTILINE)
        found.append(
            Twins(title, *(f"{HEAD}{shared}{style}spec = Spec()\n" for style in (actions, processes)))
        )
    return found


def of(space: StateSpace) -> tuple[object, ...]:
    return space.initial, space.distinct, space.transitions, space.depth, sorted(space.violations)


@pytest.fixture(params=pairs(), ids=lambda twins: twins.title)
def models(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Model, Model]:
    made = []
    for style, text in (("actions", request.param.actions), ("processes", request.param.processes)):
        file = tmp_path / f"{style}.py"
        file.write_text(text)
        made.append(ground(load(file)))
    return made[0], made[1]


def test_twins_have_the_same_states(models: tuple[Model, Model]) -> None:
    """As many states and transitions, as deep, the same violations, in both engines and under symmetry."""
    counts = []
    for model in models:
        plain, judge, quotient = (
            explore(model),
            reference.explore(model),
            explore(model, symmetry=find(model)),
        )
        numbers = of(plain)
        assert numbers == of(judge)
        counts.append((*numbers, quotient.distinct, quotient.represented))
    assert counts[0] == counts[1]


def test_twins_tell_the_same_stories(models: tuple[Model, Model], tmp_path: Path) -> None:
    """The counterexample of each property has the same lanes and texts, step by step."""
    told = []
    for style in ("actions", "processes"):
        traces = check(tmp_path / f"{style}.py").traces
        told.append({name: trace.steps for name, trace in traces.items()})
    assert told[0] == told[1] and any(told[0].values())
