"""Linux's XIVE irq_chip: what each callback does to the ESB, and to an interrupt's `saved_p` and `stale_p`.

The defaults are 5.4 with commit da15c03b047d; the constants make 5.3 and others. Callers hold desc.lock.
"""

import enum

from explorer import *

from .esb import PQ, Esb, Source


class Callback(enum.Enum):
    """xive_get_irqchip_state: absent (5.3); P alone; as released; as mended in 2021 (without all ones, and P
    of a disabled one).
    """

    ABSENT = "absent"
    P_ONLY = "p_only"
    RELEASED = "released"
    MENDED = "mended"


CALLBACK = constant("callback", Callback.RELEASED)

STALE_P = constant("stale_p", True)
"""Whether there is a flag `stale_p`."""

MASK_KEEPS = constant("mask_keeps_saved_p", True)
"""Masking never clears saved_p; in 5.3 it becomes the P that SET_PQ_01 returns."""

SHUTDOWN_KEEPS = constant("shutdown_keeps_saved_p", True)
"""xive_irq_shutdown keeps saved_p; 5.3 clears it."""

EOI_SETS = constant("eoi_sets_stale_p", True)
"""An EOI that leaves the source alone notes that P is stale."""

EOI_CLEARS = constant("eoi_clears_stale_p", True)
"""A source EOI notes that P is to be trusted again."""

NO_EOI = constant("no_eoi", False)
"""XIVE_IRQ_NO_EOI: the source is never ended, as with escalation interrupts. P stays 1 after the first event.
"""


def set_pq_00_and_trigger(esb: Esb, source: Source, ends: Value[bool]) -> Value[bool]:
    """How an MSI without StoreEOI is ended, where `ends`: SET_PQ_00, then a trigger where that returned Q.

    One step: a trigger between the two leaves the same bits and one event, too. Whether an event is sent.
    """
    queued = ends & esb.q(source)
    esb.swap(source, ite(queued, PQ.PENDING, ite(ends, PQ.RESET, esb.pq[source])))
    return queued & ~esb.all_ones[source]


class XiveIrq(State):
    """`saved_p`: an entry exists though P is 0. `stale_p`: none though P is 1. `forwarded`: to a guest."""

    saved_p: Map[Source, bool] = initially(False)
    stale_p: Map[Source, bool] = initially(False)
    forwarded: Map[Source, bool] = initially(False, quiet=True)

    def set_stale(self, source: Source, stale: bool | Value[bool]) -> None:
        if STALE_P:
            self.stale_p[source].next = stale

    def mask(self, esb: Esb, source: Source) -> None:
        """xive_do_source_set_mask(true)"""
        p = esb.p(source)
        self.saved_p[source].next = self.saved_p[source] | (~self.stale_p[source] & p) if MASK_KEEPS else p
        self.set_stale(source, False)
        esb.swap(source, PQ.OFF)

    def unmask(self, esb: Esb, source: Source) -> None:
        """xive_do_source_set_mask(false)"""
        saved = self.saved_p[source]
        esb.swap(source, ite(saved, PQ.PENDING, PQ.RESET))
        if MASK_KEEPS:
            saved.next = False
        self.set_stale(source, self.stale_p[source] & saved)

    def shutdown(self, esb: Esb, source: Source) -> None:
        """xive_irq_shutdown, up to the EAS"""
        if SHUTDOWN_KEEPS:
            self.mask(esb, source)
            return
        self.saved_p[source].next = False
        self.set_stale(source, False)
        esb.swap(source, PQ.OFF)

    def source_eoi(self, esb: Esb, source: Source, ends: Value[bool]) -> Value[bool]:
        """xive_do_source_eoi, where `ends`. Whether an event is sent."""
        if EOI_CLEARS:
            self.set_stale(source, self.stale_p[source] & ~ends)
        return set_pq_00_and_trigger(esb, source, ends)

    def retrigger(self, esb: Esb, source: Source) -> Value[bool]:
        """xive_irq_retrigger: SET_PQ_11, then a source EOI, which finds Q set. Whether an event is sent."""
        if EOI_CLEARS:
            self.set_stale(source, False)
        esb.swap(source, PQ.PENDING)
        return ~esb.all_ones[source]

    def eoi(self, esb: Esb, source: Source, disabled: Value[bool]) -> Value[bool]:
        """xive_irq_eoi, up to the queue. Whether an event is sent."""
        ends = ~disabled & ~self.forwarded[source] & (not NO_EOI)
        stale = self.stale_p[source]
        self.set_stale(source, ite(ends, stale & (not EOI_CLEARS), stale | EOI_SETS))
        self.saved_p[source].next = False
        return set_pq_00_and_trigger(esb, source, ends)

    def claims(self, esb: Esb, source: Source) -> Value[bool]:
        """What the flags and P say: an event is outstanding."""
        return ~self.stale_p[source] & (self.saved_p[source] | esb.p(source))

    def active(self, esb: Esb, source: Source, disabled: Value[bool]) -> Value[bool]:
        """xive_get_irqchip_state(ACTIVE) as this kernel has it; without, free_irq waits for nothing."""
        if CALLBACK == Callback.ABSENT:
            return some(())
        if CALLBACK == Callback.P_ONLY:
            return esb.p(source)
        if CALLBACK == Callback.RELEASED:
            return self.claims(esb, source)
        counted = self.saved_p[source] | (esb.p(source) & ~disabled)
        return ~esb.all_ones[source] & ~self.stale_p[source] & counted
