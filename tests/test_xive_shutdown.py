"""free_irq against an interrupt that is in an event queue: `spec/xive_shutdown_*.py`, Linux 5.3 to 5.4 with commit da15c03b047d."""

from __future__ import annotations

import families
import pytest
from families import steps

from explorer import reference
from explorer.engine.python import explore

GOLDEN = {"xive_shutdown_fixed": (7723, 30672, 22), "xive_shutdown_buggy": (11731, 48306, 18)}


@pytest.mark.parametrize("name", GOLDEN)
def test_counts(name: str) -> None:
    """States, transitions and depth are as they were."""
    assert families.counts(name) == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_expectations_are_met_and_nothing_is_vacuous(name: str) -> None:
    """Each spec shows what it declares, and no severe finding."""
    found = families.check(name)
    assert [f.text for f in found.findings if f.severe] == []


@pytest.mark.parametrize("row", families.names("xive_shutdown_fixed"))
def test_variants(row: str) -> None:
    """Every row of the table is exactly as declared."""
    families.check("xive_shutdown_fixed", row)


def test_5_3_pops_an_interrupt_without_descriptor_and_keeps_its_priority() -> None:
    """The story of V0: nobody waits, the number is popped, no EOI runs, and CPPR stays."""
    assert steps(families.verdict("xive_shutdown_buggy").traces["no_stuck_cppr"]) == [
        "device: triggers irq16",
        "driver: xive_irq_shutdown()",
        "driver: configure_irq(0xff, XIVE_BAD_IRQ)",
        "driver: __synchronize_hardirq(irq16)",
        "driver: irq_dispose_mapping(irq16)",
        "T: CPPR = 7",
        "T: xive_read_eq() == irq16",
        "T: generic_handle_irq(irq16)"]


def test_a_flushed_queue_leaves_p_behind() -> None:
    """The story of V13: the CPU that goes off-line triggers a masked interrupt again, and its event is dropped at the EAS."""
    told = steps(families.verdict("xive_shutdown_fixed", "V13").traces["no_endless_poll"])
    assert told[-2:] == ["T: xive_scan_interrupts() == irq16; saved_p = false", "T: xive_irq_retrigger(irq16)"]


def test_an_entry_that_nobody_acknowledged_stays_in_the_ring_of_an_off_line_cpu() -> None:
    """The lasso of V13': free_irq waits for an entry that is there, and that no CPU will pop."""
    told = steps(families.verdict("xive_shutdown_fixed", "V13'").traces["free_ends"])
    assert told[0] == "device: triggers irq16" and told[-1] == "T: irq_migrate_all_off_this_cpu(); CPPR = 0"


def test_a_resend_behind_unmask_enters_the_queue_twice() -> None:
    """The story of M2: the device triggers between SET_PQ_00 of the unmask and SET_PQ_11 of the resend."""
    told = steps(families.verdict("xive_shutdown_fixed", "M2").traces["one_entry"])
    assert told[-3:] == ["driver: enable_irq(irq16)", "device: triggers irq16", "driver: xive_irq_retrigger(irq16)"]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_reference_counts_the_same(name: str) -> None:
    """The judge finds the same states and violations as the engine."""
    model = families.model(name)
    fast, slow = explore(model), reference.explore(model)
    assert (fast.distinct, fast.transitions, fast.depth) == (slow.distinct, slow.transitions, slow.depth)
    assert {k: v.level for k, v in fast.violations.items()} == {k: v.level for k, v in slow.violations.items()}
