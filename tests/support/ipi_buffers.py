"""The IPI of Linux 5.4 over store buffers: a judge of sc, tso and pso that shares nothing with the storage.

A spec file in which this module takes the place of `actions.ipi.memory`. Constants and properties are those
of `spec/ipi_fixed.py`; the memory is pso unless it is said otherwise.

A store is either visible at once or *deferred*: it waits in its CPU's buffer and a later `complete` makes it
visible. Every behaviour of a buffer is covered, because a store that leaves right after it was issued is the
same as one visible at once. The memory model is only the rule who may leave: in `sc` nothing is deferred, in
`tso` the oldest store, in `pso` the oldest of each location. The buffer holds one store for each location; a
second one to the same location waits for the first. It keeps no values: `stored` knows what a CPU stores
where.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from explorer import (
    HOLDS,
    WEAK,
    Location,
    Map,
    MemoryModel,
    Range,
    State,
    Value,
    action,
    closes,
    domain,
    every,
    initially,
    ite,
    opens,
    when,
)
from explorer.language.tracing import current

SPECS = str(Path(__file__).resolve().parent.parent.parent / "spec")


def _shipped() -> list[str]:
    return [name for name in sys.modules if name.split(".")[0] in ("actions", "ipi_fixed")]


_others = {name: sys.modules.pop(name) for name in _shipped()}
sys.path.insert(0, SPECS)


def _put_back() -> None:
    """Nobody else gets the shipped modules with this one among them."""
    sys.path.remove(SPECS)
    for name in _shipped():
        del sys.modules[name]
    sys.modules.update(_others)


from actions.ipi import kernel  # noqa: E402
from actions.ipi.kernel import Barrier, Exchange, Msgsnd  # noqa: E402
from actions.ipi.layout import Address, Flag, Word, wording  # noqa: E402
from actions.shared.cpus import Cpu, Sender, Target  # noqa: E402
from actions.shared.memory import MODEL  # noqa: E402

Bit = Annotated[int, Range(0, 1)]
Epoch = Annotated[int, Range(0, 3)]


class Memory(State):
    """What all CPUs see, and which of its stores each CPU has still to make visible.

    `epoch` counts the barriers (in `tso`: the stores) since the buffer was last empty; `issued` is the epoch
    of a pending store, and stores leave in the order of their epochs.
    """

    contents: Map[Target, Map[Word, Bit]] = initially(0)
    pending: Map[Cpu, Map[Target, Map[Word, bool]]] = initially(False, quiet=True)
    issued: Map[Cpu, Map[Target, Map[Word, Epoch]]] = initially(0, quiet=True)
    epoch: Map[Cpu, Epoch] = initially(0, quiet=True)

    def write(self, cpu: Cpu, address: Address, value: int) -> None:
        """Store a value, which may stay in the buffer for now."""
        assert stored(cpu, address) == value, f"{cpu} stores {value} to {address}: not in `stored`"
        assert MODEL not in (MemoryModel.ARM, MemoryModel.POWER), "store buffers are sc, tso and pso"
        when(~self._pending(cpu, address))
        if not current("a store").pick("deferred", 2):
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

    def rings(self, address: Address, value: int | Value[int] = 1) -> None:
        """A store that never waits in a buffer, whatever is pending there."""
        self._byte(address).next = value

    def takes(self, address: Address) -> None:
        """The interrupt is taken, which ends the exception."""
        when(self._byte(address) == 1)
        self._byte(address).next = 0

    def msgsync(self, cpu: Cpu) -> None:
        """Loads are in order."""

    def rests(self, target: Target) -> None:
        """Loads are in order: nothing is promised."""

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

    def latest(self, address: Address) -> Value[int]:
        """What everybody will read in the end."""
        value: Value[int] = self._byte(address)
        for cpu in [cpu for cpu in domain(Cpu) if cpu != address.target] + [address.target]:
            if stored(cpu, address) is not None:
                value = ite(self._pending(cpu, address), stored(cpu, address), value)
        return value

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


def stored(cpu: Cpu, address: Address) -> int | None:
    """The one value that stores of the CPU to the address ever have; None where it never stores there.

    Senders set, a target clears its own flag. `msgsnd` counts as a store where it goes through the store
    queue.
    """
    if isinstance(cpu, Sender):
        return 1 if address.word != Flag.DOORBELL or kernel.MSGSND == Msgsnd.BUFFERED else None
    return 0 if cpu == address.target and address.word == Flag.HOST_IPI else None


def is_device(address: Address) -> bool:
    """Whether one take uses up all doorbells of a target."""
    return address.word == Flag.DOORBELL and kernel.MSGSND == Msgsnd.IMMEDIATE


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
    when(address in _reach(cpu))
    memory.complete(cpu, address)


sys.modules["actions.ipi.memory"] = sys.modules[__name__]
from ipi_fixed import spec as fixed  # noqa: E402

spec = fixed.variant(HOLDS, memory="pso")
_put_back()
