"""What looks like part of a spec is part of it, or is named; what would print alike is told apart."""

import enum
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer import (
    WEAK,
    Formula,
    Map,
    Scalarset,
    Spec,
    State,
    Value,
    Var,
    action,
    always,
    any_of,
    closes,
    eventually,
    eventually_always,
    implies,
    initially,
    invariant,
    ite,
    opens,
    temporal,
    terminal,
    until,
    when,
)
from explorer.engine import python, reference
from explorer.engine.limits import Limits
from explorer.ground.ground import ground
from explorer.liveness.check import check
from explorer.verdict.verdict import Verdict, judge
from tests.support.command_line import Done


class Gate(State):
    open: Var[bool] = initially(False)
    count: Var[bool] = initially(False)


@action
def swing(gate: Gate) -> None:
    gate.open.next = ~gate.open


@action
def tally(gate: Gate) -> None:
    when(gate.open)
    gate.count.next = ~gate.count


def verdict(*parts: Any) -> Verdict:
    space = python.explore(ground(Spec(*parts)))
    return judge(space, answers=check(space, Limits()))


def findings(*parts: Any) -> list[tuple[str, str, bool]]:
    kinds = ("precedence", "constant", "unbreakable", "unmatched", "undeclared")
    return [(f.kind, f.subject, f.severe) for f in verdict(*parts).findings if f.kind in kinds]


def run_file(run: Callable[..., Done], folder: Path, files: dict[str, str], *options: str) -> Done:
    for name, text in files.items():
        (folder / name).write_text("from explorer import *\n" + textwrap.dedent(text))
    return run(next(iter(files)), *options)


FACTORY = """
    def lamp(lit):
        class Lamp(State):
            on: Var[bool] = initially(lit)
        @action
        def burn(lamp: Lamp) -> None:
            lamp.on.next = ~lamp.on
        return {binding}
"""


@pytest.mark.parametrize("binding", ["Lamp, burn", "{'class': Lamp, 'actions': [burn]}"])
def test_what_a_function_of_another_module_made_is_part_of_the_spec(
    explorer: Callable[..., Done], tmp_path: Path, binding: str
) -> None:
    """A library may make its components: what a call returned belongs to the file that keeps it."""
    main = f"""
        import lamps
        {"Lamp, burn" if binding[0] == "L" else "made"} = lamps.lamp(False)
        {"" if binding[0] == "L" else "Lamp = made['class']"}
        @invariant
        def dark(lamp: Lamp) -> Value[bool]:
            return ~lamp.on
        spec = Spec(lamps)
    """
    files = {"main.py": main, "lamps.py": FACTORY.replace("{binding}", binding)}
    done = run_file(explorer, tmp_path, files)
    assert done.code == 12, done.out + done.err
    assert "dark is violated after 1 step" in done.out


def test_a_forgotten_decorator_is_a_finding(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """A function that takes the state and that nothing calls is named; a helper is not."""
    text = """
        class Gate(State):
            open: Var[bool] = initially(False)
        def shut(gate: Gate) -> Value[bool]:
            return ~gate.open
        @action
        def swing(gate: Gate) -> None:
            when(shut(gate) | gate.open)
            gate.open.next = ~gate.open
        def slam(gate: Gate) -> None:
            gate.open.next = False
        spec = Spec(expect=HOLDS)
    """
    done = run_file(explorer, tmp_path, {"gate.py": text}, "--expect", "--strict")
    assert done.code == 21
    assert "finding: slam takes the state Gate, but has no decorator" in done.out
    assert "shut takes" not in done.out


def test_a_comparison_that_swallowed_its_neighbour() -> None:
    """`a == b & c` is told as Python reads it, and as it was probably meant; parentheses settle it."""

    @invariant
    def swallowed(gate: Gate) -> Value[bool]:
        return (gate.open == gate.count & gate.open) | ~gate.open | gate.open

    @invariant
    def before(gate: Gate) -> Value[bool]:
        return (gate.open | gate.count != gate.open) | ~gate.count | gate.open  # type: ignore[operator]

    @invariant
    def settled(gate: Gate) -> Value[bool]:
        return (gate.open == (gate.count & gate.open)) | ((gate.count & gate.open) == gate.open) | gate.open

    judged = verdict(Gate, swing, tally, swallowed, before, settled)
    texts = [f.text.partition(" is meant")[0] for f in judged.findings if f.kind == "precedence"]
    assert texts == [
        "Python reads `gate.open == (gate.count & gate.open)`; if `(gate.open == gate.count) & gate.open`",
        "Python reads `(gate.open | gate.count) != gate.open`; if `gate.open | (gate.count != gate.open)`",
    ]


def test_properties_that_say_nothing() -> None:
    """Constant conditions, and formulas that no behaviour whatever could break, are findings."""

    @invariant
    def fine(gate: Gate) -> Value[bool]:
        return True  # type: ignore[return-value]

    @invariant
    def either(gate: Gate) -> Value[bool]:
        return gate.open | ~gate.open

    @temporal
    def against_itself(gate: Gate) -> Formula:
        return implies(eventually_always(gate.open) & eventually_always(~gate.open), eventually(gate.count))

    @temporal
    def never_met(gate: Gate) -> Formula:
        return implies(until(gate.open, gate.count & ~gate.count), always(gate.count))

    @temporal
    def sensible(gate: Gate) -> Formula:
        return implies(eventually(gate.count), eventually(gate.open))

    assert findings(Gate, swing, tally, fine, either, against_itself, never_met, sensible) == [
        ("unbreakable", "against_itself", True),
        ("unbreakable", "never_met", True),
        ("constant", "fine", True),
        ("constant", "either", True),
    ]


def test_marks_that_never_meet() -> None:
    """An opens that no closes can end is a finding."""

    @action
    def issue(gate: Gate) -> None:
        gate.open.next = ~gate.open
        opens("store")

    @action
    def finish(gate: Gate) -> None:
        gate.count.next = gate.open
        closes("load")

    assert findings(Gate, issue, finish) == [("unmatched", "issue", True), ("unmatched", "finish", True)]


class Left(enum.Enum):
    ONE, TWO = range(2)


class Right(enum.Enum):
    ONE, SIX = range(2)


class Sides(State):
    done: Map[Left | Right, bool] = initially(False)


def test_values_of_one_text_are_fair_apart_and_named_apart() -> None:
    """Fairness goes by value; a member whose text is that of another is told with its class."""

    @action(fair=WEAK)
    def finish(sides: Sides, side: Left | Right) -> None:
        if side == Left.ONE:
            when(~sides.done[side])
        sides.done[side].next = True if side == Left.ONE else ~sides.done[side]  # type: ignore[assignment]

    @temporal
    def first_is_done(sides: Sides) -> Formula:
        return eventually(sides.done[Left.ONE])

    model = ground(Spec(Sides, finish, first_is_done))
    assert [group.name for group in model.fair_groups] == [
        "finish(side=Left.ONE)",
        "finish(side=TWO)",
        "finish(side=Right.ONE)",
        "finish(side=SIX)",
    ]
    assert model.families[0].names == ("done[Left.ONE]", "done[TWO]", "done[Right.ONE]", "done[SIX]")
    assert verdict(Sides, finish, first_is_done).properties[0].verdict == "holds"


def test_kinds_of_conditions_are_part_of_the_digest() -> None:
    """One condition as @terminal and as @constraint are two models."""

    def once(gate: Gate) -> Value[bool]:
        return gate.open

    def again(gate: Gate) -> Value[bool]:
        return gate.open

    from explorer import constraint

    one, two = Spec(Gate, swing, terminal(once)), Spec(Gate, swing, constraint(again))
    assert ground(one).digest != ground(two).digest


def test_an_instance_ends_at_a_false_guard() -> None:
    """What stands behind `when(False)` does not run: it may rely on the guard."""
    follower = {Left.ONE: Left.TWO}

    class Walker(State):
        at: Var[Left] = initially(Left.ONE)

    @action
    def go(walker: Walker, here: Left) -> None:
        when(here in follower)
        when(walker.at == here)
        walker.at.next = follower[here]

    space = reference.explore(ground(Spec(Walker, go)))
    assert (space.distinct, space.enabled) == (2, (1, 0))


class Port(Scalarset):
    size = 2


def test_operands_are_evaluated_and_alternatives_are_not() -> None:
    """Only `&`, `|`, `implies`, `every`, `some` and `ite` leave an operand out, wherever they stand."""
    from typing import Annotated

    from explorer import Capacity, Queue, Set

    class Line(State):
        waiting: Annotated[Queue[Port], Capacity(2)] = initially([])
        inside: Set[Port] = initially(set())
        last: Var[Port | None] = initially(None)
        free: Var[bool] = initially(any_of(True))

    @action
    def tick(line: Line) -> None:
        line.free.next = ~line.free

    def fails(condition: Callable[[Any], Any]) -> bool:
        @invariant
        def judged(line: Line) -> Value[bool]:
            found: Value[bool] = condition(line)
            return found | ~found

        return "evaluation" in reference.explore(ground(Spec(Line, tick, judged))).violations

    assert fails(lambda line: line.waiting.contains(line.last.value))
    assert fails(lambda line: line.inside.contains(line.last.value))
    assert fails(lambda line: ite(line.last.value == line.last.value, line.free, line.free))
    assert fails(lambda line: line.waiting == [line.last.value])
    assert not fails(lambda line: line.last.is_none | line.inside.contains(line.last.value))
    assert not fails(lambda line: ite(line.last.is_none, line.free, line.waiting.contains(line.last.value)))
