"""io_uring's polling thread (axboe/liburing#541): it sleeps while a request waits, unless both sides have
a full barrier.

The submitter publishes a request and wakes the poller if that asks for it; the poller asks for it and looks
once more. Each stores one word and loads the other: store buffering, which every architecture but SC shows.
"""

import enum

from explorer import *

SUBMISSIONS = constant("SUBMISSIONS", 1)
SUBMITTER_MB = constant("SUBMITTER_MB", True)
POLLER_MB = constant("POLLER_MB", True)

Tail = Annotated[int, Range(0, SUBMISSIONS)]


class Thread(enum.Enum):
    """Who accesses the ring."""

    SUBMITTER, POLLER = range(2)


class Ring(Memory, cpus=Thread):
    """The words that both sides share."""

    tail: Var[Tail] = initially(0)
    need_wakeup: Var[bool] = initially(False)


class Poller(State):
    """What it has consumed, and the wake-up that the kernel keeps for it."""

    consumed: Var[Tail] = initially(0)
    woken: Var[bool] = initially(False)


@process(actor="submitter", fair=WEAK)
def submit(ring: Ring, poller: Poller) -> Steps:
    """Publish requests, one after the other."""
    for n in range(1, SUBMISSIONS + 1):
        yield "tail = {n}"
        ring.smp_store_release(Thread.SUBMITTER, ring.tail, n)
        if SUBMITTER_MB:
            yield "smp_mb()"
            ring.smp_mb(Thread.SUBMITTER)
        yield "reads need_wakeup"
        if (yield branch(ring.READ_ONCE(Thread.SUBMITTER, ring.need_wakeup))):
            yield "io_uring_enter(IORING_ENTER_SQ_WAKEUP)"
            poller.woken.next = True


@process(actor="poller", fair=WEAK)
def poll(ring: Ring, poller: Poller) -> Steps:
    """Consume what is published; ask for a wake-up before going to sleep."""
    while True:
        yield "reads tail"
        tail = ring.smp_load_acquire(Thread.POLLER, ring.tail)
        if (yield branch(tail > poller.consumed)):
            poller.consumed.next = tail
            continue
        yield "need_wakeup = 1"
        ring.WRITE_ONCE(Thread.POLLER, ring.need_wakeup, True)
        if POLLER_MB:
            yield "smp_mb()"
            ring.smp_mb(Thread.POLLER)
        yield "reads tail once more"
        if not (yield branch(ring.smp_load_acquire(Thread.POLLER, ring.tail) > poller.consumed)):
            yield step("sleeps until it is woken", atomic=True)
            when(poller.woken)
            poller.woken.next = False
        yield "need_wakeup = 0"
        ring.WRITE_ONCE(Thread.POLLER, ring.need_wakeup, False)


@invariant
def no_request_waits_for_a_sleeper(poller: Poller) -> Value[bool]:
    """Where the submitter is done and nothing wakes the poller any more, everything is consumed."""
    asleep = at(poll, "sleeps until it is woken") & ~poller.woken
    return ~(at(submit, None) & asleep) | (poller.consumed == SUBMISSIONS)


@terminal
def idle() -> Value[bool]:
    """The submitter is done and the poller sleeps."""
    return at(submit, None) & at(poll, "sleeps until it is woken")


spec = Spec(expect=HOLDS)
