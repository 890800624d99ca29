"""Memory with a store buffer for each CPU. The other modules use `write`, `overtake`, `takes`, `read`,
`swap`, `msgsync` and `fence`; properties also ask `latest`, `all_visible`, `waits` and `after_step`. Nothing
else of it is theirs.

A store is either visible at once or *deferred*: it waits in its CPU's buffer and a later `complete` makes it
visible. Every behaviour of a buffer is covered, because a store that leaves right after it was issued is the
same as one visible at once. The memory model is only the rule who may leave: in `sc` nothing is deferred, in
`tso` the oldest store, in `pso` the oldest of each location. The buffer holds one store for each location; a
second one to the same location waits for the first. It keeps no values: `layout.stored` knows what a CPU
stores where.

sc, tso and pso are such buffers; arm and power are the language's own memory.
"""

from collections.abc import Sequence
from typing import Annotated

from explorer import (
    WEAK,
    Location,
    Map,
    MemoryModel,
    Range,
    State,
    Value,
    action,
    closes,
    constant,
    domain,
    every,
    initially,
    ite,
    opens,
    some,
    when,
)
from explorer import Barrier as Fence
from explorer import Memory as SharedMemory

from ..shared.cpus import Cpu, Target
from ..shared.memory import MODEL
from . import kernel
from .kernel import Barrier, Exchange, Msgsnd
from .layout import Address, Flag, Word, stored, wording

Bit = Annotated[int, Range(0, 1)]
Epoch = Annotated[int, Range(0, 3)]


class Buffers(State, base=True):
    """What all CPUs see, and which of its stores each CPU has still to make visible.

    `epoch` counts the barriers (in `tso`: the stores) since the buffer was last empty; `issued` is the epoch
    of a pending store, and stores leave in the order of their epochs.
    """

    contents: Map[Target, Map[Word, Bit]] = initially(0)
    pending: Map[Cpu, Map[Target, Map[Word, bool]]] = initially(False, quiet=True)
    issued: Map[Cpu, Map[Target, Map[Word, Epoch]]] = initially(0, quiet=True)
    epoch: Map[Cpu, Epoch] = initially(0, quiet=True)

    def write(self, cpu: Cpu, address: Address, value: int, deferred: bool) -> None:
        """Store a value; `deferred` says that it stays in the buffer for now."""
        assert stored(cpu, address) == value, f"{cpu} stores {value} to {address}: not in layout.stored"
        when(~self._pending(cpu, address))
        if not deferred:
            when(self._may_leave(cpu, self.epoch[cpu]))
            self._byte(address).next = value
            return
        when(MODEL != MemoryModel.SC)
        self._pending(cpu, address).next = True
        if in_order():
            self._issued(cpu, address).next = self.epoch[cpu]
        if MODEL == MemoryModel.TSO:
            self.epoch[cpu].next = self.epoch[cpu] + 1
        opens(cpu, wording(address, value))

    def complete(self, cpu: Cpu, address: Address) -> None:
        """A deferred store becomes visible."""
        value = stored(cpu, address) or 0
        when(self._pending(cpu, address))
        when(self._may_leave(cpu, self._issued(cpu, address)))
        self._byte(address).next = value
        self._pending(cpu, address).next = False
        if in_order():
            alone = every(~self._pending(cpu, other) for other in _reach(cpu) if other != address)
            self._issued(cpu, address).next = 0
            self.epoch[cpu].next = ite(alone, 0, self.epoch[cpu])
        closes(cpu, wording(address, value))

    def overtake(self, address: Address, value: int | Value[int]) -> None:
        """A store that never waits in a buffer, whatever is pending there."""
        self._byte(address).next = value

    def read(self, cpu: Cpu, address: Address) -> Value[int]:
        """What the CPU reads: its own pending store, else memory."""
        own = stored(cpu, address)
        if own is None:
            return self._byte(address)
        return ite(self._pending(cpu, address), own, self._byte(address))

    def after_step(self, address: Address) -> Value[int]:
        """In a step invariant: what the byte holds behind the step."""
        return self._byte(address).next

    def swap(self, cpu: Cpu, addresses: Sequence[Address], value: int, how: Exchange) -> list[Value[int]]:
        """Replace several bytes of one word at once; the old values. An ordered exchange is between two
        syncs; under tso each one is locked, and does not overtake the CPU's own stores.
        """
        if how == Exchange.ORDERED or (how == Exchange.RELAXED and MODEL == MemoryModel.TSO):
            self.fence(cpu, Barrier.SYNC)
        for address in addresses:
            self._byte(address).next = value
        return [self._byte(address) for address in addresses]

    def fence(self, cpu: Cpu, barrier: Barrier) -> None:
        """SYNC waits until the buffer is empty; after LWSYNC no later store leaves before an earlier one."""
        if barrier == Barrier.SYNC:
            when(self._drained(cpu))
        if barrier == Barrier.LWSYNC and MODEL == MemoryModel.PSO:
            self.epoch[cpu].next = ite(self._drained(cpu), self.epoch[cpu], self.epoch[cpu] + 1)

    def all_visible(self) -> Value[bool] | bool:
        """Whether all stores of all CPUs are visible."""
        return every(self._drained(cpu) for cpu in domain(Cpu))

    def waits(self, address: Address) -> Value[bool] | bool:
        """Whether a store to the address waits in some buffer."""
        return some(self._pending(cpu, address) for cpu in domain(Cpu) if stored(cpu, address) is not None)

    def _byte(self, address: Address) -> Location[int]:
        return self.contents[address.target][address.word]

    def _pending(self, cpu: Cpu, address: Address) -> Location[bool]:
        return self.pending[cpu][address.target][address.word]

    def _issued(self, cpu: Cpu, address: Address) -> Location[int]:
        return self.issued[cpu][address.target][address.word]

    def _drained(self, cpu: Cpu) -> Value[bool]:
        return every(~self._pending(cpu, address) for address in _reach(cpu))

    def _may_leave(self, cpu: Cpu, epoch: Value[int]) -> Value[bool]:
        """Whether no store of an earlier epoch is pending."""
        return every(
            ~self._pending(cpu, other) | (self._issued(cpu, other) >= epoch) for other in _reach(cpu)
        )


class Memory(Buffers, SharedMemory, cpus=Cpu, model=MODEL, only=(MemoryModel.ARM, MemoryModel.POWER)):
    """The memory of the model that is checked. Doorbells are no memory, and stand in `contents`, except where
    `msgsnd` is ordered like a store.
    """

    bytes: Map[Target, Map[Word, Bit]] = initially(0)

    def write(self, cpu: Cpu, address: Address, value: int, deferred: bool) -> None:
        """Store a value."""
        if buffered():
            Buffers.write(self, cpu, address, value, deferred)
            return
        when(not deferred)
        self.store(cpu, self._shared(address), value)

    def overtake(self, address: Address, value: int | Value[int]) -> None:
        """What a device stores: nobody may miss it."""
        if self._is_plain(address):
            Buffers.overtake(self, address, value)
        else:
            self.store(address.target, self._shared(address), value)

    def takes(self, address: Address) -> None:
        """The interrupt is taken, which ends the exception."""
        if self._is_plain(address):
            when(self.latest(address) == 1)
            self.overtake(address, 0)
        else:
            when(self.exchange(address.target, self._shared(address), 0) == 1)
        if not buffered() and kernel.INTERRUPT_SYNCHRONISES:
            self.barrier(address.target, Fence.CONTEXT)

    def read(self, cpu: Cpu, address: Address) -> Value[int]:
        """What the CPU reads."""
        if buffered():
            return Buffers.read(self, cpu, address)
        return self.load(cpu, self._shared(address))

    def latest(self, address: Address) -> Value[int]:
        """What everybody will read in the end; a target knows all stores to its own words but its own."""
        if self._is_plain(address):
            return Buffers.read(self, address.target, address)
        return self.newest(self._shared(address))

    def after_step(self, address: Address) -> Value[int]:
        """In a step invariant: what the byte holds behind the step."""
        if self._is_plain(address):
            return Buffers.after_step(self, address)
        return self.newest_after(self._shared(address))

    def swap(self, cpu: Cpu, addresses: Sequence[Address], value: int, how: Exchange) -> list[Value[int]]:
        """Take several bytes of one word: by an exchange, ordered or not, or by loads that are followed by a
        store where the byte was set.
        """
        if buffered():
            return Buffers.swap(self, cpu, addresses, value, how)
        places = [self._shared(address) for address in addresses]
        if how == Exchange.LOAD:
            return [self.compare_exchange(cpu, place, 1, value) for place in places]
        if how == Exchange.ORDERED:
            self.fence(cpu, Barrier.SYNC)
        old = [self.exchange(cpu, place, value) for place in places]
        if how == Exchange.ORDERED:
            self.fence(cpu, Barrier.SYNC)
        return old

    def fence(self, cpu: Cpu, barrier: Barrier) -> None:
        """A barrier of the CPU."""
        if buffered():
            Buffers.fence(self, cpu, barrier)
        elif barrier != Barrier.NONE:
            self.barrier(cpu, Fence(barrier.value))

    def msgsync(self, cpu: Cpu) -> None:
        """What the sender's sync has pushed is seen by all later loads. Store buffers have no early loads."""
        if not buffered():
            self.barrier(cpu, Fence.LWSYNC)

    def all_visible(self) -> Value[bool] | bool:
        """Whether all stores of all CPUs are visible; where nothing waits in a buffer, the newest ones
        count.
        """
        return Buffers.all_visible(self) if buffered() else True

    def waits(self, address: Address) -> Value[bool] | bool:
        """Whether a store to the address waits in some buffer."""
        return Buffers.waits(self, address) if buffered() else False

    def _is_plain(self, address: Address) -> bool:
        return buffered() or (address.word == Flag.DOORBELL and doorbells_are_bits())

    def _shared(self, address: Address) -> Location[int]:
        return self.bytes[address.target][address.word]


def buffered() -> bool:
    """Whether the memory is store buffers."""
    return MODEL not in (MemoryModel.ARM, MemoryModel.POWER)


def doorbells_are_bits() -> bool:
    """Whether one take uses up all doorbells of a target; else another one may be under way in memory."""
    return buffered() or kernel.MSGSND == Msgsnd.IMMEDIATE


def in_order() -> bool:
    """Whether some stores must leave before others."""
    return MODEL == MemoryModel.TSO or kernel.uses(Barrier.LWSYNC)


def _reach(cpu: Cpu) -> list[Address]:
    return [address for address in domain(Address) if stored(cpu, address) is not None]


@action(actor="cpu", fair=WEAK)
def complete(memory: Memory, cpu: Cpu, address: Address) -> None:
    """{wording(address, stored(cpu, address) or 0)}

    Fair: a store buffer empties by itself.
    """
    when(buffered() and address in _reach(cpu))
    memory.complete(cpu, address)
