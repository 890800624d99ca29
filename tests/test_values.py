"""What a variable may hold: unions, None, records, and the type that `ite` gives, on specs small enough to
count by hand.
"""

from typing import Annotated

from tiny import Cpu, Device, Digit, Step, Store, counts, failure, run, values

from explorer import (
    Capacity,
    Map,
    Queue,
    Range,
    Set,
    State,
    Value,
    Var,
    action,
    any_of,
    domain,
    initially,
    ite,
    observe,
    record,
    some,
    when,
)
from explorer.language.concrete import concrete


def test_a_union_of_scalarsets_and_none_has_every_member() -> None:
    """Two processors, one device and None are four values, assigned from parameters of the narrower
    domains.
    """

    class Bus(State):
        owner: Var[Cpu | Device | None] = initially(None)

    @action
    def by_cpu(bus: Bus, cpu: Cpu) -> None:
        bus.owner.next = cpu

    @action
    def by_device(bus: Bus, device: Device) -> None:
        when(some(bus.owner == x for x in domain(Cpu)))
        bus.owner.next = device

    @action
    def release(bus: Bus) -> None:
        bus.owner.next = None

    space = run(Bus, by_cpu, by_device, release)
    assert counts(space) == (4, 14, 2)
    assert [str(v) for v in values(space, "owner")] == ["None", "Cpu0", "Cpu1", "disk"]


def test_an_optional_number_equals_numbers_and_none() -> None:
    """None is no number: comparing with any integer, in the range or not, never confuses them."""

    class Box(State):
        n: Var[Digit | None] = initially(any_of(None, 0, 3))
        m: Var[Annotated[int, Range(-1, 3)]] = initially(any_of(-1, 0, 3))

    @action
    def stay(box: Box) -> None:
        box.m.next = box.m

    @observe
    def equal(box: Box) -> Value[bool]:
        return box.n == box.m

    space = run(Box, stay, equal)
    seen = [
        (n, m, concrete(space.model.observations[0].value, state))
        for n, m, state in zip(values(space, "n"), values(space, "m"), space.levels[0])
    ]
    assert len(seen) == 9
    assert all(result == (n == m) for n, m, result in seen)


def test_records_are_assigned_whole_or_by_field() -> None:
    """A field may be named `value`; fields left out of an assignment stay."""

    class Box(State):
        store: Var[Store] = initially(Store(0, False))
        copies: Map[Cpu, Store] = initially(Store(3, True))

    @action
    def set_field(box: Box) -> None:
        when(~box.store.value)
        box.store.value.next = True

    @action
    def set_whole(box: Box, cpu: Cpu) -> None:
        when(box.store.value & (box.store.slot == 0))
        box.store.next = record(Store, slot=box.store.slot + 1, value=box.copies[cpu].value)
        box.copies[cpu].next = box.store

    space = run(Box, set_field, set_whole)
    assert values(space, "store") == [Store(0, False), Store(0, True), Store(1, True), Store(1, True)]
    assert [list(v.values()) for v in values(space, "copies")][-2:] == [
        [Store(0, True), Store(3, True)],
        [Store(3, True), Store(0, True)],
    ]


def test_optional_records_hold_a_record_or_none() -> None:
    """Going back to None forgets the fields, so that no two states differ in what nobody can read."""

    class Box(State):
        last: Var[Store | None] = initially(None)
        copy: Var[Digit] = initially(0)

    @action
    def fill(box: Box, slot: Digit) -> None:
        when(box.last.is_none)
        box.last.next = record(Store, slot=slot, value=True)

    @action
    def drain(box: Box) -> None:
        when(~box.last.is_none & (box.last == record(Store, slot=box.last.value.slot, value=True)))
        box.copy.next = box.last.value.slot
        box.last.next = None

    space = run(Box, fill, drain)
    assert counts(space) == (4 * 5, 4 * 4 + 4 * 4, 3)
    assert values(space, "last")[:3] == [None, Store(0, True), Store(1, True)]


def test_ite_finds_the_type_that_holds_both_values() -> None:
    """None beside a value, members of two classes, and numbers of two ranges."""

    class Box(State):
        flag: Var[bool] = initially(any_of(bool))
        owner: Var[Cpu | Device | None] = initially(None)
        at: Map[Cpu, Step] = initially(Step.BUSY)
        step: Var[Step | None] = initially(None)
        last: Var[Store | None] = initially(None)
        store: Var[Store] = initially(Store(1, True))
        n: Var[Digit | None] = initially(None)
        waiting: Set[Cpu] = initially(set())
        q: Annotated[Queue[Digit], Capacity(2)] = initially([1])

    @action
    def choose(box: Box) -> None:
        first = domain(Cpu)[0]
        box.owner.next = ite(box.flag, first, domain(Device)[0])
        box.step.next = ite(box.flag, None, box.at[first])
        box.last.next = ite(box.flag, record(Store, slot=box.store.slot, value=False), None)
        box.n.next = ite(box.flag, 3, None)
        box.waiting.next = ite(box.flag, {first}, box.waiting)
        box.q.next = ite(box.flag, [2, 3], box.q.pop())

    space = run(Box, choose)
    found = [tuple(values(space, name)[2:]) for name in ("owner", "step", "last", "n", "waiting", "q")]
    assert [str(v) for v in found[0]] == ["disk", "Cpu0"]
    assert found[1:] == [
        (Step.BUSY, None),
        (None, Store(1, False)),
        (None, 3),
        (frozenset(), frozenset({Cpu(0)})),
        ([], [2, 3]),
    ]


def test_a_number_from_ite_is_checked_wherever_it_is_used() -> None:
    """A value outside the range of one branch is an evaluation error, as an index too."""

    class Box(State):
        n: Var[Digit] = initially(0)
        flags: Map[Digit, bool] = initially(False)

    @action
    def index(box: Box) -> None:
        box.flags[ite(box.n == 0, 7, box.n)].next = True

    assert failure(run(Box, index)) == (0, "an index of `flags` got a value outside Range(0, 3)")
