"""A GICv3 LPI: an edge interrupt without a pending state of its own line and, as built, without an active
state. It is pending at a redistributor, that of the CPU it was routed to when it came.
"""

from explorer import *
from explorer.library.kernel.irqs import Cpu, Source

ACTIVE_STATE = constant("active_state", False)
"""What an LPI has not: while a CPU handles it, it is delivered nowhere, as with an SPI."""


class Lpi(State):
    """`pending` at a redistributor; several before it is taken are one. `route` is the target of the ITS."""

    pending: Map[Source, Map[Cpu, bool]] = initially(False)
    route: Map[Source, Cpu] = initially(lambda source: domain(Cpu)[0])
    active: Map[Source, bool] = initially(False, quiet=True)

    def trigger(self, source: Source, comes: bool | Value[bool]) -> None:
        """The device writes to the ITS, or software does (INT), where it `comes`: pending where it is routed
        to.
        """
        for cpu in domain(Cpu):
            here = (self.route[source] == cpu) & comes
            self.pending[source][cpu].next = self.pending[source][cpu] | here

    def acknowledge(self, source: Source, cpu: Cpu) -> None:
        """A read of ICC_IAR1: the interrupt is no longer pending."""
        when(self.pending[source][cpu])
        when(~self.active[source])
        self.pending[source][cpu].next = False
        if ACTIVE_STATE:
            self.active[source].next = True

    def eoi(self, source: Source) -> None:
        """A write of ICC_EOIR1."""
        if ACTIVE_STATE:
            self.active[source].next = False
