"""The handler of the escalation interrupt against xive_cleanup_single_escalation, on a memory that reorders.

    xive_esc_irq, xive_irq_eoi          xive_cleanup_single_escalation
    xive_esc_on = 0                     stale_p = 0
    handler_barrier (smp_wmb)           teardown_barrier (smp_mb)
    stale_p = 1                         if (!xive_esc_on) stale_p = 1

Whenever the handler has finished, stale_p must be 1 in the end. A litmus test by shape: R, with a third store
where the load sees the handler's.
"""

import enum

from explorer import *

from ..ipi import kernel
from ..ipi.kernel import text

HANDLER_BARRIER = constant("handler_barrier", kernel.Barrier.LWSYNC)
TEARDOWN_BARRIER = constant("teardown_barrier", kernel.Barrier.SYNC)


class Thread(enum.Enum):
    """The CPU with the handler, and the one that tears down."""

    HANDLER, TEARDOWN = range(2)


HANDLER, TEARDOWN = Thread


class Words(Memory, cpus=Thread):
    """The two words of the race."""

    esc_on: Var[bool] = initially(True)
    stale_p: Var[bool] = initially(False)

    def fence(self, thread: Thread, barrier: kernel.Barrier) -> None:
        """The kernel's macro, as the architecture has it."""
        if barrier == kernel.Barrier.LWSYNC:
            self.smp_wmb(thread)
        if barrier == kernel.Barrier.SYNC:
            self.smp_mb(thread)


# Fair: both go on.


@process(actor="cpu", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_esc_irq")
def handler(words: Words) -> Steps:
    yield "xive_esc_on = false"
    words.WRITE_ONCE(HANDLER, words.esc_on, False)
    ends = "{text(HANDLER_BARRIER)}; stale_p = true"
    yield step(ends, source="arch/powerpc/sysdev/xive/common.c:xive_irq_eoi")
    words.fence(HANDLER, HANDLER_BARRIER)
    words.WRITE_ONCE(HANDLER, words.stale_p, True)


@process(actor="KVM", fair=WEAK, source="arch/powerpc/kvm/book3s_xive.c:xive_cleanup_single_escalation")
def teardown(words: Words) -> Steps:
    yield "stale_p = false"
    words.WRITE_ONCE(TEARDOWN, words.stale_p, False)
    yield "{text(TEARDOWN_BARRIER)}; reads xive_esc_on"
    words.fence(TEARDOWN, TEARDOWN_BARRIER)
    if not (yield branch(words.READ_ONCE(TEARDOWN, words.esc_on))):
        yield "stale_p = true  // the handler has run"
        words.WRITE_ONCE(TEARDOWN, words.stale_p, True)


@invariant
def stale_in_the_end(words: Words) -> Value[bool]:
    """Where both have finished, stale_p is 1 for everybody in the end."""
    return implies(at(handler, None) & at(teardown, None), words.newest(words.stale_p))


@temporal
def stale_for_ever(words: Words) -> Formula:
    """From some moment on, stale_p is 1."""
    return eventually_always(words.newest(words.stale_p))
