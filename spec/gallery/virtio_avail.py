"""A ring's index is read, then its entry (firecracker-microvm#2169; Linux vhost, df9ace7 of 2024).

The guest fills an entry, smp_wmb, and publishes the index. The device reads the index and the entry. Without
smp_rmb between, an architecture that loads early hands out a stale entry: message passing. Stores in order
are not enough, so models that only delay stores say that this holds. In vhost the index was read early and
*cached* by another function, and the path that used it skipped its barrier.
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


GUEST = constant("guest", Fence.LWSYNC)
"""Between the entry and the index: smp_wmb."""
DEVICE = constant("device", Fence.LWSYNC)
"""Between the index and the entry: smp_rmb."""
CACHED = constant("cached", False)
"""The index comes from vhost_enable_notify, and the path that reads the entry has no barrier of its own."""


class Side(enum.Enum):
    """Who accesses the ring."""

    GUEST, DEVICE = range(2)


class Ring(Memory, cpus=Side):
    """The words that both sides share."""

    entry: Var[bool] = initially(False)
    index: Var[bool] = initially(False)

    def fence(self, side: Side, kind: Fence) -> None:
        """The barrier, where there is one."""
        if kind != Fence.NONE:
            self.barrier(side, Barrier(kind.value))


class Device(State):
    """What it has handed out."""

    stale: Var[bool] = initially(False)


@process(actor="guest", fair=WEAK)
def fill(ring: Ring) -> Steps:
    """Make a buffer available."""
    yield "fills the entry"
    ring.WRITE_ONCE(Side.GUEST, ring.entry, True)
    yield "publishes the index"
    ring.fence(Side.GUEST, GUEST)
    ring.WRITE_ONCE(Side.GUEST, ring.index, True)


@process(actor="device", fair=WEAK)
def take(ring: Ring, device: Device) -> Steps:
    """vhost_get_vq_desc()"""
    yield "reads the index"
    if (yield branch(ring.READ_ONCE(Side.DEVICE, ring.index))):
        yield "reads the entry"
        if not CACHED:
            ring.fence(Side.DEVICE, DEVICE)
        device.stale.next = ~ring.READ_ONCE(Side.DEVICE, ring.entry)


@invariant
def no_stale_entry(device: Device) -> Value[bool]:
    """What the index publishes is what is read."""
    return ~device.stale


STALE = violates("no_stale_entry", steps=4)

spec = Spec(
    expect=HOLDS,
    variants=[
        variant("sc", HOLDS, "no barrier, in-order memory", memory="sc", guest="none", device="none"),
        variant("x86", HOLDS, "no barrier on x86", memory="tso", guest="none", device="none"),
        variant("pso", HOLDS, "stores are ordered, and only stores are delayed", memory="pso", device="none"),
        variant("Arm no rmb", STALE, "smp_rmb is missing, on Arm", memory="arm", device="none"),
        variant("POWER no rmb", STALE, "smp_rmb is missing", device="none"),
        variant("POWER no wmb", STALE, "smp_wmb is missing", guest="none"),
        variant("Arm cached", STALE, "vhost: the index is cached, on Arm", memory="arm", cached=True),
        variant("x86 cached", HOLDS, "the same on x86", memory="tso", cached=True),
        variant("Arm", HOLDS, "both barriers on Arm", memory="arm"),
        variant("POWER", HOLDS, "both barriers on POWER"),
    ],
)
