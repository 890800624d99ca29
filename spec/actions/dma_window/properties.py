"""What must hold of pages that devices are given, and of the bitmap (I1 to I3 and I6 of the fact sheet)."""

from explorer import *

from . import kernel
from .allocator import POOLS, Maps, device, word_of
from .table import Cpu, Owner, Page, Pool, Table, released


@invariant
def no_page_in_hole(maps: Maps, cpu: Cpu) -> Value[bool]:
    """No device is given page 0 or a page of the 32-bit MMIO range: its DMA would not reach memory."""
    unfit = [page for page in {0} | kernel.hole() if page < kernel.ENTRIES]
    return implies(maps.has(cpu), every(maps.page[cpu] != page for page in unfit))


@invariant
def no_overlap(maps: Maps, cpu: Cpu) -> Value[bool]:
    """No page belongs to two devices."""
    others = [~maps.has(other) | (maps.page[other] != maps.page[cpu]) for other in Cpu if other != cpu]
    return implies(maps.has(cpu), every(others))


@invariant
def within_mask(maps: Maps, cpu: Cpu) -> Value[bool]:
    """A 32-bit device is given pages below 4 GiB."""
    beyond = [page for page in domain(Page) if page >= kernel.REACH]
    return implies(maps.has(cpu) & maps.narrow[cpu], every(maps.page[cpu] != page for page in beyond))


@invariant
def mapped_is_marked(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> Value[bool]:
    """The bit of a mapped page is set: a write of the word does not lose it."""
    here = every(maps.page[cpu] != page for page in domain(Page) if page not in kernel.pages(pool))
    return implies(maps.is_marked(cpu) & here, table.it_map[pool].contains(maps.page[cpu].value))


@invariant
def marked_is_mapped(maps: Maps, table: Table) -> Value[bool]:
    """While no lock is held, the bits that are set are those of mapped and of reserved pages."""

    def fits(page: Page) -> Value[bool]:
        marked = table.it_map[0 if page in kernel.pages(0) else 1].contains(page)
        mapped = some(maps.has(cpu) & (maps.page[cpu] == page) for cpu in Cpu)
        return marked == (mapped | (page in kernel.reserved()))

    rests = (table.owner == Owner.KERNEL) & table.unlocked()
    return implies(rests, every(fits(page) for page in domain(Page)))


@invariant
def vfio_owns_alone(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """While VFIO owns the table no device of the kernel has a page."""
    return implies(table.owner == Owner.VFIO, ~maps.has(cpu))


@invariant
def vfio_can_take(maps: Maps, table: Table) -> Value[bool]:
    """iommu_take_ownership does not answer -EBUSY where nothing is mapped."""
    rests = (table.owner == Owner.KERNEL) & every(at(device, "idle", cpu) for cpu in Cpu)
    return implies(rests, table.empty_but_for(released(kernel.RELEASE_TO_TAKE)))


@invariant
def no_unexpected_tces(maps: Maps, table: Table) -> Value[bool]:
    """iommu_table_free does not warn "Unexpected TCEs" where nothing is mapped."""
    rests = (table.owner == Owner.KERNEL) & every(at(device, "idle", cpu) for cpu in Cpu)
    return implies(rests, table.empty_but_for(released(kernel.RELEASE_TO_FREE)))


@invariant
def one_holder(table: Table, cpu: Cpu) -> Value[bool]:
    """No two CPUs hold one lock."""
    others = [table.held[other] for other in Cpu if other != cpu]
    return every(table.held[cpu].is_none | (held != table.held[cpu]) for held in others)


@invariant
def writes_locked_word(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """Who is about to write a word of the bitmap holds its lock, and what it has read is still there."""
    writes = at(device, "set", cpu) | at(device, "clear", cpu)
    held, word = table.held[cpu], maps.word[cpu]
    right = [(held == word_of(p)) & (word == table.it_map[word_of(p)]) for p in domain(Page)]
    return implies(writes, some((maps.page[cpu] == p) & right[p] for p in domain(Page)))


def waits(cpu: Cpu) -> Value[bool]:
    """Whether the CPU waits for a lock."""
    return some(at(device, place, cpu) for place in ("lock", "lock pool 0", "lock to free"))


@invariant
def lets_go_of_locks(table: Table, cpu: Cpu) -> Value[bool]:
    """A CPU holds a lock from when it has waited for it until it has used it, and at no other time."""
    return table.held[cpu].is_none == (at(device, "idle", cpu) | at(device, "mapped", cpu) | waits(cpu))


@invariant
def nothing_is_left(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """What a function remembers is gone when it has returned, and the table's content with the table."""
    idle, mapped = at(device, "idle", cpu), at(device, "mapped", cpu)
    clean = (maps.tries[cpu] == 0) & (maps.pool_nr[cpu] == 0) & maps.word[cpu].empty
    none = maps.page[cpu].is_none & ~maps.narrow[cpu]
    gone = every(table.it_map[pool].empty & (table.hint[pool] == 0) for pool in domain(Pool))
    returned = implies(idle | mapped, clean) & implies(idle, none)
    return returned & implies(table.owner == Owner.NOBODY, gone)


@invariant
def device_as_asked(maps: Maps, cpu: Cpu) -> Value[bool]:
    """A CPU that waits to be given a page has none yet."""
    before = some(at(device, place, cpu) for place in ("lock", "lock pool 0", "search"))
    return implies(before, maps.page[cpu].is_none)


@step_invariant
def leaves_full_pools_only(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> Value[bool]:
    """A search goes on to the next pool, or fails after all, only if the device can use none of this one."""
    beyond = [maps.narrow[cpu] & (page >= kernel.REACH) for page in range(kernel.ENTRIES)]
    full = every(table.it_map[pool].contains(page) | beyond[page] for page in kernel.pages(pool))
    fails = after(at(device, "idle", cpu))
    leaves = at(device, "search", cpu) & (table.held[cpu] == pool) & (fails | after(at(device, "lock", cpu)))
    return implies(leaves, full & (~fails | (maps.tries[cpu] > POOLS)))


@step_invariant
def waits_before_it_locks(maps: Maps, table: Table, cpu: Cpu) -> Value[bool]:
    """Only who waits for a lock takes it; and who has found a pool full waits for that of the next pool."""
    locks = table.held[cpu].is_none & ~table.held[cpu].next.is_none
    goes_on = at(device, "search", cpu) & after(at(device, "lock", cpu))
    return implies(locks, waits(cpu)) & implies(goes_on, maps.pool_nr[cpu].next != maps.pool_nr[cpu])


@step_invariant
def vfio_keeps_table(table: Table) -> Value[bool]:
    """Nobody frees the table while VFIO owns it."""
    return implies(table.owner == Owner.VFIO, table.owner.next != Owner.NOBODY)


@temporal
def allocation_ends(cpu: Cpu) -> Formula:
    """iommu_range_alloc returns a page or an error."""
    return leads_to(at(device, "lock", cpu), at(device, "mapped", cpu) | at(device, "idle", cpu))


@temporal
def free_ends(cpu: Cpu) -> Formula:
    """__iommu_free returns."""
    return leads_to(at(device, "lock to free", cpu), at(device, "idle", cpu))
