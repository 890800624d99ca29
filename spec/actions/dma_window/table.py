"""The bitmap of a table, and who owns it: the kernel's DMA functions or VFIO.

The bitmap is two words, one for each pool: in Linux a pool begins at a word. iommu_take_ownership and its
counterpart hold the locks of all pools from beginning to end, so each is one step here, possible when no lock
is held.
"""

import enum
from collections.abc import Set as AbstractSet

from explorer import *

from . import kernel

Pool = Annotated[int, Range(0, 1)]
Page = Annotated[int, Range(0, kernel.ENTRIES - 1)]


class Cpu(Scalarset):
    """A CPU that maps and unmaps."""

    size = constant("cpus", 2)
    names = ("A", "B", "C")


class Owner(enum.Enum):
    """NOBODY: there is no table."""

    NOBODY, KERNEL, VFIO = range(3)


class Table(State):
    """`it_map`: the bitmap. `hint`: where the next search of a pool begins. `held`: the lock a CPU has."""

    it_map: Map[Pool, Set[Page]] = initially(set())
    hint: Map[Pool, Annotated[int, Range(0, kernel.ENTRIES)]] = initially(0, quiet=True)
    held: Map[Cpu, Pool | None] = initially(None)
    owner: Var[Owner] = initially(Owner.NOBODY)

    def lock(self, cpu: Cpu, pool: Pool) -> None:
        """spin_lock(&pools[pool].lock)"""
        when(every(self.held[other] != pool for other in Cpu))
        self.held[cpu].next = pool

    def unlocked(self) -> Value[bool]:
        return every(self.held[cpu].is_none for cpu in Cpu)

    def fill(self, content: AbstractSet[int]) -> None:
        """Exactly these pages are marked."""
        for pool in domain(Pool):
            self.it_map[pool].next = set(content) & set(kernel.pages(pool))

    def empty_but_for(self, content: AbstractSet[int]) -> Value[bool]:
        """bitmap_empty(it_map), once these pages are cleared."""
        return every(self.it_map[pool].issubset(set(content)) for pool in domain(Pool))


def released(whole: bool) -> frozenset[int]:
    """What is cleared before the bitmap is tested: all that was reserved, or page 0 as before Linux 5.4."""
    return kernel.reserved() if whole else frozenset({0})


@action(actor="PCI", source="arch/powerpc/kernel/iommu.c:iommu_init_table")
def init_table(table: Table) -> None:
    """iommu_init_table(tbl, node, res_start, res_end)"""
    when(table.owner == Owner.NOBODY)
    table.fill(kernel.reserved())
    for pool in domain(Pool):
        table.hint[pool].next = kernel.pages(pool).start
    table.owner.next = Owner.KERNEL


@action(actor="VFIO", source="arch/powerpc/kernel/iommu.c:iommu_take_ownership")
def take_ownership(table: Table) -> None:
    """iommu_take_ownership(tbl)  // every bit set"""
    when(table.owner == Owner.KERNEL)
    when(table.unlocked())
    when(table.empty_but_for(released(kernel.RELEASE_TO_TAKE)))
    table.fill(frozenset(range(kernel.ENTRIES)))
    table.owner.next = Owner.VFIO


@action(actor="VFIO", source="arch/powerpc/kernel/iommu.c:iommu_release_ownership")
def release_ownership(table: Table) -> None:
    """iommu_release_ownership(tbl)"""
    when(table.owner == Owner.VFIO)
    when(table.unlocked())
    table.fill(released(kernel.RESTORE))
    table.owner.next = Owner.KERNEL
