"""One pmd, the page table it may point to, and what they map; and mm_cpumask. The pmd and mm_cpumask are what
the barriers order: they lie in a memory that reorders. All else is ordered by these barriers, or by locks.

A pfn is one of two: a collapse copies the data to the other one.
"""

import enum

from explorer import *

from ..shared.cpus import Target
from ..shared.memory import MODEL


class Pmd(enum.Enum):
    """What the pmd holds. SERIALIZING: a leaf that is _PAGE_INVALID, not _PAGE_PRESENT (pmdp_invalidate)."""

    NONE, TABLE, LEAF, SERIALIZING = range(4)


class Use(enum.Enum):
    """The page that was allocated as table T. Radix keeps list pointers in a DEPOSITED one, a FREED one is
    anyone's.
    """

    PTE_TABLE, DEPOSITED, FREED = range(3)


class Pfn(enum.Enum):
    """The page that holds the data, before or after a collapse has moved it."""

    P0, P1 = range(2)


class Mm(enum.Enum):
    """Whoever holds the pmd lock, as a CPU of the memory."""

    MM = 0


MM = Mm.MM
User = Target | Mm


class Page(State, base=True):
    """What is read later than the pmd: `pte`, the entry of the address in T; `leaf`, the pfn in a leaf."""

    table: Var[Use] = initially(Use.PTE_TABLE)
    pte: Var[Pfn | None] = initially(Pfn.P0)
    leaf: Var[Pfn] = initially(Pfn.P0)


class PageTable(Page, Memory, cpus=User, idle=Target, model=MODEL):
    """What all CPUs share. A CPU loads nothing before its first walk (`idle`) and behind each (`rests`)."""

    pmd: Var[Pmd] = initially(Pmd.TABLE)
    cpumask: Set[Target] = initially(any_of(Set[Target]))

    @property
    def present(self) -> Value[Pmd]:
        """What the pmd holds for whoever has its lock."""
        return self.newest(self.pmd)

    def is_leaf(self) -> Value[bool]:
        return (self.present == Pmd.LEAF) | (self.present == Pmd.SERIALIZING)

    def may_map(self, cpu: Target, pfn: Pfn) -> Value[bool]:
        """Whether the address is mapped to the pfn as far as the CPU can tell."""
        table = self.may_read(cpu, self.pmd, Pmd.TABLE) & (self.pte == pfn)
        return table | (self.may_read(cpu, self.pmd, Pmd.LEAF) & (self.leaf == pfn))

    def rests(self, cpu: User) -> None:
        """The CPU loads nothing until a barrier, which stands before all that it may do next."""
        self.done(cpu, [self.pmd, self.cpumask])

    def moved(self) -> Pfn | Value[Pfn]:
        """The pfn that a collapse moves the data to."""
        return ite(self.pte == Pfn.P0, Pfn.P1, Pfn.P0)
