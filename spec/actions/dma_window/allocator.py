"""iommu_range_alloc and __iommu_free, for one page each: a lock for each pool, plain reads and writes of the
bitmap's words.

A search and the read of the word that it will change are one step, and so are taking a lock to free and that
read: with the right lock nothing can happen in between, and with the wrong one what can is also possible
between read and write.

Every map chooses its pool freely (the hash of the CPU, which may migrate), and a device with 32 or with all
address bits. A CPU has at most one page mapped: two CPUs make every overlap that there is.
"""

import enum

from explorer import *

from . import kernel
from .kernel import Allocator
from .table import Cpu, Owner, Page, Pool, Table

POOLS = 2


class Step(enum.Enum):
    """What a CPU does next. MAPPED: it has a page, and may give it back."""

    IDLE = 0
    LOCK = 1
    SEARCH = 2
    LOCK_0 = 3
    SEARCH_0 = 4
    SET = 5
    UNLOCK = 6
    MAPPED = 7
    LOCK_TO_FREE = 8
    CLEAR = 9


class Maps(State):
    """Where each CPU is. `page` is found or mapped; `word` is what it has read of the bitmap, to write it
    back changed.
    """

    at: Map[Cpu, Step] = initially(Step.IDLE, quiet=True)
    narrow: Map[Cpu, bool] = initially(False)
    pool_nr: Map[Cpu, Pool] = initially(0, quiet=True)
    tries: Map[Cpu, Annotated[int, Range(0, POOLS + 1)]] = initially(0, quiet=True)
    page: Map[Cpu, Page | None] = initially(None)
    word: Map[Cpu, Set[Page]] = initially(set(), quiet=True)

    def has(self, cpu: Cpu) -> Value[bool]:
        """Whether the page belongs to the CPU's device: iommu_range_alloc has returned it."""
        return some(self.at[cpu] == step for step in (Step.MAPPED, Step.LOCK_TO_FREE))

    def is_marked(self, cpu: Cpu) -> Value[bool]:
        """Whether the page's bit must be set: from when it was written until it is cleared."""
        return self.has(cpu) | some(self.at[cpu] == step for step in (Step.UNLOCK, Step.CLEAR))

    def constrained(self, cpu: Cpu, pool: Pool) -> Value[bool]:
        """limit + it_offset > mask: the device does not reach all of the pool."""
        return self.narrow[cpu] & (kernel.pages(pool).stop > kernel.REACH - 1)

    def leaves(self, cpu: Cpu, pool: Pool) -> Value[bool]:
        """Whether the search goes on in pool 0. That (start & mask) >= limit is never true where it_offset is
        0.

        From pool 0 to pool 0 the kernel unlocks and locks in vain; that is left out.
        """
        in_time = (self.tries[cpu] > 0) | (kernel.ALLOCATOR == Allocator.SWITCHES_LOCK)
        return (self.at[cpu] == Step.SEARCH) & self.constrained(cpu, pool) & in_time & (pool > 0)

    def start(self, table: Table, cpu: Cpu, pool: Pool) -> Value[int]:
        """Where the search begins: at the hint, masked where the device is constrained; in pool 0 after a
        switch.
        """
        hint = table.hint[pool]
        return ite(
            self.at[cpu] == Step.SEARCH_0, 0, ite(self.constrained(cpu, pool), hint % kernel.REACH, hint)
        )

    def limit(self, cpu: Cpu, pool: Pool) -> Value[int]:
        """Where it ends. Linux 5.4 does not compute it again after the switch to pool 0."""
        end = kernel.pages(pool).stop
        after_switch = kernel.REACH if kernel.ALLOCATOR == Allocator.KEEPS_LOCK else min(kernel.REACH, end)
        return ite(
            self.at[cpu] == Step.SEARCH_0, after_switch, ite(self.constrained(cpu, pool), kernel.REACH, end)
        )

    def could_use(self, table: Table, cpu: Cpu, pool: Pool, page: Page) -> Value[bool]:
        """Whether the search passes over this page and finds it free."""
        free = ~table.it_map[word_of(page)].contains(page)
        return (self.start(table, cpu, pool) <= page) & (page < self.limit(cpu, pool)) & free

    def searches(self, table: Table, cpu: Cpu, pool: Pool) -> None:
        """The CPU is at iommu_area_alloc, with the lock of this pool."""
        when((self.at[cpu] == Step.SEARCH) | (self.at[cpu] == Step.SEARCH_0))
        when(table.held[cpu] == pool)
        when(~self.leaves(cpu, pool))

    def finds_none(self, table: Table, cpu: Cpu, pool: Pool) -> None:
        when(every(~self.could_use(table, cpu, pool, page) for page in domain(Page)))


def word_of(page: Page) -> int:
    """The word of the bitmap that has the page's bit; the pool that the page lies in."""
    return 0 if page in kernel.pages(0) else 1


# Fair: no CPU stops in the middle of a function, and a queued spinlock is given to each who waits for it.
# Whether a device
# maps and unmaps, and what VFIO does, is free. The answers of a search are strongly fair: with the wrong
# lock, others may change
# the answer again and again while the CPU waits to take it.


@action(actor="cpu", source="arch/powerpc/kernel/iommu.c:iommu_range_alloc")
def iommu_range_alloc(maps: Maps, table: Table, cpu: Cpu, pool: Pool, narrow: bool) -> None:
    """iommu_range_alloc({"32-bit device" if narrow else "64-bit device"})  // pool {pool}"""
    when(maps.at[cpu] == Step.IDLE)
    when(table.owner != Owner.NOBODY)
    when(narrow or kernel.WIDE_DEVICES)
    maps.pool_nr[cpu].next = pool
    maps.narrow[cpu].next = narrow
    maps.at[cpu].next = Step.LOCK


@action(actor="cpu", fair=STRONG, per=("cpu",), source="arch/powerpc/kernel/iommu.c:iommu_range_alloc")
def lock_pool(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> None:
    """spin_lock(&pools[{pool}].lock)"""
    when(maps.at[cpu] == Step.LOCK)
    when(maps.pool_nr[cpu] == pool)
    table.lock(cpu, pool)
    table.hint[pool].next = ite(maps.tries[cpu] > 0, kernel.pages(pool).start, table.hint[pool])
    maps.at[cpu].next = Step.SEARCH


@action(actor="cpu", fair=WEAK, per=("cpu",), source="arch/powerpc/kernel/iommu.c:iommu_range_alloc")
def leave_pool(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> None:
    """spin_unlock(&pools[{pool}].lock)  // pool = &pools[0]"""
    when(maps.leaves(cpu, pool))
    when(table.held[cpu] == pool)
    table.held[cpu].next = None
    maps.at[cpu].next = Step.LOCK_0


@action(actor="cpu", fair=STRONG, source="arch/powerpc/kernel/iommu.c:iommu_range_alloc")
def lock_pool_0(maps: Maps, table: Table, cpu: Cpu) -> None:
    """spin_lock(&pools[0].lock)"""
    when(maps.at[cpu] == Step.LOCK_0)
    table.lock(cpu, 0)
    maps.at[cpu].next = Step.SEARCH_0


@action(actor="cpu", fair=STRONG, per=("cpu",), source="lib/iommu-helper.c:iommu_area_alloc")
def find(maps: Maps, table: Table, cpu: Cpu, pool: Pool, page: Page) -> None:
    """iommu_area_alloc() == {page}  // with the lock of pool {pool}"""
    maps.searches(table, cpu, pool)
    when(maps.could_use(table, cpu, pool, page))
    when(every(~maps.could_use(table, cpu, pool, other) for other in range(page)))
    maps.page[cpu].next = page
    maps.word[cpu].next = table.it_map[word_of(page)]
    maps.at[cpu].next = Step.SET


@action(actor="cpu", fair=STRONG, per=("cpu",), source="arch/powerpc/kernel/iommu.c:iommu_range_alloc")
def search_again(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> None:
    """iommu_area_alloc() == -1  // again, from the start of the pool"""
    maps.searches(table, cpu, pool)
    when(maps.tries[cpu] == 0)
    maps.finds_none(table, cpu, pool)
    table.hint[pool].next = kernel.pages(pool).start
    maps.tries[cpu].next = 1


@action(actor="cpu", fair=STRONG, per=("cpu",), source="arch/powerpc/kernel/iommu.c:iommu_range_alloc")
def try_next_pool(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> None:
    """iommu_area_alloc() == -1  // spin_unlock, the next pool"""
    maps.searches(table, cpu, pool)
    when((maps.tries[cpu] > 0) & (maps.tries[cpu] <= POOLS))
    maps.finds_none(table, cpu, pool)
    table.held[cpu].next = None
    maps.pool_nr[cpu].next = (maps.pool_nr[cpu] + 1) % POOLS
    maps.tries[cpu].next = maps.tries[cpu] + 1
    maps.at[cpu].next = Step.LOCK


@action(actor="cpu", fair=STRONG, per=("cpu",), source="arch/powerpc/kernel/iommu.c:iommu_range_alloc")
def give_up(maps: Maps, table: Table, cpu: Cpu, pool: Pool) -> None:
    """return DMA_MAPPING_ERROR"""
    maps.searches(table, cpu, pool)
    when(maps.tries[cpu] > POOLS)
    maps.finds_none(table, cpu, pool)
    table.held[cpu].next = None
    maps.pool_nr[cpu].next = 0
    maps.tries[cpu].next = 0
    maps.narrow[cpu].next = False
    maps.at[cpu].next = Step.IDLE


@action(actor="cpu", fair=WEAK, per=("cpu",), source="lib/bitmap.c:__bitmap_set")
def set_bit(maps: Maps, table: Table, cpu: Cpu, page: Page) -> None:
    """bitmap_set(it_map, {page}, 1)"""
    when(maps.at[cpu] == Step.SET)
    when(maps.page[cpu] == page)
    table.it_map[word_of(page)].next = maps.word[cpu].add(page)
    maps.word[cpu].next = set()
    maps.at[cpu].next = Step.UNLOCK


@action(actor="cpu", fair=WEAK, per=("cpu",), source="arch/powerpc/kernel/iommu.c:iommu_range_alloc")
def return_page(maps: Maps, table: Table, cpu: Cpu, pool: Pool, page: Page) -> None:
    """hint = {page + 1}; spin_unlock(&pools[{pool}].lock); return {page}"""
    when(maps.at[cpu] == Step.UNLOCK)
    when(maps.page[cpu] == page)
    when(table.held[cpu] == pool)
    table.hint[pool].next = page + 1 if page + 1 < kernel.pages(pool).stop else kernel.pages(pool).start
    table.held[cpu].next = None
    maps.pool_nr[cpu].next = 0
    maps.tries[cpu].next = 0
    maps.at[cpu].next = Step.MAPPED


@action(actor="cpu", source="arch/powerpc/kernel/iommu.c:__iommu_free")
def iommu_free(maps: Maps, cpu: Cpu) -> None:
    """__iommu_free({maps.page[cpu]})"""
    when(maps.at[cpu] == Step.MAPPED)
    maps.at[cpu].next = Step.LOCK_TO_FREE


@action(actor="cpu", fair=STRONG, per=("cpu",), source="arch/powerpc/kernel/iommu.c:get_pool")
def lock_to_free(maps: Maps, table: Table, cpu: Cpu, page: Page) -> None:
    """spin_lock(&pools[{word_of(page)}].lock)  // get_pool({page})"""
    when(maps.at[cpu] == Step.LOCK_TO_FREE)
    when(maps.page[cpu] == page)
    table.lock(cpu, word_of(page))
    maps.word[cpu].next = table.it_map[word_of(page)]
    maps.at[cpu].next = Step.CLEAR


@action(actor="cpu", fair=WEAK, per=("cpu",), source="lib/bitmap.c:__bitmap_clear")
def clear_bit(maps: Maps, table: Table, cpu: Cpu, page: Page) -> None:
    """bitmap_clear(it_map, {page}, 1); spin_unlock(&pools[{word_of(page)}].lock)"""
    when(maps.at[cpu] == Step.CLEAR)
    when(maps.page[cpu] == page)
    table.it_map[word_of(page)].next = maps.word[cpu].remove(page)
    maps.word[cpu].next = set()
    table.held[cpu].next = None
    maps.page[cpu].next = None
    maps.narrow[cpu].next = False
    maps.at[cpu].next = Step.IDLE


@action(actor="PCI", source="arch/powerpc/kernel/iommu.c:iommu_table_free")
def free_table(maps: Maps, table: Table) -> None:
    """iommu_table_free(tbl)"""
    when(table.owner == Owner.KERNEL)
    when(every(maps.at[cpu] == Step.IDLE for cpu in Cpu))
    table.fill(frozenset())
    for pool in domain(Pool):
        table.hint[pool].next = 0
    table.owner.next = Owner.NOBODY
