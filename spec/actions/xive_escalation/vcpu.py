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

KVM_XIVE, RMHANDLERS = "arch/powerpc/kvm/book3s_xive.c", "arch/powerpc/kvm/book3s_hv_rmhandlers.S"


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
    p, q = esb.p(source), esb.q(source)
    return {Signs.NONE: some(()), Signs.P: p, Signs.P_AND_Q: p | q}[signs]


class Vcpu(State):
    """`esc_on` is xive_esc_on; `cam_word`: whether it is set, so that a context is pushed at entry; `pushed`:
    the context is on the CPU; `mutex`: somebody else holds vcpu->mutex, it cannot run; `vp_enabled`: so is
    the VP."""

    esc_on: Var[bool] = initially(False)
    cam_word: Var[bool] = initially(True)
    pushed: Var[bool] = initially(False)
    mutex: Var[bool] = initially(False, quiet=True)
    vp_enabled: Var[bool] = initially(True)


# Fair: a vCPU does not stop in the middle of entry or exit. That it enters, leaves or cedes are free choices.


@process(actor="vCPU", fair=WEAK, restart=True, atomic=True, source=f"{KVM_XIVE}:kvmppc_xive_push_vcpu")
def runs(vcpu: Vcpu, esb: Esb, source: Source) -> Steps:
    """Into the guest, and out of it by a guest exit or H_CEDE."""
    yield step("pushes its XIVE context  // guest entry", name="out", fair=UNFAIR)
    when(vcpu.cam_word & ~vcpu.mutex)
    vcpu.pushed.next = True
    if (yield branch(vcpu.esc_on)):
        yield step("SET_PQ_01  // xive_esc_on", name="entry")
        esb.swap(source, PQ.OFF)
        if not (yield branch(signed(esb, source, ENTRY))):
            yield step("xive_esc_on = 0  // no sign of an entry on its way", name="masked")
            vcpu.esc_on.next = False
    yield step("guest exit", name="guest", fair=UNFAIR, source=f"{RMHANDLERS}:guest_exit_cont")
    vcpu.pushed.next = False
    if (yield choose("exit", "cede")) == "cede":
        outcome("H_CEDE  // xive_esc_on == {vcpu.esc_on}", source=f"{RMHANDLERS}:kvm_cede_exit")
        vcpu.esc_on.next = True
        yield from cedes(esb, source, (yield branch(vcpu.esc_on)))


@procedure(source=f"{RMHANDLERS}:kvm_cede_exit")
def cedes(esb: Esb, source: Source, pending: bool) -> Steps:
    if pending:
        yield step("SET_PQ_10  // ceded = 0: an escalation is pending", name="abort")
        esb.swap(source, PQ.PENDING)
    else:
        yield step("SET_PQ_00  // behind xive_esc_on = 1 and sync", name="arm")
        esb.swap(source, PQ.RESET)


@invariant
def context_pushed_in_the_guest(vcpu: Vcpu, source: Source) -> Value[bool]:
    """The XIVE context is on the CPU from entry to exit, and never else."""
    return vcpu.pushed == some(at(runs, place, source) for place in ("entry", "masked", "guest"))


@temporal
def vcpu_goes_on(source: Source) -> Formula:
    """Entry and exit end."""
    places = [at(runs, place, source) for place in ("entry", "masked", "abort", "arm")]
    return every(leads_to(inside, ~inside) for inside in places)


@action(actor="cpu", fair=WEAK, source=f"{KVM_XIVE}:xive_esc_irq")
def esc_irq(vcpu: Vcpu, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """xive_esc_irq(): xive_esc_on = false"""
    presenter.serves(cpu, source, Step.BODY)
    vcpu.esc_on.next = False
    presenter.at[cpu].next = Step.HANDLER
