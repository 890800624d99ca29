"""The event state buffer: bits P and Q of each source, and what triggers, EOIs and loads do to them.

As in QEMU's hw/intc/xive.c (xive_esb_trigger, xive_esb_eoi), which follows the hardware manual. Knows nothing
of queues: whoever triggers or ends an interrupt sends the event on where these functions say so.
"""

import enum

from explorer import *

from ..kernel.irqs import SOURCES as SOURCES
from ..kernel.irqs import Source as Source


class PQ(enum.Enum):
    """P: an event is outstanding. Q: another one came since. 01 is off: triggers are dropped."""

    RESET = 0b00
    OFF = 0b01
    PENDING = 0b10
    QUEUED = 0b11


def p_bit(pq: Value[PQ]) -> Value[bool]:
    return (pq == PQ.PENDING) | (pq == PQ.QUEUED)


def q_bit(pq: Value[PQ]) -> Value[bool]:
    return (pq == PQ.OFF) | (pq == PQ.QUEUED)


def triggered(pq: Value[PQ]) -> Value[PQ]:
    """After a trigger. An event is sent on where the bits were RESET."""
    return ite(pq == PQ.RESET, PQ.PENDING, ite(pq == PQ.PENDING, PQ.QUEUED, pq))


def ended(pq: Value[PQ]) -> Value[PQ]:
    """After an EOI. An event is sent on where the bits were QUEUED."""
    return ite(pq == PQ.PENDING, PQ.RESET, ite(pq == PQ.QUEUED, PQ.PENDING, pq))


AT_FIRST = constant("pq", PQ.RESET)
"""The bits at first."""


class Esb(State):
    """`all_ones`: the page is disabled or its PHB in error; loads return all ones, nothing changes."""

    pq: Map[Source, PQ] = initially(AT_FIRST)
    all_ones: Map[Source, bool] = initially(False, quiet=True)

    def trigger(self, source: Source) -> Value[bool]:
        """A store to the trigger page, or the device. Whether an event is sent on."""
        pq = self.pq[source]
        pq.next = ite(self.all_ones[source], pq, triggered(pq))
        return ~self.all_ones[source] & (pq == PQ.RESET)

    def end(self, source: Source) -> Value[bool]:
        """The EOI cycle: a load at 0x000 or a store at 0x400. Whether a queued event is sent on."""
        pq = self.pq[source]
        pq.next = ite(self.all_ones[source], pq, ended(pq))
        return ~self.all_ones[source] & (pq == PQ.QUEUED)

    def swap(self, source: Source, value: PQ | Value[PQ]) -> None:
        """XIVE_ESB_SET_PQ_xx: the bits are replaced, no event is sent. The load returns `p` and `q`."""
        self.pq[source].next = ite(self.all_ones[source], self.pq[source], value)

    def p(self, source: Source) -> Value[bool]:
        """The P bit as a load shows it (XIVE_ESB_GET, or the old value of a swap)."""
        return self.all_ones[source] | p_bit(self.pq[source])

    def q(self, source: Source) -> Value[bool]:
        """The Q bit as a load shows it."""
        return self.all_ones[source] | q_bit(self.pq[source])
