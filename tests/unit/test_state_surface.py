"""Parameters over sets, unions with numbers, first values that depend on others, variables that may exist."""

from typing import Annotated

from explorer import (
    Map,
    Range,
    Set,
    State,
    Value,
    Var,
    action,
    any_of,
    constant,
    initially,
    invariant,
    is_in,
    ite,
    subset,
    when,
    where,
)
from explorer.engine.reference import explore
from explorer.ground.ground import ground
from explorer.language.spec import Spec
from explorer.verdict.coverage import coverage
from explorer.verdict.vacuity import findings
from tests.support.tiny import Cpu, Digit, Step, failure, labels, run, values

WIDE = constant("WIDE", False)


class Waiters(State):
    waiting: Set[Cpu] = initially(set())


def test_the_opposite_of_a_constant() -> None:
    """`~` on a constant that is a bool is `not`, in a module and in an action."""
    on = constant("ON", True)
    off = ~on

    class Lamp(State):
        lit: Var[bool] = initially(False)

    @action
    def light(lamp: Lamp) -> None:
        when(~on)
        lamp.lit.next = ~off

    assert explore(ground(Spec(Lamp, light))).distinct == 1
    assert explore(ground(Spec(Lamp, light, ON=False))).distinct == 1
    assert explore(ground(Spec(Lamp, light, ON=False))).transitions == 1


def test_a_parameter_may_be_a_set() -> None:
    """One instance for each set, and the set has the language's methods."""

    @action
    def wait(waiters: Waiters, group: Set[Cpu]) -> None:
        """{group} waits"""
        when(~group.empty & waiters.waiting.intersection(group).empty)
        waiters.waiting.next = waiters.waiting.union(group)

    space = run(Waiters, wait, CPUS=3)
    names = [i.name for i in space.model.instances]
    assert len(names) == 8 and names[3] == "wait(group={Cpu0, Cpu1})"
    assert (space.distinct, space.transitions) == (8, 19)


class Slot(State):
    held: Var[Step | Annotated[int, Range(-1, 3)] | None] = initially(None)
    n: Var[Digit] = initially(2)


def test_a_union_may_have_numbers() -> None:
    """They are stored and compared as they are; `.number` is one of them."""

    @action
    def put(slot: Slot) -> None:
        when(slot.held.is_none)
        slot.held.next = slot.n - 1

    @action
    def count_down(slot: Slot) -> None:
        when(slot.held.is_number)
        slot.held.next = Step.DONE
        with where(slot.held.number > -1):
            slot.held.next = slot.held.number - 1

    @action
    def wrong(slot: Slot) -> None:
        when(slot.held == Step.DONE)
        slot.n.next = slot.held.number

    space = run(Slot, put, count_down, deadlock=False)
    assert values(space, "held") == [None, 1, 0, -1, Step.DONE]
    assert failure(run(Slot, put, count_down, wrong)) == (4, "`.number` of `held`, which is none")


def doubled(board: "Board") -> Value[int]:
    return board.a * 2


def turned(cpu: Cpu, board: "Board") -> Value[Step]:
    return ite(board.boot[cpu], Step.BUSY, Step.IDLE)


class Board(State):
    b: Var[Digit] = initially(doubled)
    a: Var[Digit] = initially(any_of(0, 1))
    boot: Map[Cpu, bool] = initially(lambda cpu: cpu.index == 0)
    at: Map[Cpu, Step] = initially(turned)
    extra: Var[Digit] = initially(lambda: 3 if WIDE else 0, exists=WIDE)


@action
def swap(board: Board) -> None:
    board.a.next = board.b % 2
    if WIDE:
        board.extra.next = board.a


@invariant
def as_computed(board: Board, cpu: Cpu) -> Value[bool]:
    return (board.b % 2 == 0) & ((board.at[cpu] == Step.BUSY) == board.boot[cpu])


def test_a_first_value_may_depend_on_others() -> None:
    """It is computed for every choice of the others, and adds none."""
    space = run(Board, swap, as_computed)
    assert sorted(zip(values(space, "a"), values(space, "b"))) == [(0, 0), (0, 2), (1, 2)]
    assert space.initial == 2 and not space.violations


def test_a_variable_may_exist_for_some_constants_only() -> None:
    """Without it the state is smaller, and nothing can name it."""
    assert [v.name for v in ground(Spec(Board, swap)).variables] == ["b", "a", "boot", "at"]
    wide = run(Board, swap, as_computed, WIDE=True)
    assert [v.name for v in wide.model.variables][-1] == "extra" and 3 in values(wide, "extra")


def test_what_other_constants_read_is_read() -> None:
    """A variable that a branch of other constants reads is no finding; one that is only assigned is."""

    class Machine(State):
        used: Var[Digit] = initially(0)
        unused: Var[Digit] = initially(0)
        n: Var[Digit] = initially(0)

    @action
    def step(machine: Machine) -> None:
        machine.n.next = 1 - machine.n
        machine.used.next = machine.n
        machine.unused.next = machine.n
        if WIDE:
            when(machine.used == 0)

    space = run(Machine, step)
    assert [f.subject for f in findings(space, coverage(space))] == ["unused"]


def test_plain_values_may_be_compared_by_identity() -> None:
    """`is None` of a parameter is plain Python."""

    @action
    def move(waiters: Waiters, cpu: Cpu | None) -> None:
        if cpu is None:
            waiters.waiting.next = set()
        else:
            waiters.waiting.next = waiters.waiting.add(cpu)

    assert run(Waiters, move).distinct == 4


Page = Annotated[int, Range(0, 99)]


def test_a_set_may_have_more_members_than_a_number_has_bits() -> None:
    """Every operation of a small set, over a hundred pages."""

    class Frames(State):
        free: Set[Page] = initially(set(range(98)))
        used: Set[Page] = initially({98, 99})
        last: Var[Page] = initially(97)

    @action
    def take(frames: Frames) -> None:
        """takes {frames.last}, used {frames.used}"""
        when(is_in(frames.last, frames.free) & (frames.used.size < 5))
        frames.free.next = frames.free.remove(frames.last)
        frames.used.next = frames.used.add(frames.last)
        frames.last.next = frames.last - 1

    @action
    def give_all(frames: Frames) -> None:
        when(frames.used.contains(95) & ~frames.used.issubset(frames.free))
        frames.free.next = frames.free.union(frames.used).difference({98, 99})
        frames.used.next = frames.used.intersection({98, 99, 1})
        frames.last.next = 97

    @invariant
    def apart(frames: Frames) -> Value[bool]:
        big = subset(Page, lambda page: frames.used.contains(page) | frames.free.contains(page))
        return frames.free.intersection(frames.used).empty & (big.size == 100) & (frames.free != frames.used)

    space = run(Frames, take, give_all, apart)
    assert space.distinct == 4 and not space.violations
    assert values(space, "used")[1] == frozenset({97, 98, 99})
    assert (
        labels(space.model, space.decode(space.levels[1][0]))[0] == "takes 96, used frozenset({97, 98, 99})"
    )
