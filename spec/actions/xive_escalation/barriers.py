"""The handler of the escalation interrupt against xive_cleanup_single_escalation, on a memory that reorders.

    xive_esc_irq, xive_irq_eoi          xive_cleanup_single_escalation
    xive_esc_on = 0                     stale_p = 0
    handler_barrier (smp_wmb)           teardown_barrier (smp_mb)
    stale_p = 1                         if (!xive_esc_on) stale_p = 1

Whenever the handler has finished, stale_p must be 1 in the end. A litmus test by shape: R, with a third store
where the load sees the handler's.
"""

import enum
from typing import Annotated

from explorer import (
    WEAK,
    Formula,
    Map,
    Memory,
    Range,
    State,
    Value,
    Var,
    action,
    constant,
    eventually_always,
    every,
    implies,
    initially,
    invariant,
    ite,
    temporal,
    terminal,
    when,
)

from ..ipi.kernel import Barrier, text

HANDLER_BARRIER = constant("handler_barrier", Barrier.LWSYNC)
TEARDOWN_BARRIER = constant("teardown_barrier", Barrier.SYNC)


class Thread(enum.Enum):
    """The CPU with the handler, and the one that tears down."""

    HANDLER = 0
    TEARDOWN = 1


HANDLER, TEARDOWN = Thread
Step = Annotated[int, Range(0, 4)]


class Words(Memory, cpus=Thread):
    """The two words of the race."""

    esc_on: Var[bool] = initially(True)
    stale_p: Var[bool] = initially(False)

    def fence(self, thread: Thread, barrier: Barrier) -> None:
        """The kernel's macro, as the architecture has it."""
        if barrier == Barrier.LWSYNC:
            self.smp_wmb(thread)
        if barrier == Barrier.SYNC:
            self.smp_mb(thread)


class Race(State):
    """`at` counts the steps that a thread has taken."""

    at: Map[Thread, Step] = initially(0, quiet=True)

    def turn(self, thread: Thread, step: int) -> None:
        """The thread has taken so many steps, and takes the next."""
        when(self.at[thread] == step)
        self.at[thread].next = step + 1

    def finished(self) -> Value[bool]:
        """Whether both threads have done everything."""
        return (self.at[HANDLER] == 2) & (self.at[TEARDOWN] == 3)


# Fair: both go on.


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_esc_irq")
def clear_esc_on(race: Race, words: Words) -> None:
    """xive_esc_on = false"""
    race.turn(HANDLER, 0)
    words.WRITE_ONCE(HANDLER, words.esc_on, False)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_irq_eoi")
def eoi_sets_stale_p(race: Race, words: Words) -> None:
    """{text(HANDLER_BARRIER)}; stale_p = true"""
    race.turn(HANDLER, 1)
    words.fence(HANDLER, HANDLER_BARRIER)
    words.WRITE_ONCE(HANDLER, words.stale_p, True)


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_cleanup_single_escalation")
def clear_stale_p(race: Race, words: Words) -> None:
    """stale_p = false"""
    race.turn(TEARDOWN, 0)
    words.WRITE_ONCE(TEARDOWN, words.stale_p, False)


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_cleanup_single_escalation")
def test_esc_on(race: Race, words: Words) -> None:
    """{text(TEARDOWN_BARRIER)}; reads xive_esc_on"""
    when(race.at[TEARDOWN] == 1)
    words.fence(TEARDOWN, TEARDOWN_BARRIER)
    race.at[TEARDOWN].next = ite(words.READ_ONCE(TEARDOWN, words.esc_on), 3, 2)


@action(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_cleanup_single_escalation")
def set_stale_p(race: Race, words: Words) -> None:
    """stale_p = true  // the handler has run"""
    race.turn(TEARDOWN, 2)
    words.WRITE_ONCE(TEARDOWN, words.stale_p, True)


@invariant
def stale_in_the_end(race: Race, words: Words) -> Value[bool]:
    """Where both have finished, stale_p is 1 for everybody in the end."""
    return implies(race.finished(), words.newest(words.stale_p))


@temporal
def stale_for_ever(words: Words) -> Formula:
    """From some moment on, stale_p is 1."""
    return eventually_always(words.newest(words.stale_p))


@terminal
def both_finished(race: Race) -> Value[bool]:
    return race.finished()
