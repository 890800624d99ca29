"""Soft masking of interrupts on 64-bit Book3S (arch/powerpc/kernel/irq.c): local_irq_disable sets a flag in
the PACA, an interrupt that comes meanwhile is latched in irq_happened, and local_irq_enable replays it.
"""

from explorer import *

from .irqs import Cpu


class SoftMask(State):
    """`disabled` is IRQS_DISABLED in irq_soft_mask; `latched` is one bit of irq_happened."""

    disabled: Map[Cpu, bool] = initially(False)
    latched: Map[Cpu, bool] = initially(False)

    def disable(self, cpu: Cpu) -> None:
        """local_irq_disable"""
        when(~self.disabled[cpu])
        self.disabled[cpu].next = True

    def latch(self, cpu: Cpu) -> None:
        """The masked interrupt handler: the interrupt is noted, and its exception is over."""
        when(self.disabled[cpu])
        self.latched[cpu].next = True

    def enable(self, cpu: Cpu) -> Value[bool]:
        """arch_local_irq_restore. Whether an interrupt is replayed now: the caller runs its handler."""
        when(self.disabled[cpu])
        self.disabled[cpu].next = False
        self.latched[cpu].next = False
        return self.latched[cpu]
