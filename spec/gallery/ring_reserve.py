"""A ring is oversubscribed (iree-org/iree#23707 of 2026): two loads in the wrong order.

Producers load the reserved position, then the position that the consumer has read up to (with acquire), and
reserve a slot by compare-exchange if there is room. The room is unsigned: capacity - (reserved - read). The
acquire orders what is behind it, not the load in front: where the second load is older than the first, more
seems to be reserved than there is room for, the difference wraps, and the slot is taken all the same.
"""

from __future__ import annotations

import enum
from typing import Annotated

from explorer import (
    HOLDS,
    WEAK,
    Memory,
    Range,
    Spec,
    State,
    Steps,
    Value,
    Var,
    branch,
    constant,
    initially,
    invariant,
    keep,
    process,
    step,
    variant,
    violates,
    when,
)

CAPACITY = 1
LAST = 3
READ_FIRST = constant("read_first", True)
"""The position that is read up to is loaded first, with acquire."""
CHECKS = constant("checks", True)
"""More reserved than there is room for means that there is no room."""

Position = Annotated[int, Range(0, LAST)]


class Thread(enum.Enum):
    """Two producers and the consumer."""

    P1, P2, CONSUMER = range(3)


class Ring(Memory, cpus=Thread):
    """Positions, which only grow."""

    reserved: Var[Position] = initially(0)
    read: Var[Position] = initially(0)


class Slots(State):
    """How many slots are taken in truth."""

    taken: Var[Annotated[int, Range(0, LAST)]] = initially(0)


def room(reserved: Value[int], read: Value[int]) -> Value[bool]:
    """Whether capacity - (reserved - read) is positive, as an unsigned number."""
    used = reserved - read
    return (used < CAPACITY) if CHECKS else (used != CAPACITY)


def reserve(ring: Ring, slots: Slots, me: Thread, times: int) -> Steps:
    """Take a slot where there is room."""
    for _ in range(times):
        if READ_FIRST:
            yield "loads read (acquire)"
            read = yield keep(ring.smp_load_acquire(me, ring.read))
            yield "loads reserved"
            reserved = yield keep(ring.READ_ONCE(me, ring.reserved))
        else:
            yield "loads reserved"
            reserved = yield keep(ring.READ_ONCE(me, ring.reserved))
            yield "loads read (acquire)"
            read = yield keep(ring.smp_load_acquire(me, ring.read))
        if (yield branch(room(reserved, read) & (reserved < LAST))):
            yield step("cmpxchg(reserved)", atomic=True)
            if (yield branch(ring.cmpxchg(me, ring.reserved, reserved, reserved + 1) == reserved)):
                slots.taken.next = slots.taken + 1


@process(actor="P1", fair=WEAK)
def first(ring: Ring, slots: Slots) -> Steps:
    """One producer."""
    yield from reserve(ring, slots, Thread.P1, 1)


@process(actor="P2", fair=WEAK)
def second(ring: Ring, slots: Slots) -> Steps:
    """The other."""
    yield from reserve(ring, slots, Thread.P2, 2)


@process(actor="consumer", fair=WEAK)
def consume(ring: Ring, slots: Slots) -> Steps:
    """Give a slot back."""
    yield step("read += 1", atomic=True)
    when(slots.taken > 0)
    slots.taken.next = slots.taken - 1
    ring.smp_store_release(Thread.CONSUMER, ring.read, 1)


@invariant
def no_slot_is_taken_twice(slots: Slots) -> Value[bool]:
    """No more slots are taken than there are."""
    return slots.taken <= CAPACITY


TWICE = violates("no_slot_is_taken_twice", steps=10)
OLD = {"read_first": False, "checks": False}

spec = Spec(
    expect=HOLDS,
    variants=[
        variant("x86", HOLDS, "as reported, on x86", memory="tso", **OLD),
        variant("pso", HOLDS, "where only stores are delayed", memory="pso", **OLD),
        variant("Arm", TWICE, "as reported, on Arm", memory="arm", **OLD),
        variant("POWER", TWICE, "as reported, on POWER", **OLD),
        variant("swapped", TWICE, "swapped only: then any memory shows it", memory="sc", checks=False),
        variant("checked", HOLDS, "checked only", read_first=False),
        variant("fixed", HOLDS, "swapped and checked"),
    ],
)
