"""What must hold of the numbers that firmware gives out, and of those who ask for them."""

from explorer import *

from ..opal import firmware as opal
from .chips import CHIPS, Caller, Chip, Chips, Irq, knows
from .linux import Callers, any_chip, home, linux, locked


def holds(callers: Callers, caller: Caller, irq: int) -> Value[bool]:
    """Whether the caller keeps the number, or it is returned and not looked at. 0 is none to Linux."""
    returned = at(linux, "returned", caller) & (callers.ret[caller] == irq)
    return returned | ((callers.irq[caller] == irq) & (callers.irq[caller] != 0))


def calling(caller: Caller) -> Value[bool]:
    """Whether the caller is inside the call, its loop on OPAL_BUSY included."""
    return some(at(linux, name, caller) for name in ("call", "scan", "returned", "msleep"))


@invariant
def only_real_irqs(chips: Chips, callers: Callers, caller: Caller) -> Value[bool]:
    """What Linux takes for an interrupt is a number that firmware gave to this caller, and to no other."""
    real = some((callers.irq[caller] == irq) & (chips.owner[irq] == caller) for irq in domain(Irq))
    return (callers.irq[caller] == 0) | real


@invariant
def no_leaked_irq(chips: Chips, callers: Callers, caller: Caller, irq: Irq) -> Value[bool]:
    """A number that firmware gave to a caller is held by it until it is freed."""
    return implies(chips.owner[irq] == caller, holds(callers, caller, irq))


@invariant
def no_null_esb(callers: Callers, caller: Caller) -> Value[bool]:
    """No ESB load through a mapping that does not exist."""
    return ~at(linux, None, caller)


@invariant
def ok_is_usable(callers: Callers, caller: Caller) -> Value[bool]:
    """A caller that reports success has an interrupt whose ESB is mapped."""
    return implies(at(linux, "ok", caller), callers.mapped[caller])


@invariant
def call_contract(callers: Callers, caller: Caller) -> Value[bool]:
    """What firmware returns is less than 0, or one of its numbers."""
    answered = at(linux, "returned", caller)
    return implies(answered, (callers.ret[caller] < 0) | knows(callers.ret[caller]))


@invariant
def any_chip_is_complete(callers: Callers, caller: Caller) -> Value[bool]:
    """A call for any chip fails only if every chip was full when it was tried, or firmware was busy."""
    ret, full = callers.ret[caller], callers.full[caller]
    empty_handed = at(linux, "returned", caller) & ~knows(ret) & (ret != opal.BUSY)
    return implies(empty_handed & any_chip(caller), every(full[chip] for chip in range(CHIPS)))


@invariant
def own_chip_first(callers: Callers, caller: Caller) -> Value[bool]:
    """Firmware looks at other chips only where the caller's own is full."""
    return ~at(linux, "scan", caller) | callers.full[caller][home(caller)]


@invariant
def nothing_is_left_over(callers: Callers, caller: Caller) -> Value[bool]:
    """Outside a call only a reported error is left of it; a mapping exists only with an interrupt."""
    returned = at(linux, "returned", caller) | at(linux, "failed", caller)
    clean = ~some(callers.full[caller][chip] for chip in range(CHIPS))
    mapped = at(linux, "esb_load", caller) | at(linux, "ok", caller)
    reported = returned | (callers.ret[caller] == 0)
    return reported & (calling(caller) | clean) & (mapped | ~callers.mapped[caller])


@invariant
def right_diagnosis(callers: Callers, caller: Caller) -> Value[bool]:
    """The error that Linux reports for want of numbers is OPAL_RESOURCE."""
    failed = at(linux, "failed", caller) & (callers.irq[caller] == 0) & (callers.ret[caller] != 0)
    return ~failed | (callers.ret[caller] == opal.RESOURCE)


@invariant
def no_sleep_in_atomic(callers: Callers, caller: Caller) -> Value[bool]:
    """Nobody sleeps with a spinlock held."""
    return ~at(linux, "msleep", caller) | (not locked(caller))


@temporal
def calls_return(callers: Callers, caller: Caller) -> Formula:
    """Every call comes back, whatever firmware answers."""
    return leads_to(calling(caller), ~calling(caller))


@temporal
def retry_succeeds(chips: Chips, callers: Callers, caller: Caller, chip: Chip) -> Formula:
    """A caller that tries again gets a number at last where a chip it may use has room and keeps it."""
    failed = at(linux, "failed", caller) & (any_chip(caller) or chip == 0)
    return leads_to(failed, at(linux, "ok", caller) | ~chips.room(chip))
