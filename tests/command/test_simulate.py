"""Random walks find violations with real traces, and never say that a property holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from explorer.engine import reference
from explorer.engine.limits import Limits
from explorer.engine.random_walks import Options, _Python, explore
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.liveness import check as liveness
from explorer.render.picture.graph import state_graph
from explorer.run.load import load
from explorer.trace.tell import tell
from explorer.verdict.verdict import judge
from tests.support.house import ROOT

SPEC = """
from typing import Annotated
from explorer import *
LAST = constant("LAST", 6)
class S(State):
    n: Map[Annotated[int, Range(0, 1)], Annotated[int, Range(0, LAST)]] = initially(0)
@action
def up(s: S, i: Annotated[int, Range(0, 1)]):
    when(s.n[i] < LAST)
    s.n[i].next = s.n[i] + 1
@action
def down(s: S, i: Annotated[int, Range(0, 1)]):
    when(s.n[i] > 0)
    when(s.n[i] < LAST)
    s.n[i].next = s.n[i] - 1
{more}
spec = Spec()
"""
BAD = """
@invariant
def early(s: S):
    return (s.n[0] != 3) | (s.n[1] != 2)
"""
STEP = """
@step_invariant
def slowly(s: S):
    return implies(s.n[0] == 4, s.n[0].next != 5)
"""
FAILING = """
@invariant
def divides(s: S):
    return 6 // (s.n[0] + s.n[1] - 7) != 100
"""
ENGINES = [
    partial(explore, options=Options(400, 300, 7, native=False)),
    partial(explore, options=Options(4000, 300, 7)),
]


def model(tmp_path: Path, more: str) -> Model:
    path = tmp_path / "walked.py"
    path.write_text(SPEC.format(more=more))
    return ground(load(path))


@pytest.mark.parametrize("engine", ENGINES, ids=["python", "native"])
@pytest.mark.parametrize(
    "more, name", [(BAD, "early"), (STEP, "slowly"), (FAILING, "evaluation"), ("", "deadlock")]
)
def test_walks_find_what_is_wrong_and_tell_a_real_story(
    tmp_path: Path, engine: partial, more: str, name: str
) -> None:
    """The trace of a violation found on walks is re-executed in the reference, and is no shorter than the
    shortest.
    """
    found = model(tmp_path, more)
    space = engine(found)
    assert name in space.violations
    trace = tell(space, space.violations[name])
    exhaustive = reference.explore(found)
    assert trace.length >= tell(exhaustive, exhaustive.violations[name]).length
    assert judge(space).verdict == "violated"


@pytest.mark.parametrize("engine", ENGINES, ids=["python", "native"])
def test_walks_stay_in_the_space_and_prove_nothing(tmp_path: Path, engine: partial) -> None:
    """Every state met is reachable, and without a violation the verdict is undetermined."""
    found = model(tmp_path, "@terminal\ndef full(s: S):\n    return (s.n[0] == LAST) & (s.n[1] == LAST)\n")
    space = engine(found)
    reachable = {state for level in reference.explore(found).levels for state in level}
    assert {space.decode(state) for level in space.levels for state in level} <= reachable
    verdict = judge(space)
    assert (verdict.verdict, verdict.exit_code) == ("undetermined", 20)
    assert "random walks" in verdict.stopped


@pytest.mark.parametrize("engine", ENGINES, ids=["python", "native"])
def test_equal_seeds_give_equal_walks(tmp_path: Path, engine: partial) -> None:
    """A simulation can be repeated."""
    found = model(tmp_path, "")
    first, second = engine(found), engine(found)
    assert [list(level) for level in first.levels] == [list(level) for level in second.levels]


def test_the_command_line_simulates(tmp_path: Path) -> None:
    """The lost IPI is found at random, with exit code 12 and a verdict record like that of a check."""
    command = [
        sys.executable,
        "-m",
        "explorer",
        "simulate",
        str(ROOT / "spec" / "ipi_buggy.py"),
        "--runs",
        "20000",
        "--steps",
        "80",
        "--out",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 12, done.stderr
    record = json.loads((tmp_path / "verdict.json").read_text())
    assert record["verdict"] == "violated"
    assert set(record["traces"]) & {"no_lost_ipi", "no_ignored_message"}


@pytest.mark.parametrize("native", [False, True], ids=["python", "native"])
def test_a_state_counts_once(tmp_path: Path, native: bool) -> None:
    """However often walks come by, in whatever batch: as many states as there are, and each is left once."""
    model(tmp_path, "@terminal\ndef end(s: S):\n    return s.n[0] == LAST")
    found = ground(load(tmp_path / "walked.py"), {"LAST": 1})
    exhaustive = reference.explore(found)
    space = explore(found, options=Options(70_000, 20, 1, native=native))
    assert space.engine == ("native" if native else "python") and not space.violations
    assert (space.distinct, space.expanded, space.enabled) == (
        exhaustive.distinct,
        exhaustive.distinct,
        exhaustive.enabled,
    )
    assert sum(map(len, space.levels)) == space.distinct
    assert judge(space).states["distinct"] == exhaustive.distinct


@pytest.mark.parametrize("limits", [Limits(), Limits(max_states=5)], ids=["free", "bounded"])
def test_walks_do_not_look_at_temporal_properties(tmp_path: Path, limits: Limits) -> None:
    """The reason says so, whatever ended the walks."""
    found = model(
        tmp_path,
        "@temporal\ndef end(s: S):\n    return eventually(s.n[0] == LAST)\n"
        "@terminal\ndef last(s: S):\n    return s.n[0] == LAST",
    )
    space = explore(found, limits, options=Options(20, 10, 1, native=False))
    rows = judge(space, answers=liveness.check(space, limits)).properties
    assert next((p.verdict, p.reason) for p in rows if p.name == "end") == (
        "undetermined",
        "random walks do not look at temporal properties",
    )


@pytest.mark.parametrize("native", [False, True], ids=["python", "native"])
def test_walks_are_made_batch_after_batch(tmp_path: Path, native: bool) -> None:
    """A number of walks that no memory holds begins nevertheless, and a limit ends it between two steps of
    one batch.
    """
    found = model(tmp_path, "@terminal\ndef end(s: S):\n    return (s.n[0] == LAST) & (s.n[1] == LAST)")
    seen: list[int] = []
    space = explore(
        found,
        Limits(timeout=1),
        lambda progress: seen.append(progress.frontier),
        Options(10**12, 10, 3, native=native),
    )
    assert space.stopped == "--timeout 1 s reached" and max(seen) <= 1 << 16 and seen
    assert judge(space).verdict == "undetermined"


def test_a_violation_in_a_later_batch_has_a_real_story(tmp_path: Path) -> None:
    """The levels of the batch that finds it lead to it, although most of its states were seen before."""
    found = model(
        tmp_path,
        "@invariant\ndef never(s: S):\n    return (s.n[0] != LAST - 1) | (s.n[1] != LAST - 1)\n"
        "@terminal\ndef end(s: S):\n    return s.n[0] == s.n[0]",
    )
    first = _Python.batch
    for seed in range(5):
        space = explore(found, options=Options(100 * first, 10, seed, native=False))
        trace = tell(space, space.violations["never"])
        graph = state_graph(space)
        assert len(graph) == space.distinct and graph.number_of_edges() == len({*graph.edges(keys=False)})
        assert trace.length == 10 and judge(space).states["distinct"] == len(
            {state for level in space.levels for state in level}
        )
