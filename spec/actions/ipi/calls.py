"""Calls of functions on other CPUs: a descriptor that its sender waits for, and the target's list of them.

Only the sender that finds the list empty sends an IPI, and all rely on it. So one lost IPI stops all of them.
"""

import enum

from explorer import WEAK, Map, State, Value, action, constant, initially, ite, some, when

from ..shared.cpus import Sender, Target
from . import kernel
from .layout import Call
from .memory import Memory
from .sender import Senders, Step

CALLERS = constant("callers", 6)
"""How many of the senders call functions, the last ones; the others send plain IPIs only."""


class Csd(enum.Enum):
    """A `call_single_data`: FREE is unlocked, the others have CSD_FLAG_LOCK set."""

    FREE, LOCKED, QUEUED, RUNNING = range(4)


class Calls(State):
    """Each sender's descriptor for each target: the QUEUED ones are its call_single_queue, in no order."""

    csd: Map[Sender, Map[Target, Csd]] = initially(Csd.FREE)

    def queue_empty(self, target: Target) -> Value[bool]:
        return ~some(self.csd[cpu][target] == Csd.QUEUED for cpu in Sender)

    def detach(self, target: Target) -> None:
        """llist_del_all: the queued ones belong to the handler now."""
        for cpu in Sender:
            csd = self.csd[cpu][target]
            csd.next = ite(csd == Csd.QUEUED, Csd.RUNNING, csd)

    def only_runs(self, cpu: Sender, target: Target) -> Value[bool]:
        """Whether no other descriptor is left to run."""
        return ~some(self.csd[other][target] == Csd.RUNNING for other in Sender if other != cpu)


@action(actor="cpu", source="kernel/smp.c:smp_call_function_many")
def csd_lock(senders: Senders, calls: Calls, cpu: Sender, target: Target) -> None:
    """csd_lock(csd)"""
    when(cpu.index >= len(Sender) - CALLERS)
    senders.begin(cpu, target, Call.CALL_FUNCTION)
    when(calls.csd[cpu][target] == Csd.FREE)
    calls.csd[cpu][target].next = Csd.LOCKED
    senders.at[cpu].next = Step.LLIST_ADD


@action(actor="cpu", fair=WEAK, source="kernel/smp.c:smp_call_function_many")
def llist_add(senders: Senders, calls: Calls, memory: Memory, cpu: Sender, target: Target) -> None:
    """llist_add(&csd->llist, &call_single_queue[{target}])

    A cmpxchg, between full barriers: the buffer is empty.
    """
    when(senders.at[cpu] == Step.LLIST_ADD)
    when(senders.target[cpu] == target)
    memory.fence(cpu, kernel.Barrier.SYNC)
    calls.csd[cpu][target].next = Csd.QUEUED
    first = calls.queue_empty(target) | kernel.ALWAYS_SEND
    senders.at[cpu].next = ite(first, Step.SMP_MB, Step.CSD_LOCK_WAIT)


@action(actor="cpu", fair=WEAK, source="kernel/smp.c:smp_call_function_many")
def csd_lock_wait(senders: Senders, calls: Calls, cpu: Sender, target: Target) -> None:
    """csd_lock_wait(csd)  // {target} has run the function"""
    when(senders.waits_for(cpu, target))
    when(calls.csd[cpu][target] == Csd.FREE)
    senders.end(cpu)
