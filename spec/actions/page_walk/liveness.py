"""What must happen: whoever holds the pmd lock lets go of it, and every walk ends."""

from explorer import *

from ..shared.cpus import Target
from .page_table import PageTable
from .teardown import Teardown
from .walker import Step, Walkers


@temporal
def pmd_lock_is_given_back(teardown: Teardown) -> Formula:
    """The pmd lock is given back, as long as IPIs are not lost and walkers switch interrupts on again."""
    return leads_to(~teardown.kind.is_none, teardown.kind.is_none)


@temporal
def every_walk_ends(walkers: Walkers, cpu: Target) -> Formula:
    """A walk that was begun returns."""
    return leads_to(walkers.at[cpu] == Step.READ_PMD, walkers.at[cpu] == Step.IDLE)


@temporal
def every_switch_ends(table: PageTable, walkers: Walkers, cpu: Target) -> Formula:
    """A CPU that has set its bit in mm_cpumask comes to use the address space, and the bit is seen."""
    uses = (walkers.at[cpu] == Step.IDLE) & ~table.under_way(table.cpumask)
    return leads_to(walkers.at[cpu] == Step.SWITCHING, uses)
