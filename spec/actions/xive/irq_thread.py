"""A threaded handler (IRQS_ONESHOT): masked when it is taken, unmasked when the thread has run."""

from explorer import *

from .esb import Esb, Source
from .irq_chip import XiveIrq
from .irq_desc import ONESHOT, Descriptors, Thread

# Fair: a thread that is woken runs, and gets desc.lock in its turn.


@action(actor="thread", fair=WEAK, source="kernel/irq/manage.c:irq_thread_fn")
def run_thread(descriptors: Descriptors, source: Source) -> None:
    """thread_fn({source})  // IRQTF_RUNTHREAD cleared"""
    when(ONESHOT)
    when(descriptors.thread[source] == Thread.WOKEN)
    descriptors.thread[source].next = Thread.RUNS


@action(actor="thread", fair=STRONG, source="kernel/irq/manage.c:irq_finalize_oneshot")
def finalize_oneshot(descriptors: Descriptors, chip: XiveIrq, esb: Esb, source: Source) -> None:
    """unmask_threaded_irq({source})"""
    when(finalizes(descriptors, source))
    when(descriptors.thread[source] == Thread.RUNS)
    when(~descriptors.disabled[source] & descriptors.masked[source])
    descriptors.thread[source].next = Thread.ASLEEP
    descriptors.masked[source].next = False
    chip.unmask(esb, source)


@action(actor="thread", fair=STRONG, source="kernel/irq/manage.c:irq_finalize_oneshot")
def finalize_unmasked(descriptors: Descriptors, source: Source) -> None:
    """threads_oneshot cleared  // {source} is disabled, or unmasked already: not unmasked"""
    when(finalizes(descriptors, source))
    when(descriptors.thread[source] == Thread.RUNS)
    when(descriptors.disabled[source] | ~descriptors.masked[source])
    descriptors.thread[source].next = Thread.ASLEEP


@action(actor="thread", fair=STRONG, source="kernel/irq/manage.c:irq_finalize_oneshot")
def run_again(descriptors: Descriptors, source: Source) -> None:
    """IRQTF_RUNTHREAD is set  // once more, {source} stays as it is"""
    when(finalizes(descriptors, source))
    when(descriptors.thread[source] == Thread.AGAIN)
    descriptors.thread[source].next = Thread.WOKEN


def finalizes(descriptors: Descriptors, source: Source) -> Value[bool]:
    """Whether a thread that has run gets desc.lock, and no handler is in progress."""
    return ~descriptors.inprogress[source] & ~descriptors.locked[source] & ONESHOT
