"""What must hold when an interrupt is freed: nobody pops it later, CPUs stay open, the wait for it ends."""

from explorer import *

from .esb import Esb, Source
from .event_queue import Cpu, EventQueue
from .irq_chip import XiveIrq
from .irq_desc import Descriptors, Use
from .irq_flow import looked_up, scans_for_ever
from .presentation import Cppr, Presenter, Step


def served(presenter: Presenter, source: Source, *steps: Step) -> Value[bool]:
    """Whether some CPU is at one of these steps of serving the source."""
    return some((presenter.irq[cpu] == source) & (presenter.at[cpu] == step) for cpu in Cpu for step in steps)


def outstanding(queue: EventQueue, presenter: Presenter, source: Source) -> Value[bool]:
    """An event of the source has left the ESB and is not ended: it is on its way, in a ring, or popped."""
    popped = served(presenter, source, Step.POPPED, Step.CHECKED, Step.BODY, Step.HANDLER)
    return queue.in_flight[source] | queue.holds(source) | popped


def ending(presenter: Presenter, source: Source) -> Value[bool]:
    """A CPU is within the EOI of the source, under its desc.lock."""
    return served(presenter, source, Step.EOI, Step.QUEUE_EOI)


@invariant
def no_stale_pop(presenter: Presenter, descriptors: Descriptors, cpu: Cpu, source: Source) -> Value[bool]:
    """S1: what a CPU has popped and not yet ended has a descriptor."""
    return implies(presenter.irq[cpu] == source, descriptors.exists(source))


@invariant
def one_entry(queue: EventQueue, source: Source) -> Value[bool]:
    """S3: the rings hold at most one entry of a source."""
    return queue.entries(source) <= 1


@invariant
def no_stuck_cppr(presenter: Presenter, cpu: Cpu) -> Value[bool]:
    """S4: a CPU that serves nothing and owes no EOI has an open CPPR."""
    return implies(presenter.at[cpu] == Step.IDLE, presenter.cppr[cpu] != Cppr.PRIORITY)


@step_invariant
def no_early_end(
    presenter: Presenter, descriptors: Descriptors, queue: EventQueue, source: Source
) -> Value[bool]:
    """free_irq goes on only when the interrupt is neither outstanding nor being ended."""
    goes_on = (descriptors.use[source] == Use.SYNCHRONIZE) & (descriptors.use[source].next == Use.DISPOSE)
    return implies(goes_on, ~outstanding(queue, presenter, source) & ~ending(presenter, source))


@step_invariant
def no_late_handler(descriptors: Descriptors, source: Source) -> Value[bool]:
    """No handler begins that is unlinked or disabled."""
    begins = ~descriptors.inprogress[source] & descriptors.inprogress[source].next
    return implies(begins, (descriptors.use[source] == Use.REQUESTED) & ~descriptors.disabled[source])


@step_invariant
def no_skipped_handler(
    presenter: Presenter, descriptors: Descriptors, cpu: Cpu, source: Source
) -> Value[bool]:
    """What is popped is handled, unless it is disabled or in progress elsewhere."""
    skipped = (presenter.at[cpu] == looked_up()) & (presenter.at[cpu].next == Step.EOI)
    return implies(
        skipped & (presenter.irq[cpu] == source),
        descriptors.disabled[source] | descriptors.inprogress[source],
    )


@step_invariant
def flags_under_lock(descriptors: Descriptors, source: Source) -> Value[bool]:
    """Flags of a descriptor that exists change while desc.lock is free, or by who holds it."""
    flags = (descriptors.disabled[source], descriptors.masked[source], descriptors.inprogress[source])
    shutdown = (descriptors.use[source] == Use.SHUTDOWN) & (descriptors.use[source].next == Use.SYNCHRONIZE)
    free = descriptors.exists(source) & (~descriptors.locked[source] | shutdown)
    return implies(some(flag != flag.next for flag in flags), free)


@invariant
def no_endless_poll(
    presenter: Presenter, descriptors: Descriptors, chip: XiveIrq, esb: Esb, queue: EventQueue, source: Source
) -> Value[bool]:
    """L3: free_irq waits only for something that exists."""
    nothing = ~outstanding(queue, presenter, source) & ~ending(presenter, source)
    return implies(
        descriptors.synchronizes(source) & nothing, ~chip.active(esb, source, descriptors.disabled[source])
    )


@invariant
def no_endless_scan(
    presenter: Presenter, descriptors: Descriptors, queue: EventQueue, cpu: Cpu
) -> Value[bool]:
    """No CPU peeks at the same entry for ever."""
    return implies(presenter.at[cpu] == Step.QUEUE_EOI, ~scans_for_ever(descriptors, queue, cpu))


@temporal
def free_ends(descriptors: Descriptors, source: Source) -> Formula:
    """L1: free_irq terminates."""
    begun = (descriptors.use[source] == Use.SHUTDOWN) | (descriptors.use[source] == Use.SYNCHRONIZE)
    return leads_to(begun, ~descriptors.exists(source))


@temporal
def cppr_opens(presenter: Presenter, cpu: Cpu) -> Formula:
    """L2: a CPU does not keep the priority of one interrupt for ever."""
    return leads_to(presenter.cppr[cpu] == Cppr.PRIORITY, presenter.cppr[cpu] != Cppr.PRIORITY)


@terminal
def all_freed(presenter: Presenter, descriptors: Descriptors) -> Value[bool]:
    """Every interrupt is freed, no CPU serves one. (Of a CPPR that stays raised others speak.)"""
    freed = every(~descriptors.exists(source) for source in Source)
    return freed & every(presenter.rests(cpu) for cpu in Cpu)
