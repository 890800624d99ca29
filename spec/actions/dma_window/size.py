"""The default window's size and table: the arithmetic of pnv_pci_ioda2_setup_default_config.

Every machine at once: the parameters are free at first and never change. Most sizes are powers of two and
stand as their logarithms. Beside the machines that exist there are small ones, where an address has a few
bits and "4 GiB" is 2^8: what holds for all of them does not hold by the luck of large numbers.
"""

import enum
from dataclasses import dataclass

from explorer import *

BITMAP_LIMIT = constant("bitmap_limit", True)
"""The window is small enough for its bitmap to be one allocation."""

ROUNDED = constant("rounded", True)
"""The memory's size is rounded down to a power of two."""


class LevelRule(enum.Enum):
    """How many levels: the tables' order divided by the largest level's, rounded up or down; or one."""

    CEILING = "ceiling"
    FLOOR = "floor"
    ONE = "one"


LEVEL_RULE = constant("level_rule", LevelRule.CEILING)

DEFAULT_LEVELS = constant("default_levels", 2)
"""POWERNV_IOMMU_DEFAULT_LEVELS: at least so many. Linux 5.3: 1."""

ASKS = constant("asks", True)
"""The caller reserves the MMIO range only where it is in the window. Else iommu_table_reserve_pages must."""

CLAMPS = constant("clamps", False)
"""iommu_table_reserve_pages cuts the range to the table (3c33066a2190, Linux 5.15), not only tests it."""

MAX_LEVELS, ADDRESS_BITS = 5, 55
SIXTEENTH = 4
"""The 32-bit MMIO range begins at a multiple of 4 GiB / 2^4."""

Log = Annotated[int, Range(0, 63)]
Exponent = Annotated[int, Range(0, 40)]
Page = Annotated[int, Range(0, 1 << 20)]


class Powers(State):
    """Powers of two, by exponent: a table that nothing changes."""

    of: Map[Exponent, Annotated[int, Range(1, 1 << 40)]] = initially(lambda power: 1 << power, quiet=True)


@dataclass(frozen=True)
class Kernel:
    """PAGE_SHIFT and MAX_ORDER, as they are configured together."""

    page_shift: Annotated[int, Range(2, 16)]
    max_order: Annotated[int, Range(2, 13)]


KERNELS = [Kernel(12, 13), Kernel(16, 9)]
SMALL = [Kernel(shift, order) for shift in range(2, 6) for order in range(2, 7) if shift + order >= 6]
"""Those whose largest block holds four TCEs or more. With less the rule asks for more than five levels."""


class Machine(State):
    """Any kernel. `memory` is its log2, rounded down if it is `odd`; `mmio` counts sixteenths of 4 GiB."""

    kernel: Var[Kernel] = initially(any_of(*KERNELS, *SMALL))
    memory: Var[Annotated[int, Range(2, 50)]] = initially(any_of(*range(2, 19), *range(30, 51)))
    odd: Var[bool] = initially(any_of(bool))
    mmio: Var[Annotated[int, Range(1, 15)]] = initially(any_of(1, 5, 8, 11, 15))

    @property
    def page_shift(self) -> Value[int]:
        shift: Value[int] = self.kernel.page_shift
        return shift

    def maxblock(self) -> Value[int]:
        """log2 of the largest contiguous allocation."""
        order: Value[int] = self.kernel.max_order
        return self.page_shift + order - 1

    def largest(self) -> Value[int]:
        """log2 of the largest window: one bit for each page, and the bitmap is one allocation."""
        return self.maxblock() + 3 + self.page_shift

    def four_gib(self) -> Value[int]:
        """log2 of 4 GiB; of 2^8 for the small machines."""
        return ite(self.page_shift >= 12, 32, 8)

    def mmio_start(self) -> Value[int]:
        """Where the 32-bit MMIO range begins, in bytes."""
        return self.mmio * ite(self.page_shift >= 12, 1 << (32 - SIXTEENTH), 1 << (8 - SIXTEENTH))


@initial
def machines(machine: Machine) -> Value[bool]:
    """Real kernels have at least 1 GiB, small ones at most 2^18 bytes and at least one page."""
    small = (machine.memory <= 18) & (machine.memory >= machine.page_shift)
    return ite(machine.page_shift >= 12, machine.memory >= 30, small)


class Window(State):
    """`size` is log2 of the window, rounded down where it is no `power_of_two`. `refused`: there is none.

    `start` and `end` are the bits that iommu_table_reserve_pages sets besides bit 0.
    """

    size: Var[Log] = initially(0)
    power_of_two: Var[bool] = initially(True)
    levels: Var[Log] = initially(0)
    level_shift: Var[Log] = initially(0)
    refused: Var[bool] = initially(False)
    start: Var[Page] = initially(0)
    end: Var[Page] = initially(0)

    def order(self, machine: Machine) -> Value[int]:
        """log2 of the number of TCEs."""
        return self.size - machine.page_shift


IODA = "arch/powerpc/platforms/powernv/pci-ioda"


def ceiling(a: Value[int], b: Value[int]) -> Value[int]:
    """a / b, rounded up."""
    return (a + b - 1) // b


def wanted_levels(order: Value[int], level_order: Value[int]) -> Value[int] | int:
    """How many levels of at most 2^level_order TCEs a table of 2^order needs, by the rule."""
    if LEVEL_RULE == LevelRule.ONE:
        return 1
    return order // level_order if LEVEL_RULE == LevelRule.FLOOR else ceiling(order, level_order)


# Fair: the kernel gets to the end of its function.


@process(actor="kernel", fair=WEAK, source=f"{IODA}.c:pnv_pci_ioda2_setup_default_config")
def configures(machine: Machine, window: Window, powers: Powers) -> Steps:
    yield step("window_size = min((maxblock * 8) << PAGE_SHIFT, max_memory)", name="window_size")
    limited = (machine.largest() <= machine.memory) & BITMAP_LIMIT
    window.size.next = ite(limited, machine.largest(), machine.memory)
    window.power_of_two.next = limited | ~machine.odd | ROUNDED
    yield "levels = tces_order / tcelevel_order, rounded up, at least POWERNV_IOMMU_DEFAULT_LEVELS"
    wanted = wanted_levels(window.order(machine), machine.maxblock() - 3)
    window.levels.next = ite(wanted < DEFAULT_LEVELS, DEFAULT_LEVELS, wanted)
    builds = "pnv_pci_ioda2_table_alloc_pages(2^{window.size}, {window.levels} levels)"
    yield step(builds, source=f"{IODA}-tce.c:pnv_pci_ioda2_table_alloc_pages")
    shift = ceiling(window.order(machine), window.levels) + 3
    level_shift = ite(shift < machine.page_shift, machine.page_shift, shift)
    too_wide = (level_shift - 3) * window.levels + machine.page_shift >= ADDRESS_BITS
    refused = (window.levels > MAX_LEVELS) | ~window.power_of_two | too_wide
    window.level_shift.next = ite(refused, 0, level_shift)
    window.refused.next = refused
    if not (yield branch(refused)):
        yield from reserves(machine, window, powers)


@procedure(source="arch/powerpc/kernel/iommu.c:iommu_table_reserve_pages")
def reserves(machine: Machine, window: Window, powers: Powers) -> Steps:
    yield "iommu_init_table(tbl, node, res_start, res_end)"
    page, entries = powers.of[machine.page_shift], powers.of[window.order(machine)]
    overlaps = machine.mmio_start() < window_bytes(machine, window, powers)
    start = machine.mmio_start() // page
    end = ite(overlaps, window_bytes(machine, window, powers), gigabytes(machine)) // page
    passed = overlaps | (not ASKS)
    if CLAMPS:
        end = ite(end > entries, entries, end)
        taken = passed & (start < end)
    else:
        taken = passed & ~(entries < start)
    window.start.next = ite(taken, start, 0)
    window.end.next = ite(taken, end, 0)


def gigabytes(machine: Machine) -> Value[int]:
    """4 GiB in bytes."""
    return ite(machine.four_gib() == 32, 1 << 32, 1 << 8)


def window_bytes(machine: Machine, window: Window, powers: Powers) -> Value[int]:
    """The window's size in bytes; 4 GiB where it is larger than that."""
    return powers.of[ite(window.size < machine.four_gib(), window.size, machine.four_gib())]
