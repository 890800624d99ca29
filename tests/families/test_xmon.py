"""xmon looks at XIVE: `spec/xmon_*.py`, Linux 5.3, 5.4 and what came later."""

from __future__ import annotations

from tests.support import families
from tests.support.families import claims, labels

GOLDEN = {"xmon_fixed": (18126, 46726, 16), "xmon_buggy": (8124, 21544, 12)}
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


def test_one_command_crashes_a_guest_of_5_3() -> None:
    """The story of V0: on pseries there is no OPAL to call."""
    trace = families.verdict("xmon_buggy").traces["no_crash"]
    assert trace.steps[0].state["platform"] == "PSERIES"
    assert labels(trace) == [
        "xmon: entered; all CPUs are held",
        "xmon: dx T",
        "xmon: opal_xive_dump() through a null entry: crash",
    ]


def test_an_eoi_load_ends_what_nobody_has_served() -> None:
    """The story of V2: behind the debugger's load P is 0, and the entry is still in the queue."""
    trace = families.verdict("xmon_fixed", "V2").traces["p_is_outstanding"]
    assert (
        labels(trace)[-1] == "xmon: load from the ESB page of irq16 + 0x000  // XIVE_ESB_LOAD_EOI: PQ PENDING"
    )
    assert trace.steps[-1].state["ring[T]"] == "[irq16]"


def test_the_mend_of_the_walk_breaks_the_single_command() -> None:
    """The story of V4a: the test of the irq_chip reads an irq_data that `dxi IRQ` does not have."""
    assert labels(families.verdict("xmon_fixed", "V4a").traces["no_exception"])[1:] == [
        "xmon: dxi irq16",
        "xmon: irq_data_get_irq_chip(NULL): exception",
    ]


def test_a_busy_hypervisor_holds_the_machine() -> None:
    """The story of V6: nothing is enabled but what devices do, while every CPU is held."""
    trace = families.verdict("xmon_fixed", "V6").traces["commands_return"]
    assert trace.loop == trace.length and trace.steps[-1].state["held"] == "True"
