"""Whoever takes the pmd away: khugepaged collapses a table to a huge page, a split goes back, munmap frees.
One at a time: it holds the pmd lock. It knows of walkers only their bits in mm_cpumask and whom it waits for;
taking the lock and answering stand with the IPI.
"""

import enum

from explorer import *

from ..shared.cpus import Target
from . import kernel
from .kernel import Serialize
from .page_table import MM, PageTable, Pfn, Pmd, Use
from .walker import Walkers

BOOK3S64 = "arch/powerpc/mm/book3s64"


class Kind(enum.Enum):
    """What it does to the pmd."""

    COLLAPSE, SPLIT, ZAP_HUGE, FREE_TABLE = range(4)


class Teardown(State):
    """`kind`: what the pmd lock is held for. `pending`: the CPUs whose answer is still to come."""

    kind: Var[Kind | None] = initially(None, quiet=True)
    pending: Map[Target, bool] = initially(False)


# Fair: whoever holds the pmd lock goes on. Taking it, zapping and faulting are free choices.

TEXT = {
    Kind.COLLAPSE: "collapse_huge_page",
    Kind.SPLIT: "__split_huge_pmd_locked",
    Kind.ZAP_HUGE: "zap_huge_pmd",
    Kind.FREE_TABLE: "free_pgtables",
}


def begins(table: PageTable, teardown: Teardown, kind: Kind) -> None:
    """The pmd lock is taken to do this."""
    when(teardown.kind.is_none)
    when(kernel.UNMAP or kind in (Kind.COLLAPSE, Kind.SPLIT))
    when(table.present == (Pmd.TABLE if kind in (Kind.COLLAPSE, Kind.FREE_TABLE) else Pmd.LEAF))
    if kind in (Kind.COLLAPSE, Kind.FREE_TABLE):
        when(table.pte.is_none == (kind == Kind.FREE_TABLE))
    teardown.kind.next = kind


@process(actor="mm", fair=WEAK, restart=True, atomic=True, source="mm/memory.c:free_pgtables")
def tears_down(table: PageTable, walkers: Walkers, teardown: Teardown) -> Steps:
    """Behind pmd_lock(), which stands with the IPI. The last step flushes the TLB (ptesync: a full barrier)
    and gives the lock back.
    """
    if kernel.SERIALIZE == Serialize.BEFORE:
        yield from serialize(table, teardown)
    yield from clear(table, teardown)
    if kernel.SERIALIZE in (Serialize.AFTER, Serialize.NO_WAIT):
        yield from serialize(table, teardown)
    yield step("pte_free()  // T is anyone's page", name="finish")
    kind = yield choose(Kind)
    when(teardown.kind == kind)
    teardown.kind.next = None
    table.smp_mb(MM)
    if kernel.TEARDOWN_FENCE:
        table.rests(MM)
    if kind == Kind.COLLAPSE:
        deposits = "pgtable_trans_huge_deposit(); set_pmd_at()  // T now holds list pointers"
        outcome(deposits, name="install_leaf", source="mm/khugepaged.c:collapse_huge_page")
        becomes(table, walkers, Use.DEPOSITED, Pmd.LEAF, table.moved())
        table.leaf.next = table.moved()
    elif kind == Kind.SPLIT:
        withdraws = "pgtable_trans_huge_withdraw(); pmd_populate()"
        outcome(withdraws, name="install_table", source="mm/huge_memory.c:__split_huge_pmd_locked")
        becomes(table, walkers, Use.PTE_TABLE, Pmd.TABLE, table.leaf)
        table.pte.next = table.leaf
    else:
        when(kernel.UNMAP)
        table.table.next = Use.FREED


def becomes(table: PageTable, walkers: Walkers, use: Use, pmd: Pmd, mapped: Pfn | Value[Pfn]) -> None:
    """The pmd is a leaf or points to the table again, and maps the address to this pfn."""
    table.table.next = use
    table.store(MM, table.pmd, pmd)
    for pfn in domain(Pfn):
        walkers.see(pfn, mapped == pfn)


def clear(table: PageTable, teardown: Teardown) -> Steps:
    yield step("pmd_clear(pmdp)", source=f"{BOOK3S64}/radix_pgtable.c:radix__pmdp_collapse_flush")
    when(~teardown.kind.is_none)
    if (yield branch(teardown.kind == Kind.SPLIT)):
        invalidates = "pmd_hugepage_update(_PAGE_PRESENT, _PAGE_INVALID)"
        outcome(invalidates, name="pmd_invalidate", source=f"{BOOK3S64}/pgtable.c:pmdp_invalidate")
        table.store(MM, table.pmd, Pmd.SERIALIZING)
        table.smp_mb(MM)  # everybody sees it at once: the TLB flush that follows waits for it (ptesync)
    else:
        table.store(MM, table.pmd, Pmd.NONE)


@procedure(source=f"{BOOK3S64}/pgtable.c:serialize_against_pte_lookup")
def serialize(table: PageTable, teardown: Teardown) -> Steps:
    if kernel.TEARDOWN_FENCE:
        yield "smp_mb()"
        when(~teardown.kind.is_none)
        table.smp_mb(MM)
    yield step("smp_call_function_many(mm_cpumask(mm), do_nothing, NULL, 1)", name="call")
    when(~teardown.kind.is_none)
    if kernel.UNMAP and (yield branch(teardown.kind == Kind.FREE_TABLE)):
        grace = "call_rcu(tlb_remove_table_rcu)  // a grace period of all CPUs in place of an IPI"
        outcome(grace, name="call_rcu", source="mm/mmu_gather.c:tlb_table_flush")
        for cpu in Target:
            teardown.pending[cpu].next = True
    else:
        members = table.load(MM, table.cpumask)
        for cpu in Target:
            teardown.pending[cpu].next = members.contains(cpu)
        table.rests(MM)
    if kernel.SERIALIZE != Serialize.NO_WAIT:
        waits = "csd_lock_wait()  // every CPU has answered"
        yield step(waits, name="wait", source="kernel/smp.c:smp_call_function_many")
        when(every(~teardown.pending[cpu] for cpu in Target))


@action(actor="mm", source="mm/memory.c:zap_pte_range")
def zap(table: PageTable, teardown: Teardown) -> None:
    """ptep_get_and_clear_full()  // munmap"""
    when(kernel.UNMAP)
    when(teardown.kind.is_none)
    when((table.present == Pmd.TABLE) & (table.pte != None))
    table.pte.next = None


@action(actor="mm", source="mm/memory.c:do_anonymous_page")
def fault(table: PageTable, walkers: Walkers, teardown: Teardown, empty: bool) -> None:
    """{"pmd_populate(); " if empty else ""}set_pte_at()  // page fault"""
    when(kernel.UNMAP)
    when(teardown.kind.is_none)
    if empty:
        when(table.present == Pmd.NONE)
        table.store(MM, table.pmd, Pmd.TABLE)
    else:
        when((table.present == Pmd.TABLE) & table.pte.is_none)
    table.table.next = Use.PTE_TABLE
    table.pte.next = Pfn.P0
    walkers.see(Pfn.P0, True)
