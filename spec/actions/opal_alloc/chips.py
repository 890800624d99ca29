"""skiboot's allocator: one bitmap for each chip, under its lock. Knows nothing of what Linux does."""

import enum

from explorer import *

from ..opal import firmware as opal
from . import kernel
from .kernel import Skiboot

CHIPS = constant("chips", 2)
IRQS = constant("irqs", 1)
"""Numbers of each chip."""

FIRST = constant("first", 16)
"""The lowest number that firmware gives out. Firmware of the period leaves a gap at the bottom."""

Chip = Annotated[int, Range(0, CHIPS - 1)]
Index = Annotated[int, Range(0, IRQS - 1)]
Irq = Annotated[int, Range(FIRST, FIRST + CHIPS * IRQS - 1)]


class Caller(enum.Enum):
    """Who asks for a number."""

    CPU_IPI, VCPU, XICS_SOURCE, NATIVE_SOURCE = range(4)


class Other(enum.Enum):
    """Somebody who got the number before the story begins."""

    OTHER = 0


class Chips(State):
    """`ipi_alloc_map`: firmware knows whether a number is taken (not None); by whom is for the properties."""

    owner: Map[Irq, Caller | Other | None] = initially(any_of(None, Other.OTHER))

    def first_free(self, chip: int, index: int | None) -> Value[bool]:
        """Whether this is the first number of the chip that is free; None: whether none is."""
        free = [self.owner[number(chip, each)].is_none for each in domain(Index)]
        if index is None:
            return every(~one for one in free)
        return free[index] & every(~one for one in free[:index])

    def room(self, chip: int) -> Value[bool]:
        return some(self.owner[number(chip, index)].is_none for index in domain(Index))


def number(chip: int, index: int) -> int:
    """The global interrupt number."""
    return FIRST + chip * IRQS + index


def knows(irq: Value[int]) -> Value[bool]:
    """Whether the number is firmware's: get_irq_info and free_irq answer PARAMETER for any other."""
    return (irq >= FIRST) & (irq < FIRST + CHIPS * IRQS)


def no_space() -> int:
    """What xive_try_allocate_irq returns, an int64_t, where the chip is full."""
    if kernel.SKIBOOT == Skiboot.OLD:
        return opal.all_ones()  # unsigned, so it is zero-extended
    return opal.sign_extended(opal.all_ones()) if kernel.SKIBOOT == Skiboot.SIGNED else opal.RESOURCE


@action(actor="others", source="skiboot hw/xive.c:opal_xive_free_irq")
def other_frees(chips: Chips, irq: Irq) -> None:
    """opal_xive_free_irq({irq})"""
    when(chips.owner[irq] == Other.OTHER)
    chips.owner[irq].next = None
