"""iommu_range_alloc and __iommu_free, for one page each: a lock for each pool, plain accesses of the bitmap.

A search and the read of the word that it will change are one step, and so are taking a lock to free and that
read: with the right lock nothing can happen in between, and with the wrong one what can is also possible
between read and write.

Every map chooses its pool freely (the hash of the CPU, which may migrate), and a device with 32 or with all
address bits. A CPU has at most one page mapped: two CPUs make every overlap that there is.
"""

from explorer import *

from . import kernel
from .kernel import Allocator
from .table import Cpu, Owner, Page, Pool, Table

POOLS = 2
IOMMU = "arch/powerpc/kernel/iommu.c"


class Maps(State):
    """`page` is found or mapped, for a device of 32 bits if `narrow`; `word`: as read, to be changed."""

    narrow: Map[Cpu, bool] = initially(False)
    pool_nr: Map[Cpu, Pool] = initially(0, quiet=True)
    tries: Map[Cpu, Annotated[int, Range(0, POOLS + 1)]] = initially(0, quiet=True)
    page: Map[Cpu, Page | None] = initially(None)
    word: Map[Cpu, Set[Page]] = initially(set(), quiet=True)

    def has(self, cpu: Cpu) -> Value[bool]:
        """Whether the page belongs to the CPU's device: iommu_range_alloc has returned it."""
        return at(device, "mapped", cpu) | at(device, "lock to free", cpu)

    def is_marked(self, cpu: Cpu) -> Value[bool]:
        """Whether the page's bit must be set: from when it was written until it is cleared."""
        return self.has(cpu) | at(device, "unlock", cpu) | at(device, "clear", cpu)

    def constrained(self, cpu: Cpu, pool: Pool) -> Value[bool]:
        """limit + it_offset > mask: the device does not reach all of the pool."""
        return self.narrow[cpu] & (kernel.pages(pool).stop > kernel.REACH - 1)

    def leaves(self, cpu: Cpu, pool: Pool) -> Value[bool]:
        """Whether the search goes on in pool 0. That (start & mask) >= limit is never true where it_offset is
        0. From pool 0 to pool 0 the kernel unlocks and locks in vain; that is left out.
        """
        in_time = (self.tries[cpu] > 0) | (kernel.ALLOCATOR == Allocator.SWITCHES_LOCK)
        return self.constrained(cpu, pool) & in_time & (pool > 0)


def word_of(page: Page) -> int:
    """The word of the bitmap that has the page's bit; the pool that the page lies in."""
    return 0 if page in kernel.pages(0) else 1


# Fair: no CPU stops in the middle of a function, and a queued spinlock is given to each who waits for it.
# Strongly, since with the wrong lock others may change the answer of a search again and again while the CPU
# waits to take it. Whether a device maps and unmaps, and what VFIO does, is free.


@process(actor="cpu", fair=STRONG, restart=True, atomic=True, source=f"{IOMMU}:iommu_range_alloc")
def device(maps: Maps, table: Table, cpu: Cpu) -> Steps:
    """It maps a page, and unmaps it."""
    begins = 'iommu_range_alloc({"32-bit device" if narrow else "64-bit device"})  // pool {pool}'
    yield step(begins, name="idle", fair=UNFAIR)
    pool = yield choose(Pool)
    narrow = yield choose(bool)
    when(table.owner != Owner.NOBODY)
    when(narrow or kernel.WIDE_DEVICES)
    maps.pool_nr[cpu].next = pool
    maps.narrow[cpu].next = narrow
    while (answer := (yield from search(maps, table, cpu))) == "next pool":
        pass
    if answer == "none":
        return
    yield step("bitmap_set(it_map, {page}, 1)", name="set", source="lib/bitmap.c:__bitmap_set")
    page = yield choose(Page)
    when(maps.page[cpu] == page)
    table.it_map[word_of(page)].next = maps.word[cpu].add(page)
    maps.word[cpu].next = set()
    yield step("hint = {page + 1}; spin_unlock(&pools[{held}].lock); return {page}", name="unlock")
    held = yield choose(Pool)
    when(table.held[cpu] == held)
    pages = kernel.pages(held)
    table.hint[held].next = page + 1 if page + 1 < pages.stop else pages.start
    table.held[cpu].next = None
    maps.pool_nr[cpu].next = 0
    maps.tries[cpu].next = 0
    yield step("__iommu_free({page})", name="mapped", fair=UNFAIR, source=f"{IOMMU}:__iommu_free")
    locks = "spin_lock(&pools[{word_of(page)}].lock)  // get_pool({page})"
    yield step(locks, name="lock to free", source=f"{IOMMU}:get_pool")
    table.lock(cpu, word_of(page))
    maps.word[cpu].next = table.it_map[word_of(page)]
    clears = "bitmap_clear(it_map, {page}, 1); spin_unlock(&pools[{word_of(page)}].lock)"
    yield step(clears, name="clear", source="lib/bitmap.c:__bitmap_clear")
    table.it_map[word_of(page)].next = maps.word[cpu].remove(page)
    maps.word[cpu].next = set()
    table.held[cpu].next = None
    maps.page[cpu].next = None
    maps.narrow[cpu].next = False


def search(maps: Maps, table: Table, cpu: Cpu) -> Steps:
    """In one pool. Returns what came of it: a page, the next pool, or none."""
    yield step("spin_lock(&pools[{pool}].lock)", name="lock")
    pool = yield choose(Pool)
    when(maps.pool_nr[cpu] == pool)
    table.lock(cpu, pool)
    table.hint[pool].next = ite(maps.tries[cpu] > 0, kernel.pages(pool).start, table.hint[pool])
    while True:
        yield step("iommu_area_alloc()", name="search")
        pool = yield choose(Pool)
        when(table.held[cpu] == pool)
        if (yield branch(maps.leaves(cpu, pool))):
            leaves = "spin_unlock(&pools[{pool}].lock)  // pool = &pools[0]"
            outcome(leaves, name="leave pool", fair=WEAK)
            table.held[cpu].next = None
            yield step("spin_lock(&pools[0].lock)", name="lock pool 0")
            table.lock(cpu, 0)
            continue
        page = yield choose(Page | None)
        free = usable(maps, table, cpu, pool)
        when(every(~one for one in free[:page]))
        if page is not None:
            finds = "iommu_area_alloc() == {page}  // with the lock of pool {pool}"
            outcome(finds, name="find", source="lib/iommu-helper.c:iommu_area_alloc")
            when(free[page])
            maps.page[cpu].next = page
            maps.word[cpu].next = table.it_map[word_of(page)]
            return "page"
        if (yield branch(maps.tries[cpu] == 0)):
            outcome("iommu_area_alloc() == -1  // again, from the start of the pool", name="search again")
            table.hint[pool].next = kernel.pages(pool).start
            maps.tries[cpu].next = 1
            continue
        table.held[cpu].next = None
        if (yield branch(maps.tries[cpu] <= POOLS)):
            outcome("iommu_area_alloc() == -1  // spin_unlock, the next pool", name="try next pool")
            maps.pool_nr[cpu].next = (maps.pool_nr[cpu] + 1) % POOLS
            maps.tries[cpu].next = maps.tries[cpu] + 1
            return "next pool"
        outcome("return DMA_MAPPING_ERROR", name="give up")
        maps.pool_nr[cpu].next = 0
        maps.tries[cpu].next = 0
        maps.narrow[cpu].next = False
        return "none"


def usable(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> list[Value[bool]]:
    """For each page, whether the search passes over it and finds it free: from the hint, masked where the
    device is constrained, or from 0 after a switch. 5.4 does not compute the limit again after it.
    """
    hint, end = table.hint[pool], kernel.pages(pool).stop
    mask = kernel.REACH if kernel.ALLOCATOR == Allocator.KEEPS_LOCK else min(kernel.REACH, end)
    constrained, switched = maps.constrained(cpu, pool), maps.pool_nr[cpu] != pool
    start = ite(switched, 0, ite(constrained, hint % kernel.REACH, hint))
    limit = ite(switched, mask, ite(constrained, kernel.REACH, end))
    passed = [(start <= page) & (page < limit) for page in domain(Page)]
    return [passed[page] & ~table.it_map[word_of(page)].contains(page) for page in domain(Page)]


@action(actor="PCI", source=f"{IOMMU}:iommu_table_free")
def free_table(maps: Maps, table: Table) -> None:
    """iommu_table_free(tbl)"""
    when(table.owner == Owner.KERNEL)
    when(every(at(device, "idle", cpu) for cpu in Cpu))
    table.fill(frozenset())
    for pool in domain(Pool):
        table.hint[pool].next = 0
    table.owner.next = Owner.NOBODY
