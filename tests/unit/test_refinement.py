"""A spec checked against a more abstract one: each step is one of it, or changes nothing that it sees."""

from typing import Annotated, Any

from explorer import (
    Map,
    Range,
    Set,
    Spec,
    State,
    Value,
    Var,
    action,
    any_of,
    initially,
    refines,
    subset,
    when,
)
from explorer.engine.reference import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.trace.tell import tell
from tests.support.tiny import Cpu, Digit, run


class Hours(State):
    hour: Var[Digit] = initially(0)


@action
def tick(hours: Hours) -> None:
    hours.hour.next = (hours.hour + 1) % 4


CLOCK = Spec(Hours, tick, name="clock")


class Fine(State):
    hour: Var[Digit] = initially(0)
    half: Var[bool] = initially(False)


@action
def half_hour(fine: Fine) -> None:
    when(~fine.half)
    fine.half.next = True


@action
def full_hour(fine: Fine) -> None:
    when(fine.half)
    fine.half.next = False
    fine.hour.next = (fine.hour + 1) % 4


@action
def jump(fine: Fine) -> None:
    when(fine.hour == 2)
    fine.hour.next = 0


@refines(CLOCK)
def as_clock(fine: Fine) -> dict[str, Any]:
    return {}


def test_steps_that_the_abstract_spec_does_not_see_stutter() -> None:
    """The finer clock refines the clock: half hours are steps of its own."""
    space = run(Fine, half_hour, full_hour, as_clock)
    assert space.violations == {} and space.distinct == 8
    assert [p.name for p in space.model.properties] == ["as_clock"]


def test_a_step_that_no_abstract_step_explains_is_told() -> None:
    """The shortest way to the step that jumps, with what the abstract spec sees beside it."""
    space = run(Fine, half_hour, full_hour, jump, as_clock)
    assert set(space.violations) == {"as_clock"}
    trace = tell(space, space.violations["as_clock"])
    assert [step.action for step in trace.steps][-1] == "jump" and len(trace.steps) == 6
    assert trace.steps[-1].observed == {"clock: hour": "0"}


def test_a_mapping_may_compute_what_the_abstract_state_is() -> None:
    """Queues of hours, sets of owners: whatever expression has the type."""

    class Owners(State):
        owners: Set[Cpu] = initially(set())

    @action
    def take(owners: Owners, cpu: Cpu) -> None:
        when(owners.owners.empty)
        owners.owners.next = {cpu}

    @action
    def give(owners: Owners) -> None:
        owners.owners.next = set()

    class Lock(State):
        wants: Map[Cpu, bool] = initially(False)
        inside: Map[Cpu, bool] = initially(False)

    @action
    def want(lock: Lock, cpu: Cpu) -> None:
        lock.wants[cpu].next = True

    @action
    def enter(lock: Lock, cpu: Cpu) -> None:
        when(lock.wants[cpu] & subset(Cpu, lambda other: lock.inside[other]).empty)
        lock.inside[cpu].next = True
        lock.wants[cpu].next = False

    @action
    def rush(lock: Lock, cpu: Cpu) -> None:
        when(lock.wants[cpu] & ~lock.inside[cpu])
        lock.inside[cpu].next = True

    @action
    def leave(lock: Lock, cpu: Cpu) -> None:
        when(lock.inside[cpu])
        lock.inside[cpu].next = False

    @refines(Spec(Owners, take, give, name="owners"))
    def one_at_a_time(lock: Lock) -> dict[str, Set[Cpu]]:
        return {"owners": subset(Cpu, lambda cpu: lock.inside[cpu])}

    assert not run(Lock, want, enter, leave, one_at_a_time, CPUS=3).violations
    assert set(run(Lock, want, enter, rush, leave, one_at_a_time).violations) == {"one_at_a_time"}


def started(first: Any, *parts: Any) -> StateSpace:
    class Late(State):
        hour: Var[Digit] = first

    @action
    def go(late: Late) -> None:
        late.hour.next = (late.hour + 1) % 4

    @refines(CLOCK)
    def clock(late: Late) -> dict[str, Any]:
        """It goes like the clock"""
        return {"hour": late.hour}

    return explore(ground(Spec(Late, go, clock)))


def test_first_states_stand_for_first_states() -> None:
    """One that does not is a violation of no steps; where all do, there is nothing to check."""
    assert not started(initially(0)).violations
    for first in (initially(1), initially(any_of(0, 1))):
        space = started(first)
        assert set(space.violations) == {"clock_at_first"}
        assert space.violations["clock_at_first"].level == 0


def test_places_that_the_state_decides_are_seen_through_the_mapping() -> None:
    """Guards and assignments of the abstract spec with computed indices."""

    class Ring(State):
        head: Var[Digit] = initially(0)
        used: Map[Digit, bool] = initially(False)

    @action
    def advance(ring: Ring) -> None:
        when(~ring.used[ring.head])
        ring.used[ring.head].next = True
        ring.head.next = (ring.head + 1) % 4

    class Counter(State):
        n: Var[Annotated[int, Range(0, 4)]] = initially(0)

    @action
    def up(counter: Counter) -> None:
        when(counter.n < 4)
        counter.n.next = counter.n + 1

    @action
    def twice(counter: Counter) -> None:
        when(counter.n < 3)
        counter.n.next = counter.n + 2

    @refines(Spec(Ring, advance, name="ring"))
    def as_ring(counter: Counter) -> dict[str, Any]:
        return {"head": counter.n % 4, "used": {i: counter.n > i for i in range(4)}}

    def mapped(counter: Counter) -> Value[bool]:
        return counter.n == 0

    assert not run(Counter, up, as_ring, deadlock=False).violations
    assert set(run(Counter, up, twice, as_ring, deadlock=False).violations) == {"as_ring"}
    assert mapped.__name__
