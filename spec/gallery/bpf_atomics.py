"""BPF atomics on powerpc (Linux b1e7cee96127 of 2024): a fetching atomic must be fully ordered, and was not.

Two CPUs each store one word and load the other's; one of them has an atomic on a third word between, in
place of a barrier. It is a loop of lwarx and stwcx.; without a `sync` in front and behind, the store and the
load pass it. The commit prints the litmus test, of which docs/memory.md has herd's words.
"""

from __future__ import annotations

import enum

from explorer import (
    HOLDS,
    WEAK,
    Memory,
    Spec,
    State,
    Steps,
    Value,
    Var,
    at,
    constant,
    initially,
    invariant,
    process,
    variant,
    violates,
)

BEFORE = constant("before", True)
"""`sync` in front of the loop."""
BEHIND = constant("behind", True)
"""`sync` behind it."""


class Cpu(enum.Enum):
    """P0 has the atomic, P1 a full barrier."""

    P0, P1 = range(2)


P0, P1 = Cpu


class Ram(Memory, cpus=Cpu):
    """Two words that are looked at, and the counter."""

    y: Var[bool] = initially(False)
    z: Var[bool] = initially(False)
    counter: Var[bool] = initially(False)


class Seen(State):
    """What each has loaded."""

    p0: Var[bool] = initially(False)
    p1: Var[bool] = initially(False)


@process(actor="P0", fair=WEAK)
def atomic(ram: Ram, seen: Seen) -> Steps:
    """BPF_ATOMIC | BPF_FETCH, as the JIT compiles it."""
    yield "y = 1"
    ram.store(P0, ram.y, True)
    yield "lwarx; stwcx. counter"
    if BEFORE:
        ram.smp_mb(P0)
    ram.xchg_relaxed(P0, ram.counter, True)
    if BEHIND:
        ram.smp_mb(P0)
    yield "reads z"
    seen.p0.next = ram.load(P0, ram.z)


@process(actor="P1", fair=WEAK)
def other(ram: Ram, seen: Seen) -> Steps:
    """The same with a full barrier."""
    yield "z = 1"
    ram.store(P1, ram.z, True)
    yield "sync; reads y"
    ram.smp_mb(P1)
    seen.p1.next = ram.load(P1, ram.y)


@invariant
def one_sees_the_other(seen: Seen) -> Value[bool]:
    """At least one of the two loads sees the other's store."""
    return ~(at(atomic, None) & at(other, None)) | seen.p0 | seen.p1


BARE = {"before": False, "behind": False}

spec = Spec(
    expect=HOLDS,
    variants=[
        variant("before", violates("one_sees_the_other", steps=5), "no sync: before the fix", **BARE),
        variant("after", HOLDS, "sync on both sides: the fix"),
        variant("front", HOLDS, "sync in front only: enough for this shape", behind=False),
        variant("Arm", violates("one_sees_the_other", steps=5), "bare on Arm", memory="arm", **BARE),
        variant("x86", HOLDS, "on x86 every atomic is a barrier", memory="tso", **BARE),
    ],
)
