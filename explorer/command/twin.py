"""`--twin X,Y`: the litmus test whose forbidden outcome a counterexample shows, for PPC and in C for LKMM.

The accesses of each CPU to two locations, with the barriers between them, are the threads. Every store gets a
value of its own, so that the outcome says which store each load read and which store is the last.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from explorer.engine.space import StateSpace
from explorer.ir.expressions import Family
from explorer.ir.model import Model
from explorer.language.memory_wiring import MemoryType
from explorer.litmus.twin import Barrier, Program, Read, Step, Swap, Write, write_c, write_ppc
from explorer.memory import architecture
from explorer.run.options import UsageError
from explorer.trace.accesses import INITIAL, Access, Accesses, Untold, of_violation

STRENGTH = ("eieio", "lwsync", "sync")
"""Barriers that a litmus test for POWER may have, the weakest first."""


def located(model: Model, named: str) -> tuple[Family, tuple[int, ...]]:
    """The memory that has the two locations, and their numbers. Raises UsageError."""
    memories = [f for f in model.families if isinstance(f.type, MemoryType)]
    if not memories:
        raise UsageError(f"--twin: {model.name} has no memory; write: class Ram(Memory, cpus=Cpu): ...")
    names = [name.strip() for name in _COMMA.split(named)]
    for family in memories:
        known = list(family.type.locations)
        if len(names) == len(set(names)) == 2 and all(name in known for name in names):
            return family, tuple(known.index(name) for name in names)
    every = ", ".join(name for family in memories for name in family.type.locations)
    raise UsageError(f"--twin {named}: expected two locations of one memory, of {every}")


_COMMA = re.compile(r",(?![^\[]*\])")


def write_twins(space: StateSpace, named: str, properties: Collection[str], directory: Path) -> list[str]:
    """Write the tests of those properties that are violated invariants and step invariants; notes on what was
    written, and what was not.
    """
    family, locations = located(space.model, named)
    notes = []
    for violation in space.violations.values():
        if violation.kind not in ("invariant", "step") or violation.name not in properties:
            continue
        name = re.sub(r"\W+", "_", f"{space.model.name}_{violation.name}")
        try:
            told, steps = of_violation(space, violation, family)
            program = program_of(name, family.type, told, locations)
        except Untold as why:
            notes.append(f"--twin: no test of {violation.name}: {why}")
            continue
        comment = f"The story of {violation.name}, violated after {steps} steps, ends like this."
        files = []
        for suffix, text in (("ppc", write_ppc), ("lkmm", write_c)):
            files.append(f"{violation.name}.{suffix}.litmus")
            (directory / files[-1]).write_text(text(replace(program, comment=comment)))
        notes.append(f"litmus test: {' and '.join(files)}")
    return notes or ["--twin: no invariant is violated, and there is no test"]


def program_of(name: str, memory: MemoryType, told: Accesses, locations: tuple[int, ...]) -> Program:
    """The threads and the outcome. A CPU that touches neither location has none. Raises Untold."""
    values = {INITIAL: 0}
    for access in told.of_steps:
        if access.stores is not None and access.location in locations:
            before = [a for a in told.of_steps if a.location == access.location and a.stores in values]
            values[access.stores] = 1 + len(before)
    words = {x: re.sub(r"\W+", "_", memory.locations[x]).strip("_") for x in locations}
    threads: list[tuple[Step, ...]] = []
    registers: dict[tuple[int, str], int] = {}
    for cpu in range(len(memory.cpus)):
        mine = [a for a in told.of_steps if a.cpu == cpu and (a.barrier or a.location in locations)]
        steps = _thread(mine, values, words)
        if not steps:
            continue
        reads = [values[a.reads] for a in mine if a.reads is not None]
        registers.update({(len(threads), f"r{k}"): value for k, value in enumerate(reads)})
        threads.append(tuple(steps))
    return Program(
        name=name,
        threads=tuple(threads),
        registers=registers,
        memory={words[x]: values[told.orders[x][0]] for x in locations},
        initial=dict.fromkeys(words.values(), 0),
    )


def _thread(mine: list[Access], values: dict[int, int], words: dict[int, str]) -> list[Step]:
    """The accesses of a CPU as steps of a test: between two of them the strongest of the barriers there. An
    exchange between two syncs is the kernel's xchg().
    """
    steps: list[Step] = []
    reads, fences = 0, [""]
    for access in mine:
        if access.barrier is not None:
            fences[-1] = max(fences[-1], _barrier(access.barrier), key=("", *STRENGTH).index)
            continue
        assert access.location is not None
        word, register = words[access.location], f"r{reads}"
        if access.stores is None:
            steps.append(Read(register, word, access.how.acquire))
        elif access.reads is None:
            steps.append(Write(word, values[access.stores], access.release))
        else:
            steps.append(Swap(register, word, values[access.stores], ordered=False))
        reads += access.reads is not None
        fences.append("")
    return list(_fenced(steps, fences))


def _fenced(steps: list[Step], fences: list[str]) -> Iterator[Step]:
    """The steps with the barriers around them; barriers at the ends order nothing."""
    for k, step in enumerate(steps):
        ordered = _ordered(steps, fences, k)
        if k and fences[k] and not ordered and not _ordered(steps, fences, k - 1):
            yield Barrier(fences[k])
        yield step._replace(ordered=ordered) if isinstance(step, Swap) else step


def _ordered(steps: list[Step], fences: list[str], k: int) -> bool:
    return isinstance(steps[k], Swap) and "sync" == fences[k] == fences[k + 1]


def _barrier(kind: architecture.Barrier) -> str:
    if kind.value not in STRENGTH:
        raise Untold(f"the barrier {kind.value} has no instruction that a test for POWER could have here")
    return kind.value
