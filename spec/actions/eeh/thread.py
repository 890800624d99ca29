"""eehd: takes events, newest first, and leads the recovery dialogue with the drivers
(eeh_handle_normal_event).
"""

from __future__ import annotations

import enum

from explorer import WEAK, State, Value, Var, action, initially, ite, some, when

from . import kernel
from .events import Events, marks
from .kernel import Mark, Prune
from .pe import Pe, Pes, below, is_above


class Step(enum.Enum):
    """What the thread does next. CLEAR: Linux 5.4 clears EEH_PE_RECOVERING after it has pruned."""

    IDLE = 0
    BUS = 1
    PRESENCE = 2
    MARK = 3
    REPORT = 4
    ANSWER = 5
    THAW = 6
    HOTPLUG = 7
    RESET = 8
    ADD = 9
    RESUME = 10
    FAIL = 11
    OUT = 12
    CLEAR = 13


class Answer(enum.Enum):
    """What the drivers' answers to error_detected, and the reset that may follow, come to."""

    CAN_RECOVER = 0
    NEED_RESET = 1
    NONE = 2
    DISCONNECT = 3


class Recovery(State):
    """The PE of the event at hand, and the one that the traversal of its tree has come to."""

    at: Var[Step] = initially(Step.IDLE, quiet=True)
    pe: Var[Pe | None] = initially(None)
    cursor: Var[Pe | None] = initially(None, quiet=True)

    def handles(self, pe: Pe) -> Value[bool]:
        """Whether the event at hand covers the PE."""
        return is_above(self.pe, pe)

    def turn(self, step: Step, pe: Pe, then: Step | Value[Step]) -> None:
        """The thread is at this step of this PE's event, and goes on to another one."""
        when((self.at == step) & (self.pe == pe))
        self.at.next = then

    def ends(self) -> None:
        """eeh_handle_normal_event returns."""
        self.pe.next = None
        self.cursor.next = None


# Fair: the thread goes on. Which answers the drivers give is a free choice among the fair ones.


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_event.c:eeh_event_handler")
def take(events: Events, recovery: Recovery) -> None:
    """list_del(&event->list)  // {events.queue[events.queue.length - 1]}"""
    when(recovery.at == Step.IDLE)
    when(~events.queue.empty)
    newest = events.queue.length - 1
    events.queue.next = events.queue.remove_at(newest)
    recovery.pe.next = events.queue[newest]
    recovery.at.next = Step.BUS


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_pe.c:eeh_pe_bus_get")
def bus(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """eeh_pe_bus_get({pe})"""
    known = (
        Step.MARK if kernel.MARK == Mark.THREAD else Step.PRESENCE if kernel.PRESENCE_CHECK else Step.REPORT
    )
    found = pes.primary_bus | pes.edev[pe]
    recovery.turn(Step.BUS, pe, ite(found, known, Step.OUT if kernel.END_ON_RETURN else Step.IDLE))
    recovery.pe.next = ite(found | kernel.END_ON_RETURN, recovery.pe, None)
    recovery.cursor.next = ite(found, recovery.pe, None)


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_handle_normal_event")
def mark_in_thread(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """eeh_pe_state_mark({pe}, EEH_PE_RECOVERING)"""
    when(kernel.MARK == Mark.THREAD)
    recovery.turn(Step.MARK, pe, Step.PRESENCE if kernel.PRESENCE_CHECK else Step.REPORT)
    marks(pes, pe)


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_slot_presence_check")
def presence(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """eeh_slot_presence_check()"""
    when(kernel.PRESENCE_CHECK)
    some_device = some(pes.edev[each] & pes.present[each] for each in below(pe))
    recovery.turn(Step.PRESENCE, pe, ite(some_device, Step.REPORT, Step.OUT))


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_report_error")
def report(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """error_detected(IO frozen)  // the driver of {pe}

    Then the traversal goes to the PE below, if one is linked.
    """
    when((recovery.at == Step.REPORT) & (recovery.cursor == pe))
    pes.told[pe].next = pes.edev[pe]
    on = pes.linked[Pe.CHILD] if pe == Pe.BUS else False
    recovery.cursor.next = ite(on, Pe.CHILD, recovery.pe)
    recovery.at.next = ite(on, Step.REPORT, Step.ANSWER)


THEN = {
    Answer.CAN_RECOVER: Step.THAW,
    Answer.NEED_RESET: Step.THAW,
    Answer.NONE: Step.HOTPLUG,
    Answer.DISCONNECT: Step.FAIL,
}


@action(actor="eehd", fair=WEAK, per=(), source="arch/powerpc/kernel/eeh_driver.c:pci_ers_merge_result")
def answer(recovery: Recovery, pe: Pe, result: Answer) -> None:
    """the drivers' answer: {result}"""
    recovery.turn(Step.ANSWER, pe, THEN[result])


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_clear_pe_frozen_state")
def thaw(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """thaws or resets {pe}; eeh_pe_state_clear(EEH_PE_ISOLATED)"""
    recovery.turn(Step.THAW, pe, Step.RESUME)
    thaws(pes, pe)


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_reset_device")
def hotplug_remove(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """eeh_pe_state_mark({pe}, EEH_PE_KEEP); pci_hp_remove_devices()"""
    recovery.turn(Step.HOTPLUG, pe, Step.RESET)
    pes.remove_devices(below(pe), keep=True)
    for each in below(pe):
        pes.keep[each].next = pes.linked[each]
        pes.told[each].next = False


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_reset_device")
def reset(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """eeh_pe_reset_full({pe}); eeh_pe_state_clear(EEH_PE_ISOLATED)"""
    recovery.turn(Step.RESET, pe, Step.ADD)
    thaws(pes, pe)


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_reset_device")
def hotplug_add(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """pci_hp_add_devices(); eeh_pe_state_clear({pe}, EEH_PE_KEEP)

    A device that is gone is not found, and leaves its PE invalid. One that is found makes its PE, and those
    above, valid.
    """
    recovery.turn(Step.ADD, pe, Step.OUT)
    added = {each: pes.present[each] & pes.linked[each] for each in below(pe)}
    for each in below(pe):
        pes.edev[each].next = added[each]
        pes.keep[each].next = False
        pes.invalid[each].next = pes.invalid[each] & ~some(added[other] for other in below(each))
    if pe == Pe.CHILD:
        pes.invalid[Pe.BUS].next = pes.invalid[Pe.BUS] & ~added[pe]


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_report_resume")
def resume(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """resume()  // the drivers of {pe} and below"""
    recovery.turn(Step.RESUME, pe, Step.OUT)
    for each in below(pe):
        pes.told[each].next = False


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_handle_normal_event")
def fail(pes: Pes, recovery: Recovery, pe: Pe) -> None:
    """EEH_PE_REMOVED: error_detected(permanent failure); pci_hp_remove_devices()"""
    recovery.turn(Step.FAIL, pe, Step.OUT if kernel.END_ON_RETURN else Step.IDLE)
    pes.remove_devices(below(pe), keep=False)
    if not kernel.END_ON_RETURN:
        recovery.ends()


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_pe_cleanup")
def cleanup(pes: Pes, events: Events, recovery: Recovery, pe: Pe) -> None:
    """eeh_pe_cleanup({pe})"""
    recovery.turn(Step.OUT, pe, Step.IDLE if kernel.ONE_STEP_END else Step.CLEAR)
    child = prunable(pes, events, Pe.CHILD)
    alone = child | ~pes.linked[Pe.CHILD]
    pes.free(Pe.CHILD, child)
    if pe == Pe.BUS:
        pes.free(pe, prunable(pes, events, pe) & alone)
    elif kernel.PRUNE_UPWARDS:
        pes.free(
            Pe.BUS,
            pes.linked[Pe.BUS] & alone & ~pes.edev[Pe.BUS] & ~pes.keep[Pe.BUS] & ~needed(events, Pe.BUS),
        )
    if kernel.ONE_STEP_END:
        clears(pes, events, pe)
        recovery.ends()


@action(actor="eehd", fair=WEAK, source="arch/powerpc/kernel/eeh_driver.c:eeh_handle_normal_event")
def clear_recovering(pes: Pes, events: Events, recovery: Recovery, pe: Pe) -> None:
    """eeh_pe_state_clear({pe}, EEH_PE_RECOVERING)"""
    when(not kernel.ONE_STEP_END)
    recovery.turn(Step.CLEAR, pe, Step.IDLE)
    clears(pes, events, pe)
    recovery.ends()


def thaws(pes: Pes, root: Pe) -> None:
    """The hardware lets the PE and those below go on, and the kernel knows it."""
    for pe in below(root):
        pes.frozen[pe].next = False
        pes.isolated[pe].next = False


def prunable(pes: Pes, events: Events, pe: Pe) -> Value[bool]:
    """What eeh_pe_cleanup asks of a PE before it frees it, but for children."""
    bit = pes.invalid[pe] if kernel.PRUNE == Prune.TYPE else pes.isolated[pe] & (kernel.PRUNE == Prune.STATE)
    return pes.linked[pe] & bit & ~pes.edev[pe] & ~pes.keep[pe] & ~needed(events, pe)


def clears(pes: Pes, events: Events, root: Pe) -> None:
    for pe in below(root):
        pes.recovering[pe].next = pes.recovering[pe] & needed(events, pe)


def needed(events: Events, pe: Pe) -> Value[bool]:
    """Whether another event for the PE is on its way; Linux 5.4 does not ask."""
    return events.under_way(pe) & kernel.CLEAR_IF_LAST
