"""Which kernel is checked: the switches that make the variants. The defaults are Linux 5.4."""

import enum

from explorer import *


class Serialize(enum.Enum):
    """Where the teardown sends its IPI and waits for the answers, seen from the store that clears the pmd."""

    AFTER = "after"
    BEFORE = "before"
    NO_WAIT = "no_wait"
    NEVER = "never"


DEREFERENCE_INSIDE = constant("dereference_inside", True)
"""addr_to_pfn reads `*ptep` before it restores interrupts (commit d9101bfa6adc). Linux 5.3 restores first."""

SERIALIZE = constant("serialize", Serialize.AFTER)

TEARDOWN_FENCE = constant("teardown_fence", True)
"""The `smp_mb` of serialize_against_pte_lookup, between the cleared pmd and the read of mm_cpumask."""

SWITCH_FENCE = constant("switch_fence", True)
"""The `smp_mb` of switch_mm_irqs_off, between the bit in mm_cpumask and the first translation."""

READ_ONCE = constant("read_once", True)
"""The walker tests and follows one copy of the pmd; otherwise it reads the pmd again to follow it."""

TEST_SERIALIZING = constant("test_serializing", True)
"""The walker takes a pmd that is being split for none."""

MACHINE_CHECK = constant("machine_check", False)
"""The walk runs in a machine check: MSR[EE] is 0 until it returns, whatever local_irq_restore does."""

UNMAP = constant("unmap", False)
"""munmap and page faults happen too, beside collapse and split."""

TEST_PRESENT = constant("test_present", False)
"""addr_to_pfn takes an entry that is not present for no pfn."""

PTE_ONCE = constant("pte_once", True)
"""That test and pte_pfn are of one read (5.8). Else the entry is read again, as 5.4 does behind its test."""


def tests_apart() -> bool:
    """Whether the entry is read once to be tested, and again."""
    return TEST_PRESENT and not PTE_ONCE
