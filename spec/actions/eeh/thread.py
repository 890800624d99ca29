"""eehd: takes events, newest first, and leads the dialogue with the drivers (eeh_handle_normal_event)."""

import enum

from explorer import *

from . import kernel
from .events import EVENT, Events, marks
from .kernel import Mark, Prune
from .pe import Pe, Pes, below, is_above

DRIVER, PE = "arch/powerpc/kernel/eeh_driver.c", "arch/powerpc/kernel/eeh_pe.c"


class Answer(enum.Enum):
    """What the drivers' answers to error_detected, and the reset that may follow, come to."""

    CAN_RECOVER, NEED_RESET, NONE, DISCONNECT = range(4)


class Recovery(State):
    """The PE of the event at hand."""

    pe: Var[Pe | None] = initially(None)

    def handles(self, pe: Pe) -> Value[bool]:
        """Whether the event at hand covers the PE."""
        return is_above(self.pe, pe)


# Fair: the thread goes on. Which answers the drivers give is a free choice.


@process(actor="eehd", fair=WEAK, restart=True, atomic=True, source=f"{EVENT}:eeh_event_handler")
def eehd(pes: Pes, events: Events, recovery: Recovery) -> Steps:
    yield step("list_del(&event->list)  // {events.queue[events.queue.length - 1]}", name="idle")
    when(~events.queue.empty)
    newest = events.queue.length - 1
    pe = yield choose(Pe)
    when(events.queue[newest] == pe)
    events.queue.next = events.queue.remove_at(newest)
    recovery.pe.next = pe
    complete = yield from handle_normal_event(pes, pe)
    if complete or kernel.END_ON_RETURN:
        yield from finish(pes, events, pe)
    recovery.pe.next = None


@procedure(source=f"{DRIVER}:eeh_handle_normal_event")
def handle_normal_event(pes: Pes, pe: Pe) -> Steps:
    """Returns whether this is not one of the kernel's early returns."""
    yield step("eeh_pe_bus_get({pe})", source=f"{PE}:eeh_pe_bus_get")
    if not (yield branch(pes.primary_bus | pes.edev[pe])):
        return False
    if kernel.MARK == Mark.THREAD:
        yield "eeh_pe_state_mark({pe}, EEH_PE_RECOVERING)"
        marks(pes, pe)
    if kernel.PRESENCE_CHECK:
        yield step("eeh_slot_presence_check()", source=f"{DRIVER}:eeh_slot_presence_check")
        if not (yield branch(some(pes.edev[each] & pes.present[each] for each in below(pe)))):
            return True
    yield from report(pes, pe)
    yield step("the drivers' answer: {result}", source=f"{DRIVER}:pci_ers_merge_result")
    result = yield choose(Answer)
    if result == Answer.DISCONNECT:
        yield step("EEH_PE_REMOVED: error_detected(permanent failure); pci_hp_remove_devices()", name="fail")
        pes.remove_devices(below(pe), keep=False)
        return False
    if result == Answer.NONE:
        yield from reset_device(pes, pe)
    else:
        clears = "thaws or resets {pe}; eeh_pe_state_clear(EEH_PE_ISOLATED)"
        yield step(clears, source=f"{DRIVER}:eeh_clear_pe_frozen_state")
        thaws(pes, pe)
        resumes = "resume()  // the drivers of {pe} and below"
        yield step(resumes, name="resume", source=f"{DRIVER}:eeh_report_resume")
        for each in below(pe):
            pes.told[each].next = False
    return True


@procedure(source=f"{DRIVER}:eeh_report_error")
def report(pes: Pes, pe: Pe) -> Steps:
    """The traversal goes to the PE below, if one is linked."""
    yield step("error_detected(IO frozen)  // the driver of {pe}", name=f"report {pe.name}")
    pes.told[pe].next = pes.edev[pe]
    if pe == Pe.BUS and (yield branch(pes.linked[Pe.CHILD])):
        yield from report(pes, Pe.CHILD)


@procedure(source=f"{DRIVER}:eeh_reset_device")
def reset_device(pes: Pes, pe: Pe) -> Steps:
    """A device that is gone leaves its PE invalid. One that is found makes it, and those above, valid."""
    yield step("eeh_pe_state_mark({pe}, EEH_PE_KEEP); pci_hp_remove_devices()", name="hotplug")
    pes.remove_devices(below(pe), keep=True)
    for each in below(pe):
        pes.keep[each].next = pes.linked[each]
        pes.told[each].next = False
    yield "eeh_pe_reset_full({pe}); eeh_pe_state_clear(EEH_PE_ISOLATED)"
    thaws(pes, pe)
    yield "pci_hp_add_devices(); eeh_pe_state_clear({pe}, EEH_PE_KEEP)"
    added = {each: pes.present[each] & pes.linked[each] for each in below(pe)}
    for each in below(pe):
        pes.edev[each].next = added[each]
        pes.keep[each].next = False
        pes.invalid[each].next = pes.invalid[each] & ~some(added[other] for other in below(each))
    if pe == Pe.CHILD:
        pes.invalid[Pe.BUS].next = pes.invalid[Pe.BUS] & ~added[pe]


@procedure(source=f"{DRIVER}:eeh_handle_normal_event")
def finish(pes: Pes, events: Events, pe: Pe) -> Steps:
    """Linux 5.4 clears EEH_PE_RECOVERING after it has pruned."""
    yield step("eeh_pe_cleanup({pe})", source=f"{DRIVER}:eeh_pe_cleanup")
    child = prunable(pes, events, Pe.CHILD)
    alone = child | ~pes.linked[Pe.CHILD]
    pes.free(Pe.CHILD, child)
    if pe == Pe.BUS:
        pes.free(pe, prunable(pes, events, pe) & alone)
    elif kernel.PRUNE_UPWARDS:
        unused = ~pes.edev[Pe.BUS] & ~pes.keep[Pe.BUS] & ~needed(events, Pe.BUS)
        pes.free(Pe.BUS, pes.linked[Pe.BUS] & alone & unused)
    if not kernel.ONE_STEP_END:
        yield "eeh_pe_state_clear({pe}, EEH_PE_RECOVERING)"
    for each in below(pe):
        pes.recovering[each].next = pes.recovering[each] & needed(events, each)


def thaws(pes: Pes, root: Pe) -> None:
    """The hardware lets the PE and those below go on, and the kernel knows it."""
    for pe in below(root):
        pes.frozen[pe].next = False
        pes.isolated[pe].next = False


def prunable(pes: Pes, events: Events, pe: Pe) -> Value[bool]:
    """What eeh_pe_cleanup asks of a PE before it frees it, but for children."""
    bit = pes.invalid[pe] if kernel.PRUNE == Prune.TYPE else pes.isolated[pe] & (kernel.PRUNE == Prune.STATE)
    return pes.linked[pe] & bit & ~pes.edev[pe] & ~pes.keep[pe] & ~needed(events, pe)


def needed(events: Events, pe: Pe) -> Value[bool]:
    """Whether another event for the PE is on its way; Linux 5.4 does not ask."""
    return events.under_way(pe) & kernel.CLEAR_IF_LAST
