"""Sequential consistency, TSO and PSO as store buffers: a judge that shares nothing with the storage.

A store waits in its CPU's buffer until it leaves for the one memory; a load takes the CPU's own newest
waiting store, else memory. sc: no buffer. tso: stores leave in program order. pso: those of one location do,
and a barrier between two stores orders them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from explorer.memory.architecture import Barrier
from tests.support.in_order import Fence, Instruction, Load, Outcome, Store


class Waiting(NamedTuple):
    """A store in a buffer; `epoch` counts the barriers before it."""

    location: int
    value: int
    epoch: int


class Machine(NamedTuple):
    memory: tuple[int, ...]
    buffers: tuple[tuple[Waiting, ...], ...]
    epochs: tuple[int, ...]
    at: tuple[int, ...]
    loaded: tuple[tuple[int, ...], ...]


def outcomes(model: str, locations: int, program: tuple[tuple[Instruction, ...], ...]) -> set[Outcome]:
    """Every outcome of the program; all locations hold 0 at first."""
    cpus = len(program)
    first = Machine((0,) * locations, ((),) * cpus, (0,) * cpus, (0,) * cpus, ((),) * cpus)
    seen, stack, ends = {first}, [first], set()
    while stack:
        machine = stack.pop()
        following = [each for cpu in range(cpus) for each in _steps(model, machine, cpu, program[cpu])]
        if not following:
            ends.add((*machine.loaded, machine.memory))
        for each in following:
            if each not in seen:
                seen.add(each)
                stack.append(each)
    return ends


def _steps(model: str, machine: Machine, cpu: int, program: tuple[Instruction, ...]) -> Iterator[Machine]:
    buffer = machine.buffers[cpu]
    for k, store in enumerate(buffer):
        if all(_may_pass(model, store, earlier) for earlier in buffer[:k]):
            left = _put(machine.buffers, cpu, (*buffer[:k], *buffer[k + 1 :]))
            yield machine._replace(memory=_put(machine.memory, store.location, store.value), buffers=left)
    if machine.at[cpu] == len(program):
        return
    instruction = program[machine.at[cpu]]
    after = machine._replace(at=_put(machine.at, cpu, machine.at[cpu] + 1))
    if isinstance(instruction, Fence):
        if instruction.kind != Barrier.SYNC or not buffer:
            yield after._replace(epochs=_put(machine.epochs, cpu, machine.epochs[cpu] + 1))
    elif isinstance(instruction, Load):
        own = [store.value for store in buffer if store.location == instruction.location]
        yield _loaded(after, cpu, own[-1] if own else machine.memory[instruction.location])
    elif isinstance(instruction, Store) and model != "sc":
        waiting = Waiting(instruction.location, instruction.value, machine.epochs[cpu])
        yield after._replace(buffers=_put(machine.buffers, cpu, (*buffer, waiting)))
    elif isinstance(instruction, Store) or not buffer:
        memory = _put(machine.memory, instruction.location, instruction.value)
        if not isinstance(instruction, Store):
            after = _loaded(after, cpu, machine.memory[instruction.location])
        yield after._replace(memory=memory)


def _may_pass(model: str, store: Waiting, earlier: Waiting) -> bool:
    return model == "pso" and store.location != earlier.location and store.epoch == earlier.epoch


def _loaded(machine: Machine, cpu: int, value: int) -> Machine:
    return machine._replace(loaded=_put(machine.loaded, cpu, (*machine.loaded[cpu], value)))


def _put(several: tuple[Any, ...], at: int, one: Any) -> tuple[Any, ...]:
    return (*several[:at], one, *several[at + 1 :])
