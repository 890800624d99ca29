"""Numbers are Python's integers in every engine: nothing wraps where a machine word ends."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from explorer import (
    Formula,
    Map,
    Range,
    Spec,
    State,
    Value,
    Var,
    action,
    always,
    any_of,
    constraint,
    implies,
    initially,
    invariant,
    ite,
    step_invariant,
    temporal,
    terminal,
    when,
)
from explorer.engine import auto, python, reference
from explorer.engine.limits import Limits
from explorer.engine.native import search as native
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.liveness import build_graph
from explorer.liveness.check import check
from explorer.verdict.verdict import Verdict, judge

ENGINES: dict[str, Callable[..., StateSpace]] = {
    "reference": reference.explore,
    "python": python.explore,
    "native": native.explore,
    "auto": auto.explore,
}
NUMBERS = (0, 3, 1 << 16, 1 << 31, (1 << 40) + 7)
HALF = 1 << 31
"""HALF * HALF is 2**62, and twice that no longer fits a signed word."""


class Cell(State):
    x: Var[Annotated[int, Range(0, 1 << 41)]] = initially(any_of(*NUMBERS))
    n: Var[Annotated[int, Range(0, 7)]] = initially(0)
    m: Map[Annotated[int, Range(0, 3)], Annotated[int, Range(0, 7)]] = initially(0)


@action
def up(cell: Cell) -> None:
    when(cell.n < 7)
    cell.n.next = cell.n + 1


@terminal
def end(cell: Cell) -> Value[bool]:
    return cell.n == 7


@action
def by_guard(cell: Cell) -> None:
    when(cell.x * cell.x * cell.x < 1000)
    cell.n.next = 0


@action
def by_update(cell: Cell) -> None:
    cell.n.next = cell.x * cell.x * cell.x * 5 // 3 % 8


@action
def by_index(cell: Cell) -> None:
    cell.m[cell.x * cell.x * 9 % 4].next = cell.m[cell.x * cell.x * cell.x // 16 % 4] // 2 + 1


@action
def by_check(cell: Cell) -> None:
    cell.n.next = ite(cell.x < 4, cell.x * cell.x * cell.x * cell.x, 1)


@action
def by_constant(cell: Cell) -> None:
    when((cell.n * (1 << 63) - (1 << 64) < 5) & (cell.n - 10**30 < 0))
    cell.n.next = (cell.n + 10**25) % 8


@invariant
def cubed(cell: Cell) -> Value[bool]:
    return cell.x * cell.x * cell.x < HALF**3


@invariant
def negative(cell: Cell) -> Value[bool]:
    return -(cell.x * cell.x) * HALF > -(1 << 90)


@invariant
def implied(cell: Cell) -> Value[bool]:
    return implies(cell.x * cell.x * 4 == 0, cell.n != 7)


@step_invariant
def stepped(cell: Cell) -> Value[bool]:
    return cell.n.next * cell.x * cell.x != 36


@constraint
def bounded(cell: Cell) -> Value[bool]:
    return cell.x * cell.x * cell.x <= HALF**3


@temporal
def always_small(cell: Cell) -> Formula:
    return always(cell.x * cell.x * cell.x * cell.x < (1 << 124))


CASES = {
    "guards": (by_guard,),
    "updates": (by_update,),
    "indices": (by_index,),
    "checks": (by_check,),
    "constants": (by_constant,),
    "invariants": (cubed, negative),
    "premises": (implied,),
    "steps": (stepped,),
    "constraints": (bounded,),
    "formulas": (always_small,),
}


def summary(space: StateSpace) -> tuple[Any, ...]:
    verdict: Verdict = judge(space, answers=check(space, Limits()))
    return (
        space.distinct,
        space.transitions,
        space.depth,
        [(p.name, p.verdict, p.trace_length) for p in verdict.properties],
        [f.text for f in verdict.findings if f.severe],
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", ["python", "native", "auto"])
def test_no_place_of_a_spec_wraps(case: str, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever an expression stands, every engine computes it as the judge does; machine code is not used."""
    monkeypatch.setattr(auto, "COMPILE_FROM", 1)
    monkeypatch.setattr(auto, "WIDE_LEVEL", 1)
    monkeypatch.setattr(build_graph, "NATIVE_FROM", 1)
    monkeypatch.setattr(build_graph, "COMPILE_FROM", 1)
    model = ground(Spec(Cell, up, end, *CASES[case]))
    space = ENGINES[engine](model)
    assert summary(space) == summary(reference.explore(model))
    assert space.engine == "python" or case == "formulas"


def test_the_values_are_pythons() -> None:
    """The judge itself is held against plain Python."""
    verdict = judge(reference.explore(ground(Spec(Cell, up, end, cubed, negative, stepped))))
    lengths = {p.name: p.trace_length for p in verdict.properties}
    assert lengths["cubed"] == (0 if any(x**3 >= HALF**3 for x in NUMBERS) else None)
    assert lengths["negative"] == (0 if any(-x * x * HALF <= -(1 << 90) for x in NUMBERS) else None)
    assert lengths["stepped"] == (4 if any(4 * x * x == 36 for x in NUMBERS) else None)


def test_an_engine_says_what_it_did_not_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A note names the expression, how large it may be, and its line."""
    monkeypatch.setattr(auto, "COMPILE_FROM", 1)
    monkeypatch.setattr(auto, "WIDE_LEVEL", 1)
    line = cubed.__code__.co_firstlineno
    model = ground(Spec(Cell, up, end, cubed))
    for engine, begin in (("native", "not computed by machine code"), ("auto", "no machine code")):
        (note,) = [f.text for f in judge(ENGINES[engine](model)).findings if f.kind == "engine"]
        assert note.startswith(f"{begin}: `(x * x) * x` may be as large as 2**121 (")
        assert f"test_arithmetic.py:{line}), more than a machine word holds" in note


EDGE = 1 << 62


class Wide(State):
    a: Var[Annotated[int, Range(-EDGE, EDGE)]] = initially(any_of(-EDGE, -1, 0, 1, EDGE))
    two: Map[bool, Annotated[int, Range(-EDGE, EDGE)]] = initially(0)


@action
def down(wide: Wide) -> None:
    when(wide.a > EDGE - 3)
    wide.a.next = wide.a - 1


@action
def turn(wide: Wide) -> None:
    when((wide.a < 3 - EDGE) | (wide.a == 0))
    wide.two[False].next = wide.a
    wide.a.next = ite(wide.a == 0, EDGE, wide.a + 1)


@action
def copy(wide: Wide, to: bool) -> None:
    when(wide.a == wide.two[False] + 3)
    wide.two[to].next = wide.a


@invariant
def apart(wide: Wide) -> Value[bool]:
    return (wide.two[True] >= 0) | (wide.two[False] >= 0)


@pytest.mark.parametrize("engine", ["python", "native"])
def test_ranges_as_wide_as_a_word(engine: str) -> None:
    """A variable that fills its word is read, compared and written without a wrap."""
    model = ground(Spec(Wide, down, turn, copy, apart))
    space = ENGINES[engine](model)
    assert (space.engine, space.distinct > 10) == (engine, True)
    assert summary(space) == summary(reference.explore(model))


def test_a_number_beyond_a_wide_range_has_no_value() -> None:
    """An assignment to the widest range is checked like any other."""

    @action
    def over(wide: Wide) -> None:
        when(wide.a > 1)
        wide.a.next = wide.a + 1

    space = python.explore(ground(Spec(Wide, over)))
    assert space.violations["evaluation"].level == 0
