"""What each construct of the language means, on specs small enough to count by hand, judged by the reference engine."""

from typing import Annotated

from tiny import Cpu, Device, Digit, Step, Store, counts, failure, labels, run, values

from explorer import (Capacity, Map, Queue, Range, Set, Spec, State, Value, Var, action, any_of, constant, count, domain, every,
                      implies, initial, initially, invariant, ite, observe, record, some, step_invariant, when)
from explorer.compile.ground import ground
from explorer.language.semantics import concrete
from explorer.reference import explore

# State and initial values.


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


# Actions.


def test_parameters_are_quantified_over_their_domains() -> None:
    """One instance for every combination of values: two processors, a device or nothing, and a bool make eight."""
    class Machine(State):
        flag: Var[bool] = initially(False)

    @action(actor="cpu")
    def step(machine: Machine, cpu: Cpu, target: Device | None, flag: bool) -> None:
        """{cpu} tells {target}: {machine.flag} -> {flag}"""
        machine.flag.next = flag

    model = ground(Spec(Machine, step))
    assert len(model.instances) == 8
    assert [i.actor for i in model.instances[:4]] == ["Cpu0"] * 4
    assert labels(model, (0,))[:2] == ["Cpu0 tells None: False -> False", "Cpu0 tells None: False -> True"]
    assert counts(explore(model)) == (2, 16, 1)


def test_reads_see_the_old_state() -> None:
    """Two assignments exchange two values without a temporary."""
    class Pair(State):
        a: Var[Digit] = initially(1)
        b: Var[Digit] = initially(2)

    @action
    def exchange(pair: Pair) -> None:
        pair.a.next = pair.b
        pair.b.next = pair.a

    space = run(Pair, exchange)
    assert list(zip(values(space, "a"), values(space, "b"))) == [(1, 2), (2, 1)]


def test_helpers_and_loops_run_while_tracing() -> None:
    """Python functions, loops over domains and `if` on constants are gone before the search."""
    class Machine(State):
        at: Map[Cpu, Step] = initially(Step.IDLE)

    def move_all(machine: Machine, to: Step) -> None:
        for cpu in Cpu:
            machine.at[cpu].next = to

    @action
    def together(machine: Machine) -> None:
        when(every(machine.at[cpu] == Step.IDLE for cpu in Cpu))
        move_all(machine, Step.BUSY if Cpu.size == 2 else Step.DONE)

    assert values(run(Machine, together), "at")[-1] == dict.fromkeys(domain_of(2), Step.BUSY)
    assert values(run(Machine, together, CPUS=3), "at")[-1] == dict.fromkeys(domain_of(3), Step.DONE)


def domain_of(size: int) -> list[Cpu]:
    return [Cpu(i) for i in range(size)]


def test_guards_are_evaluated_in_order() -> None:
    """A guard protects those after it: `.value` is never read of None."""
    class Box(State):
        owner: Var[Cpu | None] = initially(None)
        at: Map[Cpu, bool] = initially(False)

    @action
    def take(box: Box, cpu: Cpu) -> None:
        when(box.owner.is_none)
        box.owner.next = cpu

    @action
    def use(box: Box) -> None:
        when(~box.owner.is_none)
        when(~box.at[box.owner.value])
        box.at[box.owner.value].next = True

    space = run(Box, take, use)
    assert counts(space) == (5, 4, 2)
    assert "evaluation" not in space.violations


# Types.


def test_a_union_of_scalarsets_and_none_has_every_member() -> None:
    """Two processors, one device and None are four values, assigned from parameters of the narrower domains."""
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
    seen = [(n, m, concrete(space.model.observations[0].value, state))
            for n, m, state in zip(values(space, "n"), values(space, "m"), space.levels[0])]
    assert len(seen) == 9
    assert all(result == (n == m) for n, m, result in seen)


def test_nested_maps_have_a_cell_for_every_pair() -> None:
    """Each of two by three cells is set once, in any order: 2**6 states."""
    class Table(State):
        seen: Map[Cpu, Map[Step, bool]] = initially(False)

    @action
    def see(table: Table, cpu: Cpu, step: Step) -> None:
        when(~table.seen[cpu][step])
        table.seen[cpu][step].next = True

    assert counts(run(Table, see)) == (64, 192, 6)


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
    assert [list(v.values()) for v in values(space, "copies")][-2:] == [[Store(0, True), Store(3, True)], [Store(3, True), Store(0, True)]]


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


def test_sets_add_remove_and_combine() -> None:
    """Every subset of three processors is reached; sizes, members and subsets are those of mathematics."""
    class Lists(State):
        waiting: Set[Cpu] = initially(set())

    @action
    def toggle(lists: Lists, cpu: Cpu) -> None:
        lists.waiting.next = ite(lists.waiting.contains(cpu), lists.waiting.remove(cpu), lists.waiting.add(cpu))

    @invariant
    def laws(lists: Lists) -> Value[bool]:
        everyone, w = set(Cpu), lists.waiting
        members = count(w.contains(cpu) for cpu in Cpu)
        return ((w.size == members) & w.issubset(everyone) & (w.empty == (members == 0)) & (w.union(everyone) == everyone)
                & w.intersection(set()).empty & (w.difference(w) == set()))

    space = run(Lists, toggle, laws, CPUS=3)
    assert counts(space) == (8, 24, 3)
    assert not space.violations


def test_queues_are_first_in_first_out() -> None:
    """All sequences of at most two of three steps: 1 + 3 + 9 states; pushes from 4 of them, pops from 12."""
    class Mail(State):
        q: Annotated[Queue[Step], Capacity(2)] = initially([])
        last: Var[Step | None] = initially(None)

    @action
    def push(mail: Mail, step: Step) -> None:
        when(~mail.q.full)
        mail.q.next = mail.q.push(step)

    @action
    def pop(mail: Mail) -> None:
        when(~mail.q.empty)
        mail.q.next = mail.q.pop()

    @step_invariant
    def order(mail: Mail) -> Value[bool]:
        return implies(mail.q.next.length < mail.q.length, (mail.q.length == 1) | (mail.q.next == [mail.q[ite(mail.q.full, 1, 0)]]))

    space = run(Mail, push, pop, order)
    assert counts(space) == (13, 4 * 3 + 12, 2)
    assert values(space, "q")[:5] == [[], [Step.IDLE], [Step.BUSY], [Step.DONE], [Step.IDLE, Step.IDLE]]
    assert not space.violations


def test_queues_remove_at_any_position_and_know_their_members() -> None:
    """From [1, 2, 3] each position can go first; the last state is the empty queue, with the slots blank."""
    class Mail(State):
        q: Annotated[Queue[Digit], Capacity(3)] = initially([1, 2, 3])

    @action
    def remove(mail: Mail, at: Annotated[int, Range(0, 2)]) -> None:
        when(at < mail.q.length)
        mail.q.next = mail.q.remove_at(at)

    @invariant
    def members(mail: Mail) -> Value[bool]:
        return mail.q.contains(2) == some((i < mail.q.length) & (mail.q[i] == 2) for i in range(3))

    space = run(Mail, remove, members)
    assert counts(space) == (8, 3 + 3 * 2 + 3, 3)
    assert values(space, "q")[1:4] == [[2, 3], [1, 3], [1, 2]]
    assert not set(space.violations) - {"deadlock"}


def test_a_queue_of_records_keeps_whole_records() -> None:
    """The head of a queue of records is a record."""
    class Mail(State):
        q: Annotated[Queue[Store], Capacity(1)] = initially([Store(2, True)])
        got: Var[Store | None] = initially(None)

    @action
    def receive(mail: Mail) -> None:
        when(mail.q.length == 1)
        when(mail.q.head.value & (mail.q.head.slot == 2))
        mail.got.next = mail.q.head
        mail.q.next = mail.q.pop()

    assert values(run(Mail, receive), "got") == [None, Store(2, True)]


def test_indices_may_depend_on_the_state() -> None:
    """A computed index works on both sides of an assignment, in nested maps and in queues of maps."""
    class Ring(State):
        head: Var[Digit] = initially(0)
        cell: Map[Digit, Digit] = initially(lambda i: i)
        deep: Map[Cpu, Map[Digit, bool]] = initially(False)
        who: Var[Cpu] = initially(Cpu(1))

    @action
    def turn(ring: Ring) -> None:
        when(~ring.deep[ring.who][ring.head])
        ring.cell[(ring.head + 1) % 4].next = ring.cell[ring.head]
        ring.deep[ring.who][ring.cell[ring.head]].next = True
        ring.head.next = (ring.head + 1) % 4

    space = run(Ring, turn)
    assert counts(space) == (5, 4, 4)
    assert [list(v.values()) for v in values(space, "cell")] == [[0, 1, 2, 3], [0, 0, 2, 3], [0, 0, 0, 3], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert [list(v[Cpu(1)].values()) for v in values(space, "deep")][-1] == [True, False, False, False]


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
    assert found[1:] == [(Step.BUSY, None), (None, Store(1, False)), (None, 3), (frozenset(), frozenset({Cpu(0)})), ([], [2, 3])]


def test_a_number_from_ite_is_checked_wherever_it_is_used() -> None:
    """A value outside the range of one branch is an evaluation error, as an index too."""
    class Box(State):
        n: Var[Digit] = initially(0)
        flags: Map[Digit, bool] = initially(False)

    @action
    def index(box: Box) -> None:
        box.flags[ite(box.n == 0, 7, box.n)].next = True

    assert failure(run(Box, index)) == (0, "an index of `flags` got a value outside Range(0, 3)")


def test_symbolic_values_have_a_text() -> None:
    """An f-string of a symbolic value is its text: good for messages, and no decision."""
    class Box(State):
        at: Map[Cpu, Step] = initially(Step.IDLE)
        flag: Var[bool] = initially(False)
    seen: list[str] = []

    @action
    def step(box: Box, cpu: Cpu) -> None:
        seen.append(f"{box.at[cpu]} {~(box.at[cpu] == Step.BUSY) & box.flag}")
        box.flag.next = True

    run(Box, step)
    assert seen[0] == "`at[Cpu0]` `(at[Cpu0] != BUSY) & flag`"
