"""The memory that the CPUs share: message bytes, the flag, and doorbells that are ordered like stores.

The other modules use `write`, `read`, `swap`, `fence`, `msgsync` and, for the target, `rings`, `takes` and
`rests`; properties ask `latest` and `after_step`. Which architecture it is, is the constant `memory`.
"""

from collections.abc import Sequence
from typing import Annotated

from explorer import Barrier as Fence
from explorer import Location, Map, Range, State, Value, domain, initially, when
from explorer import Memory as SharedMemory

from ..shared.cpus import Cpu, Sender, Target
from ..shared.memory import MODEL
from . import kernel
from .kernel import Barrier, Controller, Exchange, Msgsnd
from .layout import IPIS, RECURRING, Address, Flag, Message, Word

Bit = Annotated[int, Range(0, 1)]


class Devices(State, base=True):
    """What is not in memory: doorbell exceptions, or on XICS external interrupts, that are pending."""

    pending: Map[Target, Bit] = initially(0)


def loads_behind_msgsync() -> bool:
    """Whether every load of a target comes behind a msgsync."""
    return kernel.CONTROLLER == Controller.DOORBELL and bool(kernel.MSGSYNC)


def idle() -> type[Target] | None:
    """Who loads nothing before its first barrier."""
    return Target if loads_behind_msgsync() else None


def live_stores() -> int | None:
    """The stores of one byte that are ever live, where ordered exchanges of few senders' messages make them
    less than memory_bound. It asks for no barrier: all choices of barriers share one memory.
    """
    few = len(Sender) <= 2 and IPIS == 1 and not RECURRING
    return 4 if few and kernel.EXCHANGE == Exchange.ORDERED and kernel.MSGSND == Msgsnd.IMMEDIATE else None


class Memory(Devices, SharedMemory, cpus=Cpu, idle=idle, bound=live_stores, model=MODEL):
    """The bytes of each target."""

    bytes: Map[Target, Map[Word, Bit]] = initially(0)

    def write(self, cpu: Cpu, address: Address, value: int) -> None:
        """The CPU stores a value."""
        self.store(cpu, self._byte(address), value)

    def read(self, cpu: Cpu, address: Address) -> Value[int]:
        """What the CPU loads."""
        return self.load(cpu, self._byte(address))

    def latest(self, address: Address) -> Value[int]:
        """What everybody will read in the end."""
        return self.pending[address.target] if is_device(address) else self.newest(self._byte(address))

    def after_step(self, address: Address) -> Value[int]:
        """In a step invariant: `latest` behind the step."""
        if is_device(address):
            return self.pending[address.target].next
        return self.newest_after(self._byte(address))

    def swap(self, cpu: Cpu, addresses: Sequence[Address], value: int, how: Exchange) -> list[Value[int]]:
        """Take several bytes of one word, at once; the old values. An ordered exchange stands between two
        full barriers; a load is followed by a store where the byte was set.
        """
        places = [self._byte(address) for address in addresses]
        if how == Exchange.LOAD:
            return [self.compare_exchange(cpu, place, 1, value) for place in places]
        if how == Exchange.RELAXED:
            return [self.xchg_relaxed(cpu, place, value) for place in places]
        self.smp_mb(cpu)
        old = [self.exchange(cpu, place, value) for place in places]
        self.smp_mb(cpu)
        return old

    def fence(self, cpu: Cpu, barrier: Barrier) -> None:
        """A barrier of the CPU, as its architecture has it."""
        if barrier == Barrier.SYNC:
            self.smp_mb(cpu)
        elif barrier == Barrier.LWSYNC:
            self.smp_wmb(cpu)

    # Interrupts.

    def rings(self, address: Address, value: int | Value[int] = 1) -> None:
        """The interrupt is presented to the target, whatever stores are under way."""
        if is_device(address):
            self.pending[address.target].next = value
        else:
            self.store(address.target, self._byte(address), value)

    def takes(self, address: Address) -> None:
        """The interrupt is taken, which ends the exception."""
        target = address.target
        if is_device(address):
            when(self.pending[target] == 1)
            self.pending[target].next = 0
        else:
            when(self.exchange(target, self._byte(address), 0) == 1)
        if kernel.INTERRUPT_SYNCHRONISES:
            self.barrier(target, Fence.CONTEXT)

    def msgsync(self, cpu: Target) -> None:
        """`msgsync; lwsync`: later loads see what the sender's barrier has pushed. No message is loaded
        before they are taken.
        """
        if kernel.MSGSYNC:
            self.barrier(cpu, Fence.LWSYNC)
            if kernel.EXCHANGE != Exchange.LOAD:
                self.done(cpu, loads=[self.bytes[cpu][kind] for kind in domain(Message)])

    def rests(self, target: Target) -> None:
        """The handler is over, or the guest's side has tested the flag: no load before the next msgsync."""
        if loads_behind_msgsync():
            self.done(target, loads=[self.bytes[target][word] for word in domain(Word)])

    def _byte(self, address: Address) -> Location[int]:
        return self.bytes[address.target][address.word]


def is_device(address: Address) -> bool:
    """Whether the address is no memory: a doorbell, but for a `msgsnd` that is ordered like a store."""
    return address.word == Flag.DOORBELL and kernel.MSGSND == Msgsnd.IMMEDIATE
