"""Detection: a driver reads all ones, asks firmware, isolates the PE and queues an event for the thread."""

from explorer import *

from . import kernel
from .kernel import Mark
from .pe import Pe, Pes, above, below, is_above

ERRORS = constant("errors", 2)
"""How often the hardware freezes a PE."""


class Events(State):
    """eeh_eventlist, the newest event last, and the one PE that a driver is about to send an event for."""

    queue: Annotated[Queue[Pe], Capacity(ERRORS)] = initially([])
    sends: Var[Pe | None] = initially(None, quiet=True)

    def under_way(self, pe: Pe) -> Value[bool]:
        """Whether an event that covers the PE is queued or about to be."""
        return is_above(self.sends, pe) | some(self.queue.contains(root) for root in above(pe))


# Fair: a driver polls its device, so that a frozen one is noticed, and no function stops half way.


EVENT, CHECK = "arch/powerpc/kernel/eeh_event.c", "arch/powerpc/kernel/eeh.c:eeh_dev_check_failure"


@process(actor="driver", fair=WEAK, restart=True, atomic=True, source=f"{EVENT}:__eeh_send_failure_event")
def driver(pes: Pes, events: Events) -> Steps:
    """The topmost frozen PE is the one that is recovered."""
    yield step("eeh_dev_check_failure({pe})  // frozen: eeh_pe_mark_isolated({root})", source=CHECK)
    pe = yield choose(Pe)
    root = yield choose(Pe)
    when(root in (Pe.BUS, pe))
    when(pes.edev[pe] & pes.frozen[pe] & ~pes.isolated[pe])
    if pe == Pe.CHILD:
        when((pes.frozen[Pe.BUS] & pes.linked[Pe.BUS]) == (root == Pe.BUS))
    for each in below(root):
        pes.isolated[each].next = pes.isolated[each] | pes.linked[each]
    events.sends.next = root
    if kernel.MARK == Mark.BEFORE_PUSH:
        yield from mark_recovering(pes, root)
    yield "list_add(&event->list, &eeh_eventlist)  // {root}"
    events.queue.next = events.queue.push(root)
    if kernel.MARK == Mark.AFTER_PUSH:
        yield from mark_recovering(pes, root)
    events.sends.next = None


def mark_recovering(pes: Pes, root: Pe) -> Steps:
    yield "eeh_pe_state_mark({root}, EEH_PE_RECOVERING)"
    marks(pes, root)


def marks(pes: Pes, root: Pe) -> None:
    """EEH_PE_RECOVERING on the PE and what is below it."""
    for pe in below(root) if kernel.MARK_CHILDREN else [root]:
        pes.recovering[pe].next = pes.recovering[pe] | pes.linked[pe]
