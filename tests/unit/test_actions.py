"""What an action means: instances, guards, reads of the old state, helpers, on specs small enough to count by
hand.
"""

from explorer import Map, Spec, State, Var, action, every, initially, when
from explorer.engine.reference import explore
from explorer.ground.ground import ground
from tests.support.tiny import Cpu, Device, Digit, Step, counts, labels, run, values


def test_parameters_are_quantified_over_their_domains() -> None:
    """One instance for every combination of values: two processors, a device or nothing, and a bool make
    eight.
    """

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
    assert [list(v.values()) for v in values(space, "cell")] == [
        [0, 1, 2, 3],
        [0, 0, 2, 3],
        [0, 0, 0, 3],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]
    assert [list(v[Cpu(1)].values()) for v in values(space, "deep")][-1] == [True, False, False, False]


def test_symbolic_values_have_a_text() -> None:
    """The repr of a symbolic value is its text: good for messages, and no decision."""

    class Box(State):
        at: Map[Cpu, Step] = initially(Step.IDLE)
        flag: Var[bool] = initially(False)

    seen: list[str] = []

    @action
    def step(box: Box, cpu: Cpu) -> None:
        seen.append(f"{box.at[cpu]!r} {~(box.at[cpu] == Step.BUSY) & box.flag!r}")
        box.flag.next = True

    run(Box, step)
    assert seen[0] == "`at[Cpu0]` `(at[Cpu0] != BUSY) & flag`"
