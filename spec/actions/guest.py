"""The target outside the host's handler: running a guest, napping in it, or in host code with interrupts soft-disabled."""

from __future__ import annotations

from typing import Annotated

from explorer import WEAK, Range, State, Value, Var, action, constant, initially, sends, some, when

from .cpus import Target
from .doorbell import take
from .layout import doorbell, host_ipi
from .memory import Memory
from .receiver import GUEST, NAPPING, SOFT_MASKED, Mode, Receivers

KICKS = constant("kicks", 0)


class Kicks(State):
    """How often KVM has kicked a guest with a doorbell of its own; at most `kicks` times."""

    kicked: Var[Annotated[int, Range(0, KICKS)]] = initially(0)


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv.c:kvmhv_run_single_vcpu")
def enter_guest(receivers: Receivers, cpu: Target) -> None:
    """returns to executing guest"""
    when(GUEST)
    when(receivers.at[cpu] == Mode.HOST)
    receivers.at[cpu].next = Mode.GUEST


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:guest_exit_cont")
def leave_guest(receivers: Receivers, cpu: Target) -> None:
    """guest exit  // page fault, hypercall, timer: nobody looks at the messages"""
    when(GUEST)
    when(receivers.at[cpu] == Mode.GUEST)
    receivers.at[cpu].next = Mode.HOST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_interrupt_hv")
def doorbell_in_guest(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """h_doorbell out of the guest; ppc_msgsync()"""
    when(GUEST)
    when(receivers.at[cpu] == Mode.GUEST)
    take(memory, cpu)
    receivers.at[cpu].next = Mode.GUEST_TEST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:maybe_reenter_guest")
def ignore_in_guest(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 0  // IPI ignored"""
    when(GUEST)
    when(receivers.at[cpu] == Mode.GUEST_TEST)
    when(memory.load(cpu, host_ipi(cpu)) == 0)
    receivers.at[cpu].next = Mode.GUEST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv.c:set_irq_happened")
def exit_for_doorbell(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 1  // guest exit, PACA_IRQ_DBELL"""
    when(GUEST)
    when((receivers.at[cpu] == Mode.GUEST_TEST) | (receivers.at[cpu] == Mode.NAP_TEST))
    when(memory.load(cpu, host_ipi(cpu)) == 1)
    receivers.latched[cpu].next = True
    receivers.at[cpu].next = Mode.SOFT_MASKED


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_h_cede")
def nap(receivers: Receivers, cpu: Target) -> None:
    """naps in the guest  // H_CEDE"""
    when(GUEST and NAPPING)
    when(receivers.at[cpu] == Mode.GUEST)
    receivers.at[cpu].next = Mode.NAP


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_check_wake_reason")
def wake(receivers: Receivers, cpu: Target) -> None:
    """wakes in the guest  // decrementer"""
    when(GUEST and NAPPING)
    when(receivers.at[cpu] == Mode.NAP)
    receivers.at[cpu].next = Mode.GUEST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_check_wake_reason")
def doorbell_in_nap(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """wakes: msgclr; ppc_msgsync()"""
    when(GUEST and NAPPING)
    when(receivers.at[cpu] == Mode.NAP)
    take(memory, cpu)
    receivers.at[cpu].next = Mode.NAP_TEST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_check_wake_reason")
def ignore_in_nap(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 0  // a wake-up for the guest, IPI ignored"""
    when(GUEST and NAPPING)
    when(receivers.at[cpu] == Mode.NAP_TEST)
    when(memory.load(cpu, host_ipi(cpu)) == 0)
    receivers.at[cpu].next = Mode.GUEST


@action(actor="KVM", source="arch/powerpc/kvm/book3s_hv.c:kvmppc_ipi_thread")
def kick(kicks: Kicks, memory: Memory, target: Target) -> None:
    """ppc_msgsnd() -> {target}  // kvmppc_ipi_thread: for the guest, with neither message nor flag"""
    when(GUEST)
    when(kicks.kicked < KICKS)
    kicks.kicked.next = kicks.kicked + 1
    memory.overtake(doorbell(target), 1)
    sends(target, "kick")


@action(actor="cpu", source="arch/powerpc/include/asm/hw_irq.h:arch_local_irq_disable")
def soft_disable(receivers: Receivers, cpu: Target) -> None:
    """local_irq_disable()"""
    when(SOFT_MASKED)
    when(receivers.at[cpu] == Mode.HOST)
    receivers.at[cpu].next = Mode.SOFT_MASKED


@action(actor="cpu", source="arch/powerpc/kernel/irq.c:arch_local_irq_restore")
def soft_enable(receivers: Receivers, cpu: Target) -> None:
    """local_irq_enable()"""
    when(SOFT_MASKED)
    when(receivers.at[cpu] == Mode.SOFT_MASKED)
    when(~receivers.latched[cpu])
    receivers.at[cpu].next = Mode.HOST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/exceptions-64s.S:masked_interrupt")
def latch(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """masked_interrupt  // irq_happened |= PACA_IRQ_DBELL

    Also inside the handler, once may_hard_irq_enable has let further doorbells in.
    """
    when(SOFT_MASKED)
    when(~some(receivers.at[cpu] == mode for mode in UNMASKED))
    take(memory, cpu)
    receivers.latched[cpu].next = True


UNMASKED = (Mode.HOST, Mode.GUEST, Mode.NAP, Mode.GUEST_TEST, Mode.NAP_TEST, Mode.MSGSYNC)
"""Where a doorbell is taken as such, or stays pending because interrupts are off in hardware."""


def ignored(receivers: Receivers, target: Target) -> Value[bool]:
    """In a step invariant: the step finds the flag 0 and drops the doorbell."""
    tested = (receivers.at[target] == Mode.GUEST_TEST) | (receivers.at[target] == Mode.NAP_TEST)
    return tested & (receivers.at[target].next == Mode.GUEST)
