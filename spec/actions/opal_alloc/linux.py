"""Linux's callers of OPAL_XIVE_ALLOCATE_IRQ, from the call to the first use of the number and back to its
release.

A CPU asks its own chip for the number of its IPI. The three callers of KVM ask any chip, beginning with the
one they run on.
"""

from __future__ import annotations

import enum

from explorer import WEAK, Map, State, Value, action, initially, ite, some, when

from ..opal import firmware as opal
from ..opal.firmware import U32, Firmware, Int64
from . import kernel
from .chips import CHIPS, Caller, Chip, Chips, Index, knows, no_space, number
from .kernel import Check


class Step(enum.Enum):
    """What the caller does next. RETURNED looks at what firmware answered; OK, FAILED and OOPS are ends of a
    request.
    """

    IDLE = 0
    CALL = 1
    SCAN = 2
    RETURNED = 3
    MSLEEP = 4
    POPULATE = 5
    ESB_LOAD = 6
    OK = 7
    FAILED = 8
    OOPS = 9


class Callers(State):
    """`chip` is the one that firmware tries next, `full` those that it found full during this call (for the
    properties).

    `ret` is what the call returned, and after a failure the code that Linux reports. `irq` is where Linux
    keeps the number, an unsigned word with 0 for none (hw_ipi, vp_ipi, ipi_number). `mapped` says whether
    eoi_mmio is other than NULL.
    """

    at: Map[Caller, Step] = initially(Step.IDLE, quiet=True)
    chip: Map[Caller, Chip] = initially(0, quiet=True)
    full: Map[Caller, Map[Chip, bool]] = initially(False, quiet=True)
    ret: Map[Caller, Int64] = initially(0)
    irq: Map[Caller, U32] = initially(0)
    mapped: Map[Caller, bool] = initially(False)

    def calling(self, caller: Caller) -> Value[bool]:
        """Whether the caller is inside the call, its loop on OPAL_BUSY included."""
        return some(self.at[caller] == step for step in (Step.CALL, Step.SCAN, Step.RETURNED, Step.MSLEEP))

    def call(self, caller: Caller) -> None:
        """Enter the call."""
        self.at[caller].next = Step.CALL
        self.chip[caller].next = home(caller)
        self.ret[caller].next = 0
        for each in range(CHIPS):
            self.full[caller][each].next = False

    def end(self, caller: Caller, step: Step, ret: int | Value[int]) -> None:
        """The call is over, and with it what is known of the chips. Of the returned number an error
        remains.
        """
        self.at[caller].next = step
        self.chip[caller].next = 0
        self.ret[caller].next = ret
        for each in range(CHIPS):
            self.full[caller][each].next = False


def any_chip(caller: Caller) -> bool:
    """Whether the caller passes OPAL_XIVE_ANY_CHIP. A CPU passes its own chip."""
    return caller != Caller.CPU_IPI


def home(caller: Caller) -> int:
    """The chip that the caller runs on. The native source is set up on the last one, everybody else on the
    first.
    """
    return CHIPS - 1 if caller == Caller.NATIVE_SOURCE else 0


def caller_function(caller: Caller) -> str:
    return {
        Caller.CPU_IPI: "xive_setup_cpu_ipi",
        Caller.VCPU: "kvmppc_xive_connect_vcpu",
        Caller.XICS_SOURCE: "xive_set_source",
        Caller.NATIVE_SOURCE: "kvmppc_xive_native_set_source",
    }[caller]


def call_text(caller: Caller) -> str:
    return "xive_native_alloc_irq()" if any_chip(caller) else "xive_native_get_ipi()"


def try_text(chip: int, index: int | None) -> str:
    if index is not None:
        return f"xive_try_allocate_irq(chip {chip}): {number(chip, index)}"
    return (
        f"xive_try_allocate_irq(chip {chip}): no space, {no_space():#x}"
        if no_space() > 0
        else (f"xive_try_allocate_irq(chip {chip}): no space, {no_space()}")
    )


def fixed_up(caller: Caller, ret: Value[int]) -> Value[int]:
    """What Linux makes of the returned number: opal_xive_allocate_irq of 5.4, or one of its alternatives."""
    converts = kernel.CHECK == Check.RESOURCE or (kernel.CHECK == Check.ALLOC_IRQ and any_chip(caller))
    if converts or kernel.CHECK == Check.MINUS_ONE:
        return ite(ret == opal.all_ones(), opal.RESOURCE if converts else -1, ret)
    return ret


def is_error(caller: Caller, ret: Value[int]) -> Value[bool]:
    """Whether Linux takes the number for an error. xive_native_alloc_irq has 0 for that, so a number 0 is one
    too.
    """
    number = fixed_up(caller, ret)
    negative = opal.as_signed_word(number) < 0 if kernel.CHECK == Check.CAST else number < 0
    return negative | (number == 0) if any_chip(caller) else negative


def ignores_populate(caller: Caller) -> bool:
    """Whether the caller goes on to the ESB where xive_native_populate_irq_data has failed."""
    return caller in (Caller.XICS_SOURCE, Caller.NATIVE_SOURCE)


def info(firmware: Firmware, callers: Callers, caller: Caller) -> Value[int]:
    """What OPAL_XIVE_GET_IRQ_INFO answers."""
    known = ite(knows(callers.irq[caller]), opal.SUCCESS, opal.PARAMETER)
    return firmware.answer(known) if kernel.BUSY_REJECTS_ALL else known


def locked(caller: Caller) -> bool:
    """Whether the caller holds a source block's arch_spin_lock during the call."""
    return caller == Caller.NATIVE_SOURCE and not kernel.ALLOC_BEFORE_LOCK


@action(actor="caller", source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq")
def allocate(callers: Callers, caller: Caller) -> None:
    """{caller_function(caller)}() on chip {home(caller)}: {call_text(caller)}"""
    when(callers.at[caller] == Step.IDLE)
    callers.call(caller)


# Fair: that a caller tries again is the assumption of the property about retries. Every step inside a call is
# fair too, since no
# CPU stops in the middle of a function; which number it finds is no choice, so try_allocate_irq is fair as
# one. Beginning a request
# and freeing a number are free choices.


@action(actor="caller", fair=WEAK, source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq")
def retry(callers: Callers, caller: Caller) -> None:
    """{caller_function(caller)}() again, on chip {home(caller)}: {call_text(caller)}"""
    when(callers.at[caller] == Step.FAILED)
    when(callers.irq[caller] == 0)
    callers.call(caller)


@action(
    actor="caller", fair=WEAK, defensive=True, source="arch/powerpc/sysdev/xive/common.c:xive_setup_cpu_ipi"
)
def already_set_up(callers: Callers, caller: Caller) -> None:
    """xive_setup_cpu_ipi() again: hw_ipi != 0, done"""
    when(caller == Caller.CPU_IPI)
    when(callers.at[caller] == Step.FAILED)
    when(callers.irq[caller] != 0)
    callers.at[caller].next = Step.OK


@action(actor="caller", fair=WEAK, source="skiboot core/opal.c:opal_quiesce")
def rejected(firmware: Firmware, callers: Callers, caller: Caller) -> None:
    """OPAL_XIVE_ALLOCATE_IRQ: OPAL_BUSY"""
    when(opal.SPELLS > 0)
    when(callers.at[caller] == Step.CALL)
    when(firmware.busy)
    callers.ret[caller].next = firmware.answer(opal.SUCCESS)
    callers.at[caller].next = Step.RETURNED


@action(actor="caller", fair=WEAK, per=("caller",), source="skiboot hw/xive.c:xive_try_allocate_irq")
def try_allocate_irq(
    firmware: Firmware, chips: Chips, callers: Callers, caller: Caller, chip: Chip, index: Index | None
) -> None:
    """{try_text(chip, index)}"""
    first = callers.at[caller] == Step.CALL
    when((first & firmware.ready) | (callers.at[caller] == Step.SCAN))
    when(callers.chip[caller] == chip)
    when(chips.first_free(chip, index))
    if index != None:
        chips.owner[number(chip, index)].next = caller
        callers.ret[caller].next = number(chip, index)
        callers.at[caller].next = Step.RETURNED
        return
    callers.full[caller][chip].next = True
    last = (no_space() >= 0 or not any_chip(caller)) | (~first & (chip == CHIPS - 1))
    callers.ret[caller].next = ite(last, no_space(), 0)
    callers.chip[caller].next = ite(last | first, 0, (chip + 1) % CHIPS)
    callers.at[caller].next = ite(last, Step.RETURNED, Step.SCAN)


@action(actor="caller", fair=WEAK, source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq")
def sleep(callers: Callers, caller: Caller) -> None:
    """msleep(10)  // OPAL_BUSY"""
    when(opal.SPELLS > 0)
    when(callers.at[caller] == Step.RETURNED)
    when(callers.ret[caller] == opal.BUSY)
    callers.ret[caller].next = 0
    callers.at[caller].next = Step.MSLEEP


@action(actor="caller", fair=WEAK, source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq")
def wake(callers: Callers, caller: Caller) -> None:
    """calls again"""
    when(opal.SPELLS > 0)
    when(callers.at[caller] == Step.MSLEEP)
    callers.at[caller].next = Step.CALL


@action(
    actor="caller",
    fair=WEAK,
    defensive=True,
    source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq",
)
def report(callers: Callers, caller: Caller) -> None:
    """{call_text(caller)} fails: {fixed_up(caller, callers.ret[caller])}"""
    when(callers.at[caller] == Step.RETURNED)
    when(callers.ret[caller] != opal.BUSY)
    when(is_error(caller, callers.ret[caller]))
    callers.end(caller, Step.FAILED, fixed_up(caller, callers.ret[caller]))


@action(actor="caller", fair=WEAK, source="arch/powerpc/sysdev/xive/native.c:opal_xive_allocate_irq")
def accept(callers: Callers, caller: Caller) -> None:
    """{call_text(caller)} = {opal.truncated(callers.ret[caller])}"""
    when(callers.at[caller] == Step.RETURNED)
    when(~is_error(caller, callers.ret[caller]))
    callers.end(caller, Step.POPULATE, 0)
    callers.irq[caller].next = opal.truncated(fixed_up(caller, callers.ret[caller]))


@action(actor="caller", fair=WEAK, source="arch/powerpc/sysdev/xive/native.c:xive_native_populate_irq_data")
def populate(firmware: Firmware, callers: Callers, caller: Caller) -> None:
    """xive_native_populate_irq_data({callers.irq[caller]})"""
    when(callers.at[caller] == Step.POPULATE)
    when(info(firmware, callers, caller) == opal.SUCCESS)
    callers.mapped[caller].next = True
    callers.at[caller].next = Step.OK if caller == Caller.VCPU else Step.ESB_LOAD


@action(
    actor="caller",
    fair=WEAK,
    defensive=True,
    source="arch/powerpc/sysdev/xive/native.c:xive_native_populate_irq_data",
)
def populate_fails(firmware: Firmware, callers: Callers, caller: Caller) -> None:
    """xive_native_populate_irq_data({callers.irq[caller]}): -EINVAL, eoi_mmio stays NULL

    The two sources ignore the error. A CPU keeps the number in hw_ipi; a vCPU forgets it with the rest of its
    xive_vcpu.
    """
    when(callers.at[caller] == Step.POPULATE)
    when(info(firmware, callers, caller) != opal.SUCCESS)
    callers.at[caller].next = Step.ESB_LOAD if ignores_populate(caller) else Step.FAILED
    if caller == Caller.VCPU:
        callers.irq[caller].next = 0


def load_text(caller: Caller) -> str:
    """The first ESB load of each caller: unmasking in xive_setup_cpu_ipi (SET_PQ_00), masking in
    xive_lock_and_mask (SET_PQ_10), SET_PQ_01 in kvmppc_xive_native_set_source."""
    return {Caller.CPU_IPI: "0xc00", Caller.XICS_SOURCE: "0xe00"}.get(caller, "0xd00")


@action(actor="caller", fair=WEAK)
def esb_load(callers: Callers, caller: Caller) -> None:
    """load from eoi_mmio + {load_text(caller)}"""
    when(callers.at[caller] == Step.ESB_LOAD)
    when(callers.mapped[caller])
    callers.at[caller].next = Step.OK


@action(actor="caller", fair=WEAK, defensive=True)
def esb_load_oops(callers: Callers, caller: Caller) -> None:
    """load from NULL + {load_text(caller)}: Oops"""
    when(callers.at[caller] == Step.ESB_LOAD)
    when(~callers.mapped[caller])
    callers.at[caller].next = Step.OOPS


@action(actor="caller", source="arch/powerpc/sysdev/xive/native.c:xive_native_free_irq")
def free(firmware: Firmware, chips: Chips, callers: Callers, caller: Caller) -> None:
    """xive_native_free_irq({callers.irq[caller]})"""
    when(callers.at[caller] == Step.OK)
    when(firmware.ready)
    for irq in range(number(0, 0), number(CHIPS, 0)):
        mine = (callers.irq[caller] == irq) & (callers.irq[caller] != 0)
        chips.owner[irq].next = ite(mine, None, chips.owner[irq])
    callers.irq[caller].next = 0
    callers.mapped[caller].next = False
    callers.at[caller].next = Step.IDLE
