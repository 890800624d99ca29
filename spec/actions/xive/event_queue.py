"""The way from a source to a CPU: the routing entry (EAS), the event on its way, the ring in memory (EQ).

A ring holds Linux interrupt numbers. Index and generation bit are not modelled: they tell valid from old
entries as long as the ring does not overflow, and an overflow is an evaluation error here. One priority, as
Linux uses.
"""

from explorer import *

from ..kernel.irqs import Cpu as Cpu
from .esb import SOURCES, Source

IN_FLIGHT = constant("in_flight", False)
"""Whether time passes between the change of P and the entry in the ring: the event is then in flight."""


SPARE = constant("spare", 1)
"""How many entries a ring has room for beyond one of each source: a source with two entries needs it."""


class Eas(State):
    """Where a source's events go. A masked entry drops them."""

    masked: Map[Source, bool] = initially(False)
    server: Map[Source, Cpu] = initially(lambda source: domain(Cpu)[0])


class EventQueue(State):
    """`ring` has room for one entry of each source and more. `raised`: the exception, if CPPR lets it."""

    ring: Map[Cpu, Annotated[Queue[Source], Capacity(SOURCES + SPARE)]] = initially([])
    in_flight: Map[Source, bool] = initially(False)
    raised: Map[Cpu, bool] = initially(False, quiet=True)

    def send(self, eas: Eas, source: Source, sent: Value[bool]) -> None:
        """Send an event of the source on, where `sent` says that there is one."""
        if IN_FLIGHT:
            self.in_flight[source].next = self.in_flight[source] | sent
        else:
            self.enqueue(eas, source, sent)

    def enqueue(self, eas: Eas, source: Source, sent: Value[bool]) -> None:
        """The event is at the EAS: an entry and an exception for the CPU, or nothing if it is masked."""
        cpu = eas.server[source]
        arrives = sent & ~eas.masked[source]
        self.ring[cpu].next = ite(arrives, self.ring[cpu].push(source), self.ring[cpu])
        self.raised[cpu].next = self.raised[cpu] | arrives

    def entries(self, source: Source) -> Value[int]:
        """How many entries of the source the rings hold."""
        places = [(self.ring[cpu], i) for cpu in Cpu for i in range(SOURCES + SPARE)]
        return count((ring.length > i) & (ring[i] == source) for ring, i in places)

    def holds(self, source: Source) -> Value[bool]:
        """Whether an entry of the source is in some ring."""
        return some(self.ring[cpu].contains(source) for cpu in Cpu)


@action(actor="XIVE", fair=WEAK)
def route(queue: EventQueue, eas: Eas, source: Source) -> None:
    """{source} reaches its EAS

    Fair: an event does not stay on its way.
    """
    when(IN_FLIGHT)
    when(queue.in_flight[source])
    queue.in_flight[source].next = False
    queue.enqueue(eas, source, queue.in_flight[source])
