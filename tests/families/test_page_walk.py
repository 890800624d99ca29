"""The lockless page-table walk: `spec/page_walk_*.py`, Linux 5.3 and 5.4 with commit d9101bfa6adc, alone and
with the lost IPI.
"""

from __future__ import annotations

from tests.support import families
from tests.support.families import bound, claims, same_as_reference, steps

GOLDEN = {
    "page_walk_fixed": (11721, 45722, 41),
    "page_walk_buggy": (21210, 83041, 61),
    "page_walk_ipi_fixed": (85799, 350614, 53),
    "page_walk_ipi_buggy": (91865, 397343, 49),
}  # states, transitions, depth
test_counts, test_expectations, test_variants, test_reference = claims(
    GOLDEN, judged=("page_walk_fixed", "page_walk_buggy")
)


def test_5_3_reads_the_table_after_it_was_deposited() -> None:
    """The story of V0: the walker answers the IPI with a pointer into T in its hand."""
    assert steps(families.verdict("page_walk_buggy").traces["no_use_after_free"])[-6:] == [
        "mm: smp_call_function_many(mm_cpumask(mm), do_nothing, NULL, 1)",
        "42: local_irq_restore(flags)",
        "42: do_nothing()",
        "mm: csd_lock_wait()",
        "mm: pgtable_trans_huge_deposit(); set_pmd_at()",
        "42: pfn = pte_pfn(*ptep)",
    ]


def test_without_the_teardowns_barrier_a_walk_begins_behind_the_answer() -> None:
    """The story of V3a: the cleared pmd has not reached the walker when it has answered, and it reads the old
    one.
    """
    trace = families.verdict("page_walk_fixed", "V3a").traces["no_use_after_free"]
    told = [step.partition(": ")[2] for step in steps(trace)]
    assert told.index("do_nothing()") < told.index("pmd = READ_ONCE(*pmdp)") < told.index("csd_lock_wait()")
    (read,) = [step for step in trace.steps if "READ_ONCE" in step.label]
    assert read.label == "pmd = READ_ONCE(*pmdp)  // TABLE; PageTable.pmd as it was before the last store"


def test_5_4_returns_pfn_0_for_an_entry_that_is_not_present() -> None:
    """With munmap, which the sheet left out: `*ptep` is 0, and nobody asks."""
    assert (
        steps(families.verdict("page_walk_fixed", "munmap").traces["pfn_was_mapped"])[0]
        == "mm: ptep_get_and_clear_full()"
    )


def test_a_lost_ipi_keeps_the_pmd_lock() -> None:
    """The story of the composition ends as the lost IPI's does, with the pmd lock held."""
    told = steps(families.verdict("page_walk_ipi_buggy").traces["pmd_lock_is_not_stuck"])
    assert "105: pmd_lock()" in told and "42: returns to executing guest" in told
    assert told[-1] == "42: local_paca->kvm_hstate.host_ipi == 0"


def test_one_sender_and_a_kick_lose_the_call_too_and_the_reference_agrees() -> None:
    """The composition in a smaller size: a doorbell of KVM's is enough of a first one, and the judge counts
    the same.
    """
    small = bound("page_walk_ipi_buggy", senders=1, kicks=1)
    assert small.violations["pmd_lock_is_not_stuck"].level == 20
    same_as_reference(small)
