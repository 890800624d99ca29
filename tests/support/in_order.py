"""All final states of a small program on the storage, each CPU in program order with early loads where the
setting has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from explorer.memory.architecture import Barrier
from explorer.memory.normal_form import normal_form
from explorer.memory.operations import (
    PLAIN,
    Ordering,
    barrier,
    exchange,
    exchangeable,
    load,
    loadable,
    places,
    release_need,
    store,
    store_need,
)
from explorer.memory.state import Memory, State


class Load(NamedTuple):
    location: int
    how: Ordering = PLAIN


class Store(NamedTuple):
    location: int
    value: int
    release: bool = False


class Exchange(NamedTuple):
    location: int
    value: int


class Fence(NamedTuple):
    kind: Barrier
    slots: tuple[int, ...] = ()


Instruction = Load | Store | Exchange | Fence
Outcome = tuple[tuple[int, ...], ...]
"""For each CPU the values that it loaded, in program order; then the final values of all locations."""


def outcomes(
    memory: Memory, program: tuple[tuple[Instruction, ...], ...], normal: bool = True
) -> set[Outcome]:
    """Every outcome of the program; all locations hold 0 at first. `normal=False`: without the normal
    form.
    """
    first = (memory.initial([0] * memory.locations), (0,) * memory.cpus, ((),) * memory.cpus)
    seen, stack, ends = {first}, [first], set()
    while stack:
        state, at, loaded = stack.pop()
        if all(at[cpu] == len(program[cpu]) for cpu in range(memory.cpus)):
            ends.add((*loaded, tuple(entries[0].value for entries in state.entries)))
        for cpu in range(memory.cpus):
            if at[cpu] == len(program[cpu]):
                continue
            for values, reached in step(memory, state, cpu, program[cpu][at[cpu]]):
                following = (
                    normal_form(memory, reached) if normal else reached,
                    (*at[:cpu], at[cpu] + 1, *at[cpu + 1 :]),
                    (*loaded[:cpu], loaded[cpu] + values, *loaded[cpu + 1 :]),
                )
                if following not in seen:
                    seen.add(following)
                    stack.append(following)
    return ends


def step(
    memory: Memory, state: State, cpu: int, instruction: Instruction
) -> Iterator[tuple[tuple[int, ...], State]]:
    """What the instruction may load, and the state after it."""
    if isinstance(instruction, Fence):
        yield (), barrier(memory, state, cpu, instruction.kind, instruction.slots)
        return
    x = instruction.location
    values = [entry.value for entry in state.entries[x]]
    if isinstance(instruction, Load):
        for age in loadable(memory, state, cpu, x, instruction.how.after):
            yield (values[age],), load(memory, state, cpu, x, age, instruction.how)
    elif isinstance(instruction, Store):
        need = (release_need if instruction.release else store_need)(memory, state, cpu)
        for age in places(memory, state, cpu, x, need):
            yield (), store(memory, state, cpu, x, instruction.value, age, need)
    else:
        for age in exchangeable(memory, state, cpu, x):
            yield (values[age],), exchange(memory, state, cpu, x, instruction.value, age)
