"""Peterson's mutual exclusion (1981), for two processes or more: at each level the last to arrive waits.

A process climbs PROCESSES - 1 levels. At each it first says how high it is, then that it came last, then
waits until somebody came after it or nobody else is as high. With two processes there is one level, and
`last` is the famous `turn`.

Shows: a scalarset, program counters, a guard over all others, what the order of two stores is worth, a first
temporal property.
"""

import enum
from typing import Annotated

from explorer import (
    HOLDS,
    WEAK,
    Formula,
    Map,
    Range,
    Scalarset,
    Spec,
    State,
    Value,
    action,
    constant,
    count,
    every,
    initially,
    invariant,
    leads_to,
    temporal,
    variant,
    violates,
    when,
)

PROCESSES = constant("PROCESSES", 2)

LAST_FIRST = constant("LAST_FIRST", False)
"""A mistake: a process says that it came last before it says how high it is."""

Level = Annotated[int, Range(0, PROCESSES - 1)]
Climbed = Annotated[int, Range(1, PROCESSES - 1)]


class Process(Scalarset):
    """Processes are compared for equality only. So they are interchangeable, and the explorer may use it."""

    size = PROCESSES


class At(enum.Enum):
    """What the process does next."""

    OUTSIDE, FIRST_STORE, SECOND_STORE, WAIT, CRITICAL = range(5)


class Lock(State):
    """`aim` is the level that a process climbs to. `level` and `last` are what it lets the others see."""

    at: Map[Process, At] = initially(At.OUTSIDE, quiet=True)
    aim: Map[Process, Level] = initially(0, quiet=True)
    level: Map[Process, Level] = initially(0)
    last: Map[Climbed, Process | None] = initially(None)

    def free(self, process: Process, rung: int) -> Value[bool]:
        """Whether somebody came to this level after the process, or nobody else is as high."""
        return (self.last[rung] != process) | every(
            self.level[other] < rung for other in Process if other != process
        )


@action(actor="process")
def want(lock: Lock, process: Process) -> None:
    """wants to enter  // a free choice, hence not fair"""
    when(lock.at[process] == At.OUTSIDE)
    lock.at[process].next = At.FIRST_STORE
    lock.aim[process].next = 1


@action(actor="process", fair=WEAK)
def store_level(lock: Lock, process: Process, rung: Climbed) -> None:
    """level[{process}] = {rung}"""
    when(lock.at[process] == (At.SECOND_STORE if LAST_FIRST else At.FIRST_STORE))
    when(lock.aim[process] == rung)
    lock.level[process].next = rung
    lock.at[process].next = At.WAIT if LAST_FIRST else At.SECOND_STORE


@action(actor="process", fair=WEAK)
def store_last(lock: Lock, process: Process, rung: Climbed) -> None:
    """last[{rung}] = {process}"""
    when(lock.at[process] == (At.FIRST_STORE if LAST_FIRST else At.SECOND_STORE))
    when(lock.aim[process] == rung)
    lock.last[rung].next = process
    lock.at[process].next = At.SECOND_STORE if LAST_FIRST else At.WAIT


@action(actor="process", fair=WEAK)
def pass_level(lock: Lock, process: Process, rung: Climbed) -> None:
    """waits no longer at level {rung}"""
    when(lock.at[process] == At.WAIT)
    when(lock.aim[process] == rung)
    when(lock.free(process, rung))
    top = rung == PROCESSES - 1
    lock.at[process].next = At.CRITICAL if top else At.FIRST_STORE
    lock.aim[process].next = 0 if top else rung + 1


@action(actor="process", fair=WEAK)
def leave(lock: Lock, process: Process) -> None:
    """level[{process}] = 0  // leaves"""
    when(lock.at[process] == At.CRITICAL)
    lock.level[process].next = 0
    lock.at[process].next = At.OUTSIDE


@invariant
def mutual_exclusion(lock: Lock) -> Value[bool]:
    """At most one process is in its critical section."""
    return count(lock.at[process] == At.CRITICAL for process in Process) <= 1


@temporal
def no_starvation(lock: Lock, process: Process) -> Formula:
    """Whoever wants to enter will."""
    return leads_to(lock.at[process] == At.FIRST_STORE, lock.at[process] == At.CRITICAL)


spec = Spec(
    expect=HOLDS,
    variants=[
        variant("P2", HOLDS, "two processes"),
        variant("P3", HOLDS, "three: the filter lock", PROCESSES=3),
        variant("LF", violates("mutual_exclusion", steps=8), "`last` before `level`", LAST_FIRST=True),
    ],
)
