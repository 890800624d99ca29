"""The ring buffer of perf (Linux bf378d341e48 of 2013, found on POWER): four accesses in order.

The kernel loads the tail, stores data where there is room, and publishes the head behind smp_wmb. User space
loads the head, loads the data behind smp_rmb, and gives the room back by storing the tail. The kernel's data
store depends on its load of the tail by a branch, which is enough. User space needs a full barrier before the
tail: its load of the data may else be satisfied after the store (load buffering). A spec takes the steps of a
CPU in order, so that this one is written down as the other order of the two steps (`tail_early`).
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
    """What stands between two accesses."""

    NONE = "none"
    EIEIO = "eieio"
    LWSYNC = "lwsync"
    SYNC = "sync"


WMB = constant("wmb", Fence.LWSYNC)
"""The kernel's, between the data and the head."""
RMB = constant("rmb", Fence.LWSYNC)
"""User space's, between the head and the data."""
TAIL_EARLY = constant("tail_early", False)
"""User space has no barrier before the tail: the store is done before the load of the data."""


class Side(enum.Enum):
    """Who accesses the ring, which has room for one record."""

    KERNEL, USER = range(2)


K, U = Side


class Ring(Memory, cpus=Side):
    """Head and tail count records modulo two; the data is the record's number."""

    head: Var[bool] = initially(False)
    tail: Var[bool] = initially(False)
    data: Var[bool] = initially(False)

    def fence(self, side: Side, kind: Fence) -> None:
        """The barrier, where there is one."""
        if kind != Fence.NONE:
            self.barrier(side, Barrier(kind.value))


class User(State):
    """Whether a record that was read was another one."""

    torn: Var[bool] = initially(False)


@process(actor="kernel", fair=WEAK)
def output(ring: Ring) -> Steps:
    """perf_output_begin(), perf_output_put_handle(): two records."""
    for record in (True, False):
        yield "reads tail"
        if (yield branch(ring.READ_ONCE(K, ring.tail) == record)):
            break  # no room
        yield "writes the record"
        ring.WRITE_ONCE(K, ring.data, record)
        yield "smp_wmb(); head"
        ring.fence(K, WMB)
        ring.WRITE_ONCE(K, ring.head, record)


@process(actor="user", fair=WEAK)
def read(ring: Ring, user: User) -> Steps:
    """The mmap reader."""
    yield "reads head"
    if (yield branch(ring.READ_ONCE(U, ring.head))):
        if TAIL_EARLY:
            yield "tail"
            ring.WRITE_ONCE(U, ring.tail, True)
        yield "smp_rmb(); reads the record"
        ring.fence(U, RMB)
        user.torn.next = ~ring.READ_ONCE(U, ring.data)
        if not TAIL_EARLY:
            yield "smp_mb(); tail"
            ring.smp_mb(U)
            ring.WRITE_ONCE(U, ring.tail, True)


@invariant
def no_record_is_torn(user: User) -> Value[bool]:
    """The record that is read is the one that was published."""
    return ~user.torn


EARLY = violates("no_record_is_torn", steps=8)
TORN = violates("no_record_is_torn", steps=5)

spec = Spec(
    expect=HOLDS,
    variants=[
        variant("x86", HOLDS, "no barrier on x86", memory="tso", wmb="none", rmb="none"),
        variant("pso no wmb", TORN, "stores are delayed", memory="pso", wmb="none"),
        variant("pso no rmb", HOLDS, "loads are not", memory="pso", rmb="none"),
        variant("POWER no wmb", TORN, "smp_wmb is missing", wmb="none"),
        variant("POWER no rmb", TORN, "smp_rmb is missing", rmb="none"),
        variant(
            "early tail",
            violates("no_record_is_torn", steps=8),
            "no barrier before the tail",
            tail_early=True,
        ),
        variant("POWER", HOLDS, "all barriers"),
    ],
)
