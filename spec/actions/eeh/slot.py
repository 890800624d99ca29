"""The hardware: errors freeze PEs, somebody pulls a card, and hotplug removes what is gone."""

from explorer import *

from . import kernel
from .events import ERRORS, Events
from .pe import Pe, Pes, below


class Slots(State):
    """How many errors there were."""

    errors: Var[Annotated[int, Range(0, ERRORS)]] = initially(0)


@action(actor="hardware")
def freeze(pes: Pes, slots: Slots, pe: Pe) -> None:
    """freezes {pe}  // an I/O error, or an access to a device that is gone"""
    when(slots.errors < ERRORS)
    when(pes.edev[pe] & ~pes.frozen[pe])
    pes.frozen[pe].next = True
    slots.errors.next = slots.errors + 1


@action(actor="user")
def unplug(pes: Pes, pe: Pe) -> None:
    """pulls the card of {pe}"""
    when(pes.present[pe])
    for each in below(pe):
        pes.present[each].next = False


# Fair: the hotplug driver notices an empty slot.


@action(actor="hotplug", fair=WEAK, source="arch/powerpc/kernel/eeh_pe.c:eeh_rmv_from_parent_pe")
def remove(pes: Pes, events: Events, pe: Pe) -> None:
    """eeh_rmv_from_parent_pe()  // the device of {pe} is gone"""
    when(pes.edev[pe] & ~pes.present[pe])
    when(events.sends.is_none | (not kernel.DRIVER_STOPS_FIRST))
    if pe == Pe.BUS:
        when(~pes.edev[Pe.CHILD])
    pes.remove_devices([pe], keep=False)
