"""Views that processes will not use any more: forgetting them changes no behaviour, and saves states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from explorer import (
    NMI,
    Barrier,
    Map,
    Memory,
    MemoryModel,
    Range,
    Spec,
    State,
    Steps,
    Value,
    Var,
    action,
    constant,
    initially,
    invariant,
    kill,
    process,
    when,
)
from explorer.engine import python, reference
from explorer.engine.space import StateSpace
from explorer.ground import dead_views
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.language.memory_wiring import MemoryType, made_by
from tests.support.comparison import facts
from tests.support.in_order import Fence, Instruction, Load, Store
from tests.support.random_programs import random_program

Cpu = Annotated[int, Range(0, constant("cpus", 2) - 1)]
Place = Annotated[int, Range(0, constant("places", 2) - 1)]
Number = Annotated[int, Range(0, 31)]


class Ram(Memory, cpus=Cpu):
    cell: Map[Place, Number] = initially(0)


class Program(State):
    loaded: Map[Cpu, Map[Annotated[int, Range(0, 4)], Number]] = initially(0)


class Done(State):
    it: Var[bool] = initially(False)


def thread_of(cpu: int, instructions: tuple[Instruction, ...], again: bool) -> Callable[..., Steps]:
    """A process that runs the instructions of a CPU, once or for ever: then a barrier ends each round."""

    def thread(ram: Ram, program: Program) -> Steps:
        register = 0
        for number in range(len(instructions)):
            instruction = instructions[number]
            yield f"step {number}"
            if isinstance(instruction, Fence):
                ram.barrier(cpu, instruction.kind)
            elif isinstance(instruction, Store):
                ram.store(cpu, ram.cell[instruction.location], instruction.value)
            elif isinstance(instruction, Load):
                program.loaded[cpu][register].next = ram.load(cpu, ram.cell[instruction.location])
                register += 1
            else:
                old = ram.exchange(cpu, ram.cell[instruction.location], instruction.value)
                program.loaded[cpu][register].next = old
                register += 1
        if again:
            yield "sync"
            ram.barrier(cpu, Barrier.SYNC)

    thread.__name__ = f"cpu{cpu}"
    return process(restart=again)(thread)


def model_of(seed: int, architecture: str, again: bool) -> Model:
    locations, threads = random_program(seed)
    threads = tuple(thread[:3] for thread in threads[: 2 if again else 3])
    parts = [thread_of(cpu, thread, again) for cpu, thread in enumerate(threads)]
    constants = {"cpus": len(threads), "places": locations, "memory_bound": 6}
    return ground(Spec(Ram, Program, *parts), {**constants, "memory": MemoryModel(architecture)})


def seen(space: StateSpace) -> set[tuple[int, ...]]:
    """What a program can tell of the states: everything but the memory, and the newest values in it."""
    (memory,) = [f for f in space.model.families if isinstance(f.type, MemoryType)]
    storage = memory.type.storage
    states = (space.decode(handle) for level in space.levels for handle in level)
    return {
        (
            *state[: memory.first],
            *state[memory.first + 1 :],
            *(storage.value(state[memory.first], x, 0) for x in range(storage.locations)),
        )
        for state in states
    }


@pytest.mark.parametrize("architecture", ["tso", "pso", "arm", "power"])
@pytest.mark.parametrize("again", [False, True])
def test_forgetting_changes_no_behaviour(architecture: str, again: bool) -> None:
    """Of random programs, that end or run for ever, the same is reached with fewer states."""
    fewer, compared = 0, 0
    for seed in range(6):
        model = model_of(seed, architecture, again)
        plain = python.explore(dead_views.without_dead_views(model))
        space = python.explore(model)
        if again and (plain.stopped or plain.violations):
            continue  # it has no bound
        assert seen(space) == seen(plain), seed
        assert {*space.violations} == {*plain.violations} and space.distinct <= plain.distinct, seed
        fewer, compared = fewer + plain.distinct - space.distinct, compared + 1
    assert compared >= 3
    assert fewer > 0 or architecture in ("tso", "pso")  # no load is early there


def test_the_reference_agrees() -> None:
    """What is declared is part of the steps that every engine takes."""
    model = model_of(3, "power", False)
    assert facts(python.explore(model)) == facts(reference.explore(model))


def declared(model: Model) -> dict[str, list[tuple[int, int]]]:
    """For each step that declares something, the CPUs and sets of locations."""
    told: dict[str, list[tuple[int, int]]] = {}
    for instance in model.instances:
        for write in instance.writes:
            expr = write.expr
            while expr.op == "apply" and made_by(expr.value)[0] == "unused":
                told.setdefault(instance.action.name, []).append((expr.args[1].value, expr.args[2].value))
                expr = expr.args[0]
    return told


def reader(*more: Any, level: int = 0) -> list[Any]:
    """A process that reads cell 0, and behind a barrier cell 1; and a writer of both."""

    @process(actor="cpu", level=level)
    def reads(ram: Ram) -> Steps:
        yield "reads 0"
        ram.load(0, ram.cell[0])
        yield "barrier"
        ram.barrier(0, Barrier.LWSYNC)
        yield "reads 1"
        ram.load(0, ram.cell[1])

    @process
    def writes(ram: Ram) -> Steps:
        yield "writes 1"
        ram.store(1, ram.cell[1], 1)
        yield "writes 0"
        ram.store(1, ram.cell[0], 1)

    return [Ram, reads, writes, *more]


def test_a_view_lives_until_its_last_load() -> None:
    """Cell 0 is dead behind its load, cell 1 until the barrier; the CPU that ends uses nothing more."""
    told = declared(ground(Spec(*reader())))
    assert told["reads.reads_0"] == [(0, 0b01)] * len(told["reads.reads_0"])
    assert told["reads.barrier"] == [(0, 0b01)]
    assert {"reads.reads_1", "writes.writes_0"} <= {*told}


def test_views_that_others_use_are_left() -> None:
    """An action that loads, or an interrupt on the same CPU, keeps a view alive."""

    @action
    def looks(ram: Ram, done: Done) -> None:
        when(~done.it)
        done.it.next = ram.load(0, ram.cell[0]) == 0

    told = declared(ground(Spec(*reader(Done, looks))))
    assert not [mask for _, masks in told.items() for cpu, mask in masks if cpu == 0 and mask & 1]

    @process(actor="cpu", level=NMI)
    def interrupts(ram: Ram) -> Steps:
        yield "reads 0"
        ram.load(0, ram.cell[0])

    told = declared(ground(Spec(*reader(interrupts))))
    assert not [mask for name, masks in told.items() for cpu, mask in masks if cpu == 0 and mask & 1]


def test_views_that_a_property_asks_for_are_left() -> None:
    """may_read, under_way and settled ask what a CPU could load, whether it does or not."""

    @invariant
    def asks(ram: Ram) -> Value[bool]:
        return ram.may_read(0, ram.cell[0], 0) | ~ram.may_read(0, ram.cell[0], 0)

    assert not declared(ground(Spec(*reader(asks))))


def test_a_process_that_is_killed_goes_on_where_it_begins() -> None:
    """What is live at the beginning of one that can be killed is live everywhere."""

    def spec(killed: bool) -> Spec:
        @process(restart=True)
        def reads(ram: Ram) -> Steps:
            yield "reads 0"
            ram.load(0, ram.cell[0])
            yield "barrier"
            ram.barrier(0, Barrier.LWSYNC)

        @action
        def kills(ram: Ram, done: Done) -> None:
            when(~done.it)
            ram.store(1, ram.cell[0], 1)
            done.it.next = True
            if killed:
                kill(reads)

        return Spec(Ram, Done, reads, kills)

    assert declared(ground(spec(False))) and not declared(ground(spec(True)))
    space = python.explore(ground(spec(True)))
    assert not space.violations


def test_a_wrong_claim_is_an_evaluation_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load whose view is declared dead has no value: nothing is trusted."""
    live = dead_views._live

    def nothing(*given: Any) -> Any:
        return {place: frozenset() for place in live(*given)}

    monkeypatch.setattr(dead_views, "_live", nothing)
    space = python.explore(ground(Spec(*reader())))
    assert "evaluation" in space.violations
