"""How often each condition of an action was evaluated and stopped it: exact, whoever counts; counted where it
is cheap or asked for.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from explorer.command import main as cli
from explorer.engine import guards, python, reference
from explorer.engine.guards import Counts, count
from explorer.engine.limits import Limits
from explorer.engine.native import search as native
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.expressions import Expr
from explorer.ir.model import Model
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.render.html.report import report
from explorer.run.load import load
from explorer.symmetry.find import find
from explorer.verdict.coverage import Guard
from explorer.verdict.coverage import guards as rows
from tests.support.comparison import model_of
from tests.support.generators import spec_of, spec_text
from tests.support.house import ROOT
from tests.support.slow import rest_slow
from tests.support.stories import record_of, write
from tests.support.symmetric import symmetric_text

QUEUES = """
import enum
from typing import Annotated
from explorer import *

STRICT = constant("STRICT", True)

class Cpu(Scalarset):
    size = 2

class S(State):
    n: Map[Cpu, Annotated[int, Range(0, 3)]] = initially(0)

def below(s: S, cpu: Cpu, limit: int) -> None:
    when(s.n[cpu] < limit)

@action
def up(s: S, cpu: Cpu):
    when(STRICT)
    below(s, cpu, 3)
    when(s.n[cpu] >= 0)
    below(s, cpu, 2)
    s.n[cpu].next = s.n[cpu] + 1

@action
def reset(s: S):
    for cpu in domain(Cpu):
        when(s.n[cpu]
             == 2)
    s.n[Cpu(0)].next = 0

@action
def swap(s: S, one: Cpu, two: Cpu):
    when(one != two)
    when(s.n[one] == 7 - s.n[two])
    s.n[one].next = s.n[two]

spec = Spec()
"""

WIDE = """
from typing import Annotated
from explorer import *

class S(State):
    big: Map[Annotated[int, Range(0, 9)], Annotated[int, Range(0, 1 << 20)]] = initially(0)
    at: Var[Annotated[int, Range(0, 9)]] = initially(0)

@action
def go(s: S):
    when(s.at < 9)
    when(s.big[s.at] == 0)
    s.big[s.at].next = 1 << 20
    s.at.next = s.at + 1

@action
def back(s: S, to: Annotated[int, Range(0, 9)]):
    when(s.big[to] > 0)
    when(7 // s.at > to)
    s.at.next = to

@constraint
def small(s: S):
    return s.big[6] == 0

spec = Spec()
"""


def value(condition: Expr, state: State) -> bool | None:
    try:
        return bool(evaluate(condition, state))
    except EvaluationError:
        return None


def by_hand(model: Model, states: list[State]) -> Counts:
    """What the counts are defined to be, state by state."""
    found = [[[0, 0] for _ in instance.guard] for instance in model.instances]
    for state in states:
        if any(value(condition.expr, state) is False for _, condition in model.constraints):
            continue
        for instance, pairs in zip(model.instances, found):
            for condition, pair in zip(instance.guard, pairs):
                holds = value(condition.expr, state)
                pair[0] += 1
                pair[1] += holds is False
                if not holds:
                    break
    return [[(evaluated, stopped) for evaluated, stopped in pairs] for pairs in found]


def states_of(space: StateSpace) -> list[State]:
    return [space.decode(state) for level in space.levels for state in level]


def complete(text: str) -> Model | None:
    """The model of a random spec of few states; None for others."""
    model = model_of(text)
    return None if model is None or reference.explore(model, Limits(max_states=400)).stopped else model


@pytest.mark.parametrize("part", rest_slow(range(4)))
def test_random_specs_are_counted_as_by_hand(part: int) -> None:
    """By the meaning of each condition and by generated Python, on 100 random specs of each part, constraints
    and failures included.
    """
    seen = stopped = 0
    for seed in range(part * 150, part * 150 + 150):
        model = complete(spec_text(random.Random(seed), 1 + seed % 4))
        if model is None:
            continue
        slow, fast = reference.explore(model), python.explore(model)
        wanted = by_hand(model, states_of(slow))
        assert count(slow) == wanted == count(fast, native=False), seed
        seen += 1
        stopped += any(stop for pairs in wanted for _, stop in pairs)
    assert seen >= 80 and stopped >= 50


@pytest.mark.parametrize(
    "text", [QUEUES, WIDE, *(spec_text(random.Random(seed), 3) for seed in (11, 12, 17))]
)
def test_machine_code_counts_the_same(text: str) -> None:
    """On states of one word and of several, over the levels of either engine and in compact storage."""
    model = complete(text)
    assert model is not None
    wanted = by_hand(model, states_of(reference.explore(model)))
    compact = native.Options(storage="compact", fingerprint=64)
    for space in (python.explore(model), native.explore(model), native.explore(model, options=compact)):
        assert count(space, native=True) == count(space, native=False) == wanted


@pytest.mark.parametrize("name", ["ipi_buggy", "xive_cede_fixed"])
def test_a_spec_of_the_library_is_counted_as_by_hand(name: str) -> None:
    """By generated Python and by machine code."""
    path = ROOT / f"spec/{name}.py"
    space = python.explore(ground(load(path), {}, str(path)))
    wanted = by_hand(space.model, states_of(space))
    assert count(space, native=False) == count(space, native=True) == wanted


def test_under_a_symmetry_the_representatives_are_counted() -> None:
    """The counts are those of the visited states; what never stopped an action, or was never evaluated, is so
    in all states.
    """
    smaller = 0
    for seed in range(60):
        model = complete(symmetric_text(random.Random(seed)))
        if model is None:
            continue
        whole, space = python.explore(model), python.explore(model, symmetry=find(model))
        found, all_of_them = count(space), count(whole)
        assert found is not None and all_of_them is not None
        assert found == by_hand(model, states_of(space)), seed
        few, many = rows(model, found), rows(model, all_of_them)
        assert [(g.evaluated == 0, g.stopped == 0) for g in few] == [
            (g.evaluated == 0, g.stopped == 0) for g in many
        ], seed
        smaller += space.distinct < whole.distinct
    assert smaller >= 10


def test_a_row_for_each_line_of_an_action(tmp_path: Path) -> None:
    """A helper's line counts for each time it was come to, lines of a loop as one condition; constants are
    told apart.
    """
    model = ground(load(write(tmp_path, "queues", QUEUES)))
    space = python.explore(model)
    counts = count(space)
    assert counts is not None and space.distinct == 9
    place = {line.strip(): f"{tmp_path / 'queues.py'}:{n}" for n, line in enumerate(QUEUES.splitlines(), 1)}
    assert rows(model, counts) == [
        Guard("up", "when(STRICT)", place["when(STRICT)"], "", 18, 0, True),
        Guard("up", "when(s.n[cpu] < limit)", place["when(s.n[cpu] < limit)"], "n[Cpu0] < 3", 36, 6, False),
        Guard("up", "when(s.n[cpu] >= 0)", place["when(s.n[cpu] >= 0)"], "0 <= n[Cpu0]", 18, 0, False),
        Guard("reset", "when(s.n[cpu] == 2)", place["when(s.n[cpu]"], "n[Cpu0] == 2", 9, 8, False),
        Guard("swap", "when(one != two)", place["when(one != two)"], "", 36, 18, True),
        Guard(
            "swap",
            "when(s.n[one] == 7 - s.n[two])",
            place["when(s.n[one] == 7 - s.n[two])"],
            "n[Cpu0] == (7 - n[Cpu1])",
            18,
            18,
            False,
        ),
    ]


def test_only_a_complete_exploration_is_counted_and_a_large_one_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counts are never given for a part of the states."""
    model = ground(spec_of(QUEUES))
    assert count(python.explore(model, Limits(max_depth=1)), asked=True) is None
    monkeypatch.setattr(guards, "UNASKED", 9 * len(model.instances) - 1)
    assert count(python.explore(model)) is None
    assert count(python.explore(model), asked=True) == count(reference.explore(model), asked=True)


def test_large_spaces_are_counted_by_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a number of pairs on, and only where there is Numba."""
    model = ground(spec_of(QUEUES))
    space = python.explore(model)
    wanted, asked = count(space), list[bool]()
    monkeypatch.setattr(guards, "_native", lambda *arguments: asked.append(True) or guards._plain(*arguments))
    assert count(space) == wanted and not asked
    monkeypatch.setattr(guards, "NATIVE_FROM", 1)
    assert count(space) == wanted and asked
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert count(space) == wanted and len(asked) == 1


@pytest.mark.parametrize(
    ("arguments", "counted"),
    [
        ("", False),
        ("--write html", True),
        ("--write json", True),
        ("--write all", True),
        ("--format html", True),
        ("--write junit", False),
        ("--write html --max-depth 1", False),
    ],
)
def test_the_record_and_the_report_have_the_counts_or_say_why_not(
    arguments: str, counted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A space that is too large to be counted unasked; `html` and `json` ask for it."""
    monkeypatch.setattr(guards, "UNASKED", 0)
    monkeypatch.chdir(tmp_path)
    assert cli.main(
        [str(write(tmp_path, "queues", QUEUES)), "--no-symmetry", "--graph", *arguments.split()]
    ) in (0, 20)
    record: dict[str, Any] = json.loads((tmp_path / "out/queues/verdict.json").read_text())
    page = (tmp_path / "out/queues/report.html").read_text()
    assert (record["guards"] is not None) is counted
    assert ("3 conditions, 1 never failed" in page) is counted
    why = (
        "that takes a complete exploration"
        if record["stopped"]
        else "--write html does it, in a space of any size"
    )
    assert (f"Conditions were not counted: {why}" in page) is not counted


def test_small_spaces_are_counted_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where counting is cheap the report has it without an option."""
    monkeypatch.chdir(tmp_path)
    assert cli.main([str(write(tmp_path, "queues", QUEUES))]) == 0
    page = (tmp_path / "out/queues/report.html").read_text()
    assert (
        "3 conditions, 1 never failed" in page
        and "A visited state stands for all that renaming identities makes of it." not in page
    )


def test_the_report_of_representatives_says_what_they_stand_for(tmp_path: Path) -> None:
    """Under symmetry the counts are said to be of representatives."""
    record = record_of(write(tmp_path, "queues", QUEUES))
    record["guards"] = []
    record["states"]["represented"] += 1
    assert "A visited state stands for all that renaming identities makes of it." in report(record)
