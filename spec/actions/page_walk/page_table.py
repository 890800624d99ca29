"""One pmd, the page table it may point to, and what they map. Knows nothing of CPUs.

A pfn is one of two: a collapse copies the data to the other one.
"""

import enum

from explorer import *


class Pmd(enum.Enum):
    """What the pmd holds. SERIALIZING is a leaf with _PAGE_INVALID set and _PAGE_PRESENT clear:
    pmdp_invalidate left it so.
    """

    NONE = 0
    TABLE = 1
    LEAF = 2
    SERIALIZING = 3


class Use(enum.Enum):
    """The page that was allocated as page table T. DEPOSITED: radix keeps list pointers in it; FREED: anyone
    may write to it.
    """

    PTE_TABLE = 0
    DEPOSITED = 1
    FREED = 2


class Pfn(enum.Enum):
    """The page that holds the data, before or after a collapse has moved it."""

    P0 = 0
    P1 = 1


class PageTable(State):
    """What all CPUs see. `pte` is the entry of the address in T; `leaf` the pfn in the pmd where that is a
    leaf.
    """

    pmd: Var[Pmd] = initially(Pmd.TABLE)
    table: Var[Use] = initially(Use.PTE_TABLE)
    pte: Var[Pfn | None] = initially(Pfn.P0)
    leaf: Var[Pfn] = initially(Pfn.P0)

    def is_leaf(self) -> Value[bool]:
        return (self.pmd == Pmd.LEAF) | (self.pmd == Pmd.SERIALIZING)

    def maps(self, pfn: Pfn) -> Value[bool]:
        """Whether the address is mapped to the pfn at this instant."""
        return ((self.pmd == Pmd.TABLE) & (self.pte == pfn)) | ((self.pmd == Pmd.LEAF) & (self.leaf == pfn))

    def moved(self) -> Pfn | Value[Pfn]:
        """The pfn that a collapse moves the data to."""
        return ite(self.pte == Pfn.P0, Pfn.P1, Pfn.P0)
