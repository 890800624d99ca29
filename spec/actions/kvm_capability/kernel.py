"""Kernels, firmware, and the order of steps: the switches. The defaults are Linux 5.4 and QEMU."""

import enum

from explorer import *


class Kernel(enum.Enum):
    """Which calls of firmware a kernel looks for before it offers the device.

    NONE: none (5.3). BOTH: for the capability and for the registration of the device (5.4). GET, SET: only
    this one of the two. CAPABILITY, DEVICE: both calls, but only for the capability, or only for the
    registration. MIGRATION: when a migration begins.
    """

    NONE = "5.3"
    BOTH = "5.4"
    GET = "get"
    SET = "set"
    CAPABILITY = "capability"
    DEVICE = "device"
    MIGRATION = "migration"


class Lacks(enum.Enum):
    """What a host has not: nothing, calls of OPAL, or HV mode (a nested hypervisor). ANY: a free choice."""

    ANY = "any"
    NOTHING = "nothing"
    GET = "get"
    SET = "set"
    BOTH = "both"
    HV = "hv"
    VP = "vp"


class EqSync(enum.Enum):
    """KVM_DEV_XIVE_EQ_SYNC's two halves: wait for events on their way, mark the queue's page dirty."""

    FULL = "full"
    NO_FLUSH = "no_flush"
    NO_DIRTY = "no_dirty"


class Order(enum.Enum):
    """How the destination restores: queues then targets (QEMU), targets first, or targets and PQ first."""

    QUEUE_FIRST = "queue_first"
    TARGET_FIRST = "target_first"
    SOURCE_FIRST = "source_first"


KERNEL_A = constant("kernel_a", Kernel.BOTH)
KERNEL_B = constant("kernel_b", Kernel.BOTH)

A_LACKS = constant("a_lacks", Lacks.ANY)
B_LACKS = constant("b_lacks", Lacks.ANY)

EQ_SYNC = constant("eq_sync", EqSync.FULL)
ORDER = constant("order", Order.QUEUE_FIRST)

TARGET_NEEDS_QUEUE = constant("target_needs_queue", True)
"""The kernel refuses a target whose queue has no page (kvmppc_xive_select_target: -EBUSY)."""

STOP_LATCHES = constant("stop_latches", True)
"""Sources of a stopped guest are set to PQ=10, which remembers a trigger; else to 01, which drops it."""

LATE = constant("late_triggers", False)
"""Devices may trigger while the guest is stopped."""

KEEPS_LATE = constant("keeps_late_triggers", False)
"""Userspace reads the PQ bits again when it saves, and on resume restores a trigger whatever the bits were
before. QEMU does neither: it saves the bits of the stop, and triggers again only where they were 00."""
