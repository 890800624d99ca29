"""The lockless page-table walk: `spec/page_walk_*.py`, Linux 5.3 and 5.4 with commit d9101bfa6adc, alone and with the lost IPI."""

from __future__ import annotations

import families
import pytest
from families import steps

from explorer import reference
from explorer.compile.ground import ground
from explorer.engine.python import explore
from explorer.load import load

GOLDEN = {
    "page_walk_fixed": (4208, 12512, 38),
    "page_walk_buggy": (6716, 20328, 61),
    "page_walk_ipi_fixed": (51530, 201501, 53),
    "page_walk_ipi_buggy": (56090, 232625, 49),
}  # states, transitions, depth


@pytest.mark.parametrize("name", GOLDEN)
def test_counts(name: str) -> None:
    """States, transitions and depth are as they were."""
    assert families.counts(name) == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_expectations_are_met_and_nothing_is_vacuous(name: str) -> None:
    """Each spec shows what it declares, and no severe finding."""
    found = families.check(name)
    assert [f.text for f in found.findings if f.severe] == []


@pytest.mark.parametrize("row", families.names("page_walk_fixed"))
def test_variants(row: str) -> None:
    """Every row of the table is exactly as declared."""
    families.check("page_walk_fixed", row)


@pytest.mark.parametrize("row", families.names("page_walk_ipi_fixed"))
def test_ipi_variants(row: str) -> None:
    """Every row of the table is exactly as declared."""
    families.check("page_walk_ipi_fixed", row)

def test_5_3_reads_the_table_after_it_was_deposited() -> None:
    """The story of V0: the walker answers the IPI with a pointer into T in its hand."""
    assert steps(families.verdict("page_walk_buggy").traces["no_use_after_free"])[-6:] == [
        "mm: smp_call_function_many(mm_cpumask(mm), do_nothing, NULL, 1)",
        "43: local_irq_restore(flags)",
        "43: do_nothing()",
        "mm: csd_lock_wait()",
        "mm: pgtable_trans_huge_deposit(); set_pmd_at()",
        "43: pfn = pte_pfn(*ptep)"]


def test_without_the_teardowns_barrier_a_walk_begins_behind_the_answer() -> None:
    """The story of V3a: the cleared pmd is still in the store buffer when the walker has answered, and reads the old one."""
    told = steps(families.verdict("page_walk_fixed", "V3a").traces["no_use_after_free"])
    assert told.index("43: do_nothing()") < told.index("43: pmd = READ_ONCE(*pmdp)") < told.index("mm: csd_lock_wait()")
    assert told.count("mm: pmd_clear(pmdp)") == 2


def test_5_4_returns_pfn_0_for_an_entry_that_is_not_present() -> None:
    """With munmap, which the sheet left out: `*ptep` is 0, and nobody asks."""
    assert steps(families.verdict("page_walk_fixed", "munmap").traces["pfn_was_mapped"])[0] == "mm: ptep_get_and_clear_full()"


def test_a_lost_ipi_keeps_the_pmd_lock() -> None:
    """The story of the composition ends as the lost IPI's does, with the pmd lock held."""
    told = steps(families.verdict("page_walk_ipi_buggy").traces["pmd_lock_is_not_stuck"])
    assert "105: pmd_lock()" in told and "42: returns to executing guest" in told
    assert told[-1] == "42: local_paca->kvm_hstate.host_ipi == 0"


@pytest.mark.parametrize("name", ("page_walk_fixed", "page_walk_buggy"))
def test_the_reference_counts_the_same(name: str) -> None:
    """The judge finds the same states and violations as the engine."""
    model = families.model(name)
    fast, slow = explore(model), reference.explore(model)
    assert (fast.distinct, fast.transitions, fast.depth) == (slow.distinct, slow.transitions, slow.depth)
    assert {k: v.level for k, v in fast.violations.items()} == {k: v.level for k, v in slow.violations.items()}


def test_one_sender_and_a_kick_lose_the_call_too_and_the_reference_agrees() -> None:
    """The composition in a smaller size: a doorbell of KVM's is enough of a first one, and the judge counts the same."""
    model = ground(load(families.SPECS / "page_walk_ipi_buggy.py"), {"senders": 1, "kicks": 1})
    fast, slow = explore(model), reference.explore(model)
    assert (fast.distinct, fast.transitions, fast.depth) == (slow.distinct, slow.transitions, slow.depth)
    assert fast.violations["pmd_lock_is_not_stuck"].level == slow.violations["pmd_lock_is_not_stuck"].level == 21
