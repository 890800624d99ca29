"""What must hold of window and table for every machine (I4, I5 of the fact sheet, the commit's figures)."""

from explorer import *

from .size import ADDRESS_BITS, Machine, Powers, Window, configures, gigabytes, window_bytes


def built(window: Window) -> Value[bool]:
    """The table is built, and its hole reserved."""
    return at(configures, None) & ~window.refused


@invariant
def there_is_a_window(window: Window) -> Value[bool]:
    """pnv_pci_ioda2_create_table does not answer -EINVAL: the PE has a window."""
    return ~window.refused


@invariant
def window_is_a_power_of_two(window: Window) -> Value[bool]:
    """The table's builder takes nothing else."""
    return window.power_of_two


@invariant
def window_fits_memory(machine: Machine, window: Window) -> Value[bool]:
    """The window is no larger than memory, but for what rounding down leaves out."""
    return implies(~at(configures, "window_size"), window.size <= machine.memory)


@invariant
def bitmap_fits_block(machine: Machine, window: Window) -> Value[bool]:
    """The bitmap, a bit for each TCE, is one allocation."""
    return implies(built(window), window.order(machine) - 3 <= machine.maxblock())


@invariant
def level_fits_block(machine: Machine, window: Window) -> Value[bool]:
    """Every level of the table is one allocation."""
    return implies(built(window), (window.level_shift >= 3) & (window.level_shift <= machine.maxblock()))


@invariant
def levels_cover_window(machine: Machine, window: Window) -> Value[bool]:
    """The indices of all levels together reach every TCE, in 55 bits of address."""
    bits = (window.level_shift - 3) * window.levels
    covers = (bits >= window.order(machine)) & (bits + machine.page_shift < ADDRESS_BITS)
    return implies(built(window), covers)


@invariant
def figures_of_the_commit(machine: Machine, window: Window, powers: Powers) -> Value[bool]:
    """64K pages and 8 TiB or more: a window of 2^43, 2 levels of 16384 TCEs, 2 system pages for a level."""
    described = (machine.page_shift == 16) & (machine.kernel.max_order == 9) & (machine.memory >= 43)
    figures = (window.size == 43) & (window.levels == 2) & (powers.of[window.level_shift - 3] == 16384)
    pages = powers.of[window.level_shift - machine.page_shift]
    return implies(built(window) & described, figures & (pages == 2))


@invariant
def hole_is_reserved(machine: Machine, window: Window, powers: Powers) -> Value[bool]:
    """Every page of the window on the MMIO range is reserved, and no page that lies whole below it."""
    page = powers.of[machine.page_shift]
    start, size = machine.mmio_start(), window_bytes(machine, window, powers)
    exact = (window.start * page <= start) & (start < (window.start + 1) * page) & (window.end * page == size)
    return implies(built(window) & (start < size), exact & (size <= gigabytes(machine)))


@invariant
def reserved_inside_bitmap(machine: Machine, window: Window, powers: Powers) -> Value[bool]:
    """No bit is set past the end of the bitmap."""
    return implies(built(window), window.end <= powers.of[window.order(machine)])


@temporal
def configuration_ends() -> Formula:
    """pnv_pci_ioda2_setup_default_config returns."""
    return leads_to(at(configures, "window_size"), at(configures, None))
