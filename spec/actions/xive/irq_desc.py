"""Linux's interrupt descriptor and its owner: disable_irq, enable_irq, free_irq with synchronize_irq.

The chip is XIVE. A section under desc.lock is several steps only where something can come in between.
"""

import enum

from explorer import *

from ..kernel.irq_desc import IrqDescriptors
from .esb import Esb, Source
from .event_queue import Eas, EventQueue
from .irq_chip import XiveIrq


class Disable(enum.Enum):
    """disable_irq: is not called; lazy, so that the interrupt is masked when it next comes; masks at once."""

    NEVER = "never"
    LAZY = "lazy"
    UNLAZY = "unlazy"


DISABLE = constant("disable", Disable.LAZY)
"""XIVE has no irq_disable, and nothing on powerpc sets IRQ_DISABLE_UNLAZY: lazy, unless a driver asks."""

RESEND = constant("resend", True)
"""enable_irq resends what came while it was disabled (check_irq_resend). False: it knows of nothing."""

POLL_LOCKED = constant("poll_locked", True)
"""__synchronize_hardirq asks the chip under desc.lock."""

DRIVER_FREES = constant("driver_frees", True)
"""Whether free_irq is a free choice of the owner. Otherwise another module begins it, with `begin_free`."""

NO_AUTOEN = constant("no_autoen", False)
"""IRQ_NOAUTOEN: request_irq is to come, and starts nothing; the first enable_irq does. False: all is done."""


ONESHOT = constant("oneshot", False)
"""IRQS_ONESHOT: the handler is a thread, and the interrupt stays masked until it has run (irq_thread.py)."""


class Thread(enum.Enum):
    """A handler's thread. WOKEN, and AGAIN while it runs, are IRQTF_RUNTHREAD; all but ASLEEP are its bit of
    threads_oneshot."""

    ASLEEP, WOKEN, RUNS, AGAIN = range(4)


class Use(enum.Enum):
    """What the owner of the interrupt does with it."""

    MAPPED, REQUESTED, RESEND, SHUTDOWN, SYNCHRONIZE, DISPOSE, FREED = range(7)


class Descriptors(IrqDescriptors):
    """`struct irq_desc`; `use` is where its owner is. `masked`, `started`: IRQD_IRQ_MASKED and _STARTED."""

    disabled: Map[Source, bool] = initially(NO_AUTOEN)
    masked: Map[Source, bool] = initially(NO_AUTOEN)
    use: Map[Source, Use] = initially(lambda source: Use.MAPPED if NO_AUTOEN else Use.REQUESTED, quiet=True)
    started: Map[Source, bool] = initially(lambda source: not NO_AUTOEN)
    thread: Map[Source, Thread] = initially(Thread.ASLEEP, quiet=True)

    def exists(self, source: Source) -> Value[bool]:
        """Whether irq_to_desc finds it."""
        return self.use[source] != Use.FREED

    def requested(self, source: Source) -> Value[bool]:
        """Whether its owner may begin something: the interrupt is requested, desc.lock free."""
        return (self.use[source] == Use.REQUESTED) & ~self.locked[source]

    def idle(self, source: Source) -> Value[bool]:
        """Whether __synchronize_hardirq asks the chip: no handler runs, desc.lock is free or need not."""
        return ~self.inprogress[source] & (~self.locked[source] | (not POLL_LOCKED))

    def wake_thread(self, source: Source) -> None:
        """What the primary handler does (IRQ_WAKE_THREAD), where the handler is a thread."""
        if ONESHOT:
            thread = self.thread[source]
            runs = (thread == Thread.RUNS) | (thread == Thread.AGAIN)
            thread.next = ite(runs, Thread.AGAIN, Thread.WOKEN)

    def begin_resend(self, source: Source) -> None:
        """The end of irq_startup: desc.lock is kept for check_irq_resend, where IRQS_PENDING is set.

        IRQS_REPLAY is not modelled: handle_fasteoi_irq clears it before it can set IRQS_PENDING.
        """
        if RESEND:
            self.locked[source].next = self.resend[source]
            self.use[source].next = ite(self.resend[source], Use.RESEND, Use.REQUESTED)

    def synchronizes(self, source: Source) -> Value[bool]:
        """Whether free_irq asks the chip just now whether the interrupt is outstanding."""
        return (self.use[source] == Use.SYNCHRONIZE) & self.idle(source)


# The owner. Using the interrupt, disabling, enabling and freeing it are free choices; what is begun is ended.


@action(actor="driver", source="kernel/irq/manage.c:disable_irq_nosync")
def disable_irq(descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> None:
    """disable_irq_nosync({source})"""
    when(DISABLE != Disable.NEVER)
    when(descriptors.requested(source))
    when(~descriptors.disabled[source])
    descriptors.disabled[source].next = True
    if DISABLE == Disable.UNLAZY:
        descriptors.masked[source].next = True
        chip.mask(esb, source)


@action(actor="driver", source="kernel/irq/manage.c:enable_irq")
def enable_irq(descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> None:
    """enable_irq({source})"""
    when(DISABLE != Disable.NEVER)
    when(descriptors.requested(source) & descriptors.started[source])
    when(descriptors.disabled[source] & descriptors.masked[source])
    descriptors.disabled[source].next = False
    descriptors.masked[source].next = False
    chip.unmask(esb, source)
    descriptors.begin_resend(source)


@action(actor="driver", source="arch/powerpc/sysdev/xive/common.c:xive_irq_startup")
def startup(descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> None:
    """xive_irq_startup()  // enable_irq({source})"""
    when(NO_AUTOEN)
    when(descriptors.requested(source) & ~descriptors.started[source])
    descriptors.started[source].next = True
    descriptors.disabled[source].next = False
    descriptors.masked[source].next = False
    chip.unmask(esb, source)
    descriptors.begin_resend(source)


@action(actor="driver", source="kernel/irq/chip.c:irq_enable")
def enable_unmasked(descriptors: Descriptors, source: Source) -> None:
    """enable_irq({source})  // not masked: the chip is not asked"""
    when(DISABLE == Disable.LAZY)
    when(descriptors.requested(source))
    when(descriptors.disabled[source] & ~descriptors.masked[source])
    descriptors.disabled[source].next = False
    descriptors.begin_resend(source)


@action(actor="driver", fair=WEAK, source="kernel/irq/resend.c:check_irq_resend")
def resend(
    descriptors: Descriptors, chip: XiveIrq, esb: Esb, queue: EventQueue, eas: Eas, source: Source
) -> None:
    """xive_irq_retrigger({source})  // SET_PQ_11, then xive_do_source_eoi"""
    when(RESEND and DISABLE != Disable.NEVER)
    when((descriptors.use[source] == Use.RESEND) & descriptors.resend[source])
    queue.send(eas, source, chip.retrigger(esb, source))
    descriptors.resend[source].next = False
    descriptors.locked[source].next = False
    descriptors.use[source].next = Use.REQUESTED


@action(actor="driver", source="kernel/irq/manage.c:__free_irq")
def free_irq(descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> None:
    """xive_irq_shutdown()  // free_irq({source}) has unlinked the action"""
    when(DRIVER_FREES)
    when(~chip.forwarded[source])
    begin_free(descriptors, chip, esb, source)


def begin_free(descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> None:
    """The first part of __free_irq: desc.lock is taken, the source masked."""
    when(descriptors.requested(source) & descriptors.started[source])
    descriptors.locked[source].next = True
    chip.shutdown(esb, source)
    descriptors.use[source].next = Use.SHUTDOWN


@action(actor="driver", source="kernel/irq/manage.c:__free_irq")
def free_unstarted(descriptors: Descriptors, source: Source) -> None:
    """free_irq({source})  // not started: irq_shutdown does nothing"""
    when(NO_AUTOEN)
    when(descriptors.requested(source) & ~descriptors.started[source])
    descriptors.use[source].next = Use.SYNCHRONIZE


@action(actor="driver", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_irq_shutdown")
def mask_eas(descriptors: Descriptors, eas: Eas, source: Source) -> None:
    """configure_irq(0xff, XIVE_BAD_IRQ)  // the EAS of {source} is masked"""
    when(descriptors.use[source] == Use.SHUTDOWN)
    eas.masked[source].next = True
    descriptors.disabled[source].next = True
    descriptors.masked[source].next = True
    descriptors.locked[source].next = False
    descriptors.use[source].next = Use.SYNCHRONIZE


@action(actor="driver", fair=WEAK, source="kernel/irq/manage.c:__synchronize_hardirq")
def synchronize(descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> None:
    """__synchronize_hardirq({source})  // not in progress, not active in the chip"""
    when(descriptors.synchronizes(source))
    when(~chip.active(esb, source, descriptors.disabled[source]))
    descriptors.use[source].next = Use.DISPOSE


@action(actor="driver", fair=WEAK, source="kernel/irq/irqdomain.c:irq_domain_disassociate")
def dispose(descriptors: Descriptors, source: Source) -> None:
    """irq_dispose_mapping({source})  // no descriptor any more"""
    when(descriptors.use[source] == Use.DISPOSE)
    when(~descriptors.locked[source])
    when(descriptors.thread[source] == Thread.ASLEEP)
    descriptors.use[source].next = Use.FREED
