"""Values chosen among several, and assignments under a condition, on specs small enough to count by hand."""

import enum
from typing import Annotated

from explorer import (
    Map,
    Range,
    State,
    Value,
    Var,
    action,
    any_of,
    constant,
    first_that,
    initially,
    invariant,
    is_in,
    ite,
    last_that,
    lookup,
    maximum,
    minimum,
    subset,
    when,
    where,
)
from explorer.engine.reference import explore
from explorer.ground.ground import ground
from explorer.language.spec import Spec
from tests.support.tiny import Cpu, Digit, Step, labels, run, values

Signed = Annotated[int, Range(-3, 9)]


class Pair(State):
    a: Var[Digit] = initially(any_of(0, 1, 2, 3))
    b: Var[Digit] = initially(any_of(0, 3))
    result: Var[Signed] = initially(9)


def results(function: object, *parts: object) -> set[tuple[int, int, int]]:
    """What a step makes of a and b."""
    space = run(Pair, function, *parts)
    triples = zip(values(space, "a"), values(space, "b"), values(space, "result"))
    return {triple for triple in triples if triple[2] != 9}


def test_the_largest_the_smallest_and_the_distance() -> None:
    """Of numbers of the state and plain ones, in every combination."""

    @action
    def step(pair: Pair) -> None:
        when(pair.result == 9)
        pair.result.next = maximum(pair.a, pair.b, 1) + abs(pair.a - pair.b) - minimum(pair.a, pair.b)

    wanted = {(a, b, max(a, b, 1) + abs(a - b) - min(a, b)) for a in range(4) for b in (0, 3)}
    assert results(step) == wanted


def test_entries_of_a_table() -> None:
    """A key without an entry gives what is said for it; where nothing is said, the step has no value."""
    table = {0: 3, 1: 2, 3: 0}

    @action
    def step(pair: Pair) -> None:
        when(pair.result == 9)
        pair.result.next = lookup(table, pair.a, -1)

    @action
    def bare(pair: Pair) -> None:
        when(pair.result == 9)
        pair.result.next = lookup(table, pair.a)

    assert results(step) == {(a, b, table.get(a, -1)) for a in range(4) for b in (0, 3)}
    violation = run(Pair, bare).violations["evaluation"]
    assert {f.message for _, f in violation.failures.values()} == {"`a` has no entry in the table"}


def test_a_table_under_a_plain_key_is_plain_python() -> None:
    """Parameters and constants look up at once."""

    @action
    def step(pair: Pair, cpu: Cpu) -> None:
        when(pair.result == 9)
        pair.result.next = lookup({Cpu.identities()[0]: 1}, cpu, 2)

    assert {r for _, _, r in results(step)} == {1, 2}


def test_the_first_and_the_last_that() -> None:
    """Of a domain in its order, of numbers the lowest and the highest; where there is none, what is said."""

    @action
    def step(pair: Pair) -> None:
        when(pair.result == 9)
        low = first_that(range(1, 4), lambda n: pair.a >= n, -1)
        high = last_that(range(1, 4), lambda n: pair.a >= n, -1)
        none = first_that(Digit, lambda n: (pair.a == n) & (pair.b == n))
        pair.result.next = ite(none.is_none, low + high, 8)

    wanted = {(a, b, 8 if a == b else (1 + a if a else -2)) for a in range(4) for b in (0, 3)}
    assert results(step) == wanted


def test_membership_in_values_domains_and_sets() -> None:
    """Plain values on either side, values of the state on either side."""

    @action
    def step(pair: Pair) -> None:
        when(pair.result == 9)
        one = is_in(pair.a, {1, 2})
        two = is_in(3, (pair.a, pair.b))
        three = is_in(pair.a, Digit) & is_in(2, [1, 2]) & ~is_in(pair.a, [])
        four = is_in(pair.a, subset(Digit, lambda n: pair.b == n))
        pair.result.next = ite(three, ite(one, 1, 0) + ite(two, 2, 0) + ite(four, 4, 0), -3)

    wanted = {(a, b, (a in (1, 2)) + 2 * (3 in (a, b)) + 4 * (a == b)) for a in range(4) for b in (0, 3)}
    assert results(step) == wanted


class Board(State):
    at: Map[Cpu, Step] = initially(any_of(Step.IDLE, Step.BUSY))
    head: Var[Cpu | None] = initially(None)
    n: Var[Digit] = initially(0)


FEWEST = constant("FEWEST", 2)


def test_membership_beside_a_constant() -> None:
    """A constant among the values is its value, in a set and in a list."""

    @action
    def step(pair: Pair) -> None:
        when(is_in(pair.a, {FEWEST, 3}) & is_in(pair.b, [FEWEST, 0]) & (pair.result == 9))
        pair.result.next = 0

    assert results(step) == {(2, 0, 0), (3, 0, 0)}


def test_assignments_under_conditions_follow_each_other() -> None:
    """The last whose condition holds counts; a plain one is the default; else nothing changes."""

    @action
    def step(board: Board, cpu: Cpu) -> None:
        when(board.n == 0)
        board.n.next = 1
        with where(board.at[cpu] == Step.BUSY):
            board.n.next = 2
            board.at[cpu].next = Step.DONE
            with where(board.head.is_none):
                board.n.next = 3

    space = run(Board, step, CPUS=1)
    ends = {(n, str(at)) for n, at in zip(values(space, "n"), values(space, "at")) if n}
    assert {n for n, _ in ends} == {1, 3} and len(ends) == 2


def test_a_place_that_the_state_decides_is_assigned_under_a_condition() -> None:
    """Two such places may be one: no collision, the later assignment counts."""

    @action
    def step(board: Board, cpu: Cpu) -> None:
        when(board.n == 0)
        board.n.next = 1
        idle = first_that(Cpu, lambda c: board.at[c] == Step.IDLE)
        busy = last_that(Cpu, lambda c: board.at[c] == Step.BUSY)
        with where(~idle.is_none):
            board.at[idle.value].next = Step.BUSY
        with where(~busy.is_none):
            board.at[busy.value].next = Step.DONE

    @invariant
    def something_moved(board: Board) -> Value[bool]:
        return (
            (board.n == 0)
            | is_in(Step.DONE, [board.at[c] for c in Cpu])
            | is_in(Step.BUSY, [board.at[c] for c in Cpu])
        )

    space = run(Board, step, something_moved, CPUS=2)
    assert set(space.violations) == {"deadlock"} and space.distinct == 4 + 3


def test_a_label_may_choose_its_words() -> None:
    """ite(...) takes texts in labels, one inside the other, too."""

    class Lamp(State):
        n: Var[Digit] = initially(0)

    @action
    def step(lamp: Lamp) -> None:
        """the lamp {ite(lamp.n == 0, "glows", ite(lamp.n < 3, "shines", "blinds"))}"""
        lamp.n.next = (lamp.n + 1) % 4

    model = ground(Spec(Lamp, step))
    assert [labels(model, (n,))[0] for n in (0, 1, 3)] == [
        "the lamp glows",
        "the lamp shines",
        "the lamp blinds",
    ]
    assert explore(model).distinct == 4


class Fruit(enum.Enum):
    APPLE, PEAR = range(2)


def test_records_and_enums_are_looked_up_as_they_are() -> None:
    """Entries may be values of any one type."""

    class Basket(State):
        fruit: Var[Fruit | None] = initially(any_of(Fruit.APPLE, Fruit.PEAR))
        n: Var[Digit] = initially(0)

    @action
    def change(basket: Basket) -> None:
        when(basket.n == 0)
        basket.n.next = 1
        basket.fruit.next = lookup(
            {Fruit.APPLE: Fruit.PEAR, Fruit.PEAR: None, None: Fruit.APPLE}, basket.fruit
        )

    space = run(Basket, change)
    assert {str(f) for f, n in zip(values(space, "fruit"), values(space, "n")) if n} == {"Fruit.PEAR", "None"}
