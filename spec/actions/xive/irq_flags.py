"""What must hold of P, saved_p and stale_p, where nobody but the irq_chip touches the ESB of an interrupt."""

from explorer import *

from .esb import PQ, Esb, Source
from .event_queue import EventQueue
from .irq_chip import NO_EOI, XiveIrq
from .irq_desc import Descriptors
from .irq_properties import ending, outstanding
from .presentation import Presenter


@invariant
def flag_truth(
    presenter: Presenter, descriptors: Descriptors, chip: XiveIrq, esb: Esb, queue: EventQueue, source: Source
) -> Value[bool]:
    """S2: where desc.lock is free, the flags and P show an event that is outstanding."""
    readable = descriptors.exists(source) & ~descriptors.locked[source] & ~chip.forwarded[source]
    return implies(readable & outstanding(queue, presenter, source), chip.claims(esb, source))


@invariant
def no_dead_source(
    presenter: Presenter, descriptors: Descriptors, chip: XiveIrq, esb: Esb, queue: EventQueue, source: Source
) -> Value[bool]:
    """A source that is to deliver has P at 1 only while somebody will end its event."""
    elsewhere = chip.forwarded[source] | esb.all_ones[source]
    delivers = descriptors.requested(source) & ~descriptors.disabled[source] & ~elsewhere & (not NO_EOI)
    ended = outstanding(queue, presenter, source) | ending(presenter, source)
    return implies(delivers & (esb.pq[source] == PQ.PENDING), ended)


@invariant
def mask_truth(descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> Value[bool]:
    """Where desc.lock is free, IRQD_IRQ_MASKED says whether the source is off."""
    elsewhere = chip.forwarded[source] | esb.all_ones[source]
    readable = descriptors.exists(source) & descriptors.started[source] & ~descriptors.locked[source]
    return implies(readable & ~elsewhere, descriptors.masked[source] == (esb.pq[source] == PQ.OFF))


@step_invariant
def no_blind_unmask(descriptors: Descriptors, esb: Esb, queue: EventQueue, source: Source) -> Value[bool]:
    """S5: no interrupt is unmasked to 00 while its entry is in a ring."""
    unmasked = descriptors.masked[source] & ~descriptors.masked[source].next
    return implies(unmasked & queue.holds(source), esb.pq[source].next != PQ.RESET)
