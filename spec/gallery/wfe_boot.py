"""A CPU waits for an event before it looks (bao-project/bao-hypervisor#395): it sleeps through its boot.

The boot CPU sets a flag and sends an event to all CPUs that are powered. A secondary CPU that is powered on
later waits for an event first (WFE) and then reads the flag: its event register, unknown at reset, decides
whether it ever wakes. Looking first is right, but only if the flag is visible before the event arrives: an
event is no store, and overtakes the stores before it. And the load behind a wake-up must not be older than
the wake-up.
"""

from __future__ import annotations

import enum

from explorer import (
    HOLDS,
    WEAK,
    Barrier,
    Formula,
    Map,
    Memory,
    Scalarset,
    Spec,
    State,
    Steps,
    Value,
    Var,
    any_of,
    at,
    branch,
    constant,
    domain,
    initially,
    ite,
    leads_to,
    process,
    step,
    temporal,
    variant,
    violates,
    when,
)

LOOK_FIRST = constant("look_first", True)
"""The secondary CPU reads the flag before it waits."""
COMPLETES = constant("completes", True)
"""A barrier (DSB) between the flag and the event."""
ORDERED = constant("ordered", True)
"""No load behind a WFE that went on is satisfied before it."""


class Event(enum.Enum):
    """What an event register holds at reset."""

    UNKNOWN, SET = range(2)


RESET = constant("reset", Event.UNKNOWN)
"""SET: the emulator on which nobody saw the bug."""


class Secondary(Scalarset):
    """The CPUs that are woken."""

    size = constant("secondaries", 1)


class Boot(enum.Enum):
    """The CPU that boots the others."""

    BOOT = 0


Cpu = Boot | Secondary


class Ram(Memory, cpus=Cpu):
    """The flag that the secondary CPUs wait for."""

    go: Var[bool] = initially(False)

    def wakes(self, cpu: Secondary) -> None:
        """No later load is satisfied before now."""
        self.barrier(cpu, Barrier.CONTEXT)


class Events(State):
    """The event register of each secondary CPU, and whether it is powered."""

    event: Map[Secondary, bool] = initially(lambda cpu: True if RESET == Event.SET else any_of(bool))
    powered: Map[Secondary, bool] = initially(False)


@process(actor="boot", fair=WEAK)
def release(ram: Ram, events: Events) -> Steps:
    """Let the others go."""
    yield "go = 1"
    ram.WRITE_ONCE(Boot.BOOT, ram.go, True)
    yield step("sev", atomic=True)
    if COMPLETES:
        ram.smp_mb(Boot.BOOT)
    for cpu in domain(Secondary):
        events.event[cpu].next = ite(events.powered[cpu], True, events.event[cpu])


@process(actor="cpu", fair=WEAK)
def wait(ram: Ram, events: Events, cpu: Secondary) -> Steps:
    """Powered on at any time; waits until it may go."""
    yield step("is powered on", atomic=True)
    events.powered[cpu].next = True
    ram.wakes(cpu)
    if not LOOK_FIRST:
        yield step("wfe", name="wfe before", atomic=True)
        when(events.event[cpu])
        events.event[cpu].next = False
        if ORDERED:
            ram.wakes(cpu)
    while True:
        yield "reads go"
        if (yield branch(ram.READ_ONCE(cpu, ram.go))):
            break
        yield step("wfe", name="wfe", atomic=True)
        when(events.event[cpu])
        events.event[cpu].next = False
        if ORDERED:
            ram.wakes(cpu)


@temporal
def everybody_boots(cpu: Secondary) -> Formula:
    """Who is powered on passes the barrier."""
    return leads_to(~at(wait, "is powered on", cpu), at(wait, None, cpu))


DEAD = ("deadlock",)
OVERTAKEN = violates("everybody_boots", steps=5, also=DEAD)

spec = Spec(
    expect=HOLDS,
    variants=[
        variant(
            "waits first",
            violates("everybody_boots", steps=3, also=DEAD),
            "WFE before the first look",
            memory="arm",
            look_first=False,
        ),
        variant(
            "emulator",
            HOLDS,
            "the same, where every event register is set at reset",
            memory="arm",
            look_first=False,
            reset="set",
        ),
        variant("fixed", HOLDS, "looks first, and the flag is visible before the event", memory="arm"),
        variant(
            "sc overtaken",
            HOLDS,
            "no barrier before the event, in-order memory",
            memory="sc",
            completes=False,
        ),
        variant("x86 overtaken", OVERTAKEN, "the event overtakes the flag", memory="tso", completes=False),
        variant("overtaken", OVERTAKEN, "the same on Arm", memory="arm", completes=False),
        variant(
            "loads early",
            violates("everybody_boots", steps=7, also=DEAD),
            "the look behind a wake-up is older than it",
            memory="arm",
            ordered=False,
        ),
        variant("POWER", HOLDS, "the fixed version under power"),
    ],
)
