"""The walker: addr_to_pfn with __find_linux_pte, and how its CPU came to use the address space.

It knows nothing of who takes tables away. How interrupts are switched off and on, and what an IPI is, is left
to `cross_call.py` or `ipi_call.py`.
"""

import enum

from explorer import *

from ..shared.cpus import Target
from . import kernel
from .page_table import PageTable, Pfn, Pmd, Use

ADDR_TO_PFN = "arch/powerpc/kernel/mce_power.c:addr_to_pfn"


class Step(enum.Enum):
    """OUT does not use the address space, SWITCHING will, IDLE does; all others are inside a walk."""

    OUT, SWITCHING, IDLE, READ_PMD, FIND, DEREFERENCE, RESTORE, TEST = range(8)


class Pointer(enum.Enum):
    """`ptep`: NULL, the pmd slot itself, an entry of T, or what a pmd leads to that points to no table."""

    NULL, SLOT, ENTRY, WILD = range(4)


class Walkers(State):
    """Each CPU's place, copy of the pmd and pointer.

    `mapped` is no variable of the kernel: the pfns that the address had at some instant of the CPU's walk.
    """

    at: Map[Target, Step] = initially(any_of(Step.OUT, Step.IDLE), quiet=True)
    pmd: Map[Target, Pmd] = initially(Pmd.NONE, quiet=True)
    ptep: Map[Target, Pointer] = initially(Pointer.NULL, quiet=True)
    mapped: Map[Target, Map[Pfn, bool]] = initially(False, quiet=True)

    def turn(self, cpu: Target, step: Step) -> None:
        """The CPU is at this step of its walk, and goes on to the next one."""
        when(self.at[cpu] == step)
        self.at[cpu].next = following(step)

    def start(self, table: PageTable, cpu: Target) -> None:
        """A walk begins, in a handler: its interrupt has synchronised the context, so loads come later."""
        when(self.at[cpu] == Step.IDLE)
        self.at[cpu].next = Step.READ_PMD
        table.barrier(cpu, Barrier.CONTEXT)
        table.done(cpu, [table.cpumask])
        for pfn in domain(Pfn):
            self.mapped[cpu][pfn].next = table.may_map(cpu, pfn)

    def end(self, table: PageTable, cpu: Target, step: Step) -> None:
        """The walk is over, or goes on where a pointer is still to be followed."""
        on = (self.ptep[cpu] != Pointer.NULL) if program()[-1] != step else False
        if program()[-1] == step:
            table.rests(cpu)
        self.at[cpu].next = ite(on, following(step), Step.IDLE)
        self.ptep[cpu].next = ite(on, self.ptep[cpu], Pointer.NULL)
        for pfn in domain(Pfn):
            self.mapped[cpu][pfn].next = self.mapped[cpu][pfn] & on

    def see(self, pfn: Pfn, now: bool | Value[bool]) -> None:
        """From this step on the pfn is mapped, where `now` holds: every walk under way lasts to see it."""
        for cpu in Target:
            walking = some(self.at[cpu] == step for step in program())
            self.mapped[cpu][pfn].next = self.mapped[cpu][pfn] | (walking & now)

    def interrupts_off(self, cpu: Target) -> Value[bool]:
        """Whether the CPU takes no interrupt."""
        return some(self.at[cpu] == step for step in window())

    def dereferences(self, cpu: Target) -> Value[bool]:
        """In a step invariant: the step reads `*ptep`."""
        return (self.at[cpu] == Step.DEREFERENCE) & (self.at[cpu].next != Step.DEREFERENCE)


def program() -> list[Step]:
    """The steps of addr_to_pfn in this kernel, in program order."""
    use = [Step.TEST] * kernel.tests_apart() + [Step.DEREFERENCE]
    end = [*use, Step.RESTORE] if kernel.DEREFERENCE_INSIDE else [Step.RESTORE, *use]
    return [Step.READ_PMD, Step.FIND, *end]


def following(step: Step) -> Step:
    """The step after this one, IDLE at the end."""
    steps = [*program(), Step.IDLE]
    return steps[steps.index(step) + 1]


def window() -> list[Step]:
    """The steps that are taken with interrupts off."""
    return program() if kernel.MACHINE_CHECK else program()[: program().index(Step.RESTORE) + 1]


@initial
def users_are_in_the_cpumask(table: PageTable, walkers: Walkers, cpu: Target) -> Value[bool]:
    return table.newest(table.cpumask).contains(cpu) == (walkers.at[cpu] == Step.IDLE)


# Fair: a walk or a switch that was begun goes on, a store arrives. Beginning one is a free choice.


@action(actor="cpu", source="arch/powerpc/mm/mmu_context.c:switch_mm_irqs_off")
def set_cpumask(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """cpumask_set_cpu({cpu}, mm_cpumask(next))

    Behind the smp_mb__after_spinlock() of __schedule().
    """
    when(walkers.at[cpu] == Step.OUT)
    table.smp_mb(cpu)
    before = table.reserve(cpu, table.cpumask)
    when(table.conditional(cpu, table.cpumask, before.add(cpu)))
    table.rests(cpu)
    walkers.at[cpu].next = Step.SWITCHING


@action(actor="cpu", fair=WEAK, source="arch/powerpc/mm/mmu_context.c:switch_mm_irqs_off")
def switch_fence(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """{"smp_mb()" if kernel.SWITCH_FENCE else "no barrier"}  // before the first translation"""
    when(walkers.at[cpu] == Step.SWITCHING)
    if kernel.SWITCH_FENCE:
        table.smp_mb(cpu)
        table.rests(cpu)
    walkers.at[cpu].next = Step.IDLE


@action(actor="cpu", fair=WEAK, source="arch/powerpc/mm/pgtable.c:__find_linux_pte")
def read_pmd(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """pmd = READ_ONCE(*pmdp)  // {walkers.pmd[cpu].next}"""
    walkers.turn(cpu, Step.READ_PMD)
    walkers.pmd[cpu].next = table.READ_ONCE(cpu, table.pmd)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/mm/pgtable.c:__find_linux_pte")
def find(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """ptep = {walkers.ptep[cpu].next}"""
    when(walkers.at[cpu] == Step.FIND)
    ptep = found(table, walkers, cpu)
    walkers.at[cpu].next = ite(ptep == Pointer.NULL, Step.RESTORE, following(Step.FIND))
    walkers.ptep[cpu].next = ptep
    walkers.pmd[cpu].next = Pmd.NONE


@action(actor="cpu", fair=WEAK, group="test", per=("cpu",), source=ADDR_TO_PFN)
def test_pte(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """pte_present(*ptep)  // ptep: {walkers.ptep[cpu]}"""
    when(kernel.tests_apart())
    when(some(reads(table, walkers, cpu, pfn) for pfn in domain(Pfn)) | reads_anything(table, walkers, cpu))
    walkers.turn(cpu, Step.TEST)


@action(actor="cpu", fair=WEAK, group="test", per=("cpu",), source=ADDR_TO_PFN)
def pte_absent(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """!pte_present(*ptep)  // no pfn"""
    when(kernel.tests_apart() and kernel.DEREFERENCE_INSIDE)
    when((walkers.at[cpu] == Step.TEST) & reads_none(table, walkers, cpu))
    walkers.ptep[cpu].next = Pointer.NULL
    walkers.at[cpu].next = Step.RESTORE


@action(actor="cpu", fair=WEAK, source=ADDR_TO_PFN)
def dereference(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """pfn = pte_pfn(*ptep)  // ptep: {walkers.ptep[cpu]}"""
    when(walkers.at[cpu] == Step.DEREFERENCE)
    walkers.end(table, cpu, Step.DEREFERENCE)


def found(table: PageTable, walkers: Walkers, cpu: Target) -> Pointer | Value[Pointer]:
    """What __find_linux_pte returns for the CPU's copy of the pmd."""
    copy = walkers.pmd[cpu]
    none = (copy == Pmd.NONE) | ((copy == Pmd.SERIALIZING) & kernel.TEST_SERIALIZING)
    followed = copy if kernel.READ_ONCE else table.load(cpu, table.pmd)
    entry = ite(followed == Pmd.TABLE, Pointer.ENTRY, Pointer.WILD)
    return ite(none, Pointer.NULL, ite(copy == Pmd.TABLE, entry, Pointer.SLOT))


def may_slot(table: PageTable, walkers: Walkers, cpu: Target, *held: Pmd) -> Value[bool]:
    """Whether `*ptep` is the pmd slot, and may hold one of these."""
    return (walkers.ptep[cpu] == Pointer.SLOT) & some(table.may_read(cpu, table.pmd, pmd) for pmd in held)


def reads(table: PageTable, walkers: Walkers, cpu: Target, pfn: Pfn) -> Value[bool]:
    """Whether `*ptep` may hold the pfn."""
    slot = may_slot(table, walkers, cpu, Pmd.LEAF, Pmd.SERIALIZING) & (table.leaf == pfn)
    entry = (walkers.ptep[cpu] == Pointer.ENTRY) & (table.table == Use.PTE_TABLE) & (table.pte == pfn)
    return slot | entry


def reads_none(table: PageTable, walkers: Walkers, cpu: Target) -> Value[bool]:
    """Whether `*ptep` may be 0, which pte_pfn takes for pfn 0."""
    slot = may_slot(table, walkers, cpu, Pmd.NONE)
    return slot | ((walkers.ptep[cpu] == Pointer.ENTRY) & (table.table == Use.PTE_TABLE) & table.pte.is_none)


def reads_anything(table: PageTable, walkers: Walkers, cpu: Target) -> Value[bool]:
    """Whether `*ptep` may be no entry: a pointer to a table, what is in a page that is none, or nothing."""
    page = (walkers.ptep[cpu] == Pointer.ENTRY) & (table.table != Use.PTE_TABLE)
    nowhere = (walkers.ptep[cpu] == Pointer.WILD) | (walkers.ptep[cpu] == Pointer.NULL)
    return page | nowhere | may_slot(table, walkers, cpu, Pmd.TABLE)
