"""What properties see, and where an expression has no value, on specs small enough to count by hand."""

from typing import Annotated, Any

import pytest
from tiny import Cpu, Digit, Store, counts, failure, run, values

from explorer import (
    Capacity,
    Map,
    Queue,
    Range,
    State,
    Value,
    Var,
    action,
    any_of,
    constraint,
    domain,
    implies,
    initially,
    invariant,
    ite,
    observe,
    step_invariant,
    terminal,
    when,
)
from explorer.language.concrete import concrete

# Properties.


def test_invariants_name_the_first_level_where_they_fail() -> None:
    """An invariant with parameters holds when every instance does."""

    class Counter(State):
        n: Map[Cpu, Digit] = initially(0)

    @action
    def up(counter: Counter, cpu: Cpu) -> None:
        when(counter.n[cpu] < 3)
        counter.n[cpu].next = counter.n[cpu] + 1

    @invariant
    def small(counter: Counter, cpu: Cpu) -> Value[bool]:
        return counter.n[cpu] < 2

    @invariant
    def total(counter: Counter) -> Value[bool]:
        first, second = domain(Cpu)
        return counter.n[first] + counter.n[second] <= 6

    space = run(Counter, up, small, total)
    assert counts(space) == (16, 24, 6)
    assert (space.violations["small"].level, len(space.violations["small"].states)) == (2, 2)
    assert set(space.violations) == {"small", "deadlock"}


def test_step_invariants_see_both_states() -> None:
    """`.next` is the value after the step, in any place of the state."""

    class Counter(State):
        n: Var[Digit] = initially(0)

    @action
    def up(counter: Counter) -> None:
        counter.n.next = (counter.n + 1) % 4

    @step_invariant
    def grows(counter: Counter) -> Value[bool]:
        return counter.n.next > counter.n

    @step_invariant
    def changes(counter: Counter) -> Value[bool]:
        return counter.n.next != counter.n

    space = run(Counter, up, grows, changes)
    assert set(space.violations) == {"grows"}
    assert space.violations["grows"].level == 3
    assert space.violations["grows"].edges == [((3,), 0, (0,))]


def test_terminal_states_are_no_deadlocks() -> None:
    """A state without successors is an end where @terminal holds."""

    class Counter(State):
        n: Var[Digit] = initially(0)

    @action
    def up(counter: Counter) -> None:
        when(counter.n < 2)
        counter.n.next = counter.n + 1

    @terminal
    def over(counter: Counter) -> Value[bool]:
        return counter.n == 2

    assert set(run(Counter, up).violations) == {"deadlock"}
    assert not run(Counter, up, over).violations


def test_constraints_bound_the_search_and_are_counted() -> None:
    """States outside are checked but not left."""

    class Counter(State):
        n: Var[Annotated[int, Range(0, 100)]] = initially(0)

    @action
    def up(counter: Counter) -> None:
        when(counter.n < 100)
        counter.n.next = counter.n + 1

    @constraint
    def early(counter: Counter) -> Value[bool]:
        return counter.n < 5

    @invariant
    def below(counter: Counter) -> Value[bool]:
        return counter.n < 5

    space = run(Counter, up, early, below)
    assert counts(space) == (6, 5, 5)
    assert space.cut == {"early": 1} and space.violations["below"].level == 5


def test_logic_and_arithmetic_agree_with_python() -> None:
    """Every operator on every pair of small numbers gives what Python gives."""

    class Pair(State):
        a: Var[Annotated[int, Range(-3, 3)]] = initially(any_of(Annotated[int, Range(-3, 3)]))
        b: Var[Annotated[int, Range(-3, 3)]] = initially(any_of(-3, -2, -1, 1, 2, 3))

    @action
    def stay(pair: Pair) -> None:
        pair.a.next = pair.a

    @observe
    def numbers(pair: Pair, i: Annotated[int, Range(0, 6)]) -> Value[int]:
        a, b = pair.a, pair.b
        return [a + b, a - b, a * b, a // b, a % b, -a, 7 // b][i]

    @observe
    def truths(pair: Pair, i: Annotated[int, Range(0, 6)]) -> Value[bool]:
        a, b = pair.a, pair.b
        return [
            a < b,
            a <= b,
            a > b,
            a >= b,
            (a == b) | (a == 0),
            (a != b) & ~(a == 0),
            implies(a == b, a == 0),
        ][i]

    space = run(Pair, stay, numbers, truths)
    assert space.distinct == 42
    for a, b, state in zip(values(space, "a"), values(space, "b"), space.levels[0]):
        expected = [
            a + b,
            a - b,
            a * b,
            a // b,
            a % b,
            -a,
            7 // b,
            a < b,
            a <= b,
            a > b,
            a >= b,
            a == b or a == 0,
            a != b and a != 0,
            a != b or a == 0,
        ]
        found = [(o.name, concrete(o.value, state)) for o in space.model.observations]
        assert [value for _, value in found] == expected


# Evaluation errors.


class Small(State):
    n: Var[Digit] = initially(0)
    owner: Var[Cpu | None] = initially(None)
    last: Var[Store | None] = initially(None)
    q: Annotated[Queue[Digit], Capacity(1)] = initially([])
    flags: Map[Digit, bool] = initially(False)


@action
def up(small: Small) -> None:
    when(small.n < 2)
    small.n.next = small.n + 1


@action
def overflow(small: Small) -> None:
    small.n.next = small.n + 2


@action
def underflow(small: Small) -> None:
    when(small.n == 2)
    small.n.next = small.n - 3


@action
def divide(small: Small) -> None:
    when(small.n == 1)
    small.n.next = 1 // (small.n - 1)


@action
def head(small: Small) -> None:
    when(small.q.head == 1)
    small.n.next = 0


@action
def pop(small: Small) -> None:
    small.q.next = small.q.pop()


@action
def push_twice(small: Small) -> None:
    small.q.next = small.q.push(1).push(2)


@action
def beyond(small: Small) -> None:
    when(small.q[0] == 1)
    small.n.next = 0


@action
def no_owner(small: Small, cpu: Cpu) -> None:
    when(small.owner.value == cpu)
    small.n.next = 0


@action
def no_record(small: Small) -> None:
    small.n.next = small.last.value.slot


@action
def outside(small: Small) -> None:
    small.flags[small.n + 2].next = True


@action
def same_cell(small: Small) -> None:
    small.flags[small.n].next = True
    small.flags[1].next = False


@pytest.mark.parametrize(
    ("wrong", "level", "message"),
    [
        (overflow, 1, "the next value of `n` got a value outside Range(0, 3)"),
        (underflow, 2, "the next value of `n` got a value outside Range(0, 3)"),
        (divide, 1, "division by zero: 1 // (n - 1)"),
        (head, 0, "head of `q`, which is empty"),
        (pop, 0, "pop of `q`, which is empty"),
        (push_twice, 0, "push to a computed Queue[Range(0, 3), 1], which is full (1)"),
        (beyond, 0, "position beyond the end of `q`"),
        (no_owner, 0, "`.value` of `owner`, which is None"),
        (no_record, 0, "`.value` of `last`, which is None"),
        (outside, 2, "an index of `flags` got a value outside Range(0, 3)"),
        (same_cell, 1, "`flags[]` is assigned twice at one index"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_an_expression_without_a_value_is_found_where_it_is_first_reached(
    wrong: Any, level: int, message: str
) -> None:
    """The error has the level of the state, a sentence, and the line of the expression."""
    space = run(Small, up, wrong)
    assert failure(space) == (level, message)
    instance, found = next(iter(space.violations["evaluation"].failures.values()))
    assert space.model.instances[instance].action.name == wrong.__name__
    lines = range(wrong.__code__.co_firstlineno, wrong.__code__.co_firstlineno + 5)
    assert found.place.file == __file__ and found.place.line in lines


def test_an_error_in_a_property_is_an_evaluation_error() -> None:
    """An invariant that has no value is reported as such, not as violated."""

    @invariant
    def first(small: Small) -> Value[bool]:
        return small.q.head == 1

    space = run(Small, up, first)
    assert failure(space) == (0, "head of `q`, which is empty")
    assert next(iter(space.violations["evaluation"].failures.values()))[0] == -1


def test_a_guarded_operation_is_no_error() -> None:
    """`&` and ite(...) stop early, as `and` and `if` do."""

    @invariant
    def first(small: Small) -> Value[bool]:
        return (small.q.empty | (small.q.head == 1)) & (ite(small.n == 0, 0, 1 // small.n) <= 1)

    assert set(run(Small, up, first).violations) == {"deadlock"}
