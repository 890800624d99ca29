"""free_irq against an interrupt that is in an event queue: `spec/xive_shutdown_*.py`, Linux 5.3 to 5.4 with
commit da15c03b047d.
"""

from __future__ import annotations

from explorer import HOLDS
from explorer.engine.python import explore
from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support import families
from tests.support.families import claims, steps
from tests.support.house import SPECS

GOLDEN = {"xive_shutdown_fixed": (7723, 30672, 22), "xive_shutdown_buggy": (11731, 48306, 18)}
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


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
        "T: generic_handle_irq(irq16)",
    ]


def test_a_flushed_queue_leaves_p_behind() -> None:
    """The story of V13: the CPU that goes off-line triggers a masked interrupt again, and its event is
    dropped at the EAS.
    """
    told = steps(families.verdict("xive_shutdown_fixed", "V13").traces["no_endless_poll"])
    assert told[-2:] == [
        "T: xive_scan_interrupts() == irq16; saved_p = false",
        "T: xive_irq_retrigger(irq16)",
    ]


def test_an_entry_that_nobody_acknowledged_stays_in_the_ring_of_an_off_line_cpu() -> None:
    """The lasso of V13': free_irq waits for an entry that is there, and that no CPU will pop."""
    told = steps(families.verdict("xive_shutdown_fixed", "V13'").traces["free_ends"])
    assert told[0] == "device: triggers irq16" and told[-1] == "T: irq_migrate_all_off_this_cpu(); CPPR = 0"


def test_a_resend_behind_unmask_enters_the_queue_twice() -> None:
    """The story of M2: the device triggers between SET_PQ_00 of the unmask and SET_PQ_11 of the resend."""
    told = steps(families.verdict("xive_shutdown_fixed", "M2").traces["one_entry"])
    assert told[-3:] == [
        "driver: enable_irq(irq16)",
        "device: triggers irq16",
        "driver: xive_irq_retrigger(irq16)",
    ]


def test_lazy_disable_and_resend_break_what_the_default_keeps() -> None:
    """With both of Linux 5.4's own behaviours the properties that docs/models/xive_shutdown.md names fail."""
    fixed = load(SPECS / "xive_shutdown_fixed.py")
    space = explore(ground(fixed.variant(HOLDS, disable="lazy", resend=True, sources=1)))
    levels = {name: violation.level for name, violation in space.violations.items()}
    assert (levels["no_dead_source"], levels["one_entry"], levels["no_stale_pop"]) == (9, 10, 21)
