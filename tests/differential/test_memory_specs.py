"""Memory inside the language: random programs as specs, in both engines, against independent judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from explorer import (
    Map,
    Memory,
    MemoryModel,
    Range,
    Spec,
    State,
    action,
    check,
    constant,
    initially,
    terminal,
    when,
)
from explorer.engine import python, reference
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.language.memory_wiring import MemoryType
from explorer.memory.architecture import ARCHITECTURES
from explorer.memory.numbered import MemoryFull
from explorer.memory.state import Memory as Sizes
from tests.support import store_buffers
from tests.support.comparison import facts
from tests.support.house import SPECS
from tests.support.in_order import Exchange, Fence, Instruction, Load, Outcome, Store, outcomes
from tests.support.random_programs import random_program
from tests.support.slow import rest_slow

Cpu = Annotated[int, Range(0, constant("cpus", 2) - 1)]
Place = Annotated[int, Range(0, constant("places", 2) - 1)]
Number = Annotated[int, Range(0, 31)]


class Ram(Memory, cpus=Cpu):
    cell: Map[Place, Number] = initially(0)


class Program(State):
    at: Map[Cpu, Annotated[int, Range(0, 15)]] = initially(0)
    loaded: Map[Cpu, Map[Annotated[int, Range(0, 4)], Number]] = initially(0)


def step_of(cpu: int, number: int, register: int, instruction: Instruction) -> Callable[..., None]:
    """The action of one instruction."""

    def step(ram: Ram, program: Program) -> None:
        when(program.at[cpu] == number)
        program.at[cpu].next = number + 1
        if isinstance(instruction, Fence):
            ram.barrier(cpu, instruction.kind)
        elif isinstance(instruction, Store):
            ram.store(cpu, ram.cell[instruction.location], instruction.value)
        elif isinstance(instruction, Load):
            program.loaded[cpu][register].next = ram.load(cpu, ram.cell[instruction.location])
        else:
            old = ram.exchange(cpu, ram.cell[instruction.location], instruction.value)
            program.loaded[cpu][register].next = old

    step.__name__ = f"cpu{cpu}_step{number}"
    return action(step)


def spec_of(threads: tuple[tuple[Instruction, ...], ...]) -> tuple[Spec, tuple[int, ...]]:
    """A spec that runs the program, and how many loads each CPU makes."""
    parts, loads = [], []
    for cpu, thread in enumerate(threads):
        register = 0
        for number, instruction in enumerate(thread):
            parts.append(step_of(cpu, number, register, instruction))
            register += isinstance(instruction, Load | Exchange)
        loads.append(register)

    @terminal
    def end(program: Program) -> Any:
        return program.at[0] == len(threads[0])

    return Spec(Ram, Program, end, *parts), tuple(loads)


def model_of(seed: int, architecture: str, bound: int = 7) -> tuple[Model, tuple[int, ...]]:
    locations, threads = random_program(seed)
    spec, loads = spec_of(threads)
    constants = {"cpus": len(threads), "places": locations, "memory_bound": bound}
    return ground(spec, {**constants, "memory": MemoryModel(architecture)}), loads


def final_states(space: StateSpace, loads: tuple[int, ...]) -> set[Outcome]:
    """What the CPUs loaded, and the newest values, in the states that no step leaves."""
    model = space.model
    family = next(f for f in model.families if isinstance(f.type, MemoryType))
    loaded = next(f for f in model.families if f.variable == "loaded")
    left = {s for level in space.levels for s, _, _ in space.edges(level, None)}
    ends = set()
    for state in (space.decode(s) for level in space.levels for s in level if s not in left):
        codes = [state[loaded.first + i] for i in range(loaded.size)]
        registers = [tuple(codes[5 * cpu : 5 * cpu + n]) for cpu, n in enumerate(loads)]
        entries = family.type.storage.state(state[family.first]).entries
        ends.add((*registers, tuple(several[0].value for several in entries)))
    return ends


@pytest.mark.parametrize("architecture", ["sc", "tso", "pso"])
def test_specs_have_the_outcomes_of_store_buffers(architecture: str) -> None:
    """Random programs, as specs, end as store buffers let them end."""
    for seed in range(24):
        model, loads = model_of(seed, architecture)
        locations, threads = random_program(seed)
        ends = final_states(python.explore(model), loads)
        assert ends == store_buffers.outcomes(architecture, locations, threads), seed


@pytest.mark.parametrize("architecture", ["arm", "power"])
def test_specs_have_the_outcomes_of_the_storage(architecture: str) -> None:
    """Random programs, as specs, end as they do on the storage alone, without a normal form."""
    for seed in range(24):
        model, loads = model_of(seed, architecture)
        locations, threads = random_program(seed)
        sizes = Sizes(ARCHITECTURES[architecture], len(threads), locations)
        assert final_states(python.explore(model), loads) == outcomes(sizes, threads, normal=False), seed


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_the_engines_agree_on_memory(architecture: str) -> None:
    """Reference and python engine find the same states, steps and counts."""
    for seed in range(8):
        model, _ = model_of(seed, architecture)
        assert facts(python.explore(model)) == facts(reference.explore(model)), seed


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
@pytest.mark.parametrize("workers", rest_slow([2, 1]))
def test_machine_code_agrees_on_memory(
    architecture: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The native engine finds the same states, steps and counts; with several workers, and small tables that
    grow, too.
    """
    native = pytest.importorskip("explorer.engine.native.search")
    functions = pytest.importorskip("explorer.engine.native.functions")
    monkeypatch.setattr(functions, "FIRST", 4)
    monkeypatch.setattr(functions, "ROOM", 2)
    rows = pytest.importorskip("explorer.engine.native.rows")
    monkeypatch.setattr(rows, "ROOM", 1)
    monkeypatch.setattr(rows, "FEW", 1)
    for seed in (3, 5):
        model, _ = model_of(seed, architecture)
        space = native.explore(model, options=native.Options(workers=workers))
        assert space.engine == "native" and not space.notes
        assert facts(space) == facts(python.explore(model)), seed


def test_what_a_function_raises_is_raised() -> None:
    """An error in Python below machine code is not lost there."""
    native = pytest.importorskip("explorer.engine.native.search")
    model, _ = model_of(1, "power")
    (storage,) = [f.type.storage for f in model.families if isinstance(f.type, MemoryType)]

    def full(*_: Any) -> int:
        raise MemoryFull("no number is left")

    storage._number = full
    with pytest.raises(MemoryFull, match="no number is left"):
        native.explore(model)


def test_models_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code of one model, run after that of another, asks its own functions."""
    native = pytest.importorskip("explorer.engine.native.search")
    questions = pytest.importorskip("explorer.engine.native.questions")
    monkeypatch.setattr(questions, "SMALL", 0)
    monkeypatch.setattr(questions, "FEW", 0)
    models = [model_of(seed, "power")[0] for seed in (1, 1)]
    spaces = [native.explore(model) for model in models]
    expected = python.explore(model_of(1, "power")[0])
    count = sum(len(expected.edges(level, None)) for level in expected.levels)
    for space in spaces:
        assert sum(len(space.edges(level, None)) for level in space.levels) == count


def test_temporal_conditions_on_a_memory_in_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the graph is large its conditions are judged by machine code; those that ask a memory are not."""
    graph = pytest.importorskip("explorer.liveness.build_graph")
    monkeypatch.setattr(graph, "NATIVE_FROM", 1)
    monkeypatch.setattr(graph, "COMPILE_FROM", 1)
    path = SPECS / "xive_escalation_barriers.py"
    lost = check(path, property="stale_for_ever").verdict
    kept = check(path, property="stale_for_ever", handler_barrier="sync").verdict
    assert (lost.verdict, kept.verdict) == ("violated", "holds")
