"""An IPI that is not lost: a bit for each CPU, taken when its interrupts are on. How they go off and on.

`ipi_call.py` takes this module's place where the IPI is the doorbell of the lost-IPI family.
"""

from explorer import *

from ..shared.cpus import Target
from .page_table import PageTable
from .teardown import TEXT, Kind, Teardown, begins
from .walker import Step, Walkers


@action(actor="mm", source="include/linux/mm.h:pmd_lock")
def pmd_lock(table: PageTable, teardown: Teardown, kind: Kind) -> None:
    """pmd_lock()  // {TEXT[kind]}"""
    begins(table, teardown, kind)


@action(actor="cpu", source="arch/powerpc/kernel/mce_power.c:addr_to_pfn")
def local_irq_save(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """local_irq_save(flags)"""
    walkers.start(table, cpu)


@action(actor="cpu", fair=WEAK, source="arch/powerpc/kernel/mce_power.c:addr_to_pfn")
def local_irq_restore(table: PageTable, walkers: Walkers, cpu: Target) -> None:
    """local_irq_restore(flags)"""
    when(walkers.at[cpu] == Step.RESTORE)
    walkers.end(table, cpu, Step.RESTORE)


# STRONG: a CPU that walks again and again has its interrupts on only in between. The hardware takes a pending
# interrupt, and
# local_irq_restore replays a latched one, as soon as they are on; so it is taken in one of those moments.


@action(actor="cpu", fair=STRONG, source="arch/powerpc/mm/book3s64/pgtable.c:do_nothing")
def do_nothing(table: PageTable, walkers: Walkers, teardown: Teardown, cpu: Target, walking: bool) -> None:
    """do_nothing()  // the IPI is taken

    The messages and the list of calls are taken by xchg(), a full barrier.
    """
    when(teardown.pending[cpu])
    when(~walkers.interrupts_off(cpu))
    when((walkers.at[cpu] == Step.DEREFERENCE) == walking)
    table.smp_mb(cpu)
    table.done(cpu, [table.cpumask] if walking else [table.pmd, table.cpumask])
    teardown.pending[cpu].next = False
