"""Which firmware and which Linux: the switches. The defaults are skiboot 6.6 and Linux 5.4."""

import enum

from explorer import *


class Skiboot(enum.Enum):
    """What a full chip returns: the unsigned marker, the marker as a signed constant, or RESOURCE."""

    OLD = "old"
    SIGNED = "signed"
    FIXED = "fixed"


class Check(enum.Enum):
    """What Linux does with the returned number before it takes it for an interrupt.

    NEGATIVE: `rc < 0` (5.3). RESOURCE: 0xffffffff becomes OPAL_RESOURCE, for every caller (5.4). ALLOC_IRQ:
    the same, but not in xive_native_get_ipi. MINUS_ONE: it becomes -1. CAST: `(s32)rc < 0`.
    """

    NEGATIVE = "negative"
    RESOURCE = "resource"
    ALLOC_IRQ = "alloc_irq"
    MINUS_ONE = "minus_one"
    CAST = "cast"


SKIBOOT = constant("skiboot", Skiboot.FIXED)
CHECK = constant("check", Check.RESOURCE)

ALLOC_BEFORE_LOCK = constant("alloc_before_lock", False)
"""The native source allocates before it takes the source block's lock; in 5.4 under the lock."""

IOREMAPS_FAIL = constant("ioremaps_fail", 0)
"""How often ioremap of an ESB page fails, for want of memory: the way that 5.4 has to an eoi_mmio of NULL."""

BUSY_REJECTS_ALL = constant("busy_rejects_all", False)
"""Busy firmware rejects get_irq_info too, not only the two calls that Linux repeats."""
