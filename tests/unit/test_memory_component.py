"""The memory component of the language: what its calls mean on each architecture, and what it refuses."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from explorer import (
    WEAK,
    Barrier,
    Formula,
    Map,
    Memory,
    MemoryModel,
    Range,
    Set,
    Spec,
    SpecError,
    State,
    Steps,
    Value,
    Var,
    action,
    check,
    initially,
    invariant,
    leads_to,
    process,
    step_invariant,
    temporal,
    terminal,
    when,
)
from explorer.engine.python import explore
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.language.memory_models import Beyond
from explorer.program.mutants import mutants, mutated
from tests.support.tiny import failure


class Cpu(enum.Enum):
    A, B = range(2)


class Colour(enum.Enum):
    RED, GREEN = range(2)


A, B = Cpu
Count = Annotated[int, Range(0, 3)]
EVERY = tuple(each.value for each in MemoryModel)


class Ram(Memory, cpus=Cpu):
    data: Var[Colour | None] = initially(None)
    flag: Map[Cpu, Count] = initially(0)
    members: Set[Cpu] = initially(set())


class Program(State):
    at: Map[Cpu, Annotated[int, Range(0, 7)]] = initially(0)
    saw: Map[Cpu, Count] = initially(0)
    colour: Var[Colour | None] = initially(None)


Act = Callable[[Any, Any, Cpu], None]


def spec_of(threads: dict[Cpu, list[Act]], *more: Any) -> Spec:
    """Each CPU's steps in its program order; behind them it ends."""
    parts = []
    for cpu, acts in threads.items():
        for number, act in enumerate(acts):
            parts.append(_step(cpu, number, act))

    @terminal
    def end(program: Program) -> Any:
        return program.at[A] == len(threads[A])

    return Spec(Ram, Program, end, *parts, *more)


def _step(cpu: Cpu, number: int, act: Act) -> Any:
    def step(ram: Ram, program: Program) -> None:
        when(program.at[cpu] == number)
        program.at[cpu].next = number + 1
        act(ram, program, cpu)

    step.__name__ = f"{cpu.name}{number}"
    return action(step)


def space_of(threads: dict[Cpu, list[Act]], *more: Any, **constants: Any) -> StateSpace:
    return explore(ground(spec_of(threads, *more), constants))


def set_flag(ram: Ram, program: Program, cpu: Cpu) -> None:
    ram.WRITE_ONCE(cpu, ram.flag[cpu], 1)


def set_data(ram: Ram, program: Program, cpu: Cpu) -> None:
    ram.WRITE_ONCE(cpu, ram.data, Colour.GREEN)


def see_flag(ram: Ram, program: Program, cpu: Cpu) -> None:
    program.saw[cpu].next = ram.READ_ONCE(cpu, ram.flag[B if cpu is A else A])


def see_data(ram: Ram, program: Program, cpu: Cpu) -> None:
    program.colour.next = ram.READ_ONCE(cpu, ram.data)


def mb(ram: Ram, program: Program, cpu: Cpu) -> None:
    ram.smp_mb(cpu)


def wmb(ram: Ram, program: Program, cpu: Cpu) -> None:
    ram.smp_wmb(cpu)


def rmb(ram: Ram, program: Program, cpu: Cpu) -> None:
    ram.smp_rmb(cpu)


def release(ram: Ram, program: Program, cpu: Cpu) -> None:
    ram.smp_store_release(cpu, ram.flag[cpu], 1)


def acquire(ram: Ram, program: Program, cpu: Cpu) -> None:
    program.saw[cpu].next = ram.smp_load_acquire(cpu, ram.flag[A])


@invariant
def message(program: Program) -> Value[bool]:
    """Who saw the flag sees the data."""
    ends = (program.at[B] >= 2) & (program.saw[B] == 1) & ~(program.at[B] == 2)
    return ~ends | (program.colour == Colour.GREEN)


@invariant
def not_both_zero(program: Program) -> Value[bool]:
    """One of two CPUs that store and then load sees the other's store."""
    done = (program.at[A] == 3) & (program.at[B] == 3)
    return ~done | (program.saw[A] == 1) | (program.saw[B] == 1)


def nothing(ram: Ram, program: Program, cpu: Cpu) -> None:
    ram.barrier(cpu, Barrier.ISYNC)


FENCES = {"none": nothing, "wmb": wmb, "rmb": rmb, "mb": mb}


@pytest.mark.parametrize(
    ("writer", "reader", "broken"),
    [
        ("none", "none", {"pso", "arm", "power"}),
        ("wmb", "none", {"arm", "power"}),
        ("none", "rmb", {"pso", "arm", "power"}),
        ("wmb", "rmb", set()),
        ("mb", "mb", set()),
    ],
)
def test_message_passing_needs_both_barriers(writer: str, reader: str, broken: set[str]) -> None:
    """A missing smp_wmb shows under pso, arm and power, a missing smp_rmb under arm and power."""
    threads = {A: [set_data, FENCES[writer], set_flag], B: [see_flag, FENCES[reader], see_data]}
    bad = {m for m in EVERY if "message" in space_of(threads, message, memory=MemoryModel(m)).violations}
    assert bad == broken


@pytest.mark.parametrize("model", EVERY)
def test_release_and_acquire_pass_a_message(model: str) -> None:
    """smp_store_release and smp_load_acquire are enough on each architecture."""
    threads = {A: [set_data, release], B: [acquire, nothing, see_data]}
    assert "message" not in space_of(threads, message, memory=MemoryModel(model)).violations


@pytest.mark.parametrize(("fence", "broken"), [("none", set(EVERY) - {"sc"}), ("mb", set())])
def test_store_buffering_needs_full_barriers(fence: str, broken: set[str]) -> None:
    """Only smp_mb orders a store before a load."""
    threads: dict[Cpu, list[Act]] = {cpu: [set_flag, FENCES[fence], see_flag] for cpu in Cpu}
    bad = {
        m
        for m in EVERY
        if "not_both_zero" in space_of(threads, not_both_zero, memory=MemoryModel(m)).violations
    }
    assert bad == broken


@pytest.mark.parametrize("model", EVERY)
@pytest.mark.parametrize("kind", ["exchange", "cmpxchg", "reserved"])
def test_increments_are_never_lost(model: str, kind: str) -> None:
    """Two CPUs count up atomically: the counter ends at 2 unless a conditional store failed."""

    def up(ram: Ram, program: Program, cpu: Cpu) -> None:
        counter = ram.flag[A]
        if kind == "exchange":
            program.saw[cpu].next = ram.xchg_relaxed(cpu, counter, 1 if cpu is A else 2)
        elif kind == "cmpxchg":
            program.saw[cpu].next = ram.cmpxchg(cpu, counter, 0, 1)
        else:
            old = ram.reserve(cpu, counter)
            program.saw[cpu].next = old
            when(ram.conditional(cpu, counter, old + 1))

    @invariant
    def one_after_the_other(program: Program) -> Value[bool]:
        """Not both have seen the counter as it was at first."""
        return (program.at[A] == 0) | (program.at[B] == 0) | ~((program.saw[A] == 0) & (program.saw[B] == 0))

    space = space_of({A: [up], B: [up]}, one_after_the_other, memory=MemoryModel(model))
    assert not {"one_after_the_other", "evaluation"} & set(space.violations)


def test_several_accesses_in_one_action_happen_in_their_order() -> None:
    """A step that stores twice leaves the second value, and loads back what it stored."""

    def twice(ram: Ram, program: Program, cpu: Cpu) -> None:
        ram.store(cpu, ram.flag[A], 1)
        ram.store(cpu, ram.flag[A], 2)
        program.saw[cpu].next = ram.load(cpu, ram.flag[A])

    @invariant
    def second(program: Program, ram: Ram) -> Value[bool]:
        """The second value is there."""
        return (program.at[A] == 0) | ((program.saw[A] == 2) & (ram.newest(ram.flag[A]) == 2))

    assert not space_of({A: [twice], B: []}, second).violations


def test_sets_and_symbolic_places() -> None:
    """A location may be a set, and may be picked by a value of the state."""

    def add(ram: Ram, program: Program, cpu: Cpu) -> None:
        ram.store(cpu, ram.members, ram.load(cpu, ram.members).add(cpu))

    def picked(ram: Ram, program: Program, cpu: Cpu) -> None:
        ram.store(cpu, ram.flag[A], program.saw[cpu])

    @step_invariant
    def grows(ram: Ram) -> Value[bool]:
        """Members never leave."""
        return ram.newest(ram.members).size <= ram.newest_after(ram.members).size

    assert not space_of({A: [add, picked], B: []}, grows).violations


def test_the_bound_is_an_evaluation_error_that_names_the_location() -> None:
    """More live stores than memory_bound stop the exploration with the place's name."""
    threads = {A: [see_flag], B: [set_flag, lambda r, p, c: r.store(c, r.flag[c], 2), set_flag]}
    space = space_of(threads, memory_bound=2)
    assert failure(space)[1] == (
        "more than 2 stores of `flag[B]` are live: memory_bound is too small; write: a greater one, or -D"
        " beyond_bound=settle"
    )


def test_settling_makes_a_verdict_bounded() -> None:
    """With beyond_bound=settle nothing fails, and what holds is undetermined."""

    @invariant
    def always(program: Program) -> bool:
        """True."""
        return True

    threads = {A: [see_flag], B: [set_flag, lambda r, p, c: r.store(c, r.flag[c], 2), set_flag]}
    checked = check(spec_of(threads, always), memory_bound=2, beyond_bound=Beyond.SETTLE)
    found = {p.name: (p.verdict, p.reason) for p in checked.verdict.properties}
    assert found["always"] == ("undetermined", "bounded by beyond_bound=settle (Ram)")
    assert checked.verdict.exit_code == 20


def test_a_broken_promise_is_an_evaluation_error() -> None:
    """Who has said that it will not load, and loads, stops the exploration."""

    def promise(ram: Ram, program: Program, cpu: Cpu) -> None:
        ram.done(cpu, loads=[ram.flag[B]], stores=True)

    text = "an access to `flag[B]` by a CPU that has promised memory.done(...)"
    assert failure(space_of({A: [promise, see_flag], B: []}))[1] == text
    assert "evaluation" not in space_of({A: [promise, mb, see_flag], B: []}).violations


@pytest.mark.parametrize("model", EVERY)
def test_stores_reach_everybody_in_the_end(model: str) -> None:
    """A temporal property may count on it: a CPU that looks again and again sees the store."""

    @action(fair=WEAK)
    def poll(ram: Ram, program: Program) -> None:
        when(program.saw[B] == 0)
        program.saw[B].next = ram.load(B, ram.flag[A])
        program.at[B].next = 1 - program.at[B]

    @temporal
    def is_seen(program: Program) -> Formula:
        """B sees A's store if A makes one."""
        return leads_to(program.at[A] == 1, program.saw[B] == 1)

    checked = check(spec_of({A: [set_flag], B: []}, poll, is_seen), memory=MemoryModel(model))
    found = {p.name: p.verdict for p in checked.verdict.properties}
    assert found["is_seen"] == "holds"


def refused(act: Act, *more: Any, **constants: Any) -> str:
    with pytest.raises(SpecError) as caught:
        ground(spec_of({A: [act], B: []}, *more), constants)
    error = caught.value
    return f"{error.code}: {error.found}; {error.write}"


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (
            lambda ram, program, cpu: when(ram.flag[A] == 1),
            "E0702: `flag[A]` is read without a CPU, and it is a location of a memory;"
            " memory.load(cpu, flag[A])",
        ),
        (
            lambda ram, program, cpu: setattr(ram.flag[A], "next", 1),
            "E0701: `flag[A].next` is assigned, and `flag[A]` is a location of a memory;"
            " memory.store(cpu, flag[A], value)",
        ),
        (
            lambda ram, program, cpu: ram.store(cpu, program.saw[A], 1),
            "E0706: `saw[A]` (Range(0, 3)) as a location of the memory; memory.data",
        ),
        (
            lambda ram, program, cpu: ram.store(cpu, ram.flag, 1),
            "E0706: `flag` as a location of the memory, which is several; memory.flag[key]",
        ),
        (
            lambda ram, program, cpu: ram.store(cpu, ram.flag[A], 9),
            "E0225: 9 (int) as a value of flag[A]; 0 or 1 or 2 or 3",
        ),
        (
            lambda ram, program, cpu: ram.store(1, ram.flag[A], 1),
            "E0225: 1 (int) as a CPU of the memory; Cpu.A or Cpu.B",
        ),
    ],
)
def test_wrong_accesses_are_refused(act: Act, text: str) -> None:
    """Each mistake has one message that says what to write."""
    assert refused(act) == text


def test_properties_do_not_access() -> None:
    """A property asks what everybody will see; it does not load."""

    @invariant
    def loads(ram: Ram) -> Any:
        """Wrong."""
        return ram.load(A, ram.flag[A]) == 0

    text = "E0704: memory.load(...) in @invariant loads; memory.newest(location) for what everybody will see"
    assert refused(set_flag, loads) == f"{text} in the end"


def test_a_memory_needs_cpus() -> None:
    """The class says whose memory it is."""
    with pytest.raises(SpecError) as caught:
        type("Lone", (Memory,), {"__module__": __name__})
    assert (caught.value.code, caught.value.found) == ("E0703", "memory Lone without CPUs")


def test_the_bound_has_a_range() -> None:
    """One live store is not enough for anything."""
    text = "E0707: memory_bound is 1; memory_bound=5"
    assert refused(set_flag, memory_bound=1) == text


def test_a_story_says_who_may_still_read_what() -> None:
    """A store that some CPU may miss names it and what it may read; a load that missed it says so."""
    threads = {A: [set_data, wmb, set_flag], B: [see_flag, nothing, see_data]}
    found = check(spec_of(threads, message), memory=MemoryModel.POWER, memory_bound=3)
    (trace,) = [trace for name, trace in found.verdict.traces.items() if name == "message"]
    changes = {step.label: step.changed.get("flag[A]") for step in trace.steps[1:]}
    assert (changes["A2()"], changes["B0()"]) == (("0", "1 (still 0 for B)"), ("1 (still 0 for B)", "1"))
    arrived = {(a.key, trace.steps[a.step or 0].label) for a in trace.arrivals}
    assert ("flag[A] = 1", "B0()") in arrived
    (stale,) = [step.label for step in trace.steps if step.action == "B2"]
    assert stale == "B2(data older by 1)  // data as it was before the last store"


def test_whether_an_access_is_possible_is_no_guard_to_remove() -> None:
    """No mutant takes an access that cannot be: the memory would be none."""

    def add(ram: Ram, program: Program, cpu: Cpu) -> None:
        before = ram.reserve(cpu, ram.members)
        when(ram.conditional(cpu, ram.members, before.add(cpu)))

    made = ground(spec_of({A: [add], B: [add]}), {"memory": MemoryModel.POWER, "memory_bound": 3})
    changed = [mutated(made, mutant) for mutant in mutants(made)]
    assert {mutant.kind for mutant in mutants(made)} == {"guard", "update"} and len(changed) >= 6
    for model in changed:
        assert explore(model).distinct


class Quiet(Memory, cpus=Cpu, idle=Cpu):
    word: Var[bool] = initially(False)


class Over(State):
    over: Map[Cpu, bool] = initially(False)


@action
def stores(quiet: Quiet, over: Over) -> None:
    when(~over.over[A])
    over.over[A].next = True
    quiet.store(A, quiet.word, True)
    quiet.barrier(A, Barrier.SYNC)


@action
def loads(quiet: Quiet, over: Over, fenced: bool) -> None:
    when(~over.over[B])
    if fenced:
        quiet.barrier(B, Barrier.CONTEXT)
    over.over[B].next = quiet.load(B, quiet.word)


@pytest.mark.parametrize("model", EVERY)
def test_an_idle_cpu_loads_nothing_before_its_first_barrier(model: str) -> None:
    """A load of it without a barrier is an error where loads may be early."""
    space = explore(ground(Spec(Quiet, Over, stores, loads), {"memory": MemoryModel(model)}))
    assert ("evaluation" in space.violations) == (model in ("arm", "power"))


@process
def stores_both(ram: Ram) -> Steps:
    yield "data and flag"
    ram.store(A, ram.data, Colour.RED)
    ram.store(A, ram.flag[B], 1)


@process
def one_at_a_time(ram: Ram) -> Steps:
    yield "flag"
    ram.xchg(B, ram.flag[B], 0)
    yield "data"
    when(ram.load(B, ram.data) == Colour.RED)
    yield "flag"
    before = ram.reserve(B, ram.flag[B])
    when(ram.conditional(B, ram.flag[B], before + 1))


def test_two_locations_in_a_step_of_a_process_are_a_finding() -> None:
    """A load and a store that are one access are not."""
    (doubt,) = ground(Spec(Ram, stores_both, one_at_a_time)).doubts
    assert (doubt.kind, doubt.subject) == ("not-atomic", "stores_both.data_and_flag")
    assert "accesses several shared places: writes data, writes flag[B];" in doubt.text


def test_a_story_of_a_memory_is_stored_and_read_back() -> None:
    """The Informal Trace Format has a record of locations for a memory, and its reader gives their texts."""
    from explorer.render.machine.itf import _flatten, _variable
    from explorer.verdict.record import VariableRecord

    state = {"flag[A]": "1 (still 0 for B)", "data": "RED", "n": "2"}
    ram: VariableRecord = {"name": "Ram", "type": "Ram", "locations": ("flag[A]", "data")}
    value, texts = _variable(state, ram), dict[str, str]()
    _flatten("Ram", value, texts)
    assert value == {"flag[A]": "1 (still 0 for B)", "data": "RED"}
    assert texts == {key: text for key, text in state.items() if key != "n"}
