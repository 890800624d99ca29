"""The guest's driver at its probe: the MSI is requested, not enabled, and none must be in flight."""

import enum

from explorer import *

from ..xive.esb import Esb, Source
from ..xive.event_queue import EventQueue
from ..xive.irq_chip import XiveIrq
from ..xive.irq_desc import Descriptors
from ..xive.irq_properties import ending, outstanding
from ..xive.presentation import Presenter


class Call(enum.Enum):
    """Of synchronize_irq."""

    BEFORE, WITHIN, DONE = range(3)


class Probe(State):
    """Where the driver's synchronize_irq is. It is called once, at any time before free_irq."""

    call: Map[Source, Call] = initially(Call.BEFORE)


@action(actor="driver", source="kernel/irq/manage.c:synchronize_irq")
def synchronize_irq(probe: Probe, descriptors: Descriptors, source: Source) -> None:
    """synchronize_irq({source})"""
    when(probe.call[source] == Call.BEFORE)
    when(descriptors.requested(source))
    probe.call[source].next = Call.WITHIN


@action(actor="driver", fair=WEAK, source="kernel/irq/manage.c:__synchronize_hardirq")
def synchronized(probe: Probe, descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> None:
    """__synchronize_hardirq({source})  // not in progress, not active in the chip: synchronize_irq returns"""
    when(probe.call[source] == Call.WITHIN)
    when(descriptors.idle(source) & ~chip.active(esb, source, descriptors.disabled[source]))
    probe.call[source].next = Call.DONE


@invariant
def no_endless_probe(
    probe: Probe,
    presenter: Presenter,
    descriptors: Descriptors,
    chip: XiveIrq,
    esb: Esb,
    queue: EventQueue,
    source: Source,
) -> Value[bool]:
    """synchronize_irq waits only for something that the guest has outstanding."""
    waits = (probe.call[source] == Call.WITHIN) & descriptors.idle(source)
    nothing = ~outstanding(queue, presenter, source) & ~ending(presenter, source)
    return implies(waits & nothing, ~chip.active(esb, source, descriptors.disabled[source]))


@step_invariant
def no_early_return(probe: Probe, presenter: Presenter, queue: EventQueue, source: Source) -> Value[bool]:
    """synchronize_irq returns only when nothing is outstanding or being ended."""
    returns = (probe.call[source] != Call.DONE) & (probe.call[source].next == Call.DONE)
    return implies(returns, ~outstanding(queue, presenter, source) & ~ending(presenter, source))


@temporal
def probe_ends(probe: Probe, source: Source) -> Formula:
    """synchronize_irq returns."""
    return leads_to(probe.call[source] == Call.WITHIN, probe.call[source] == Call.DONE)
