"""Doorbells: an edge without content. Several that arrive before the first is taken are one.

`msgsnd` is ordered like a store by `sync`. Whether it also waits in the store queue, or rings at once, is `msgsnd`.
"""

from __future__ import annotations

from explorer import WEAK, Map, State, Value, action, closes, initially, ite, opens, sends, when

from . import kernel
from .cpus import Sender, Target
from .kernel import Barrier, Msgsnd
from .layout import Call
from .memory import MODEL, Memory, MemoryModel
from .sender import Senders, Step


class Doorbells(State):
    """`pending`: the doorbell exception of the target. `queued`: a msgsnd in the store queue of its sender."""

    pending: Map[Target, bool] = initially(False)
    queued: Map[Sender, Target | None] = initially(None)

    def under_way(self, cpu: Sender, target: Target) -> Value[bool]:
        return self.queued[cpu] == target

    def left(self, cpu: Sender) -> None:
        """A sync waits for the sender's own msgsnd too."""
        if kernel.MSGSND == Msgsnd.BUFFERED:
            when(self.queued[cpu].is_none)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/include/asm/dbell.h:ppc_msgsnd_sync")
def ppc_msgsnd_sync(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """ppc_msgsnd_sync()"""
    when(kernel.MSGSND_SYNC)
    senders.turn(cpu, Step.MSGSND_SYNC, target)
    memory.barrier(cpu, Barrier.SYNC)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/dbell.c:doorbell_global_ipi")
def ppc_msgsnd(senders: Senders, doorbells: Doorbells, cpu: Sender, target: Target) -> None:
    """ppc_msgsnd() -> {target}"""
    when(senders.at[cpu] == Step.MSGSND)
    when(senders.target[cpu] == target)
    if kernel.MSGSND == Msgsnd.BUFFERED:
        doorbells.queued[cpu].next = target
        opens(cpu, target, "msgsnd")
    else:
        doorbells.pending[target].next = True
        sends(target, "doorbell")
    waits = senders.kind[cpu] == Call.CALL_FUNCTION
    senders.at[cpu].next = ite(waits, Step.CSD_LOCK_WAIT, Step.IDLE)
    senders.target[cpu].next = ite(waits, senders.target[cpu], None)
    senders.kind[cpu].next = ite(waits, senders.kind[cpu], None)


@action(actor="cpu", fair=WEAK, source="store buffer")
def ring(doorbells: Doorbells, memory: Memory, cpu: Sender, target: Target) -> None:
    """ppc_msgsnd() -> {target}  // arrives

    In `tso` behind all earlier stores, in `pso` past any of them.
    """
    when(kernel.MSGSND == Msgsnd.BUFFERED)
    when(doorbells.queued[cpu] == target)
    if MODEL != MemoryModel.PSO:
        when(memory.drained(cpu))
    doorbells.queued[cpu].next = None
    doorbells.pending[target].next = True
    closes(cpu, target, "msgsnd")
    sends(target, "doorbell")
