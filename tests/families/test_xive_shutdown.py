"""free_irq against an interrupt that is in an event queue: `spec/xive_shutdown_*.py`, Linux 5.3 to 5.4 with
commit da15c03b047d.
"""

from __future__ import annotations

import pytest

from explorer.engine.limits import Limits
from explorer.liveness import check as liveness
from explorer.verdict.verdict import judge
from tests.support import families
from tests.support.families import claims, steps

OFFLINE = 1
"""The place `offline` of disable_cpu."""

GOLDEN = {"xive_shutdown_fixed": (349, 662, 27), "xive_shutdown_buggy": (263, 508, 22)}
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


def test_a_cpu_that_goes_off_line_takes_what_is_left_in_its_ring() -> None:
    """With the CPPR opened again every entry is served: the row holds, and such rings there are."""
    found = families.space("xive_shutdown_fixed", "off-line")
    left = [s for s in families.states(found) if s["at@disable_cpu[T]"] == OFFLINE and s["ring[T].length"]]
    assert left and found.violations == {}


def test_one_event_of_a_threaded_handler_enters_the_queue_twice() -> None:
    """The story of the row oneshot: a masked source is ended, and that triggers it again."""
    told = steps(families.verdict("xive_shutdown_fixed", "oneshot").traces["no_stuck_cppr"])
    assert told.count("device: triggers irq16") == 1
    assert [step for step in told if step.startswith("T: xive_read_eq() == irq16")] == [
        "T: xive_read_eq() == irq16"
    ] * 2
    assert told[-1] == "T: generic_handle_irq(irq16)"


def test_a_resend_behind_unmask_enters_the_queue_twice() -> None:
    """The story of M2: the device triggers between SET_PQ_00 of the unmask and SET_PQ_11 of the resend."""
    told = steps(families.verdict("xive_shutdown_fixed", "M2").traces["one_entry"])
    assert told[-3:] == [
        "driver: enable_irq(irq16)",
        "device: triggers irq16",
        "driver: xive_irq_retrigger(irq16)",
    ]


def test_5_4_looks_the_descriptor_up_twice_and_keeps_its_priority() -> None:
    """The story of 5.4 as released: the scan finds the descriptor, generic_handle_irq does not."""
    told = steps(families.verdict("xive_shutdown_fixed").traces["no_stuck_cppr"])
    found = told.index("T: irq_to_desc(irq16)", told.index("driver: xive_irq_retrigger(irq16)"))
    gone = told.index("driver: irq_dispose_mapping(irq16)")
    assert found < gone < told.index("T: generic_handle_irq(irq16)") == len(told) - 1


@pytest.mark.slow
def test_a_stuck_priority_lets_free_irq_of_another_interrupt_wait_for_ever() -> None:
    """5.4 with two interrupts: what docs/models/xive_shutdown.md says of them."""
    found = families.bound("xive_shutdown_fixed", sources=2, spare=2)
    answers = liveness.check(found, Limits())
    lengths = {p.name: p.trace_length for p in judge(found, strict=True, answers=answers).properties}
    assert (found.distinct, lengths["free_ends"], lengths["deadlock"]) == (71_615, 28, 29)
