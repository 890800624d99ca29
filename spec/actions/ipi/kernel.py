"""Which kernel is checked: the switches that make the variants V0 to V12. The defaults are Linux 5.4.

Barriers on 64-bit Book3S (asm/barrier.h, asm/synch.h): `smp_mb` is `sync`, `smp_wmb` is `lwsync`.
"""

import enum

from explorer import constant


class Barrier(enum.Enum):
    """NONE orders nothing, LWSYNC everything but a store before a load, SYNC everything."""

    NONE = "none"
    LWSYNC = "lwsync"
    SYNC = "sync"


class Exchange(enum.Enum):
    """How the demultiplexer takes the messages: `xchg` between two syncs, a relaxed one, or by a load."""

    ORDERED = "ordered"
    RELAXED = "relaxed"
    LOAD = "load"


class Msgsnd(enum.Enum):
    """Whether `msgsnd` rings at once or goes through the store queue."""

    IMMEDIATE = "immediate"
    BUFFERED = "buffered"


class Controller(enum.Enum):
    """What carries an IPI: a doorbell (POWER9), or the XICS (POWER8), by the kernel or by OPAL calls."""

    DOORBELL = "doorbell"
    XICS = "xics"
    XICS_OPAL = "xics_opal"


CONTROLLER = constant("controller", Controller.DOORBELL)

SET_BARRIER = constant("set_barrier", Barrier.SYNC)
"""Between `message[kind] = 1` and `host_ipi = 1` (the start of kvmppc_set_host_ipi)."""

SET_BARRIER_AFTER = constant("set_barrier_after", Barrier.NONE)
"""After `host_ipi = 1`, in front of ppc_msgsnd_sync."""

CLEAR_BARRIER = constant("clear_barrier", Barrier.SYNC)
"""Between `host_ipi = 0` and the demultiplexer (the end of kvmppc_clear_host_ipi)."""

CLEAR_BARRIER_BEFORE = constant("clear_barrier_before", Barrier.NONE)
"""In front of `host_ipi = 0`."""

EXCHANGE = constant("exchange", Exchange.ORDERED)

MSGSND_SYNC = constant("msgsnd_sync", True)
"""In front of the interrupt: ppc_msgsnd_sync(); on XICS the `sync` in out_8(), or in the OPAL call."""

MSGSYNC = constant("msgsync", True)
INTERRUPT_SYNCHRONISES = constant("interrupt_synchronises", False)
"""Under arm and power: taking an interrupt synchronises the context for loads too, as a sync without push."""

MSGSND = constant("msgsnd", Msgsnd.IMMEDIATE)

FLAG_FIRST = constant("flag_first", False)
"""The sender sets the flag before the message."""

DRAIN_FIRST = constant("drain_first", False)
"""The receiver drains the messages before it clears the flag."""

HOST_TESTS_FLAG = constant("host_tests_flag", False)
"""The host's doorbell handler tests the flag too, and returns where it is 0."""

ALWAYS_SEND = constant("always_send", False)
"""An IPI is sent even where the work list was not empty."""

MFRR_LAST = constant("mfrr_last", False)
"""On XICS: the handler resets the MFRR behind the demultiplexer, not in front of it."""

RECHECK = constant("recheck", True)
"""On XICS: KVM looks at the flag once more after it has taken the IPI for the guest's."""

FORCE_REPLAY = constant("force_replay", True)
"""With OPAL: software replays an interrupt that opal_int_eoi() reports as pending."""

REAL_MODE = constant("real_mode", False)
"""Real-mode KVM code sends RM_HOST_ACTION; needs `message_types` of 3 or more."""

RM_SMP_MB = constant("rm_smp_mb", True)
"""icp_send_hcore_msg has an smp_mb behind the flag: in real mode no sync is part of sending."""

HOST_ACTION_FIRST = constant("host_action_first", True)
"""The demultiplexer looks at RM_HOST_ACTION before CALL_FUNCTION."""

SEND_TO_OFFLINE = constant("send_to_offline", False)
"""Senders do not look at cpu_online_mask: IPIs go to a CPU that has left."""


def split() -> bool:
    """Whether kvmppc_set_host_ipi is split into set and clear: 5.3 has one function for both."""
    return uses(Barrier.LWSYNC) or uses(Barrier.SYNC)


def uses(barrier: Barrier) -> bool:
    """Whether this barrier stands beside a store to the flag."""
    beside = (SET_BARRIER, SET_BARRIER_AFTER, CLEAR_BARRIER, CLEAR_BARRIER_BEFORE)
    return any(barrier == one for one in beside)


def text(barrier: Barrier) -> str:
    """A barrier as the kernel writes it."""
    return {Barrier.NONE: "", Barrier.LWSYNC: "smp_wmb()", Barrier.SYNC: "smp_mb()"}[barrier]
