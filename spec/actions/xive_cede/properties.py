"""What must hold of the escalation interrupt: one entry, no missed wake-up, and in the end sleep."""

from explorer import *

from ..xive.esb import PQ, Esb, Source
from ..xive.event_queue import Cpu, EventQueue
from ..xive.presentation import Cppr, Presenter, Step
from .vcpu import INTERRUPTS, Vcpu, runs


@invariant
def one_entry(queue: EventQueue, source: Source) -> Value[bool]:
    """The rings hold at most one entry of the source."""
    return queue.entries(source) <= 1


@invariant
def esc_on_is_true(
    vcpu: Vcpu, esb: Esb, queue: EventQueue, presenter: Presenter, source: Source, cpu: Cpu
) -> Value[bool]:
    """Out of entry and H_CEDE, xive_esc_on is true: armed, or an entry is in the ring or being handled."""
    settled = at(runs, "out") | at(runs, "check")
    coming = queue.holds(source) | (presenter.at[cpu] != Step.IDLE)
    return implies(settled & vcpu.esc_on, (esb.pq[source] == PQ.RESET) | coming)


@invariant
def no_missed_wakeup(
    vcpu: Vcpu, esb: Esb, queue: EventQueue, presenter: Presenter, source: Source, cpu: Cpu
) -> Value[bool]:
    """A vCPU sleeps only where the next interrupt, or one under way, wakes it."""
    coming = queue.holds(source) | (presenter.at[cpu] != Step.IDLE)
    return implies(vcpu.asleep, vcpu.ceded & ((esb.pq[source] == PQ.RESET) | coming))


@invariant
def cpu_serves_one(presenter: Presenter, cpu: Cpu) -> Value[bool]:
    """A CPU takes no interrupt while it serves one, and remembers its number only while it does."""
    without = some(presenter.at[cpu] == step for step in (Step.IDLE, Step.SCAN, Step.REPLAY))
    idle = (presenter.cppr[cpu] == Cppr.ALL) == (presenter.at[cpu] == Step.IDLE)
    return idle & (presenter.irq[cpu].is_none == without)


@invariant
def nothing_is_left(vcpu: Vcpu) -> Value[bool]:
    """What was seen when the context was pulled is used once."""
    return implies(vcpu.saved, at(runs, "check"))


@step_invariant
def delivered_to_the_guest(vcpu: Vcpu) -> Value[bool]:
    """An interrupt is taken in the guest only."""
    return implies(vcpu.pending & ~vcpu.pending.next, at(runs, "guest"))


@temporal
def interrupt_wakes(vcpu: Vcpu) -> Formula:
    """A guest interrupt for a sleeping vCPU wakes it."""
    return leads_to(vcpu.asleep & vcpu.pending, ~vcpu.asleep)


@temporal
def interrupt_arrives(vcpu: Vcpu) -> Formula:
    """The guest takes every interrupt."""
    return leads_to(vcpu.pending, ~vcpu.pending)


@temporal
def sleeps_in_the_end(vcpu: Vcpu) -> Formula:
    """A guest that is idle sleeps, once all interrupts have come: no H_CEDE is aborted for ever."""
    return eventually_always(vcpu.asleep | (vcpu.came < INTERRUPTS))


@terminal
def rests(vcpu: Vcpu) -> Value[bool]:
    """The vCPU sleeps, has nothing to do, and no interrupt comes any more."""
    return vcpu.asleep & ~vcpu.pending & (vcpu.came == INTERRUPTS)
