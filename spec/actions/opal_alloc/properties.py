"""What must hold of the numbers that firmware gives out, and of those who ask for them."""

from __future__ import annotations

from explorer import Formula, Value, domain, every, implies, invariant, leads_to, some, temporal, terminal

from ..opal import firmware as opal
from .chips import CHIPS, Caller, Chip, Chips, Irq, knows
from .linux import Callers, Step, any_chip, home, locked


def holds(callers: Callers, caller: Caller, irq: int) -> Value[bool]:
    """Whether the caller has the number: kept as an interrupt, or returned and not looked at yet. 0 is no
    interrupt to Linux.
    """
    returned = (callers.at[caller] == Step.RETURNED) & (callers.ret[caller] == irq)
    return returned | ((callers.irq[caller] == irq) & (callers.irq[caller] != 0))


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
    return callers.at[caller] != Step.OOPS


@invariant
def ok_is_usable(callers: Callers, caller: Caller) -> Value[bool]:
    """A caller that reports success has an interrupt whose ESB is mapped."""
    return implies(callers.at[caller] == Step.OK, callers.mapped[caller])


@invariant
def call_contract(callers: Callers, caller: Caller) -> Value[bool]:
    """What firmware returns is less than 0, or one of its numbers."""
    answered = callers.at[caller] == Step.RETURNED
    return implies(answered, (callers.ret[caller] < 0) | knows(callers.ret[caller]))


@invariant
def any_chip_is_complete(callers: Callers, caller: Caller) -> Value[bool]:
    """A call for any chip comes back without a number only if every chip was full when it was tried, or
    firmware was busy.
    """
    empty_handed = (
        (callers.at[caller] == Step.RETURNED)
        & ~knows(callers.ret[caller])
        & (callers.ret[caller] != opal.BUSY)
    )
    return implies(
        empty_handed & any_chip(caller), every(callers.full[caller][chip] for chip in range(CHIPS))
    )


@invariant
def own_chip_first(callers: Callers, caller: Caller) -> Value[bool]:
    """Firmware looks at other chips only where the caller's own is full."""
    return (callers.at[caller] != Step.SCAN) | callers.full[caller][home(caller)]


@invariant
def nothing_is_left_over(callers: Callers, caller: Caller) -> Value[bool]:
    """Outside a call nothing of it is left but the error that is reported; a mapping exists only with an
    interrupt.
    """
    returned = (callers.at[caller] == Step.RETURNED) | (callers.at[caller] == Step.FAILED)
    clean = ~some(callers.full[caller][chip] for chip in range(CHIPS)) & (callers.chip[caller] == 0)
    mapped = (callers.at[caller] == Step.ESB_LOAD) | (callers.at[caller] == Step.OK)
    return (
        (returned | (callers.ret[caller] == 0))
        & (callers.calling(caller) | clean)
        & (mapped | ~callers.mapped[caller])
    )


@invariant
def right_diagnosis(callers: Callers, caller: Caller) -> Value[bool]:
    """The error that Linux reports for want of numbers is OPAL_RESOURCE."""
    failed = (callers.at[caller] == Step.FAILED) & (callers.irq[caller] == 0) & (callers.ret[caller] != 0)
    return ~failed | (callers.ret[caller] == opal.RESOURCE)


@invariant
def no_sleep_in_atomic(callers: Callers, caller: Caller) -> Value[bool]:
    """Nobody sleeps with a spinlock held."""
    return (callers.at[caller] != Step.MSLEEP) | (not locked(caller))


@temporal
def calls_return(callers: Callers, caller: Caller) -> Formula:
    """Every call comes back, whatever firmware answers."""
    return leads_to(callers.calling(caller), ~callers.calling(caller))


@temporal
def retry_succeeds(chips: Chips, callers: Callers, caller: Caller, chip: Chip) -> Formula:
    """A caller that failed, and tries again, gets a number at last where a chip it may use has room and keeps
    it.
    """
    failed = (callers.at[caller] == Step.FAILED) & (any_chip(caller) or chip == 0)
    return leads_to(failed, (callers.at[caller] == Step.OK) | ~chips.room(chip))


@terminal
def all_crashed(callers: Callers) -> Value[bool]:
    """Nobody is left to do anything."""
    return every(callers.at[caller] == Step.OOPS for caller in Caller)
