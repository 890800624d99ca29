"""A vCPU from guest entry to H_CEDE and sleep, and the handler of its escalation interrupt.

While the vCPU's XIVE context is pushed on a CPU, its interrupts come to the guest. Else the hardware triggers
the escalation source, whose handler on a host CPU wakes the vCPU. `xive_esc_on` means: armed, or an entry of
it is in a host ring.
"""

import enum

from explorer import *

from ..xive.esb import PQ, Esb, Source, triggered
from ..xive.event_queue import Cpu, Eas, EventQueue
from ..xive.presentation import Presenter, Step, queue_eoi

XIVE, EXIT = "arch/powerpc/kvm/book3s_xive.c", "arch/powerpc/kvm/book3s_hv_rmhandlers.S"

PARKS = constant("parks", True)
"""H_CEDE that finds xive_esc_on leaves PQ at 10 (959c5d513478). Linux 5.3: 00, as always."""

ON_FIRST = constant("on_first", True)
"""xive_esc_on is set, and ordered by sync, before PQ is set to 00 (the same commit).

Linux 5.3 sets it after, and nothing orders the store: it becomes visible at any time until the vCPU is next
run.
"""


class Sign(enum.Enum):
    """What guest entry takes for the sign of an entry: nothing, P, or also the Q of an earlier SET_PQ_01."""

    NONE = "none"
    P = "p"
    P_OR_Q = "p_or_q"


HEEDS = constant("heeds", Sign.P_OR_Q)
"""Where SET_PQ_01 returns this sign, guest entry leaves xive_esc_on set. Linux 5.4: P."""

MARKS = constant("marks_pending", True)
"""The handler sets irq_pending before it looks whether the vCPU has ceded."""

INTERRUPTS = constant("interrupts", 3)
"""So many interrupts come for the guest. With an end, it can be said that the vCPU sleeps in the end."""


class Vcpu(State):
    """`pending`: an interrupt for the guest. `saved`: there was one when the context was pulled. `ceded`,
    `irq_pending`, `esc_on`: arch.ceded, arch.irq_pending, arch.xive_esc_on. `storing`: a store to the last is
    under way. `asleep`: it is not to be run."""

    asleep: Var[bool] = initially(False, quiet=True)
    ceded: Var[bool] = initially(False)
    irq_pending: Var[bool] = initially(False)
    esc_on: Var[bool] = initially(False)
    storing: Var[bool] = initially(False)
    pending: Var[bool] = initially(False)
    saved: Var[bool] = initially(False, quiet=True)
    came: Var[Annotated[int, Range(0, INTERRUPTS)]] = initially(0, quiet=True)

    def pushed(self) -> Value[bool]:
        """Whether the context is on a CPU: interrupts come to the guest."""
        return ~at(runs, "out") & ~at(runs, "check")


@action(actor="device")
def interrupt(vcpu: Vcpu, esb: Esb, queue: EventQueue, eas: Eas, source: Source) -> None:
    """an interrupt for the guest"""
    when(vcpu.came < INTERRUPTS)
    vcpu.came.next = vcpu.came + 1
    vcpu.pending.next = True
    escalates = ~vcpu.pushed()
    old = esb.pq[source]
    old.next = ite(escalates, triggered(old), old)
    queue.send(eas, source, escalates & (old == PQ.RESET))
    sends("XIVE", "escalation")


# Fair: nothing stops in the middle of a function, and the host runs a vCPU that can run. That the guest
# leaves for other reasons is a free choice; however often it does, a pending interrupt is delivered when it
# is back, and an idle guest cedes in the end.


@process(actor="vCPU", fair=WEAK, atomic=True)
def runs(vcpu: Vcpu, esb: Esb) -> Steps:
    (source,) = Source
    while True:
        yield from push(vcpu, esb, source)
        way = ""
        while way not in ("exit", "cede"):
            yield step("is in the guest", name="guest", source="")
            way = yield choose("interrupt", "exit", "cede")
            if way == "interrupt":
                outcome("takes its interrupt", name="take", actor="guest", fair=STRONG)
                when(vcpu.pending)
                vcpu.pending.next = False
        if way == "exit":
            outcome("guest exit", fair=UNFAIR, source=f"{EXIT}:guest_exit_cont")
        else:
            outcome("H_CEDE: ceded = 1", name="cede", fair=STRONG, source=f"{EXIT}:kvmppc_h_cede")
            when(~vcpu.pending)
            vcpu.ceded.next = True
            yield from cede_exit(vcpu, esb, source)
        yield step("pulls the XIVE context", source=f"{EXIT}:guest_exit_cont")
        vcpu.saved.next = vcpu.pending
        checks = "kvmppc_vcore_check_block()  // ceded {vcpu.ceded}, irq_pending {vcpu.irq_pending}"
        yield step(checks, name="check", source="arch/powerpc/kvm/book3s_hv.c:kvmppc_vcore_check_block")
        sleeps = vcpu.ceded & ~vcpu.irq_pending & ~vcpu.saved
        vcpu.asleep.next = sleeps
        vcpu.ceded.next = sleeps
        vcpu.saved.next = False


@procedure(source=f"{XIVE}:kvmppc_xive_push_vcpu")
def push(vcpu: Vcpu, esb: Esb, source: Source) -> Steps:
    """Guest entry."""
    yield step("guest entry: pushes the XIVE context; irq_pending = 0", name="out")
    when(~vcpu.storing & ~vcpu.asleep)
    vcpu.irq_pending.next = False
    if (yield branch(vcpu.esc_on)):
        yield "SET_PQ_01 == {esb.pq[source]}  // xive_esc_on"
        sign = (esb.p(source) & (HEEDS != Sign.NONE)) | (esb.q(source) & (HEEDS == Sign.P_OR_Q))
        esb.swap(source, PQ.OFF)
        if not (yield branch(sign)):
            yield "xive_esc_on = 0  // no entry on its way"
            vcpu.esc_on.next = False


@procedure(source=f"{EXIT}:kvm_cede_exit")
def cede_exit(vcpu: Vcpu, esb: Esb, source: Source) -> Steps:
    yield "kvm_cede_exit: xive_esc_on == {vcpu.esc_on}"
    vcpu.ceded.next = vcpu.ceded & ~vcpu.esc_on
    vcpu.esc_on.next = vcpu.esc_on | ON_FIRST
    if PARKS and (yield branch(vcpu.esc_on)):
        yield "SET_PQ_10  // an escalation is pending: ceded = 0"
        esb.swap(source, PQ.PENDING)
    else:
        yield "SET_PQ_00"
        vcpu.storing.next = not ON_FIRST
        esb.swap(source, PQ.RESET)


@action(actor="vCPU", fair=WEAK, source=f"{EXIT}:kvm_cede_exit")
def on_late(vcpu: Vcpu) -> None:
    """xive_esc_on = 1  // becomes visible"""
    when(not ON_FIRST)
    when(vcpu.storing)
    vcpu.storing.next = False
    vcpu.esc_on.next = True


# The handler on a host CPU. It never ends the source (XIVE_IRQ_NO_EOI): P stays, until the next H_CEDE arms
# it.


@action(actor="cpu", fair=WEAK, source=f"{XIVE}:xive_esc_irq")
def esc_irq(vcpu: Vcpu, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """xive_esc_irq(): irq_pending = 1; smp_mb()"""
    presenter.serves(cpu, source, Step.POPPED)
    vcpu.irq_pending.next = vcpu.irq_pending | MARKS
    presenter.at[cpu].next = Step.BODY


@action(actor="cpu", fair=WEAK, source=f"{XIVE}:xive_esc_irq")
def kick(vcpu: Vcpu, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """if (ceded) fast_vcpu_kick()  // {vcpu.ceded}"""
    presenter.serves(cpu, source, Step.BODY)
    wakes = vcpu.ceded & vcpu.asleep
    vcpu.asleep.next = vcpu.asleep & ~wakes
    vcpu.ceded.next = vcpu.ceded & ~wakes
    presenter.at[cpu].next = Step.HANDLER


@action(actor="cpu", fair=WEAK, source=f"{XIVE}:xive_esc_irq")
def handled(vcpu: Vcpu, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """xive_esc_on = 0"""
    presenter.serves(cpu, source, Step.HANDLER)
    vcpu.esc_on.next = False
    presenter.at[cpu].next = Step.QUEUE_EOI


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_do_queue_eoi")
def end_of_interrupt(presenter: Presenter, queue: EventQueue, cpu: Cpu, source: Source) -> None:
    """xive_do_queue_eoi()  // no EOI of the source"""
    presenter.serves(cpu, source, Step.QUEUE_EOI)
    queue_eoi(presenter, queue, cpu)
