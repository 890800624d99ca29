"""What must hold of every walk."""

from explorer import *

from ..shared.cpus import Target
from . import kernel
from .page_table import PageTable, Pfn, Pmd, Use
from .teardown import Kind, Teardown, tears_down
from .walker import Pointer, Walkers, may_slot, reads, reads_anything, reads_none


@step_invariant
def no_use_after_free(table: PageTable, walkers: Walkers, cpu: Target) -> Value[bool]:
    """No CPU reads an entry of T when T is no page table any more."""
    freed = (walkers.ptep[cpu] == Pointer.ENTRY) & (table.table != Use.PTE_TABLE)
    return implies(walkers.dereferences(cpu), ~freed)


@step_invariant
def no_type_confusion(table: PageTable, walkers: Walkers, cpu: Target) -> Value[bool]:
    """No CPU reads the pointer to a table as a pte, and none follows a pmd that points to no table."""
    table_as_pte = may_slot(table, walkers, cpu, Pmd.TABLE)
    return implies(walkers.dereferences(cpu), ~table_as_pte & (walkers.ptep[cpu] != Pointer.WILD))


@step_invariant
def pfn_was_mapped(table: PageTable, walkers: Walkers, cpu: Target) -> Value[bool]:
    """A pfn that is returned was what the address was mapped to, at some instant of the walk."""
    bad = some(reads(table, walkers, cpu, pfn) & ~walkers.mapped[cpu][pfn] for pfn in domain(Pfn))
    none = reads_none(table, walkers, cpu) & (not (kernel.TEST_PRESENT and kernel.PTE_ONCE))
    return implies(walkers.dereferences(cpu), ~(bad | none | reads_anything(table, walkers, cpu)))


@invariant
def pmd_fits(table: PageTable, teardown: Teardown) -> Value[bool]:
    """Where the pmd points to T it is a table, under a leaf deposited; only a split is serializing."""
    page = implies(table.present == Pmd.TABLE, table.table == Use.PTE_TABLE)
    page &= implies(table.is_leaf(), table.table == Use.DEPOSITED)
    return page & implies(table.present == Pmd.SERIALIZING, teardown.kind == Kind.SPLIT)


@step_invariant
def task_is_done(table: PageTable, teardown: Teardown, kind: Kind) -> Value[bool]:
    """Whoever has the pmd lock keeps its task until it gives the lock back, and has done it by then."""
    end = {Kind.COLLAPSE: Pmd.LEAF, Kind.SPLIT: Pmd.TABLE}.get(kind, Pmd.NONE)
    ends = at(tears_down, "finish") & ~after(at(tears_down, "finish"))
    over = teardown.kind.next.is_none & (table.newest_after(table.pmd) == end)
    return implies(teardown.kind == kind, ite(ends, over, teardown.kind.next == kind))
