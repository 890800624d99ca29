"""KVM's teardown of a vCPU's XIVE part, `kvmppc_xive_cleanup_vcpu`. It holds vcpu->mutex: the vCPU does not
run meanwhile.
"""

import enum

from explorer import *

from ..xive.esb import PQ, Esb, Source
from ..xive.irq_chip import XiveIrq
from ..xive.irq_desc import Descriptors, begin_free
from .vcpu import Mode, Signs, Vcpu, signed

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


class Phase(enum.Enum):
    """What the teardown does next."""

    NONE = 0
    ESC_ON = 1
    MASK = 2
    ESC_OFF = 3
    RESTORE = 4
    VP_FIRST = 5
    SYNCHRONIZE = 6
    STALE_CLEAR = 7
    STALE_SET = 8
    FREE = 9
    VP_LAST = 10


class Teardown(State):
    """Where the teardown is, and whether the VP is still enabled."""

    phase: Var[Phase] = initially(Phase.NONE, quiet=True)
    vp_enabled: Var[bool] = initially(True)

    def turn(self, phase: Phase, following: Phase | Value[Phase]) -> None:
        """The teardown is here, and goes on."""
        when(self.phase == phase)
        self.phase.next = following


def behind(phase: Phase) -> Phase:
    """The next phase of this kernel, from VP_FIRST on."""
    program = (
        [Phase.VP_FIRST] * VP_FIRST
        + [Phase.SYNCHRONIZE] * SYNCHRONIZES
        + [Phase.STALE_CLEAR, Phase.STALE_SET] * STALE_UPDATE
    )
    program += [Phase.FREE]
    return next(one for one in program if one.value > phase.value)


# Fair: the teardown goes on; that it begins is a free choice.


@action(actor="KVM", source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_cleanup_vcpu")
def begin(teardown: Teardown, vcpu: Vcpu) -> None:
    """mutex_lock(&vcpu->mutex)"""
    when((vcpu.mode == Mode.OUT) & teardown.vp_enabled)
    vcpu.mutex.next = True
    teardown.turn(Phase.NONE, Phase.ESC_ON)


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_disable_vcpu_interrupts")
def test_esc_on(teardown: Teardown, vcpu: Vcpu) -> None:
    """xive_esc_on == {vcpu.esc_on}"""
    teardown.turn(Phase.ESC_ON, ite(vcpu.esc_on, Phase.MASK, behind(Phase.RESTORE)))


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_disable_vcpu_interrupts")
def mask_esc(teardown: Teardown, esb: Esb, source: Source) -> None:
    """SET_PQ_01  // PQ was {esb.pq[source]}"""
    teardown.turn(Phase.MASK, ite(signed(esb, source, TEARDOWN), Phase.RESTORE, Phase.ESC_OFF))
    esb.swap(source, PQ.OFF)


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_disable_vcpu_interrupts")
def esc_off(teardown: Teardown, vcpu: Vcpu) -> None:
    """xive_esc_on = false"""
    vcpu.esc_on.next = False
    teardown.turn(Phase.ESC_OFF, behind(Phase.RESTORE))


@action(actor="KVM", fair=WEAK, source="not in any kernel: what the model proposes")
def restore_p(teardown: Teardown, esb: Esb, source: Source) -> None:
    """SET_PQ_10  // an entry is in a queue: its handler will clear xive_esc_on"""
    when(TEARDOWN != Signs.NONE)
    teardown.turn(Phase.RESTORE, behind(Phase.RESTORE))
    esb.swap(source, PQ.PENDING)


@action(actor="KVM", fair=WEAK, source="arch/powerpc/sysdev/xive/native.c:xive_native_disable_vp")
def disable_vp_first(teardown: Teardown, esb: Esb, source: Source) -> None:
    """xive_native_disable_vp()  // loads from the escalation ESB return all ones"""
    when(VP_FIRST)
    teardown.turn(Phase.VP_FIRST, behind(Phase.VP_FIRST))
    teardown.vp_enabled.next = False
    esb.all_ones[source].next = True


@action(actor="KVM", fair=WEAK, source="not in any kernel: what the model proposes")
def synchronize_esc(teardown: Teardown, descriptors: Descriptors, source: Source) -> None:
    """synchronize_hardirq(esc_virq)  // an EOI of an earlier event is over"""
    when(SYNCHRONIZES)
    when(descriptors.idle(source))
    teardown.turn(Phase.SYNCHRONIZE, behind(Phase.SYNCHRONIZE))


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_cleanup_single_escalation")
def clear_stale(teardown: Teardown, chip: XiveIrq, source: Source) -> None:
    """xd->stale_p = false; smp_mb()"""
    when(STALE_UPDATE)
    chip.set_stale(source, False)
    teardown.turn(Phase.STALE_CLEAR, Phase.STALE_SET)


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_cleanup_single_escalation")
def set_stale(teardown: Teardown, vcpu: Vcpu, chip: XiveIrq, source: Source) -> None:
    """if (!xive_esc_on) xd->stale_p = true  // xive_esc_on == {vcpu.esc_on}"""
    when(STALE_UPDATE)
    chip.set_stale(source, chip.stale_p[source] | ~vcpu.esc_on)
    teardown.turn(Phase.STALE_SET, Phase.FREE)


@action(actor="KVM", fair=WEAK, source="kernel/irq/manage.c:__free_irq")
def free_escalation(
    teardown: Teardown, descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source
) -> None:
    """xive_irq_shutdown()  // free_irq(esc_virq) has unlinked the action"""
    teardown.turn(Phase.FREE, Phase.VP_LAST)
    begin_free(descriptors, chip, esb, source)


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_cleanup_vcpu")
def end(teardown: Teardown, descriptors: Descriptors, vcpu: Vcpu, esb: Esb, source: Source) -> None:
    """xive_native_disable_vp(); xive_cam_word = 0; mutex_unlock(&vcpu->mutex)"""
    when(~descriptors.exists(source))
    teardown.turn(Phase.VP_LAST, Phase.NONE)
    teardown.vp_enabled.next = False
    esb.all_ones[source].next = True
    vcpu.cam_word.next = vcpu.cam_word & (not CLEARS_CAM)
    vcpu.mutex.next = False


@invariant
def no_push_to_disabled_vp(teardown: Teardown, vcpu: Vcpu) -> Value[bool]:
    """No context is pushed whose VP is disabled."""
    return implies(vcpu.pushed, teardown.vp_enabled)


@temporal
def teardown_ends(teardown: Teardown) -> Formula:
    """L1: the teardown of a vCPU terminates."""
    return leads_to(teardown.phase != Phase.NONE, teardown.phase == Phase.NONE)
