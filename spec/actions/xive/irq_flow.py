"""The fasteoi flow of a CPU that has popped an interrupt number, from generic_handle_irq to the chip's EOI.

Within a section under desc.lock only hardware can come in, and a poll that does without the lock.
"""

import enum

from explorer import *

from .esb import Esb, Source
from .event_queue import Cpu, Eas, EventQueue
from .irq_chip import XiveIrq
from .irq_desc import DISABLE, ONESHOT, RESEND, Descriptors, Disable
from .presentation import Presenter, Step, queue_eoi


class Drop(enum.Enum):
    """xive_scan_interrupts returns a number without descriptor (5.3), drops it at a pop, or at a peek too."""

    NEVER = "never"
    POPPED = "popped"
    PEEKED = "peeked"


DROP = constant("drop", Drop.POPPED)

BODY = constant("handler_body", False)
"""Whether another module models what the handler does: it takes over at BODY, comes back with HANDLER."""


def looked_up() -> Step:
    """The step behind which generic_handle_irq looks the descriptor up: 5.4 has looked once already."""
    return Step.POPPED if DROP == Drop.NEVER else Step.CHECKED


# Fair: no CPU stops in the middle of an interrupt. STRONG where desc.lock is taken and others may change
# meanwhile what will be found: the lock is a queue, so whoever waits for it gets it however often disable_irq
# and enable_irq take it.


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_scan_interrupts")
def check(descriptors: Descriptors, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """irq_to_desc({source})  // there: the scan returns it"""
    when(DROP != Drop.NEVER)
    presenter.serves(cpu, source, Step.POPPED)
    when(descriptors.exists(source))
    presenter.at[cpu].next = Step.CHECKED


@action(
    actor="cpu", fair=WEAK, defensive=True, source="arch/powerpc/sysdev/xive/common.c:xive_scan_interrupts"
)
def drop(descriptors: Descriptors, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """pr_crit("got interrupt {source} without descriptor, dropping")"""
    when(DROP != Drop.NEVER)
    presenter.serves(cpu, source, Step.POPPED)
    when(~descriptors.exists(source))
    presenter.irq[cpu].next = None
    presenter.at[cpu].next = Step.SCAN


@action(actor="cpu", fair=WEAK, defensive=True, source="kernel/irq/irqdesc.c:generic_handle_irq")
def no_descriptor(descriptors: Descriptors, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """generic_handle_irq({source})  // no descriptor: no EOI"""
    presenter.serves(cpu, source, looked_up())
    when(~descriptors.exists(source))
    presenter.irq[cpu].next = None
    presenter.at[cpu].next = Step.IDLE


@action(actor="cpu", fair=STRONG, source="kernel/irq/chip.c:handle_fasteoi_irq")
def handle(descriptors: Descriptors, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """handle_irq_event()  // IRQD_IRQ_INPROGRESS"""
    when(~masks_first(descriptors, source))
    begin_handler(descriptors, presenter, cpu, source)


@action(actor="cpu", fair=STRONG, source="kernel/irq/chip.c:handle_fasteoi_irq")
def mask_and_handle(
    descriptors: Descriptors, presenter: Presenter, chip: XiveIrq, esb: Esb, cpu: Cpu, source: Source
) -> None:
    """mask_irq(); handle_irq_event()  // IRQS_ONESHOT"""
    when(masks_first(descriptors, source))
    begin_handler(descriptors, presenter, cpu, source)
    descriptors.masked[source].next = True
    chip.mask(esb, source)


def masks_first(descriptors: Descriptors, source: Source) -> Value[bool]:
    """Whether handle_fasteoi_irq masks what it is about to handle."""
    return ~descriptors.masked[source] & ONESHOT


def begin_handler(descriptors: Descriptors, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """An interrupt that is enabled and in progress nowhere goes to its handler."""
    presenter.serves(cpu, source, looked_up())
    descriptors.begins(source)
    presenter.at[cpu].next = Step.BODY if BODY else Step.HANDLER


@action(actor="cpu", fair=STRONG, source="kernel/irq/chip.c:handle_fasteoi_irq")
def mask_irq(
    descriptors: Descriptors, presenter: Presenter, chip: XiveIrq, esb: Esb, cpu: Cpu, source: Source
) -> None:
    """mask_irq()  // disabled, or no action"""
    presenter.serves(cpu, source, looked_up())
    when(descriptors.exists(source) & ~descriptors.locked[source])
    when(DISABLE == Disable.LAZY)
    when(descriptors.disabled[source] & ~descriptors.masked[source] & ~descriptors.inprogress[source])
    descriptors.locked[source].next = True
    descriptors.resend[source].next = RESEND
    descriptors.masked[source].next = True
    chip.mask(esb, source)
    presenter.at[cpu].next = Step.EOI


@action(actor="cpu", fair=STRONG, source="kernel/irq/chip.c:handle_fasteoi_irq")
def skip(descriptors: Descriptors, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """raw_spin_lock(&desc->lock)  // in progress elsewhere; or no action or disabled, and masked already"""
    presenter.serves(cpu, source, looked_up())
    when(descriptors.exists(source) & ~descriptors.locked[source])
    inprogress, resend = descriptors.inprogress[source], descriptors.resend[source]
    when(inprogress | (descriptors.disabled[source] & descriptors.masked[source]))
    descriptors.locked[source].next = True
    resend.next = resend | (~inprogress & RESEND)
    presenter.at[cpu].next = Step.EOI


@action(actor="cpu", fair=WEAK, source="kernel/irq/handle.c:handle_irq_event")
def handled(descriptors: Descriptors, presenter: Presenter, cpu: Cpu, source: Source) -> None:
    """raw_spin_lock(&desc->lock)  // the handlers have run, IRQD_IRQ_INPROGRESS cleared"""
    presenter.serves(cpu, source, Step.HANDLER)
    descriptors.ends(source)
    descriptors.locked[source].next = True
    descriptors.wake_thread(source)
    presenter.at[cpu].next = Step.EOI


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_irq_eoi")
def eoi(
    descriptors: Descriptors,
    presenter: Presenter,
    chip: XiveIrq,
    esb: Esb,
    queue: EventQueue,
    eas: Eas,
    cpu: Cpu,
    source: Source,
) -> None:
    """xive_irq_eoi()"""
    presenter.serves(cpu, source, Step.EOI)
    queue.send(eas, source, chip.eoi(esb, source, descriptors.disabled[source]))
    presenter.at[cpu].next = Step.QUEUE_EOI


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_do_queue_eoi")
def do_queue_eoi(
    descriptors: Descriptors, presenter: Presenter, queue: EventQueue, cpu: Cpu, source: Source
) -> None:
    """xive_do_queue_eoi()"""
    presenter.serves(cpu, source, Step.QUEUE_EOI)
    when(~scans_for_ever(descriptors, queue, cpu))
    queue_eoi(presenter, queue, cpu)
    descriptors.locked[source].next = False


def scans_for_ever(descriptors: Descriptors, queue: EventQueue, cpu: Cpu) -> Value[bool]:
    """Whether a peek drops a number without descriptor: it does not advance, so it meets it again."""
    ring = queue.ring[cpu]
    sources = Source if DROP == Drop.PEEKED else ()
    return some(~ring.empty & (ring.head == source) & ~descriptors.exists(source) for source in sources)
