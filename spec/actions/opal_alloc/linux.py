"""Linux's callers of OPAL_XIVE_ALLOCATE_IRQ, from the call to the first use of the number and its release.

A CPU asks its own chip for the number of its IPI. The callers of KVM ask any chip, beginning with their own.
"""

from explorer import *

from ..opal import firmware as opal
from ..opal.firmware import U32, Firmware, Int64
from . import kernel
from .chips import CHIPS, Caller, Chip, Chips, Index, knows, no_space, number
from .kernel import Check

NATIVE, COMMON = "arch/powerpc/sysdev/xive/native.c", "arch/powerpc/sysdev/xive/common.c"


POPULATES = "xive_native_populate_irq_data({callers.irq[caller]})"


class Callers(State):
    """`full` are the chips that firmware found full during this call (for the properties).

    `ret` is what the call returned, and after a failure the code that Linux reports. `irq` is where Linux
    keeps the number, an unsigned word with 0 for none (hw_ipi, vp_ipi, ipi_number). `mapped` says whether
    eoi_mmio is other than NULL; `unmapped` counts the calls of ioremap that failed.
    """

    full: Map[Caller, Map[Chip, bool]] = initially(False, quiet=True)
    ret: Map[Caller, Int64] = initially(0)
    irq: Map[Caller, U32] = initially(0)
    mapped: Map[Caller, bool] = initially(False)
    unmapped: Var[Annotated[int, Range(0, kernel.IOREMAPS_FAIL)]] = initially(0, quiet=True)


def any_chip(caller: Caller) -> bool:
    """Whether the caller passes OPAL_XIVE_ANY_CHIP. A CPU passes its own chip."""
    return caller != Caller.CPU_IPI


def home(caller: Caller) -> int:
    """The chip that the caller runs on: the last one for the native source, the first for all others."""
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
    returned = f"{no_space():#x}" if no_space() > 0 else f"{no_space()}"
    return f"xive_try_allocate_irq(chip {chip}): no space, {returned}"


def fixed_up(caller: Caller, ret: Value[int]) -> Value[int]:
    """What Linux makes of the returned number: opal_xive_allocate_irq of 5.4, or one of its alternatives."""
    converts = kernel.CHECK == Check.RESOURCE or (kernel.CHECK == Check.ALLOC_IRQ and any_chip(caller))
    if converts or kernel.CHECK == Check.MINUS_ONE:
        return ite(ret == opal.all_ones(), opal.RESOURCE if converts else -1, ret)
    return ret


def is_error(caller: Caller, ret: Value[int]) -> Value[bool]:
    """Whether Linux takes it for an error: 0 too, where xive_native_alloc_irq returns that for one."""
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


def load_text(caller: Caller) -> str:
    """The first ESB load of each caller: unmasking in xive_setup_cpu_ipi (SET_PQ_00), masking in
    xive_lock_and_mask (SET_PQ_10), SET_PQ_01 in kvmppc_xive_native_set_source."""
    return {Caller.CPU_IPI: "0xc00", Caller.XICS_SOURCE: "0xe00"}.get(caller, "0xd00")


# Fair: that a caller tries again is the assumption of the property about retries. Every step inside a call is
# fair too, since no CPU stops in the middle of a function. Beginning a request and freeing a number are free
# choices.


@process(actor="caller", fair=WEAK, atomic=True)
def linux(firmware: Firmware, chips: Chips, callers: Callers, caller: Caller) -> Steps:
    """Each caller takes a number and gives it back, again and again. An Oops ends it."""
    asks = f"{NATIVE}:opal_xive_allocate_irq"
    while True:
        begins = "{caller_function(caller)}() on chip {home(caller)}: {call_text(caller)}"
        yield step(begins, name="idle", fair=UNFAIR, source=asks)
        while (end := (yield from sets_up(firmware, chips, callers, caller))) == "failed":
            again = "{caller_function(caller)}() again, on chip {home(caller)}: {call_text(caller)}"
            yield step(again, name="failed", source=asks)
            if caller == Caller.CPU_IPI and (yield branch(callers.irq[caller] != 0)):
                done = "xive_setup_cpu_ipi() again: hw_ipi != 0, done"
                outcome(done, defensive=True, source=f"{COMMON}:xive_setup_cpu_ipi")
                break
            callers.ret[caller].next = 0
        if end == "oops":
            return
        frees = "xive_native_free_irq({callers.irq[caller]})"
        yield step(frees, name="ok", fair=UNFAIR, source=f"{NATIVE}:xive_native_free_irq")
        when(firmware.ready)
        for irq in range(number(0, 0), number(CHIPS, 0)):
            mine = (callers.irq[caller] == irq) & (callers.irq[caller] != 0)
            chips.owner[irq].next = ite(mine, None, chips.owner[irq])
        callers.irq[caller].next = 0
        callers.mapped[caller].next = False


def sets_up(firmware: Firmware, chips: Chips, callers: Callers, caller: Caller) -> Steps:
    """From the call to the first use of the number. Returns how it ends: ok, failed, or oops."""
    if not (yield from allocates(firmware, chips, callers, caller)):
        return "failed"
    yield step(POPULATES, name="populate", source=f"{NATIVE}:xive_native_populate_irq_data")
    if (yield from maps(firmware, callers, caller)):
        if caller == Caller.VCPU:
            return "ok"
    else:
        if caller == Caller.VCPU:
            callers.irq[caller].next = 0  # it forgets the number with the rest of its xive_vcpu
        if not ignores_populate(caller):
            return "failed"
    yield step("load from eoi_mmio + {load_text(caller)}", name="esb_load")
    if (yield branch(~callers.mapped[caller])):
        outcome("load from NULL + {load_text(caller)}: Oops", name="oops", defensive=True)
        return "oops"
    return "ok"


def maps(firmware: Firmware, callers: Callers, caller: Caller) -> Steps:
    """The look-up and the mapping. Returns whether eoi_mmio is other than NULL now."""
    way = yield choose("ioremap", *["no memory"] * (kernel.IOREMAPS_FAIL > 0))
    known = info(firmware, callers, caller) == opal.SUCCESS
    if way == "no memory":
        outcome(f"{POPULATES}: -ENOMEM, eoi_mmio stays NULL", name="ioremap_fails")
        when(known & (callers.unmapped < kernel.IOREMAPS_FAIL))
        callers.unmapped.next = callers.unmapped + 1
        return False
    if (yield branch(known)):
        callers.mapped[caller].next = True
        return True
    outcome(f"{POPULATES}: -EINVAL, eoi_mmio stays NULL", name="populate_fails", defensive=True)
    return False


@procedure(source=f"{NATIVE}:opal_xive_allocate_irq")
def allocates(firmware: Firmware, chips: Chips, callers: Callers, caller: Caller) -> Steps:
    """The call, again while firmware is busy. Returns whether Linux takes the answer for a number."""
    while True:
        yield from call(firmware, chips, callers, caller)
        yield step("looks at the answer", name="returned")
        ret = callers.ret[caller]
        if opal.SPELLS == 0 or not (yield branch(ret == opal.BUSY)):
            break
        outcome("msleep(10)  // OPAL_BUSY")
        callers.ret[caller].next = 0
        yield step("calls again", name="msleep")
    for chip in range(CHIPS):
        callers.full[caller][chip].next = False
    if (yield branch(is_error(caller, ret))):
        outcome("{call_text(caller)} fails: {fixed_up(caller, ret)}", name="report", defensive=True)
        callers.ret[caller].next = fixed_up(caller, ret)
        return False
    outcome("{call_text(caller)} = {opal.truncated(ret)}", name="accept")
    callers.ret[caller].next = 0
    callers.irq[caller].next = opal.truncated(fixed_up(caller, ret))
    return True


@procedure(source="skiboot hw/xive.c:xive_try_allocate_irq")
def call(firmware: Firmware, chips: Chips, callers: Callers, caller: Caller) -> Steps:
    """OPAL_XIVE_ALLOCATE_IRQ: the caller's own chip, then all chips in order."""
    yield step("OPAL_XIVE_ALLOCATE_IRQ", name="call")
    if opal.SPELLS > 0 and (yield branch(firmware.busy)):
        outcome("OPAL_XIVE_ALLOCATE_IRQ: OPAL_BUSY", source="skiboot core/opal.c:opal_quiesce")
        callers.ret[caller].next = firmware.answer(opal.SUCCESS)
        return
    if (yield from tries(chips, callers, caller, home(caller))):
        return
    if no_space() < 0 and any_chip(caller):
        for chip in range(CHIPS):
            yield step("the next chip", name="scan")
            if (yield from tries(chips, callers, caller, chip)):
                return
    callers.ret[caller].next = no_space()


def tries(chips: Chips, callers: Callers, caller: Caller, chip: int) -> Steps:
    """One chip. Returns whether it had a number."""
    index = yield choose(Index | None)
    outcome(try_text(chip, index), name="try_allocate_irq")
    when(chips.first_free(chip, index))
    if index is None:
        callers.full[caller][chip].next = True
        return False
    chips.owner[number(chip, index)].next = caller
    callers.ret[caller].next = number(chip, index)
    return True
