"""A vCPU and its escalation interrupt (single-escalation mode), which wakes it when it has ceded.

`xive_esc_on` tells that the interrupt is armed, or that an entry of it is in a host ring. What waking means
is the business of the family xive_cede. The source is never ended (XIVE_IRQ_NO_EOI): after one event P stays,
until the next H_CEDE arms it.
"""

import enum

from explorer import *

from ..xive.esb import PQ, Esb, Source
from ..xive.event_queue import Cpu
from ..xive.presentation import Presenter, Step


class Signs(enum.Enum):
    """What SET_PQ_01 returned, and is heeded as the sign of an entry in a queue: nothing; P; P, and Q, which
    an earlier SET_PQ_01 has left where it found P."""

    NONE = "none"
    P = "p"
    P_AND_Q = "p_and_q"


ENTRY = constant("entry_heeds", Signs.P_AND_Q)
"""At guest entry: P in 5.4."""


def signed(esb: Esb, source: Source, signs: Signs) -> Value[bool]:
    """Whether the old bits have one of the signs that this kernel heeds."""
    return some(
        bit
        for heeded, bit in ((Signs.P, esb.p(source)), (Signs.P_AND_Q, esb.p(source) | esb.q(source)))
        if heeded == signs
    )


class Mode(enum.Enum):
    """Where the vCPU is: out of the guest, half-way into it, in it, half-way out with H_CEDE."""

    OUT = 0
    ENTRY = 1
    MASKED = 2
    GUEST = 3
    ABORT = 4
    ARM = 5


class Vcpu(State):
    """`esc_on` is xive_esc_on; `cam_word`: whether it is set, so that a context is pushed at entry; `pushed`:
    the context is on the CPU; `mutex`: somebody else holds vcpu->mutex, it cannot run."""

    mode: Var[Mode] = initially(Mode.OUT, quiet=True)
    esc_on: Var[bool] = initially(False)
    cam_word: Var[bool] = initially(True)
    pushed: Var[bool] = initially(False)
    mutex: Var[bool] = initially(False, quiet=True)

    def turn(self, mode: Mode, following: Mode | Value[Mode]) -> None:
        """The vCPU is here, and goes on."""
        when(self.mode == mode)
        self.mode.next = following


@action(actor="vCPU", source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_push_vcpu")
def push(vcpu: Vcpu) -> None:
    """pushes its XIVE context  // guest entry"""
    when(vcpu.cam_word & ~vcpu.mutex)
    vcpu.turn(Mode.OUT, ite(vcpu.esc_on, Mode.ENTRY, Mode.GUEST))
    vcpu.pushed.next = True


# Fair: a vCPU does not stop in the middle of entry or exit. That it enters, leaves or cedes are free choices.


@action(actor="vCPU", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_push_vcpu")
def mask_escalation(vcpu: Vcpu, esb: Esb, source: Source) -> None:
    """SET_PQ_01  // xive_esc_on"""
    vcpu.turn(Mode.ENTRY, ite(signed(esb, source, ENTRY), Mode.GUEST, Mode.MASKED))
    esb.swap(source, PQ.OFF)


@action(actor="vCPU", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_push_vcpu")
def escalation_off(vcpu: Vcpu) -> None:
    """xive_esc_on = 0  // no sign of an entry on its way"""
    vcpu.turn(Mode.MASKED, Mode.GUEST)
    vcpu.esc_on.next = False


@action(actor="vCPU", source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:guest_exit_cont")
def leave(vcpu: Vcpu) -> None:
    """guest exit"""
    vcpu.turn(Mode.GUEST, Mode.OUT)
    vcpu.pushed.next = False


@action(actor="vCPU", source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvm_cede_exit")
def cede(vcpu: Vcpu) -> None:
    """H_CEDE  // xive_esc_on == {vcpu.esc_on}"""
    vcpu.turn(Mode.GUEST, ite(vcpu.esc_on, Mode.ABORT, Mode.ARM))
    vcpu.esc_on.next = True
    vcpu.pushed.next = False


@action(actor="vCPU", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvm_cede_exit")
def abort_cede(vcpu: Vcpu, esb: Esb, source: Source) -> None:
    """SET_PQ_10  // ceded = 0: an escalation is pending"""
    vcpu.turn(Mode.ABORT, Mode.OUT)
    esb.swap(source, PQ.PENDING)


@action(actor="vCPU", fair=WEAK, source="arch/powerpc/kvm/book3s_hv_rmhandlers.S:kvm_cede_exit")
def arm(vcpu: Vcpu, esb: Esb, source: Source) -> None:
    """SET_PQ_00  // behind xive_esc_on = 1 and sync"""
    vcpu.turn(Mode.ARM, Mode.OUT)
    esb.swap(source, PQ.RESET)


@invariant
def context_pushed_in_the_guest(vcpu: Vcpu) -> Value[bool]:
    """The XIVE context is on the CPU from entry to exit, and never else."""
    return vcpu.pushed == some(vcpu.mode == mode for mode in (Mode.ENTRY, Mode.MASKED, Mode.GUEST))


@temporal
def vcpu_goes_on(vcpu: Vcpu) -> Formula:
    """Entry and exit end."""
    return every(
        leads_to(vcpu.mode == mode, vcpu.mode != mode)
        for mode in (Mode.ENTRY, Mode.MASKED, Mode.ABORT, Mode.ARM)
    )


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_esc_irq")
def esc_irq(vcpu: Vcpu, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """xive_esc_irq(): xive_esc_on = false"""
    presenter.serves(cpu, source, Step.BODY)
    vcpu.esc_on.next = False
    presenter.at[cpu].next = Step.HANDLER
