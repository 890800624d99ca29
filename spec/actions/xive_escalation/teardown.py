"""KVM's `kvmppc_xive_cleanup_vcpu`: it holds vcpu->mutex, so the vCPU does not run meanwhile."""

from explorer import *

from ..xive.esb import PQ, Esb, Source
from ..xive.irq_chip import XiveIrq
from ..xive.irq_desc import Descriptors, begin_free
from .vcpu import KVM_XIVE, Signs, Vcpu, runs, signed

PROPOSED = "not in any kernel: what the model proposes"

TEARDOWN = constant("teardown_heeds", Signs.P_AND_Q)
"""In disable_vcpu_interrupts: none in 5.4. Where there is one, P is set again."""

VP_FIRST = constant("vp_first", False)
"""The VP is disabled before its escalation interrupt is freed (5.3)."""

STALE_UPDATE = constant("stale_update", True)
"""Whether there is xive_cleanup_single_escalation."""

SYNCHRONIZES = constant("synchronizes", True)
"""Whether it waits first for the EOI of an earlier event; not in 5.4."""

CLEARS_CAM = constant("clears_cam_word", True)
"""Whether the CAM word is cleared at the end, without which no context is pushed (commit 8d4ba9c931bc)."""


# Fair: the teardown goes on; that it begins is a free choice.


@process(actor="KVM", fair=WEAK, restart=True, atomic=True, source=f"{KVM_XIVE}:kvmppc_xive_cleanup_vcpu")
def cleanup_vcpu(vcpu: Vcpu, descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> Steps:
    yield step("mutex_lock(&vcpu->mutex)", name="idle", fair=UNFAIR)
    when(at(runs, "out", source) & vcpu.vp_enabled)
    vcpu.mutex.next = True
    yield from disable_interrupts(vcpu, esb, source)
    if VP_FIRST:
        disables = "xive_native_disable_vp()  // loads from the escalation ESB return all ones"
        yield step(disables, source="arch/powerpc/sysdev/xive/native.c:xive_native_disable_vp")
        vcpu.vp_enabled.next = False
        esb.all_ones[source].next = True
    if SYNCHRONIZES:
        yield step("synchronize_hardirq(esc_virq)  // an EOI of an earlier event is over", source=PROPOSED)
        when(descriptors.idle(source))
    if STALE_UPDATE:
        yield from cleanup_single_escalation(vcpu, chip, source)
    frees = "xive_irq_shutdown()  // free_irq(esc_virq) has unlinked the action"
    yield step(frees, name="free", source="kernel/irq/manage.c:__free_irq")
    begin_free(descriptors, chip, esb, source)
    yield step("xive_native_disable_vp(); xive_cam_word = 0; mutex_unlock(&vcpu->mutex)", name="end")
    when(~descriptors.exists(source))
    vcpu.vp_enabled.next = False
    esb.all_ones[source].next = True
    vcpu.cam_word.next = vcpu.cam_word & (not CLEARS_CAM)
    vcpu.mutex.next = False


@procedure(source=f"{KVM_XIVE}:kvmppc_xive_disable_vcpu_interrupts")
def disable_interrupts(vcpu: Vcpu, esb: Esb, source: Source) -> Steps:
    yield "xive_esc_on == {vcpu.esc_on}"
    if not (yield branch(vcpu.esc_on)):
        return
    yield "SET_PQ_01  // PQ was {esb.pq[source]}"
    esb.swap(source, PQ.OFF)
    if TEARDOWN != Signs.NONE and (yield branch(signed(esb, source, TEARDOWN))):
        restores = "SET_PQ_10  // an entry is in a queue: its handler will clear xive_esc_on"
        yield step(restores, source=PROPOSED)
        esb.swap(source, PQ.PENDING)
    else:
        yield step("xive_esc_on = false", name="esc_off")
        vcpu.esc_on.next = False


@procedure(source=f"{KVM_XIVE}:xive_cleanup_single_escalation")
def cleanup_single_escalation(vcpu: Vcpu, chip: XiveIrq, source: Source) -> Steps:
    yield "xd->stale_p = false; smp_mb()"
    chip.set_stale(source, False)
    yield "if (!xive_esc_on) xd->stale_p = true  // xive_esc_on == {vcpu.esc_on}"
    chip.set_stale(source, chip.stale_p[source] | ~vcpu.esc_on)


@invariant
def no_push_to_disabled_vp(vcpu: Vcpu) -> Value[bool]:
    """No context is pushed whose VP is disabled."""
    return implies(vcpu.pushed, vcpu.vp_enabled)


@temporal
def teardown_ends(source: Source) -> Formula:
    """L1: the teardown of a vCPU terminates."""
    return leads_to(~at(cleanup_vcpu, "idle", source), at(cleanup_vcpu, "idle", source))
