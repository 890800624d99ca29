"""A dead PHB: the thread purges the queued events of its PEs, and removes their devices.

5.4 leaves EEH_PE_RECOVERING set, as the senders of the purged events have left it.
"""

from explorer import *

from . import kernel
from .events import Events
from .pe import Pe, Pes
from .thread import eehd

DEAD_PHB = constant("dead_phb", False)


class Phb(State):
    """Whether firmware has a dead PHB to report."""

    dead: Var[bool] = initially(False)


@action(actor="hardware")
def dies(pes: Pes, phb: Phb) -> None:
    """the PHB is dead: nothing behind it is there any more"""
    when(DEAD_PHB)
    when(pes.present[Pe.BUS] & pes.edev[Pe.BUS])
    phb.dead.next = True
    for pe in domain(Pe):
        pes.present[pe].next = False


# Fair: the thread hears of it.


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_handle_special_event")
def dead_phb(pes: Pes, phb: Phb, events: Events) -> None:
    """eeh_remove_event(phb_pe, true); pci_hp_remove_devices()  // EEH_NEXT_ERR_DEAD_PHB"""
    when(DEAD_PHB)
    when(at(eehd, "idle") & phb.dead)
    when(events.sends.is_none | (not kernel.DRIVER_STOPS_FIRST))
    phb.dead.next = False
    events.queue.next = []
    for pe in domain(Pe):
        pes.isolated[pe].next = pes.isolated[pe] | pes.linked[pe]
    pes.remove_devices(list(domain(Pe)), keep=False)
