"""The target outside the host's handler: in a guest, napping in it, or in host code that is soft-disabled."""

from typing import Annotated

from explorer import STRONG, WEAK, Range, State, Value, Var, action, constant, initially, is_in, sends, when

from ..shared.cpus import Target
from . import kernel
from .doorbell import take
from .kernel import Controller
from .layout import doorbell, host_ipi
from .memory import Memory
from .receiver import GUEST, NAPPING, OFFLINE, SOFT_MASKED, Mode, Receivers

KICKS = constant("kicks", 0)

ALWAYS_NAPS = constant("always_naps", False)
"""The guest has nothing to do: inside it, the CPU always naps."""


class Kicks(State):
    """How often KVM has kicked a guest with a doorbell of its own; at most `kicks` times."""

    kicked: Var[Annotated[int, Range(0, KICKS)]] = initially(0)

    def count(self) -> None:
        """One more of them."""
        when(GUEST)
        when(self.kicked < KICKS)
        self.kicked.next = self.kicked + 1


def inside() -> Mode:
    """Where the target is while it runs its guest."""
    return Mode.NAP if ALWAYS_NAPS else Mode.GUEST


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv.c:kvmhv_run_single_vcpu")
def enter_guest(receivers: Receivers, cpu: Target) -> None:
    """{"naps for the guest" if ALWAYS_NAPS else "returns to executing guest"}"""
    when(GUEST)
    when(receivers.at[cpu] == Mode.HOST)
    receivers.at[cpu].next = inside()


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:guest_exit_cont")
def leave_guest(receivers: Receivers, cpu: Target) -> None:
    """guest exit  // page fault, hypercall, timer: nobody looks at the messages"""
    when(GUEST)
    when(receivers.at[cpu] == inside())
    receivers.at[cpu].next = Mode.HOST


@action(actor="cpu", fair=STRONG, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_interrupt_hv")
def doorbell_in_guest(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """h_doorbell out of the guest; ppc_msgsync()"""
    when(GUEST and kernel.CONTROLLER == Controller.DOORBELL)
    when(receivers.at[cpu] == Mode.GUEST)
    take(memory, cpu)
    memory.msgsync(cpu)
    receivers.at[cpu].next = Mode.GUEST_TEST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:maybe_reenter_guest")
def ignore_in_guest(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 0  // IPI ignored"""
    when(GUEST and kernel.CONTROLLER == Controller.DOORBELL)
    when(receivers.at[cpu] == Mode.GUEST_TEST)
    when(memory.read(cpu, host_ipi(cpu)) == 0)
    memory.rests(cpu)
    receivers.at[cpu].next = Mode.GUEST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv.c:set_irq_happened")
def exit_for_doorbell(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 1  // guest exit, PACA_IRQ_DBELL"""
    when(GUEST and kernel.CONTROLLER == Controller.DOORBELL)
    when((receivers.at[cpu] == Mode.GUEST_TEST) | (receivers.at[cpu] == Mode.NAP_TEST))
    when(memory.read(cpu, host_ipi(cpu)) == 1)
    memory.rests(cpu)
    receivers.latched[cpu].next = True
    receivers.at[cpu].next = Mode.SOFT_MASKED


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_h_cede")
def nap(receivers: Receivers, cpu: Target) -> None:
    """naps in the guest  // H_CEDE"""
    when(GUEST and NAPPING and not ALWAYS_NAPS)
    when(receivers.at[cpu] == Mode.GUEST)
    receivers.at[cpu].next = Mode.NAP


@action(actor="cpu", source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_check_wake_reason")
def wake(receivers: Receivers, cpu: Target) -> None:
    """wakes in the guest  // decrementer"""
    when(GUEST and NAPPING and not ALWAYS_NAPS)
    when(receivers.at[cpu] == Mode.NAP)
    receivers.at[cpu].next = Mode.GUEST


@action(actor="cpu", fair=STRONG, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_check_wake_reason")
def doorbell_in_nap(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """wakes: msgclr; ppc_msgsync()"""
    when(GUEST and NAPPING and kernel.CONTROLLER == Controller.DOORBELL)
    when(receivers.at[cpu] == Mode.NAP)
    take(memory, cpu)
    memory.msgsync(cpu)
    receivers.at[cpu].next = Mode.NAP_TEST


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvmppc_check_wake_reason")
def ignore_in_nap(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """local_paca->kvm_hstate.host_ipi == 0  // a wake-up for the guest, IPI ignored"""
    when(GUEST and NAPPING and kernel.CONTROLLER == Controller.DOORBELL)
    when(receivers.at[cpu] == Mode.NAP_TEST)
    when(memory.read(cpu, host_ipi(cpu)) == 0)
    memory.rests(cpu)
    receivers.at[cpu].next = inside()


@action(actor="KVM", source="arch/powerpc/kvm/book3s_hv.c:kvmppc_ipi_thread")
def kick(kicks: Kicks, memory: Memory, target: Target) -> None:
    """ppc_msgsnd() -> {target}  // kvmppc_ipi_thread: for the guest, with neither message nor flag"""
    when(kernel.CONTROLLER == Controller.DOORBELL)
    kicks.count()
    memory.rings(doorbell(target))
    sends(target, "kick")


@action(actor="cpu", source="arch/powerpc/include/asm/hw_irq.h:arch_local_irq_disable")
def soft_disable(receivers: Receivers, cpu: Target) -> None:
    """local_irq_disable()"""
    when(SOFT_MASKED)
    when(receivers.at[cpu] == Mode.HOST)
    receivers.at[cpu].next = Mode.SOFT_MASKED


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/irq.c:arch_local_irq_restore")
def soft_enable(receivers: Receivers, cpu: Target) -> None:
    """local_irq_enable()

    Fair: code with interrupts disabled comes to its end.
    """
    when(SOFT_MASKED)
    when(receivers.at[cpu] == Mode.SOFT_MASKED)
    when(~receivers.latched[cpu])
    receivers.at[cpu].next = Mode.HOST


@action(actor="cpu", fair=STRONG, source="arch/powerpc/kernel/exceptions-64s.S:masked_Hinterrupt")
def latch(receivers: Receivers, memory: Memory, cpu: Target) -> None:
    """masked_Hinterrupt  // irq_happened |= PACA_IRQ_DBELL

    Also inside the handler, once may_hard_irq_enable has let further doorbells in.
    """
    when(kernel.CONTROLLER == Controller.DOORBELL and SOFT_MASKED)
    when(~is_in(receivers.at[cpu], UNMASKED))
    take(memory, cpu)
    receivers.latched[cpu].next = True


UNMASKED = {Mode.HOST, Mode.GUEST, Mode.NAP, Mode.GUEST_TEST, Mode.NAP_TEST, Mode.MSGSYNC, *OFFLINE}
"""Where a doorbell is taken as such, or stays pending because interrupts are off in hardware."""


def ignored(receivers: Receivers, target: Target) -> Value[bool]:
    """In a step invariant: the step finds the flag 0 and drops the interrupt."""
    at, tests = receivers.at[target], {Mode.GUEST_TEST, Mode.NAP_TEST, Mode.GUEST_EOI, Mode.GUEST_RECHECK}
    return is_in(at, tests) & is_in(at.next, {Mode.GUEST, Mode.NAP})
