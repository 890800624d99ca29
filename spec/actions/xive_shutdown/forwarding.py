"""KVM takes an interrupt for a guest and gives it back, `xive_irq_set_vcpu_affinity`, under desc.lock.

In between P stays 1, as both sides agree, so that no event goes out; what the guest does is not modelled.
"""

from explorer import *

from ..xive.esb import PQ, Esb, Source
from ..xive.event_queue import Eas, EventQueue
from ..xive.irq_chip import XiveIrq
from ..xive.irq_desc import Descriptors

FORWARDS = constant("forwards", 0)


class Forwarding(State):
    """How often KVM has taken each: at most `forwards` times, for giving back may send an event again."""

    forwards: Map[Source, Annotated[int, Range(0, FORWARDS)]] = initially(0, quiet=True)


@action(actor="KVM", source="arch/powerpc/sysdev/xive/common.c:xive_irq_set_vcpu_affinity")
def forward(
    forwarding: Forwarding, descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source
) -> None:
    """xive_irq_set_vcpu_affinity({source}, state)  // SET_PQ_10"""
    when(forwarding.forwards[source] < FORWARDS)
    when(descriptors.requested(source) & ~chip.forwarded[source])
    forwarding.forwards[source].next = forwarding.forwards[source] + 1
    stale, saved = chip.stale_p[source], chip.saved_p[source]
    entry = (stale & saved) | (~stale & esb.p(source))
    chip.forwarded[source].next = True
    saved.next = entry
    chip.set_stale(source, stale | ~entry)
    esb.swap(source, ite(entry, PQ.QUEUED, PQ.PENDING))


@action(actor="KVM", source="arch/powerpc/sysdev/xive/common.c:xive_irq_set_vcpu_affinity")
def give_back(
    descriptors: Descriptors, chip: XiveIrq, esb: Esb, queue: EventQueue, eas: Eas, source: Source
) -> None:
    """xive_irq_set_vcpu_affinity({source}, NULL)"""
    when(FORWARDS > 0)
    when(descriptors.requested(source) & chip.forwarded[source])
    chip.forwarded[source].next = False
    queue.send(eas, source, chip.source_eoi(esb, source, ~chip.saved_p[source]))
