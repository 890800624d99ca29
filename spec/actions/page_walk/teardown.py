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


class Step(enum.Enum):
    """What the holder of the pmd lock does next."""

    IDLE = 0
    CLEAR = 1
    FENCE = 2
    CALL = 3
    WAIT = 4
    FINISH = 5


class Kind(enum.Enum):
    """What it does to the pmd."""

    COLLAPSE = 0
    SPLIT = 1
    ZAP_HUGE = 2
    FREE_TABLE = 3


class Teardown(State):
    """`pending`: the CPUs whose answer is still to come."""

    at: Var[Step] = initially(Step.IDLE, quiet=True)
    kind: Var[Kind | None] = initially(None, quiet=True)
    pending: Map[Target, bool] = initially(False)

    def turn(self, step: Step) -> None:
        """It is at this step, and goes on to the next one."""
        when(step in program())
        when(self.at == step)
        self.at.next = following(step)

    def answered(self) -> Value[bool]:
        return every(~self.pending[cpu] for cpu in Target)


def program() -> list[Step]:
    """The steps of a teardown in this kernel, in program order."""
    fence = [Step.FENCE] * kernel.TEARDOWN_FENCE
    if kernel.SERIALIZE == Serialize.BEFORE:
        return [*fence, Step.CALL, Step.WAIT, Step.CLEAR, Step.FINISH]
    if kernel.SERIALIZE == Serialize.NEVER:
        return [Step.CLEAR, Step.FINISH]
    return [
        Step.CLEAR,
        *fence,
        Step.CALL,
        *[Step.WAIT] * (kernel.SERIALIZE != Serialize.NO_WAIT),
        Step.FINISH,
    ]


def following(step: Step) -> Step:
    """The step after this one, IDLE at the end."""
    steps = [*program(), Step.IDLE]
    return steps[steps.index(step) + 1] if step in steps[:-1] else Step.IDLE


# Fair: whoever holds the pmd lock goes on. Taking it, zapping and faulting are free choices.

TEXT = {
    Kind.COLLAPSE: "collapse_huge_page",
    Kind.SPLIT: "__split_huge_pmd_locked",
    Kind.ZAP_HUGE: "zap_huge_pmd",
    Kind.FREE_TABLE: "free_pgtables",
}


def begins(table: PageTable, teardown: Teardown, kind: Kind) -> None:
    """The pmd lock is taken to do this."""
    when(teardown.at == Step.IDLE)
    when(kernel.UNMAP or kind in (Kind.COLLAPSE, Kind.SPLIT))
    when(table.present == (Pmd.TABLE if kind in (Kind.COLLAPSE, Kind.FREE_TABLE) else Pmd.LEAF))
    if kind in (Kind.COLLAPSE, Kind.FREE_TABLE):
        when(table.pte.is_none == (kind == Kind.FREE_TABLE))
    teardown.at.next = program()[0]
    teardown.kind.next = kind


@action(actor="mm", fair=WEAK, source="arch/powerpc/mm/book3s64/radix_pgtable.c:radix__pmdp_collapse_flush")
def pmd_clear(table: PageTable, teardown: Teardown) -> None:
    """pmd_clear(pmdp)"""
    teardown.turn(Step.CLEAR)
    when(teardown.kind != Kind.SPLIT)
    table.store(MM, table.pmd, Pmd.NONE)


@action(actor="mm", fair=WEAK, source="arch/powerpc/mm/book3s64/pgtable.c:pmdp_invalidate")
def pmd_invalidate(table: PageTable, teardown: Teardown) -> None:
    """pmd_hugepage_update(_PAGE_PRESENT, _PAGE_INVALID)

    Everybody sees it at once: the TLB flush that follows it waits for it (ptesync), with or without the
    barrier of the IPI.
    """
    teardown.turn(Step.CLEAR)
    when(teardown.kind == Kind.SPLIT)
    table.store(MM, table.pmd, Pmd.SERIALIZING)
    table.smp_mb(MM)


@action(actor="mm", fair=WEAK, source="arch/powerpc/mm/book3s64/pgtable.c:serialize_against_pte_lookup")
def teardown_fence(table: PageTable, teardown: Teardown) -> None:
    """smp_mb()"""
    teardown.turn(Step.FENCE)
    table.smp_mb(MM)


@action(actor="mm", fair=WEAK, source="arch/powerpc/mm/book3s64/pgtable.c:serialize_against_pte_lookup")
def call(table: PageTable, teardown: Teardown) -> None:
    """smp_call_function_many(mm_cpumask(mm), do_nothing, NULL, 1)"""
    teardown.turn(Step.CALL)
    when(teardown.kind != Kind.FREE_TABLE)
    members = table.load(MM, table.cpumask)
    for cpu in Target:
        teardown.pending[cpu].next = members.contains(cpu)
    table.rests(MM)


@action(actor="mm", fair=WEAK, source="mm/mmu_gather.c:tlb_table_flush")
def call_rcu(teardown: Teardown) -> None:
    """call_rcu(tlb_remove_table_rcu)  // a grace period of all CPUs in place of an IPI"""
    when(kernel.UNMAP)
    teardown.turn(Step.CALL)
    when(teardown.kind == Kind.FREE_TABLE)
    for cpu in Target:
        teardown.pending[cpu].next = True


@action(actor="mm", fair=WEAK, source="kernel/smp.c:smp_call_function_many")
def wait(teardown: Teardown) -> None:
    """csd_lock_wait()  // every CPU has answered"""
    teardown.turn(Step.WAIT)
    when(teardown.answered())


@action(actor="mm", fair=WEAK, source="mm/khugepaged.c:collapse_huge_page")
def install_leaf(table: PageTable, walkers: Walkers, teardown: Teardown) -> None:
    """pgtable_trans_huge_deposit(); set_pmd_at()  // T now holds list pointers"""
    when(teardown.kind == Kind.COLLAPSE)
    finish(table, teardown)
    table.table.next = Use.DEPOSITED
    table.store(MM, table.pmd, Pmd.LEAF)
    table.leaf.next = table.moved()
    for pfn in domain(Pfn):
        walkers.see(pfn, table.moved() == pfn)


@action(actor="mm", fair=WEAK, source="mm/huge_memory.c:__split_huge_pmd_locked")
def install_table(table: PageTable, walkers: Walkers, teardown: Teardown) -> None:
    """pgtable_trans_huge_withdraw(); pmd_populate()"""
    when(teardown.kind == Kind.SPLIT)
    finish(table, teardown)
    table.table.next = Use.PTE_TABLE
    table.store(MM, table.pmd, Pmd.TABLE)
    table.pte.next = table.leaf
    for pfn in domain(Pfn):
        walkers.see(pfn, table.leaf == pfn)


@action(actor="mm", fair=WEAK, source="mm/memory.c:free_pgtables")
def free_table(table: PageTable, teardown: Teardown) -> None:
    """pte_free()  // T is anyone's page"""
    when(kernel.UNMAP)
    when((teardown.kind == Kind.ZAP_HUGE) | (teardown.kind == Kind.FREE_TABLE))
    finish(table, teardown)
    table.table.next = Use.FREED


def finish(table: PageTable, teardown: Teardown) -> None:
    """The last step, which flushes the TLB (ptesync: a full barrier) and gives the pmd lock back."""
    teardown.turn(Step.FINISH)
    table.smp_mb(MM)
    if kernel.TEARDOWN_FENCE:
        table.rests(MM)
    teardown.kind.next = None


@action(actor="mm", source="mm/memory.c:zap_pte_range")
def zap(table: PageTable, teardown: Teardown) -> None:
    """ptep_get_and_clear_full()  // munmap"""
    when(kernel.UNMAP)
    when(teardown.at == Step.IDLE)
    when((table.present == Pmd.TABLE) & (table.pte != None))
    table.pte.next = None


@action(actor="mm", source="mm/memory.c:do_anonymous_page")
def fault(table: PageTable, walkers: Walkers, teardown: Teardown, empty: bool) -> None:
    """{"pmd_populate(); " if empty else ""}set_pte_at()  // page fault"""
    when(kernel.UNMAP)
    when(teardown.at == Step.IDLE)
    if empty:
        when(table.present == Pmd.NONE)
        table.store(MM, table.pmd, Pmd.TABLE)
    else:
        when((table.present == Pmd.TABLE) & table.pte.is_none)
    table.table.next = Use.PTE_TABLE
    table.pte.next = Pfn.P0
    walkers.see(Pfn.P0, True)
