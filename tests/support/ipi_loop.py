"""The IPI of Linux 3a83f677a6ee in loops, over the storage: CPU 42 in the guest or its host handler, a
caller, another sender.

A caller queues a call, sets its message, barrier `first`, sets host_ipi, and rings the doorbell; it calls
again once the call was taken. The other sender does the same without a call. 42 takes the doorbell in the
guest and looks at host_ipi: only if it is set it enters the host handler, which clears host_ipi, barrier
`second`, and takes messages until there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from explorer.memory.architecture import ARCHITECTURES, Barrier
from explorer.memory.normal_form import Dead, normal_form
from explorer.memory.operations import barrier, exchange, exchangeable, load, loadable, places, store
from explorer.memory.state import Memory, State

TARGET, CALLER = 0, 1
HOST_IPI = 0
HANDLER, FIRST_LOOK, LOOK, GUEST, TEST = range(5)
IDLE, MESSAGE, SET, RING = range(4)


class System(NamedTuple):
    """Of each CPU where it is; whether the doorbell rings, and whether a call waits to be taken."""

    memory: State
    at: tuple[int, ...]
    doorbell: bool
    waiting: bool

    @property
    def lost(self) -> bool:
        """42 rests in the guest, nothing will wake it, and the caller waits."""
        return self.at[TARGET] == GUEST and not self.doorbell and self.waiting and self.at[CALLER] == IDLE


@dataclass(frozen=True)
class Loop:
    """Senders (1: the caller; 2: and another), the two barriers, and how 42 takes a message: `xchg` or
    `load`.
    """

    memory: Memory
    first: Barrier | None
    second: Barrier | None
    take: str

    def explore(self, most: int = 60_000) -> tuple[bool, int]:
        """Whether the call can be lost, and the number of states seen until that is known."""
        cpus = self.memory.cpus
        state = self.memory.initial([0] * self.memory.locations)
        first = System(
            self.normal(state, (HANDLER,) + (IDLE,) * (cpus - 1)),
            (HANDLER,) + (IDLE,) * (cpus - 1),
            False,
            False,
        )
        seen, frontier = {first}, [first]
        while frontier:
            following = []
            for system in frontier:
                if system.lost:
                    return True, len(seen)
                for each in self.steps(system):
                    after = each._replace(memory=self.normal(each.memory, each.at))
                    if after not in seen:
                        seen.add(after)
                        following.append(after)
            assert len(seen) <= most, "too many states"
            frontier = following
        return False, len(seen)

    def normal(self, state: State, at: tuple[int, ...]) -> State:
        """With the views that the program counters make dead: senders load nothing, 42 only behind a
        barrier.
        """
        cpus, locations = self.memory.cpus, self.memory.locations
        dead = {(cpu, x) for cpu in range(1, cpus) for x in range(locations)}
        if at[TARGET] != TEST:
            dead.add((TARGET, HOST_IPI))
        if self.take == "xchg" or (at[TARGET] in (HANDLER, FIRST_LOOK) and self.second):
            dead |= {(TARGET, x) for x in range(1, locations)}
        ringing = frozenset(cpu for cpu in range(1, cpus) if at[cpu] == RING)
        return normal_form(self.memory, state, Dead(floors=frozenset(dead), fences=ringing))

    def steps(self, system: System) -> Iterator[System]:
        for cpu in range(1, self.memory.cpus):
            yield from self.send(system, cpu)
        yield from self.receive(system)

    def send(self, system: System, cpu: int) -> Iterator[System]:
        at = system.at[cpu]
        if at == IDLE:
            if cpu != CALLER:
                yield self.moved(system, cpu, MESSAGE)
            elif not system.waiting:
                yield self.moved(system, cpu, MESSAGE)._replace(waiting=True)
        elif at == MESSAGE:
            yield from self.stores(self.moved(system, cpu, SET), cpu, cpu, 1)
        elif at == SET:
            yield from self.stores(
                self.fenced(self.moved(system, cpu, RING), cpu, self.first), cpu, HOST_IPI, 1
            )
        else:
            yield self.fenced(self.moved(system, cpu, IDLE), cpu, Barrier.SYNC)._replace(doorbell=True)

    def receive(self, system: System) -> Iterator[System]:
        at = system.at[TARGET]
        if at == HANDLER:
            yield from self.stores(self.moved(system, TARGET, FIRST_LOOK), TARGET, HOST_IPI, 0)
        elif at in (FIRST_LOOK, LOOK):
            before = self.fenced(system, TARGET, self.second) if at == FIRST_LOOK else system
            yield from self.look(before, range(1, self.memory.locations), False)
        elif at == GUEST:
            if system.doorbell:
                taken = self.moved(system, TARGET, TEST)._replace(doorbell=False)
                yield self.fenced(taken, TARGET, Barrier.LWSYNC)
        else:
            for value, after in self.loads(system, HOST_IPI):
                yield self.moved(after, TARGET, HANDLER if value else GUEST)

    def look(self, system: System, messages: range, found: bool) -> Iterator[System]:
        """Take all messages at once; again if there was one, else to the guest."""
        if not messages:
            yield self.moved(system, TARGET, LOOK if found else GUEST)
            return
        for value, after in self.taken(system, messages[0]):
            after = after._replace(waiting=after.waiting and not (value and messages[0] == CALLER))
            yield from self.look(after, messages[1:], found or bool(value))

    def taken(self, system: System, location: int) -> Iterator[tuple[int, System]]:
        if self.take == "load":
            for value, after in self.loads(system, location):
                yield from self.exchanges(after, location) if value else [(value, after)]
        else:
            yield from self.exchanges(system, location)

    def exchanges(self, system: System, location: int) -> Iterator[tuple[int, System]]:
        system = self.fenced(system, TARGET, Barrier.SYNC)
        for age in exchangeable(self.memory, system.memory, TARGET, location):
            value = system.memory.entries[location][age].value
            state = exchange(self.memory, system.memory, TARGET, location, 0, age)
            yield value, self.fenced(system._replace(memory=state), TARGET, Barrier.SYNC)

    def loads(self, system: System, location: int) -> Iterator[tuple[int, System]]:
        for age in loadable(self.memory, system.memory, TARGET, location):
            state = load(self.memory, system.memory, TARGET, location, age)
            yield system.memory.entries[location][age].value, system._replace(memory=state)

    def stores(self, system: System, cpu: int, location: int, value: int) -> Iterator[System]:
        for age in places(self.memory, system.memory, cpu, location):
            yield system._replace(memory=store(self.memory, system.memory, cpu, location, value, age))

    def fenced(self, system: System, cpu: int, kind: Barrier | None) -> System:
        return (
            system if kind is None else system._replace(memory=barrier(self.memory, system.memory, cpu, kind))
        )

    def moved(self, system: System, cpu: int, to: int) -> System:
        return system._replace(at=(*system.at[:cpu], to, *system.at[cpu + 1 :]))


def loop(model: str, senders: int, barriers: str, take: str, bound: int = 6) -> Loop:
    """`barriers`: two of none, lwsync, sync, with a slash between."""
    first, second = (None if name == "none" else Barrier(name) for name in barriers.split("/"))
    memory = Memory(ARCHITECTURES[model], senders + 1, senders + 1, bound=bound)
    return Loop(memory, first, second, take)
