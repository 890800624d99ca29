"""Memory with a store buffer for each CPU. The other modules use `store`, `load`, `exchange` and `barrier`, and nothing else
of it but the two questions `drained` and `settled`.

A store is either visible at once or *deferred*: it waits in its CPU's buffer and a later `complete` makes it visible. Every
behaviour of a buffer is covered, because a store that leaves right after it was issued is the same as one visible at once.
The memory model is only the rule who may leave: in `sc` nothing is deferred, in `tso` the oldest store, in `pso` the oldest
of each location. The buffer holds one store for each location; a second one to the same location waits for the first.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Annotated

from explorer import WEAK, Map, Range, State, Value, action, closes, constant, domain, every, initially, ite, opens, when

from .cpus import Cpu
from .kernel import Barrier
from .layout import Address, stores_to, wording


class MemoryModel(enum.Enum):
    """SC: Lamport 1979. TSO: Owens, Sarkar, Sewell 2009. PSO: SPARC V8, a queue for each location."""

    SC = "sc"
    TSO = "tso"
    PSO = "pso"


MODEL = constant("memory", MemoryModel.PSO)

Bit = Annotated[int, Range(0, 1)]
Epoch = Annotated[int, Range(0, 3)]


class Memory(State):
    """What all CPUs see, and what each has still to make visible.

    `epoch` counts the barriers (in `tso`: the stores) since the buffer was last empty; `issued` is the epoch of a pending
    store, and stores leave in the order of their epochs.
    """

    contents: Map[Address, Bit] = initially(0)
    pending: Map[Cpu, Map[Address, Bit | None]] = initially(None)
    issued: Map[Cpu, Map[Address, Epoch]] = initially(0)
    epoch: Map[Cpu, Epoch] = initially(0)

    def store(self, cpu: Cpu, address: Address, value: int, deferred: bool) -> None:
        """Store a value; `deferred` says that it stays in the buffer for now."""
        assert stores_to(cpu, address), f"{cpu} does not store to {address}"
        when(self.pending[cpu][address].is_none)
        if not deferred:
            when(self._may_leave(cpu, self.epoch[cpu]))
            self.contents[address].next = value
            return
        when(MODEL != MemoryModel.SC)
        self.pending[cpu][address].next = value
        self.issued[cpu][address].next = self.epoch[cpu]
        if MODEL == MemoryModel.TSO:
            self.epoch[cpu].next = self.epoch[cpu] + 1
        opens(cpu, address)

    def load(self, cpu: Cpu, address: Address) -> Value[int]:
        """What the CPU reads: its own pending store, else memory."""
        own = self.pending[cpu][address]
        return ite(own.is_none, self.contents[address], own.value)

    def exchange(self, cpu: Cpu, addresses: Sequence[Address], value: int, ordered: bool) -> list[Value[int]]:
        """Replace several bytes of one word at once; the old values. An ordered exchange is between two syncs."""
        if ordered:
            self.barrier(cpu, Barrier.SYNC)
        for address in addresses:
            self.contents[address].next = value
        return [self.contents[address] for address in addresses]

    def barrier(self, cpu: Cpu, barrier: Barrier) -> None:
        """SYNC waits until the buffer is empty; after LWSYNC no later store leaves before an earlier one."""
        if barrier == Barrier.SYNC:
            when(self.drained(cpu))
        if barrier == Barrier.LWSYNC and MODEL == MemoryModel.PSO:
            self.epoch[cpu].next = ite(self.drained(cpu), self.epoch[cpu], self.epoch[cpu] + 1)

    def drained(self, cpu: Cpu) -> Value[bool]:
        """Whether all of the CPU's stores are visible."""
        return every(self.pending[cpu][address].is_none for address in _reach(cpu))

    def settled(self) -> Value[bool]:
        """Whether all stores of all CPUs are visible."""
        return every(self.drained(cpu) for cpu in domain(Cpu))

    def _may_leave(self, cpu: Cpu, epoch: Value[int]) -> Value[bool]:
        """Whether no store of an earlier epoch is pending."""
        return every(self.pending[cpu][other].is_none | (self.issued[cpu][other] >= epoch) for other in _reach(cpu))


def _reach(cpu: Cpu) -> list[Address]:
    return [address for address in domain(Address) if stores_to(cpu, address)]


@action(actor="cpu", fair=WEAK, source="store buffer")
def complete(memory: Memory, cpu: Cpu, address: Address) -> None:
    """{wording(address)} = {memory.pending[cpu][address]} // deferred store completes

    Fair: a store buffer empties by itself.
    """
    when(stores_to(cpu, address))
    own = memory.pending[cpu][address]
    when(~own.is_none)
    when(memory._may_leave(cpu, memory.issued[cpu][address]))
    memory.contents[address].next = own.value
    memory.pending[cpu][address].next = None
    memory.issued[cpu][address].next = 0
    alone = every(memory.pending[cpu][other].is_none for other in _reach(cpu) if other != address)
    memory.epoch[cpu].next = ite(alone, 0, memory.epoch[cpu])
    closes(cpu, address)
