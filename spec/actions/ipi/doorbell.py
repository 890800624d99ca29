"""Doorbells: an edge without content. Several that arrive before the first is taken are one.

`msgsnd` is ordered like a store by `sync`. The constant `msgsnd` says whether it waits in the store queue.
"""

from explorer import WEAK, Value, action, sends, when

from ..shared.cpus import Sender, Target
from . import kernel
from .kernel import Barrier, Msgsnd
from .layout import doorbell
from .memory import Memory
from .sender import Route, Senders, Step


def rung(memory: Memory, target: Target) -> Value[bool]:
    """Whether the target has a doorbell exception pending."""
    return memory.latest(doorbell(target)) == 1


def take(memory: Memory, target: Target) -> None:
    """The interrupt is taken, which ends the exception."""
    memory.takes(doorbell(target))


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/dbell.c:doorbell_global_ipi")
def ppc_msgsnd_sync(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """ppc_msgsnd_sync()"""
    senders.turn(cpu, Step.MSGSND_SYNC, target, Route.DOORBELL)
    memory.fence(cpu, Barrier.SYNC)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/dbell.c:doorbell_global_ipi")
def ppc_msgsnd(senders: Senders, memory: Memory, cpu: Sender, target: Target) -> None:
    """ppc_msgsnd() -> {target}"""
    when(senders.at[cpu] == Step.MSGSND)
    when(senders.target[cpu] == target)
    senders.takes(cpu, Route.DOORBELL)
    if kernel.MSGSND == Msgsnd.BUFFERED:
        memory.write(cpu, doorbell(target), 1)
    else:
        memory.rings(doorbell(target))
    sends(target, "doorbell")
    senders.interrupted(cpu)
