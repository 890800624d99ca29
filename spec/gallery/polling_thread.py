"""A polling thread sleeps while a request waits (axboe/liburing#541; the same in hvisor, libuv, tokio).

The submitter publishes a request and looks whether the poller wants to be woken. The poller says that it does
and looks once more for requests. Each stores one word and then loads the other: both need a full barrier, on
x86 too. A timeout hides the bug from tests. Waking before publishing too, which another report blames
(chimera-nas/libevpl#165), is harmless as long as the poller looks again.
"""

from __future__ import annotations

import enum
from typing import Annotated

from explorer import (
    HOLDS,
    WEAK,
    Barrier,
    Formula,
    Memory,
    Range,
    Spec,
    State,
    Steps,
    Value,
    Var,
    at,
    branch,
    constant,
    initially,
    invariant,
    leads_to,
    process,
    step,
    temporal,
    terminal,
    variant,
    violates,
    when,
)


class Fence(enum.Enum):
    """What stands between a store and the load behind it."""

    NONE = "none"
    LWSYNC = "lwsync"
    SYNC = "sync"


REQUESTS = constant("requests", 1)
SUBMITTER = constant("submitter", Fence.SYNC)
"""Between the store of the tail and the load of need_wakeup."""
POLLER = constant("poller", Fence.SYNC)
"""Between the store of need_wakeup and the load of the tail."""
WAKE_FIRST = constant("wake_first", False)
"""The submitter also looks at need_wakeup, and wakes, before it publishes."""
LOOK_AGAIN = constant("look_again", True)
"""The poller looks at the tail again behind need_wakeup = 1."""
TIMEOUT = constant("timeout", False)
"""The sleeping poller also wakes by itself."""

Tail = Annotated[int, Range(0, REQUESTS)]


class Thread(enum.Enum):
    """Who accesses the ring."""

    SUBMITTER, POLLER = range(2)


S, P = Thread


class Ring(Memory, cpus=Thread):
    """The words that both sides share."""

    tail: Var[Tail] = initially(0)
    need_wakeup: Var[bool] = initially(False)

    def fence(self, thread: Thread, kind: Fence) -> None:
        """The barrier, where there is one."""
        if kind != Fence.NONE:
            self.barrier(thread, Barrier(kind.value))


class Poll(State):
    """What is consumed, and the wake-up that the kernel keeps."""

    consumed: Var[Tail] = initially(0)
    woken: Var[bool] = initially(False)


@process(actor="submitter", fair=WEAK)
def submit(ring: Ring, state: Poll) -> Steps:
    """Publish requests, one after the other."""
    for n in range(1, REQUESTS + 1):
        if WAKE_FIRST:
            yield "reads need_wakeup, early"
            if (yield branch(ring.READ_ONCE(S, ring.need_wakeup))):
                yield "io_uring_enter(IORING_ENTER_SQ_WAKEUP), early"
                state.woken.next = True
        yield "tail = {n}"
        ring.smp_store_release(S, ring.tail, n)
        yield "reads need_wakeup"
        ring.fence(S, SUBMITTER)
        if (yield branch(ring.READ_ONCE(S, ring.need_wakeup))):
            yield "io_uring_enter(IORING_ENTER_SQ_WAKEUP)"
            state.woken.next = True


@process(actor="poller", fair=WEAK)
def poll(ring: Ring, state: Poll) -> Steps:
    """Consume what is published; ask for a wake-up before going to sleep."""
    while True:
        yield "reads tail"
        tail = ring.smp_load_acquire(P, ring.tail)
        if (yield branch(tail > state.consumed)):
            state.consumed.next = tail
            continue
        yield "need_wakeup = 1"
        ring.WRITE_ONCE(P, ring.need_wakeup, True)
        if LOOK_AGAIN:
            yield "reads tail once more"
            ring.fence(P, POLLER)
            if (yield branch(ring.smp_load_acquire(P, ring.tail) > state.consumed)):
                yield "need_wakeup = 0"
                ring.WRITE_ONCE(P, ring.need_wakeup, False)
                continue
        yield step("sleeps until it is woken", name="asleep", atomic=True)
        when(state.woken | TIMEOUT)
        state.woken.next = False
        yield "need_wakeup = 0"
        ring.WRITE_ONCE(P, ring.need_wakeup, False)


def stalled(state: Poll) -> Value[bool]:
    """The submitter is done, nobody wakes the poller, and a request waits."""
    asleep = at(poll, "asleep") & ~state.woken
    return at(submit, None) & asleep & (state.consumed < REQUESTS)


@invariant
def nobody_sleeps_on_a_request(state: Poll) -> Value[bool]:
    """Where the submitter is done and nothing wakes the poller any more, everything is consumed."""
    return ~stalled(state)


@temporal
def every_request_is_consumed(state: Poll) -> Formula:
    """In the end everything is consumed."""
    return leads_to(at(submit, None), state.consumed == REQUESTS)


@terminal
def idle() -> Value[bool]:
    """The submitter is done and the poller sleeps."""
    return at(submit, None) & at(poll, "asleep")


STALLS = violates("nobody_sleeps_on_a_request", steps=5, also=("every_request_is_consumed",))

spec = Spec(
    expect=HOLDS,
    variants=[
        variant("sc", HOLDS, "no barrier, in-order memory", memory="sc", submitter="none", poller="none"),
        variant("x86 none", STALLS, "no barrier on x86", memory="tso", submitter="none", poller="none"),
        variant("x86 submitter", STALLS, "the submitter's barrier only", memory="tso", poller="none"),
        variant("x86 poller", STALLS, "the poller's barrier only", memory="tso", submitter="none"),
        variant("x86", HOLDS, "both barriers on x86", memory="tso"),
        variant("POWER none", STALLS, "no barrier on POWER", submitter="none", poller="none"),
        variant("POWER submitter", STALLS, "the submitter's barrier only", poller="none"),
        variant("POWER poller", STALLS, "the poller's barrier only", submitter="none"),
        variant("POWER light", STALLS, "release and acquire are not enough", submitter="lwsync"),
        variant("POWER", HOLDS, "both barriers on POWER"),
        variant("two", HOLDS, "two requests on x86", memory="tso", requests=2),
        variant(
            "timeout",
            violates("nobody_sleeps_on_a_request", steps=5),
            "a timeout hides the stall",
            memory="tso",
            submitter="none",
            timeout=True,
        ),
        variant("wakes early", HOLDS, "waking before publishing does no harm", memory="sc", wake_first=True),
        variant(
            "never looks again",
            STALLS,
            "without the second look it stalls in any memory",
            memory="sc",
            wake_first=True,
            look_again=False,
        ),
    ],
)
