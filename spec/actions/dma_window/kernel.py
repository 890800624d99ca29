"""The switches of the bitmap and its allocator. The defaults are Linux 5.4, but for `allocator`.

Sizes are in IOMMU pages, the unit of the bitmap. A device with 32 address bits reaches the pages below
`reach` (4 GiB); the 32-bit MMIO range begins at `mmio` and ends at 4 GiB.
"""

import enum

from explorer import *

ENTRIES = constant("entries", 5)
"""The size of the table: more than `reach` in Linux 5.4, `mmio` in 5.3."""

POOL_SIZE = constant("pool_size", 4)
"""Where the second pool begins. In Linux at 3/16 of the table: no power of two, far above 4 GiB."""

MMIO = constant("mmio", 3)
REACH = constant("reach", 4)


WIDE_DEVICES = constant("wide_devices", True)
"""Whether there are devices that reach the whole table. False: one device of 32 address bits on all CPUs."""


class Allocator(enum.Enum):
    """What a search does that the device's mask keeps from the end of its pool.

    KEEPS_LOCK is Linux 5.4: it goes on below the mask with the lock that it has. SWITCHES_LOCK is a repair of
    our own: it takes the lock of pool 0 and stays inside that pool.
    """

    KEEPS_LOCK = "keeps_lock"
    SWITCHES_LOCK = "switches_lock"


ALLOCATOR = constant("allocator", Allocator.SWITCHES_LOCK)

RESERVE = constant("reserve", True)
"""The hole is reserved: pages of the MMIO range are never given out."""

RESTORE = constant("restore", True)
"""iommu_release_ownership reserves the hole again, not only page 0."""

RELEASE_TO_TAKE = constant("release_to_take", True)
"""iommu_take_ownership releases the hole, not only page 0, before it tests that the bitmap is empty."""

RELEASE_TO_FREE = constant("release_to_free", True)
"""iommu_table_free does so before its own test."""


def hole() -> frozenset[int]:
    """The pages that lie on the 32-bit MMIO range: a DMA to them never leaves the PCI bus."""
    return frozenset(range(MMIO, REACH))


def reserved() -> frozenset[int]:
    """What iommu_table_reserve_pages reserves: page 0, and what of the hole lies inside the table."""
    return frozenset({0}) | (frozenset(page for page in hole() if page < ENTRIES) if RESERVE else frozenset())


def pages(pool: int) -> range:
    """The pages of a pool."""
    return range(min(POOL_SIZE, ENTRIES)) if pool == 0 else range(min(POOL_SIZE, ENTRIES), ENTRIES)
