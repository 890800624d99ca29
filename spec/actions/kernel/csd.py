"""Cross calls: `struct __call_single_data` of each caller for each target, from csd_lock to csd_unlock.

A descriptor on a list is QUEUED: the list of a CPU is what is queued for it.
"""

import enum

from explorer import *

from .irqs import Cpu


class Csd(enum.Enum):
    """Where a descriptor is. LOCKED: CSD_FLAG_LOCK is set; RUNNING: the target has taken it off its list."""

    FREE, LOCKED, QUEUED, RUNNING = range(4)


class CrossCalls(State):
    """The descriptor of each caller for each target."""

    csd: Map[Cpu, Map[Cpu, Csd]] = initially(Csd.FREE)

    def lock(self, caller: Cpu, target: Cpu) -> None:
        """csd_lock: waits for the last call to be done."""
        when(self.csd[caller][target] == Csd.FREE)
        self.csd[caller][target].next = Csd.LOCKED

    def queue(self, caller: Cpu, target: Cpu) -> Value[bool]:
        """llist_add to call_single_queue. Whether it was empty, so that an IPI is needed."""
        when(self.csd[caller][target] == Csd.LOCKED)
        self.csd[caller][target].next = Csd.QUEUED
        return every(self.csd[other][target] != Csd.QUEUED for other in Cpu)

    def detach(self, target: Cpu) -> None:
        """llist_del_all by the target."""
        for caller in domain(Cpu):
            csd = self.csd[caller][target]
            csd.next = ite(csd == Csd.QUEUED, Csd.RUNNING, csd)

    def run(self, caller: Cpu, target: Cpu) -> None:
        """The function has run, and csd_unlock lets the caller go on."""
        when(self.csd[caller][target] == Csd.RUNNING)
        self.csd[caller][target].next = Csd.FREE

    def done(self, caller: Cpu, target: Cpu) -> Value[bool]:
        """Whether csd_lock_wait returns."""
        return self.csd[caller][target] == Csd.FREE
