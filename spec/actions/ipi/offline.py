"""A target that leaves the system and comes back. Off-line it drops IPIs: nobody may send it one.

The loop of pnv_smp_cpu_kill_self: clear the flag, sleep, take whatever interrupt ended the sleep without
looking at messages. What may still arrive is an interrupt whose message an earlier handler has drained.
"""

from explorer import STRONG, WEAK, action, constant, every, when

from ..shared.cpus import Sender, Target
from . import kernel
from .calls import Calls
from .doorbell import rung
from .kernel import Barrier, Controller
from .layout import doorbell, host_ipi, wording
from .memory import Memory
from .receiver import Mode, Receivers, message_waits
from .sender import Senders
from .xics import Icp

OFFLINE = constant("offline", False)

FLUSH = {
    Controller.DOORBELL: "msgclr",
    Controller.XICS: "icp_native_flush_interrupt()",
    Controller.XICS_OPAL: "icp_opal_flush_interrupt()",
}
"""What ends the interrupt that woke the CPU."""


@action(actor="cpu", source="arch/powerpc/platforms/powernv/smp.c:pnv_smp_cpu_kill_self")
def go_offline(senders: Senders, receivers: Receivers, calls: Calls, memory: Memory, cpu: Target) -> None:
    """leaves cpu_online_mask  // under stop_machine: nobody is sending, and what was queued has been done"""
    when(OFFLINE)
    when(receivers.at[cpu] == Mode.HOST)
    when(every(senders.target[sender] != cpu for sender in Sender))
    when(~message_waits(memory, cpu) & calls.queue_empty(cpu))
    memory.fence(cpu, Barrier.SYNC)
    senders.online[cpu].next = False
    receivers.at[cpu].next = Mode.OFFLINE_CLEAR


@action(actor="cpu", fair=WEAK, source="arch/powerpc/platforms/powernv/smp.c:pnv_smp_cpu_kill_self")
def clear_offline(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """{wording(host_ipi(cpu), 0)}"""
    when(OFFLINE)
    when(receivers.at[cpu] == Mode.OFFLINE_CLEAR)
    memory.write(cpu, host_ipi(cpu), 0)
    receivers.at[cpu].next = Mode.OFFLINE if kernel.CLEAR_BARRIER == Barrier.NONE else Mode.OFFLINE_BARRIER


@action(actor="cpu", fair=WEAK, source="arch/powerpc/platforms/powernv/smp.c:pnv_smp_cpu_kill_self")
def barrier_offline(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """{kernel.text(kernel.CLEAR_BARRIER)}  // kvmppc_clear_host_ipi"""
    when(OFFLINE and kernel.CLEAR_BARRIER != Barrier.NONE)
    when(receivers.at[cpu] == Mode.OFFLINE_BARRIER)
    memory.fence(cpu, kernel.CLEAR_BARRIER)
    receivers.at[cpu].next = Mode.OFFLINE


@action(actor="cpu", fair=STRONG, source="arch/powerpc/platforms/powernv/smp.c:pnv_smp_cpu_kill_self")
def drop_interrupt(receivers: Receivers, memory: Memory, icp: Icp, cpu: Target) -> None:
    """{FLUSH[kernel.CONTROLLER]}; smp_mb()  // IPI dropped"""
    when(OFFLINE)
    when(receivers.at[cpu] == Mode.OFFLINE)
    when(rung(memory, cpu))
    memory.fence(cpu, Barrier.SYNC)
    memory.rings(doorbell(cpu), 0)
    icp.requested[cpu].next = False
    receivers.at[cpu].next = Mode.OFFLINE_CLEAR


@action(actor="cpu", source="arch/powerpc/platforms/powernv/smp.c:pnv_smp_cpu_kill_self")
def come_online(senders: Senders, receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """smp_mb(); generic_check_cpu_restart()  // back in cpu_online_mask"""
    when(OFFLINE)
    when(receivers.at[cpu] == Mode.OFFLINE)
    memory.fence(cpu, Barrier.SYNC)
    senders.online[cpu].next = True
    receivers.at[cpu].next = Mode.HOST
