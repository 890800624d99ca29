"""The host of a passed-through MSI: host and guest kernel have their own flags, and share one ESB page.

The guest is what the shared modules model, with T as its vCPU. The host is told shortly: its CPU has one step
from the ring to the handler, and only KVM touches its interrupt.
"""

from explorer import *

from ..xive.esb import PQ, Esb, Source, p_bit
from ..xive.event_queue import Eas, EventQueue
from ..xive.irq_chip import set_pq_00_and_trigger
from ..xive.irq_desc import NO_AUTOEN, Descriptors, Use

HOST_EVENTS = constant("host_events", 2)


class Host(State):
    """`forwarded`: to the guest. `entries` are in the host's ring; `handled`: popped, and not ended."""

    events: Map[Source, Annotated[int, Range(0, HOST_EVENTS)]] = initially(0, quiet=True)
    forwarded: Map[Source, bool] = initially(False)
    entries: Map[Source, Annotated[int, Range(0, 2)]] = initially(0)
    handled: Map[Source, bool] = initially(False)
    host_saved_p: Map[Source, bool] = initially(False)
    host_stale_p: Map[Source, bool] = initially(False)

    def deliver(self, queue: EventQueue, eas: Eas, source: Source, sent: Value[bool]) -> None:
        """An event goes to the guest's ring or to the host's."""
        queue.send(eas, source, sent & self.forwarded[source])
        self.entries[source].next = self.entries[source] + ite(sent & ~self.forwarded[source], 1, 0)


@action(actor="device")
def interrupt(host: Host, esb: Esb, queue: EventQueue, eas: Eas, source: Source) -> None:
    """triggers {source}"""
    when(host.events[source] < HOST_EVENTS)
    host.events[source].next = host.events[source] + 1
    host.deliver(queue, eas, source, esb.trigger(source))


@action(actor="host", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_get_irq")
def host_handles(host: Host, source: Source) -> None:
    """xive_get_irq() == {source}; handle_irq_event()"""
    when((host.entries[source] > 0) & ~host.handled[source])
    host.entries[source].next = host.entries[source] - 1
    host.handled[source].next = True


@action(actor="host", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_irq_eoi")
def host_ends(host: Host, esb: Esb, source: Source) -> None:
    """xive_irq_eoi({source})  // forwarded: {host.forwarded[source]}"""
    when(host.handled[source])
    host.handled[source].next = False
    host.host_saved_p[source].next = False
    host.host_stale_p[source].next = host.forwarded[source]
    sent = set_pq_00_and_trigger(esb, source, ~host.forwarded[source])
    host.entries[source].next = host.entries[source] + ite(sent, 1, 0)


@action(actor="KVM", source="arch/powerpc/sysdev/xive/common.c:xive_irq_set_vcpu_affinity")
def pass_through(host: Host, esb: Esb, source: Source) -> None:
    """xive_irq_set_vcpu_affinity({source}, state)  // SET_PQ_10: P raised, so that nothing is sent before the
    guest is ready
    """
    when(~host.forwarded[source])
    stale = host.host_stale_p[source]
    entry = (stale & host.host_saved_p[source]) | (~stale & esb.p(source))
    host.forwarded[source].next = True
    host.host_saved_p[source].next = entry
    host.host_stale_p[source].next = stale | ~entry
    esb.swap(source, ite(entry, PQ.QUEUED, PQ.PENDING))


@action(actor="driver", source="kernel/irq/manage.c:request_threaded_irq")
def request_irq(host: Host, descriptors: Descriptors, source: Source) -> None:
    """request_irq({source})  // irq_set_status_flags({source}, IRQ_NOAUTOEN) before, in the guest"""
    when(NO_AUTOEN)
    when((descriptors.use[source] == Use.MAPPED) & host.forwarded[source])
    descriptors.use[source].next = Use.REQUESTED


@action(actor="KVM", source="arch/powerpc/kvm/book3s_xive.c:kvmppc_xive_clr_mapped")
def take_back(host: Host, descriptors: Descriptors, esb: Esb, source: Source) -> None:
    """SET_PQ_10; xive_irq_set_vcpu_affinity({source}, NULL)  // the guest has freed it"""
    when(host.forwarded[source] & ~descriptors.exists(source))
    host.forwarded[source].next = False
    ends = ~host.host_saved_p[source]
    host.host_stale_p[source].next = host.host_stale_p[source] & ~ends
    esb.swap(source, ite(ends, PQ.RESET, PQ.PENDING))


@invariant
def host_flag_truth(host: Host, esb: Esb, source: Source) -> Value[bool]:
    """What the host has outstanding, its flags and P show, where the interrupt is the host's."""
    outstanding = (host.entries[source] > 0) | host.handled[source]
    claims = ~host.host_stale_p[source] & (host.host_saved_p[source] | esb.p(source))
    return implies(outstanding & ~host.forwarded[source], claims)


@invariant
def no_dead_host_source(host: Host, esb: Esb, source: Source) -> Value[bool]:
    """A source that is the host's can deliver, or the host will end its event."""
    outstanding = (host.entries[source] > 0) | host.handled[source]
    pq = esb.pq[source]
    return implies(~host.forwarded[source], (pq == PQ.RESET) | (p_bit(pq) & outstanding))


@invariant
def one_host_entry(host: Host, source: Source) -> Value[bool]:
    """The host's ring holds at most one entry of a source, its handler included."""
    return host.entries[source] + ite(host.handled[source], 1, 0) <= 1
