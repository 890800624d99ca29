"""What is said of an expression without a value: its values in the state, and the author's line. Codes of
sets, elements and identities are names wherever an expression is shown.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from explorer.command.show import show
from explorer.engine.python import explore
from explorer.ground.ground import ground
from explorer.ir.expression_text import show as show_expression
from explorer.run.load import load
from explorer.symmetry.find import find
from explorer.trace.tell import tell
from explorer.trace.trace import Change
from explorer.trace.walk import Blocked, Walk
from tests.support.stories import write

SPEC = """\
import enum
from typing import Annotated
from explorer import *

class Cpu(Scalarset):
    size = 3
    names = ("A", "B", "C")

class Job(enum.Enum):
    READ, WRITE = range(2)

Small = Annotated[int, Range(0, 3)]

class S(State):
    n: Var[Small] = initially(0)
    by: Map[Cpu, Small] = initially(2)
    busy: Set[Cpu] = initially(set())
    line: Annotated[Queue[Job], Capacity(2)] = initially([])
    last: Var[Cpu | None] = initially(None)
    first: Var[Cpu] = initially(any_of(Cpu))
    grid: Map[Cpu, Map[Job, Small]] = initially(0)

@action(actor="cpu")
def act(s: S, cpu: Cpu, job: Job) -> None:
    {guard}
    s.busy.next = s.busy.add(cpu)
    {line}

spec = Spec()
"""


def text(line: str, guard: str = "when(s.by[cpu] > 0)") -> str:
    return SPEC.replace("{guard}", guard).replace("{line}", line)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize(
    "line, told",
    [
        (
            "s.n.next = s.n + s.by[cpu]",
            ["the next value of `n` got a value outside Range(0, 3)", "n + by[A] is 4 (n = 2, by[A] = 2)"],
        ),
        (
            "s.grid[s.first][job].next = s.grid[s.first][job] * 2 + s.by[cpu] + 1",
            [
                "the next value of `grid[first][READ]` got a value outside Range(0, 3)",
                "((grid[first][READ] * 2) + by[A]) + 1 is 9 (first = A, grid[first][READ] = 3, by[A] = 2)",
            ],
        ),
        ("s.n.next = 6 // s.n % 4", ["division by zero: 6 // n", "n = 0"]),
        ("s.n.next = s.by[s.last.value]", ["`.value` of `last`, which is None"]),
        ("s.line.next = s.line.push(job)", ["push to `line`, which is full (2)"]),
        (
            "s.grid[s.first][job].next = 1\n    s.grid[cpu][job].next = 1",
            ["`grid[A][READ]` is assigned twice at one index", "first = A"],
        ),
    ],
)
def test_a_failure_has_its_values_and_the_line(
    tmp_path: Path, line: str, told: list[str], symmetric: bool
) -> None:
    """Which expression, which values of which variables, and where the author wrote it."""
    model = ground(load(str(write(tmp_path, "failing", text(line)))))
    space = explore(model, symmetry=find(model) if symmetric else None)
    why = tell(space, space.violations["evaluation"]).why
    last = line.splitlines()[-1].strip()
    assert [*why[1:-1]] == told
    assert why[-1].endswith(f": {last}") and f"failing.py:{27 + line.count(chr(10))}" in why[-1]


def test_a_step_by_hand_has_the_values_too(tmp_path: Path) -> None:
    """`walk` and `serve` say the same on one line."""
    model = ground(load(str(write(tmp_path, "failing", text("s.n.next = s.n + s.by[cpu]")))))
    walk = Walk(model)
    walk.take("act(cpu=A, job=READ)")
    with pytest.raises(Blocked, match=r"outside Range\(0, 3\): n \+ by\[A\] is 4 \(n = 2, by\[A\] = 2\)"):
        walk.take("act(cpu=A, job=READ)")


@pytest.mark.parametrize(
    "guard, shown",
    [
        ("when(s.busy.union({cpu}) != {cpu})", "(busy ∪ {A}) != {A}"),
        ("when(s.busy.difference(set()).empty)", "(busy ∖ {}) == {}"),
        ("when(s.busy.contains(cpu))", "busy.contains(A)"),
        ("when(~s.busy.issubset({cpu, *Cpu}))", "(busy ∖ {A, B, C}) != {}"),
        ("when(ite(s.n == 0, s.first, cpu) == cpu)", "ite(n == 0, first, A) == A"),
        ("when(s.busy.contains(s.first))", "busy.contains(first)"),
        ("when(s.grid[s.first][job] < 2)", "grid[first][READ] < 2"),
        ("when(s.by[ite(s.n == 0, s.first, cpu)] == 0)", "by[ite(n == 0, first, A)] == 0"),
    ],
)
def test_codes_are_shown_by_name(tmp_path: Path, guard: str, shown: str) -> None:
    """Sets, their elements, identities and keys of maps."""
    model = ground(load(str(write(tmp_path, "named", text("s.n.next = 1", guard)))))
    assert f"  when    {shown}   " in show(model)
    assert show_expression(model.instances[0].guard[0].expr) == shown


@pytest.mark.parametrize(
    "change, told",
    [
        (Change("1", "2"), "1 → 2"),
        (Change("{A}", "{A, B}", (["A"], ["A", "B"])), "+B → {A, B}"),
        (Change("{A, B}", "{C}", (["A", "B"], ["C"])), "-A -B +C → {C}"),
        (Change("[x, x]", "[x]", (["x", "x"], ["x"])), "-x → [x]"),
        (Change("[x, y]", "[y, x]", (["x", "y"], ["y", "x"])), "[x, y] → [y, x]"),
    ],
)
def test_a_change_of_a_set_or_queue_says_what_came_and_went(change: Change, told: str) -> None:
    """Not the whole twice, but where only the order is another one."""
    assert str(change) == told == str(pickle.loads(pickle.dumps(change)))


def test_a_story_tells_the_element_that_changed(tmp_path: Path) -> None:
    """In sets of variables, of maps, and in queues; two changes in one say what both did."""
    line = "s.line.next = s.line.push(job)\n    s.n.next = s.n + 1"
    model = ground(load(str(write(tmp_path, "sets", text(line)))))
    walk = Walk(model)
    walk.take("act(cpu=A, job=READ)")
    walk.take("act(cpu=B, job=WRITE)")
    one, two = (step.changed for step in walk.trace().steps[1:])
    assert (str(two["busy"]), str(two["line"])) == ("+B → {A, B}", "+WRITE → [READ, WRITE]")
    assert str(one["busy"].then(two["busy"])) == "+A +B → {A, B}"
    assert two["busy"] == ("{A}", "{A, B}")


def test_a_constraint_without_a_value_is_broken_on_a_walk(tmp_path: Path) -> None:
    """A walk in a state where a constraint has no value says that evaluation fails, as the search does."""
    spec = text("pass").replace(
        "spec = Spec()",
        "@constraint\ndef even(s: S) -> Value[bool]:\n    return 6 // s.n % 2 == 0\n\nspec = Spec()",
    )
    model = ground(load(str(write(tmp_path, "constrained", spec))))
    assert Walk(model).broken() == ["evaluation"]
    assert "evaluation" in explore(model).violations
