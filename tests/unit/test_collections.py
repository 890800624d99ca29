"""Maps of maps, sets and queues, on specs small enough to count by hand, judged by the reference engine."""

from typing import Annotated

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
    count,
    implies,
    initially,
    invariant,
    ite,
    some,
    step_invariant,
    when,
)
from tests.support.tiny import Cpu, Digit, Step, Store, counts, run, values


def test_nested_maps_have_a_cell_for_every_pair() -> None:
    """Each of two by three cells is set once, in any order: 2**6 states."""

    class Table(State):
        seen: Map[Cpu, Map[Step, bool]] = initially(False)

    @action
    def see(table: Table, cpu: Cpu, step: Step) -> None:
        when(~table.seen[cpu][step])
        table.seen[cpu][step].next = True

    assert counts(run(Table, see)) == (64, 192, 6)


def test_sets_add_remove_and_combine() -> None:
    """Every subset of three processors is reached; sizes, members and subsets are those of mathematics."""

    class Lists(State):
        waiting: Set[Cpu] = initially(set())

    @action
    def toggle(lists: Lists, cpu: Cpu) -> None:
        lists.waiting.next = ite(
            lists.waiting.contains(cpu), lists.waiting.remove(cpu), lists.waiting.add(cpu)
        )

    @invariant
    def laws(lists: Lists) -> Value[bool]:
        everyone, w = set(Cpu), lists.waiting
        members = count(w.contains(cpu) for cpu in Cpu)
        return (
            (w.size == members)
            & w.issubset(everyone)
            & (w.empty == (members == 0))
            & (w.union(everyone) == everyone)
            & w.intersection(set()).empty
            & (w.difference(w) == set())
        )

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
        return implies(
            mail.q.next.length < mail.q.length,
            (mail.q.length == 1) | (mail.q.next == [mail.q[ite(mail.q.full, 1, 0)]]),
        )

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
