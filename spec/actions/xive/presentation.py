"""Presentation: a CPU's priority (CPPR) and the way from the exception to a number, `xive_get_irq`.

What is done with the number is the business of other modules: they take over at POPPED, and come back with
QUEUE_EOI. `pending_prio` is not modelled: with one priority, the ring itself says whether there is something.
"""

import enum

from explorer import *

from .esb import Esb, Source
from .event_queue import Cpu, Eas, EventQueue

EVENTS = constant("events", 2)


class Cppr(enum.Enum):
    """Which interrupts a CPU takes: none, those above the one in service (none, with one priority), all."""

    NONE = 0x00
    PRIORITY = 0x07
    ALL = 0xFF


class Step(enum.Enum):
    """What the CPU does next for an external interrupt."""

    IDLE, SCAN, POPPED, CHECKED, BODY, HANDLER, EOI, QUEUE_EOI, REPLAY = range(9)


class Presenter(State):
    """`irq` is the number that the CPU has popped and not yet ended: from the pop on, no ring shows it."""

    cppr: Map[Cpu, Cppr] = initially(Cppr.ALL)
    at: Map[Cpu, Step] = initially(Step.IDLE, quiet=True)
    irq: Map[Cpu, Source | None] = initially(None)

    def serves(self, cpu: Cpu, source: Source, step: Step) -> None:
        """The CPU is at this step of serving the source."""
        when(self.at[cpu] == step)
        when(self.irq[cpu] == source)

    def rests(self, cpu: Cpu) -> Value[bool]:
        """Whether the CPU serves no interrupt."""
        return self.at[cpu] == Step.IDLE


class Device(State):
    """How many events each source has had: at most `events`. Without an end, a CPU may never have done."""

    events: Map[Source, Annotated[int, Range(0, EVENTS)]] = initially(0, quiet=True)


@action(actor="device")
def trigger(device: Device, esb: Esb, queue: EventQueue, eas: Eas, source: Source) -> None:
    """triggers {source}"""
    when(device.events[source] < EVENTS)
    device.events[source].next = device.events[source] + 1
    queue.send(eas, source, esb.trigger(source))
    sends("XIVE", "trigger")


# Fair: an exception that stays enabled is taken, and no CPU stops in the middle of a function.


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/native.c:xive_native_update_pending")
def acknowledge(presenter: Presenter, queue: EventQueue, cpu: Cpu) -> None:
    """CPPR = 7  // TM_SPC_ACK_HV_REG"""
    exception = (presenter.at[cpu] == Step.IDLE) & (presenter.cppr[cpu] == Cppr.ALL) & queue.raised[cpu]
    when(exception | (presenter.at[cpu] == Step.REPLAY))
    queue.raised[cpu].next = False
    presenter.cppr[cpu].next = Cppr.PRIORITY
    presenter.at[cpu].next = Step.SCAN


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_scan_interrupts")
def pop(presenter: Presenter, queue: EventQueue, cpu: Cpu, source: Source) -> None:
    """xive_read_eq() == {source}"""
    when(presenter.at[cpu] == Step.SCAN)
    when(~queue.ring[cpu].empty)
    when(queue.ring[cpu].head == source)
    queue.ring[cpu].next = queue.ring[cpu].pop()
    presenter.irq[cpu].next = source
    presenter.at[cpu].next = Step.POPPED


@action(
    actor="cpu", fair=WEAK, defensive=True, source="arch/powerpc/sysdev/xive/common.c:xive_scan_interrupts"
)
def scan_empty(presenter: Presenter, queue: EventQueue, cpu: Cpu) -> None:
    """CPPR = 0xff  // nothing in the queue"""
    when(presenter.at[cpu] == Step.SCAN)
    when(queue.ring[cpu].empty)
    presenter.cppr[cpu].next = Cppr.ALL
    presenter.at[cpu].next = Step.IDLE


def queue_eoi(presenter: Presenter, queue: EventQueue, cpu: Cpu) -> None:
    """The end of xive_irq_eoi: peek. An empty ring lowers the CPPR, another entry is replayed."""
    presenter.irq[cpu].next = None
    presenter.cppr[cpu].next = ite(queue.ring[cpu].empty, Cppr.ALL, presenter.cppr[cpu])
    presenter.at[cpu].next = ite(queue.ring[cpu].empty, Step.IDLE, Step.REPLAY)
