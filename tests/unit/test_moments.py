"""Properties that look beyond one state: at the next one, at the first one, at the step that is taken."""

from explorer import (
    WEAK,
    Formula,
    Map,
    State,
    Steps,
    Value,
    Var,
    action,
    after,
    always_eventually,
    any_of,
    at_first,
    count,
    eventually,
    implies,
    initially,
    invariant,
    leads_to,
    process,
    step_invariant,
    taken,
    temporal,
    when,
)
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.liveness.check import check
from explorer.program.mutants import mutants
from tests.support.tiny import Cpu, Digit, run


def answers(space: StateSpace) -> dict[str, bool]:
    return {name: answer.trace is None for name, answer in check(space, Limits()).items()}


class Door(State):
    limit: Var[Digit] = initially(any_of(1, 2))
    inside: Map[Cpu, bool] = initially(False)


def number(door: Door) -> Value[int]:
    return count(door.inside[cpu] for cpu in Cpu)


@action
def step_in(door: Door, cpu: Cpu) -> None:
    when(~door.inside[cpu] & (number(door) < door.limit))
    door.inside[cpu].next = True


@action
def step_out(door: Door, cpu: Cpu) -> None:
    when(door.inside[cpu])
    door.inside[cpu].next = False


def test_a_helper_is_read_in_the_next_state() -> None:
    """after(...) of a computed value is what the helper gives after the step."""

    @step_invariant
    def by_one(door: Door) -> Value[bool]:
        return abs(after(number(door)) - number(door)) == 1

    @step_invariant
    def never_two(door: Door) -> Value[bool]:
        return after(number(door)) < 2

    space = run(Door, step_in, step_out, by_one, never_two)
    assert set(space.violations) == {"never_two"} and space.distinct == 3 + 4


def test_a_step_is_told_from_others_by_its_action() -> None:
    """taken(...) is true of exactly the steps of the action, or of those with these arguments."""

    @step_invariant
    def more(door: Door) -> Value[bool]:
        return taken(step_in) == (after(number(door)) > number(door))

    @step_invariant
    def mine(door: Door, cpu: Cpu) -> Value[bool]:
        return taken("step_in", cpu) == (~door.inside[cpu] & after(door.inside[cpu]))

    @step_invariant
    def wrong(door: Door, cpu: Cpu) -> Value[bool]:
        return implies(taken(step_in, cpu), after(door.inside[cpu]) & after(number(door) == 1))

    space = run(Door, step_in, step_out, more, mine, wrong)
    assert set(space.violations) == {"wrong"}


def test_a_taken_step_in_a_formula_sees_no_stuttering() -> None:
    """A behaviour that stutters for ever takes nothing, whatever it took before."""

    class Line(State):
        raised: Var[bool] = initially(False)
        served: Var[bool] = initially(False)

    @action
    def alarm(line: Line) -> None:
        when(~line.raised)
        line.raised.next = True

    @action(fair=WEAK)
    def serve(line: Line) -> None:
        when(line.raised)
        line.raised.next = False
        line.served.next = True

    @temporal
    def alarm_is_served(line: Line) -> Formula:
        return leads_to(taken(alarm), taken(serve))

    @temporal
    def alarms_for_ever(line: Line) -> Formula:
        return always_eventually(taken(alarm))

    @temporal
    def served_at_all(line: Line) -> Formula:
        return implies(eventually(taken("alarm")), eventually(line.served))

    space = run(Line, alarm, serve, alarm_is_served, alarms_for_ever, served_at_all)
    assert answers(space) == {"alarm_is_served": True, "alarms_for_ever": False, "served_at_all": True}
    assert not [m for m in mutants(space.model) if "@" in m.text]


def test_a_step_of_a_process_is_taken() -> None:
    """By its text or name, or any step of the process."""

    class Line(State):
        n: Var[Digit] = initially(0)

    @process
    def poll(line: Line, cpu: Cpu) -> Steps:
        yield "looks"
        line.n.next = 1
        yield "waits"
        line.n.next = 2

    @step_invariant
    def looks(line: Line) -> Value[bool]:
        return taken(poll, step="looks") == (after(line.n) == 1)

    @step_invariant
    def always_polls(line: Line, cpu: Cpu) -> Value[bool]:
        return taken(poll, cpu) | taken(poll, step="waits") | (taken(poll, step="looks") & taken(poll))

    space = run(Line, poll, looks, always_polls)
    assert not space.violations


def test_the_first_state_is_remembered_where_it_was_chosen() -> None:
    """What all initial states agree in is a constant; only the rest costs states."""

    class Counter(State):
        start: Var[Digit] = initially(any_of(0, 2))
        n: Var[Digit] = initially(0)
        at: Var[Digit] = initially(0)

    @action
    def up(counter: Counter) -> None:
        when(counter.n < 3)
        counter.n.next = counter.n + 1
        counter.start.next = 3

    @invariant
    def grows(counter: Counter) -> Value[bool]:
        return (at_first(counter.n) == 0) & (counter.start >= at_first(counter.start))

    @invariant
    def never_two(counter: Counter) -> Value[bool]:
        return implies(counter.n > 0, at_first(counter.start + counter.n) == 0)

    space = run(Counter, up, grows, deadlock=False)
    assert space.violations == {} and space.distinct == 8
    assert set(run(Counter, up, never_two, deadlock=False).violations) == {"never_two"}
    assert [v.name for v in space.model.variables if "@" in v.name] == ["start@first"]
