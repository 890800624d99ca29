"""Where a spec begins: initial values and conditions, free choices, constants, on specs small enough to count
by hand.
"""

from typing import Annotated

from explorer import (
    Map,
    Range,
    Spec,
    State,
    Value,
    Var,
    action,
    any_of,
    constant,
    domain,
    initial,
    initially,
    when,
)
from explorer.engine.reference import explore
from explorer.ground.ground import ground
from tests.support.tiny import Cpu, Digit, Step, Store, counts, run, values


def test_a_variable_takes_its_initial_value_and_keeps_it_until_assigned() -> None:
    """What no action assigns stays as it was."""

    class Pair(State):
        moved: Var[bool] = initially(False)
        kept: Var[Step] = initially(Step.BUSY)

    @action
    def move(pair: Pair) -> None:
        when(~pair.moved)
        pair.moved.next = True

    space = run(Pair, move)
    assert counts(space) == (2, 1, 1)
    assert values(space, "kept") == [Step.BUSY, Step.BUSY]
    assert space.violations["deadlock"].level == 1


def test_any_of_chooses_separately_for_every_cell_of_a_map() -> None:
    """Two processors with three steps start in nine ways; a list of values restricts the choice."""

    class Machine(State):
        at: Map[Cpu, Step] = initially(any_of(Step))
        digit: Var[Digit] = initially(any_of(1, 3))

    @action
    def stay(machine: Machine) -> None:
        machine.digit.next = machine.digit

    space = run(Machine, stay)
    assert counts(space) == (18, 18, 0)
    assert sorted(set(values(space, "digit"))) == [1, 3]


def test_any_of_a_record_chooses_all_its_fields() -> None:
    """A record of four by two values starts in eight ways."""

    class Box(State):
        store: Var[Store] = initially(any_of(Store))

    @action
    def stay(box: Box) -> None:
        box.store.next = box.store

    space = run(Box, stay)
    assert space.distinct == 8
    assert Store(3, True) in values(space, "store")


def test_initial_conditions_restrict_the_free_choice() -> None:
    """Of nine ways to start, those with different steps are six."""

    class Machine(State):
        at: Map[Cpu, Step] = initially(any_of(Step))

    @initial
    def different(machine: Machine) -> Value[bool]:
        first, second = domain(Cpu)
        return machine.at[first] != machine.at[second]

    @action
    def stay(machine: Machine, cpu: Cpu) -> None:
        machine.at[cpu].next = machine.at[cpu]

    assert counts(run(Machine, different, stay)) == (6, 12, 0)


def test_initial_values_by_dictionary_and_by_function() -> None:
    """A dictionary gives a value for every key, a function computes it, and either may hold a free choice."""

    class Table(State):
        by_step: Map[Step, Digit] = initially({Step.IDLE: 0, Step.BUSY: any_of(1, 2), Step.DONE: 3})
        by_cpu: Map[Cpu, bool] = initially(lambda cpu: cpu.index == 0)

    @action
    def stay(table: Table) -> None:
        table.by_cpu.next = table.by_cpu

    space = run(Table, stay)
    assert [list(v.values()) for v in values(space, "by_step")] == [[0, 1, 3], [0, 2, 3]]
    assert [list(v.values()) for v in values(space, "by_cpu")] == [[True, False]] * 2


def test_constants_are_bound_late() -> None:
    """A default, a value from Spec(...), an override of it; arithmetic over constants follows."""
    limit = constant("LIMIT", 2)

    class Counter(State):
        n: Var[Annotated[int, Range(0, limit + 1)]] = initially(limit - 1)

    @action
    def up(counter: Counter) -> None:
        when(counter.n <= limit)
        counter.n.next = counter.n + 1

    assert values(run(Counter, up), "n") == [1, 2, 3]
    assert values(run(Counter, up, LIMIT=4), "n") == [3, 4, 5]
    model = ground(Spec(Counter, up, LIMIT=4), {"LIMIT": 1})
    assert model.constants == {"LIMIT": 1} and explore(model).distinct == 3
