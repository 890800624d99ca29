"""Detection: a driver reads all ones, asks firmware, isolates the PE and queues an event for the recovery
thread.
"""

from __future__ import annotations

import enum
from typing import Annotated

from explorer import WEAK, Capacity, Queue, State, Value, Var, action, constant, domain, initially, some, when

from . import kernel
from .kernel import Mark
from .pe import Pe, Pes, below, is_above

ERRORS = constant("errors", 2)
"""How often the hardware freezes a PE."""


class Sending(enum.Enum):
    """Where the driver is in __eeh_send_failure_event."""

    IDLE = 0
    MARK = 1
    PUSH = 2


class Events(State):
    """eeh_eventlist, the newest event last, and the one PE that a driver is about to send an event for."""

    queue: Annotated[Queue[Pe], Capacity(ERRORS)] = initially([])
    at: Var[Sending] = initially(Sending.IDLE, quiet=True)
    sends: Var[Pe | None] = initially(None, quiet=True)

    def under_way(self, pe: Pe) -> Value[bool]:
        """Whether an event that covers the PE is queued or about to be."""
        return is_above(self.sends, pe) | some(
            self.queue.contains(root) for root in domain(Pe) if pe in below(root)
        )

    def turn(self, step: Sending, pe: Pe) -> None:
        """The driver is at this step for this PE, and goes on to the next one."""
        when(step in program())
        when((self.at == step) & (self.sends == pe))
        last = step == program()[-1]
        self.at.next = Sending.IDLE if last else program()[-1]
        self.sends.next = None if last else pe


def program() -> list[Sending]:
    """The steps of __eeh_send_failure_event in this kernel, in program order."""
    if kernel.MARK == Mark.BEFORE_PUSH:
        return [Sending.MARK, Sending.PUSH]
    return [Sending.PUSH, Sending.MARK] if kernel.MARK == Mark.AFTER_PUSH else [Sending.PUSH]


# Fair: a driver polls its device, so that a frozen one is noticed, and no function stops half way.


@action(actor="driver", fair=WEAK, source="arch/powerpc/kernel/eeh.c:eeh_dev_check_failure")
def check_failure(pes: Pes, events: Events, pe: Pe, root: Pe) -> None:
    """eeh_dev_check_failure({pe})  // frozen: eeh_pe_mark_isolated({root})

    The topmost frozen PE is the one that is recovered.
    """
    when(root in (Pe.BUS, pe))
    when(events.at == Sending.IDLE)
    when(pes.edev[pe] & pes.frozen[pe] & ~pes.isolated[pe])
    if pe == Pe.CHILD:
        when((pes.frozen[Pe.BUS] & pes.linked[Pe.BUS]) == (root == Pe.BUS))
    for each in below(root):
        pes.isolated[each].next = pes.isolated[each] | pes.linked[each]
    events.at.next = program()[0]
    events.sends.next = root


@action(actor="driver", fair=WEAK, source="arch/powerpc/kernel/eeh_event.c:__eeh_send_failure_event")
def mark_recovering(pes: Pes, events: Events, pe: Pe) -> None:
    """eeh_pe_state_mark({pe}, EEH_PE_RECOVERING)"""
    events.turn(Sending.MARK, pe)
    marks(pes, pe)


@action(actor="driver", fair=WEAK, source="arch/powerpc/kernel/eeh_event.c:__eeh_send_failure_event")
def push(events: Events, pe: Pe) -> None:
    """list_add(&event->list, &eeh_eventlist)  // {pe}"""
    events.turn(Sending.PUSH, pe)
    events.queue.next = events.queue.push(pe)


def marks(pes: Pes, root: Pe) -> None:
    """EEH_PE_RECOVERING on the PE and what is below it."""
    for pe in below(root) if kernel.MARK_CHILDREN else [root]:
        pes.recovering[pe].next = pes.recovering[pe] | pes.linked[pe]
