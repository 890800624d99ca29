"""`struct irq_desc`, and what handle_fasteoi_irq does to it, for any interrupt chip.

A component derives from `IrqDescriptors` and says where its owner is; its actions call the sections below and
what their chip does beside them. Each section is what the kernel does under desc.lock at once.
"""

from explorer import *

from .irqs import Source


class IrqDescriptors(State, base=True):
    """Of each interrupt: whether somebody holds desc.lock longer than a step; IRQD_IRQ_INPROGRESS and
    _DISABLED; `resend` is IRQS_PENDING, an interrupt that came and could not be handled.
    """

    locked: Map[Source, bool] = initially(False, quiet=True)
    inprogress: Map[Source, bool] = initially(False)
    disabled: Map[Source, bool] = initially(False)
    resend: Map[Source, bool] = initially(False)

    def exists(self, source: Source) -> Value[bool]:
        """Whether irq_to_desc finds it. A component that frees descriptors says when."""
        return every(())

    def begins(self, source: Source) -> None:
        """handle_irq_event: an interrupt that is enabled and in progress nowhere goes to its handler."""
        when(self.exists(source) & ~self.locked[source])
        when(~self.disabled[source] & ~self.inprogress[source])
        self.inprogress[source].next = True
        self.resend[source].next = False

    def refuses(self, source: Source) -> None:
        """irq_may_run fails: the interrupt is in progress on another CPU. What becomes of it is the caller's
        business: `resend[source].next = True`, or nothing.
        """
        when(self.exists(source) & ~self.locked[source])
        when(self.inprogress[source])

    def ends(self, source: Source) -> None:
        """The end of handle_irq_event: the handlers have run."""
        when(~self.locked[source])
        self.inprogress[source].next = False
