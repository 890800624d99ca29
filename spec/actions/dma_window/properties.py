"""What must hold of the pages that devices are given, and of the bitmap (I1 to I3 and I6 of the fact
sheet).
"""

from explorer import *

from . import kernel
from .allocator import POOLS, Maps, Step, word_of
from .table import Cpu, Owner, Page, Pool, Table, released


@invariant
def no_page_in_hole(maps: Maps, cpu: Cpu) -> Value[bool]:
    """No device is given page 0 or a page of the 32-bit MMIO range: its DMA would not reach memory."""
    return implies(
        maps.has(cpu), every(maps.page[cpu] != page for page in {0} | kernel.hole() if page < kernel.ENTRIES)
    )


@invariant
def no_overlap(maps: Maps, cpu: Cpu) -> Value[bool]:
    """No page belongs to two devices."""
    return implies(
        maps.has(cpu),
        every(~maps.has(other) | (maps.page[other] != maps.page[cpu]) for other in Cpu if other != cpu),
    )


@invariant
def within_mask(maps: Maps, cpu: Cpu) -> Value[bool]:
    """A 32-bit device is given pages below 4 GiB."""
    return implies(
        maps.has(cpu) & maps.narrow[cpu],
        every(maps.page[cpu] != page for page in domain(Page) if page >= kernel.REACH),
    )


@invariant
def mapped_is_marked(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> Value[bool]:
    """The bit of a mapped page is set: a write of the word does not lose it."""
    here = every(maps.page[cpu] != page for page in domain(Page) if page not in kernel.pages(pool))
    return implies(maps.is_marked(cpu) & here, table.it_map[pool].contains(maps.page[cpu].value))


@invariant
def marked_is_mapped(maps: Maps, table: Table) -> Value[bool]:
    """While no lock is held, the bits that are set are those of mapped pages and, exactly, of reserved
    ones.
    """

    def fits(page: Page) -> Value[bool]:
        marked = table.it_map[0 if page in kernel.pages(0) else 1].contains(page)
        mapped = ~every(~maps.has(cpu) | (maps.page[cpu] != page) for cpu in Cpu)
        return marked == (mapped | (page in kernel.reserved()))

    return implies(
        (table.owner == Owner.KERNEL) & table.unlocked(), every(fits(page) for page in domain(Page))
    )


@invariant
def vfio_owns_alone(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """While VFIO owns the table no device of the kernel has a page."""
    return implies(table.owner == Owner.VFIO, ~maps.has(cpu))


@invariant
def vfio_can_take(maps: Maps, table: Table) -> Value[bool]:
    """iommu_take_ownership does not answer -EBUSY where nothing is mapped."""
    rests = (table.owner == Owner.KERNEL) & every(maps.at[cpu] == Step.IDLE for cpu in Cpu)
    return implies(rests, table.empty_but_for(released(kernel.RELEASE_TO_TAKE)))


@invariant
def no_unexpected_tces(maps: Maps, table: Table) -> Value[bool]:
    """iommu_table_free does not warn "Unexpected TCEs" where nothing is mapped."""
    rests = (table.owner == Owner.KERNEL) & every(maps.at[cpu] == Step.IDLE for cpu in Cpu)
    return implies(rests, table.empty_but_for(released(kernel.RELEASE_TO_FREE)))


@invariant
def one_holder(table: Table, cpu: Cpu) -> Value[bool]:
    """No two CPUs hold one lock."""
    return every(
        table.held[cpu].is_none | (table.held[other] != table.held[cpu]) for other in Cpu if other != cpu
    )


@invariant
def writes_locked_word(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """Who is about to write a word of the bitmap holds the lock of its pool, and what it has read is still
    there.
    """
    writes = (maps.at[cpu] == Step.SET) | (maps.at[cpu] == Step.CLEAR)
    right = some(
        (maps.page[cpu] == page)
        & (table.held[cpu] == word_of(page))
        & (maps.word[cpu] == table.it_map[word_of(page)])
        for page in domain(Page)
    )
    return implies(writes, right)


@invariant
def lets_go_of_locks(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """A CPU holds a lock from when it has waited for it until it has used it, and at no other time."""
    without = some(
        maps.at[cpu] == step for step in (Step.IDLE, Step.LOCK, Step.LOCK_0, Step.MAPPED, Step.LOCK_TO_FREE)
    )
    return table.held[cpu].is_none == without


@invariant
def nothing_is_left(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """What a function remembers is gone when it has returned, and the table's content with the table."""
    clean = (maps.tries[cpu] == 0) & (maps.pool_nr[cpu] == 0) & maps.word[cpu].empty
    idle = maps.page[cpu].is_none & ~maps.narrow[cpu]
    gone = every(table.it_map[pool].empty & (table.hint[pool] == 0) for pool in domain(Pool))
    return (
        implies((maps.at[cpu] == Step.IDLE) | (maps.at[cpu] == Step.MAPPED), clean)
        & implies(maps.at[cpu] == Step.IDLE, idle)
        & implies(table.owner == Owner.NOBODY, gone)
    )


@invariant
def device_as_asked(maps: Maps, cpu: Cpu) -> Value[bool]:
    """A CPU that waits to be given a page has none yet."""
    before = some(maps.at[cpu] == step for step in (Step.LOCK, Step.SEARCH, Step.LOCK_0, Step.SEARCH_0))
    return implies(before, maps.page[cpu].is_none)


@step_invariant
def leaves_full_pools_only(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> Value[bool]:
    """A search goes on to the next pool, or fails after all of them, only if the device can use no page of
    this one.
    """
    searches = ((maps.at[cpu] == Step.SEARCH) | (maps.at[cpu] == Step.SEARCH_0)) & (table.held[cpu] == pool)
    full = every(
        table.it_map[pool].contains(page) | (maps.narrow[cpu] & (page >= kernel.REACH))
        for page in kernel.pages(pool)
    )
    fails = maps.at[cpu].next == Step.IDLE
    return implies(
        searches & (fails | (maps.at[cpu].next == Step.LOCK)), full & (~fails | (maps.tries[cpu] > POOLS))
    )


@step_invariant
def waits_before_it_locks(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """Only who waits for a lock takes it; and who has found a pool full waits for that of the next pool."""
    waits = some(maps.at[cpu] == step for step in (Step.LOCK, Step.LOCK_0, Step.LOCK_TO_FREE))
    searches = (maps.at[cpu] == Step.SEARCH) | (maps.at[cpu] == Step.SEARCH_0)
    goes_on = searches & (maps.at[cpu].next == Step.LOCK)
    return implies(table.held[cpu].is_none & ~table.held[cpu].next.is_none, waits) & implies(
        goes_on, maps.pool_nr[cpu].next != maps.pool_nr[cpu]
    )


@step_invariant
def vfio_keeps_table(table: Table) -> Value[bool]:
    """Nobody frees the table while VFIO owns it."""
    return implies(table.owner == Owner.VFIO, table.owner.next != Owner.NOBODY)


@temporal
def allocation_ends(maps: Maps, cpu: Cpu) -> Formula:
    """iommu_range_alloc returns a page or an error."""
    return leads_to(maps.at[cpu] == Step.LOCK, (maps.at[cpu] == Step.MAPPED) | (maps.at[cpu] == Step.IDLE))


@temporal
def free_ends(maps: Maps, cpu: Cpu) -> Formula:
    """__iommu_free returns."""
    return leads_to(maps.at[cpu] == Step.LOCK_TO_FREE, maps.at[cpu] == Step.IDLE)
