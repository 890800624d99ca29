"""mm_cid (Linux fe90f39 of 2024): a barrier that is there, but too late.

The scheduler publishes the next task and then looks at its concurrency id; a remote CPU marks the id as
lazily put and then looks who runs. Unless both have a full barrier between, each misses the other: the
scheduler goes on with an id that the remote CPU frees. On some architectures switch_mm has such a barrier, on
others only finish_lock_switch, behind the look: positions, not kinds.
"""

from __future__ import annotations

import enum

from explorer import (
    HOLDS,
    WEAK,
    Barrier,
    Memory,
    Spec,
    State,
    Steps,
    Value,
    Var,
    branch,
    constant,
    initially,
    invariant,
    process,
    variant,
    violates,
)


class Fence(enum.Enum):
    """A barrier at one position."""

    NONE = "none"
    LWSYNC = "lwsync"
    SYNC = "sync"


SWITCH_MM = constant("switch_mm", Fence.SYNC)
"""Between rq->curr = next and the look at the id."""
FINISH_LOCK_SWITCH = constant("finish_lock_switch", Fence.NONE)
"""Behind the look."""


class Cpu(enum.Enum):
    """The one that schedules, and one that takes ids back."""

    SCHEDULER, REMOTE = range(2)


S, R = Cpu


class RunQueue(Memory, cpus=Cpu):
    """`next_runs`: rq->curr is the task of this mm. `lazy_put`: the id may be taken back."""

    next_runs: Var[bool] = initially(False)
    lazy_put: Var[bool] = initially(False)

    def fence(self, cpu: Cpu, kind: Fence) -> None:
        """The barrier, where there is one."""
        if kind != Fence.NONE:
            self.barrier(cpu, Barrier(kind.value))


class Id(State):
    """Whether the task uses the id, and whether somebody has freed it."""

    used: Var[bool] = initially(False)
    freed: Var[bool] = initially(False)


@process(actor="scheduler", fair=WEAK)
def context_switch(rq: RunQueue, cid: Id) -> Steps:
    """context_switch(), switch_mm_cid()"""
    yield "rq->curr = next"
    rq.WRITE_ONCE(S, rq.next_runs, True)
    yield "reads the cid"
    rq.fence(S, SWITCH_MM)
    if not (yield branch(rq.READ_ONCE(S, rq.lazy_put))):
        cid.used.next = True
    yield "finish_lock_switch()"
    rq.fence(S, FINISH_LOCK_SWITCH)
    rq.WRITE_ONCE(S, rq.lazy_put, False)


@process(actor="remote", fair=WEAK)
def clear_old(rq: RunQueue, cid: Id) -> Steps:
    """sched_mm_cid_remote_clear()"""
    yield "sets lazy_put"
    rq.WRITE_ONCE(R, rq.lazy_put, True)
    yield "reads rq->curr"
    rq.smp_mb(R)
    if not (yield branch(rq.READ_ONCE(R, rq.next_runs))):
        cid.freed.next = True


@invariant
def no_freed_id_is_used(cid: Id) -> Value[bool]:
    """An id that is in use is not freed."""
    return ~(cid.used & cid.freed)


LATE = {"switch_mm": "none", "finish_lock_switch": "sync"}
FREED = violates("no_freed_id_is_used", steps=4)

spec = Spec(
    expect=HOLDS,
    variants=[
        variant("sc", HOLDS, "in-order memory needs none", memory="sc", switch_mm="none"),
        variant("Arm", HOLDS, "the barrier is in switch_mm", memory="arm"),
        variant("Arm late", FREED, "the barrier is there, but behind the look", memory="arm", **LATE),
        variant("Arm none", FREED, "no barrier", memory="arm", switch_mm="none"),
        variant("x86 late", FREED, "too late on x86 as well", memory="tso", **LATE),
        variant("POWER", HOLDS, "the barrier is in switch_mm"),
        variant("POWER light", FREED, "lwsync does not order a store before a load", switch_mm="lwsync"),
    ],
)
