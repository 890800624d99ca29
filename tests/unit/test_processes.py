"""What a process becomes: places, registers, fairness, findings."""

from __future__ import annotations

import enum
from typing import Annotated, Any

import pytest

from explorer import (
    IRQ,
    WEAK,
    Map,
    Range,
    Scalarset,
    Spec,
    SpecError,
    State,
    Steps,
    Value,
    Var,
    at,
    branch,
    choose,
    constant,
    every,
    initially,
    invariant,
    keep,
    process,
    step,
    when,
)
from explorer.engine.python import explore
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.ir.steps import Role
from explorer.trace.tell import tell

Slot = Annotated[int, Range(0, 3)]


class Cpu(Scalarset):
    size = 2


class Kind(enum.Enum):
    CALL, WAKE = range(2)


class Mem(State):
    n: Var[Slot] = initially(0)
    owner: Var[Cpu | None] = initially(None)
    mine: Map[Cpu, Slot] = initially(0)


def model(*parts: Any) -> Model:
    return ground(Spec(Mem, *parts))


@process(actor="cpu", fair=WEAK)
def counts(mem: Mem, cpu: Cpu) -> Steps:
    yield "reads"
    old = yield keep(mem.n)
    if (yield branch(mem.n == 3)):
        return
    yield step("adds one", atomic=True)
    mem.n.next = ite_less(old)


def ite_less(old: Any) -> Any:
    return (old + 1) % 4


@process
def loops(mem: Mem, cpu: Cpu) -> Steps:
    for turn in range(2):
        yield "turn {turn}"
        mem.mine[cpu].next = turn


@process
def chooses(mem: Mem, cpu: Cpu) -> Steps:
    yield "takes {kind}"
    kind = yield choose(Kind)
    yield "has {kind}"
    when((mem.n == 0) if kind == Kind.CALL else (mem.n == 1))
    yield "ends"
    mem.mine[cpu].next = 1


@process
def increments(mem: Mem, cpu: Cpu) -> Steps:
    yield "n++"
    mem.n.next = (mem.n + 1) % 4
    yield "mine++"
    mem.mine[cpu].next = (mem.mine[cpu] + 1) % 4


def test_places_and_registers_are_quiet_variables() -> None:
    """One for the place, one for each register that a later step reads."""
    found = {v.name: v.quiet for v in model(counts).variables}
    assert found == {"n": False, "owner": False, "mine": False, "at@counts": True, "counts.old": True}


def test_the_turns_of_a_loop_are_places() -> None:
    """Local values that are read later tell places apart, and name them."""
    names = [action.name for action in model(loops).actions]
    assert names == ["loops.turn(turn=0)", "loops.turn(turn=1)"]
    assert {i.label for i in model(loops).instances} == {("turn ", 0), ("turn ", 1)}


def test_a_choice_is_no_part_of_the_place() -> None:
    """It stands in a register, as long as a later step reads it."""
    found = model(chooses)
    assert [action.name for action in found.actions] == ["chooses.takes", "chooses.has", "chooses.ends"]
    assert len(found.instances) == 2 * (2 + 2 + 1)


def test_fairness_is_that_of_the_process() -> None:
    """All steps of one process are one group."""
    groups = model(counts).fair_groups
    assert [group.name for group in groups] == ["counts(cpu=Cpu0)", "counts(cpu=Cpu1)"]
    assert sorted(n for group in groups for n in group.instances) == [
        i.number for i in model(counts).instances
    ]


def test_two_shared_accesses_in_a_step_are_a_finding() -> None:
    """Not where nobody else accesses the place, and not where the author says atomic."""
    (doubt,) = model(increments).doubts
    assert (doubt.kind, doubt.subject, doubt.severe) == ("not-atomic", "increments.n", True)
    assert "reads n and writes it" in doubt.text
    assert model(counts).doubts == ()


def test_the_test_of_a_loop_is_one_place() -> None:
    """Python compiles the test of a `while` twice; the steps in it are the same places."""

    def tries(mem: Mem) -> Steps:
        yield "tries"
        mem.n.next = (mem.n + 1) % 4
        return (yield branch(mem.n == 3))

    @process(actor="one")
    def again(mem: Mem) -> Steps:
        while not (yield from tries(mem)):
            yield "rests"

    assert [a.name for a in model(again).actions] == ["again.tries", "again.rests"]


def test_a_label_of_other_constants_is_nowhere() -> None:
    """`at` may ask for a step that only other constants give; a name that stands nowhere is an error."""
    twice = constant("twice", False)

    @process(actor="one")
    def once(mem: Mem) -> Steps:
        yield "first"
        mem.n.next = 1
        if twice:
            yield step("second", name="again")
            mem.n.next = 2

    @invariant
    def never(mem: Mem) -> Value[bool]:
        return ~at(once, "again")

    assert not explore(model(once, never)).violations

    @invariant
    def wrong(mem: Mem) -> Value[bool]:
        return ~at(once, "agian")

    with pytest.raises(SpecError, match="process once has no step 'agian'"):
        model(once, wrong)


def test_a_name_in_a_comprehension_dies_when_it_is_assigned_again() -> None:
    """A loop that chooses anew comes back to the same place, though a comprehension sees the choice."""

    @process(actor="one", restart=True)
    def walks(mem: Mem) -> Steps:
        while True:
            yield step("takes {cpu}", atomic=True)
            cpu = yield choose(Cpu)
            when(every(mem.mine[other] <= mem.mine[cpu] for other in Cpu if other != cpu))
            mem.mine[cpu].next = (mem.mine[cpu] + 1) % 4

    assert [a.name for a in model(walks).actions] == ["walks.takes"]


def test_a_choice_that_died_does_not_come_back() -> None:
    """A choice of an earlier step is no register again where a later choice has the same value."""

    def asks(mem: Mem) -> Steps:
        yield "asks"
        first = yield choose(Cpu)
        mem.owner.next = first

    @process(actor="one", restart=True)
    def twice(mem: Mem) -> Steps:
        yield from asks(mem)
        yield "waits"
        yield "takes"
        second = yield choose(Cpu)
        when(mem.owner == second)
        yield "gives"
        mem.mine[second].next = 1

    found = model(twice)
    assert [v.name for v in found.variables if v.name.startswith("twice.")] == ["twice.second"]
    assert [a.name for a in found.actions] == ["twice.asks", "twice.waits", "twice.takes", "twice.gives"]


def test_a_named_cpu_has_levels_too() -> None:
    """A handler interrupts who has the same actor, whether a parameter or a name says who that is."""

    @process(actor="cpu0", atomic=True)
    def mainline(mem: Mem) -> Steps:
        yield "reads"
        old = yield keep(mem.n)
        yield "writes"
        mem.n.next = ite_less(old)

    @process(actor="cpu0", level=IRQ)
    def handler(mem: Mem) -> Steps:
        yield "begins"
        yield "n = 3"
        mem.n.next = 3

    ground_model = model(mainline, handler)
    guards = {i.action.name: [c.role for c in i.guard] for i in ground_model.instances}
    assert [Role.LEVEL in roles for roles in guards.values()] == [True, True, False, False]
    assert ground_model.doubts == ()


def test_a_handler_that_interrupts_nobody_is_a_finding() -> None:
    """The actor of the mainline is another one."""

    @process(actor="cpu0")
    def mainline(mem: Mem) -> Steps:
        yield "n = 1"
        mem.n.next = 1

    @process(actor="cpu", level=IRQ)
    def handler(mem: Mem, cpu: Cpu) -> Steps:
        yield "n = 3"
        mem.n.next = 3

    (doubt,) = model(mainline, handler).doubts
    assert (doubt.kind, doubt.subject, doubt.severe) == ("interrupts-nothing", "handler", True)


def test_a_deadlock_says_where_each_process_waits_and_who_interrupts_it() -> None:
    """One line for each process that stands somewhere, with the values; no other steps."""

    @process(actor="cpu0", atomic=True)
    def mainline(mem: Mem) -> Steps:
        yield "locks"
        when(mem.n == 0)
        mem.n.next = 1
        yield "unlocks"
        mem.n.next = 0

    @process(actor="cpu0", level=IRQ)
    def handler(mem: Mem) -> Steps:
        yield "begins"
        yield "spins"
        when(mem.n == 3)
        mem.n.next = 0

    space = explore(model(mainline, handler))
    assert list(tell(space, space.violations["deadlock"]).why) == [
        "not every process has ended; what they wait for:",
        "handler.spins waits for n == 3: n = 0",
        "mainline.locks waits until handler returns",
    ]


def test_what_only_choose_gives_may_be_none() -> None:
    """`is None` of a choice compares plain values, as of a parameter."""

    @process
    def takes(mem: Mem) -> Steps:
        yield "takes"
        cpu = yield choose(Cpu | None)
        if cpu is None:
            return
        mem.owner.next = cpu

    assert explore(model(takes)).distinct == 4
