"""The teardown of a vCPU with its escalation interrupt: `spec/xive_escalation_*.py`, and its two barriers."""

from __future__ import annotations

import itertools

import pytest

from explorer import check
from explorer.run.load import load
from tests.support import families
from tests.support.families import claims, steps
from tests.support.house import ROOT, SPECS

GOLDEN = {
    "xive_escalation_fixed": (719, 1601, 28),
    "xive_escalation_buggy": (1672, 3746, 39),
    "xive_escalation_barriers": (27, 61, 5),
}
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


def test_the_teardown_of_5_4_discards_the_only_sign_of_a_queued_entry() -> None:
    """The story of V12, as the fact sheet tells it: SET_PQ_01 returns P, nobody looks, and the entry is
    popped at the end.
    """
    story = families.verdict("xive_escalation_buggy").traces["no_stale_pop"]
    told = {
        who: [step.label.partition("  //")[0] for step in story.steps[1:] if step.actor in who]
        for who in (("vCPU", "device"), ("KVM", "driver"), ("T",))
    }
    assert told == {
        ("vCPU", "device"): ["pushes its XIVE context", "H_CEDE", "SET_PQ_00", "triggers irq16"],
        ("KVM", "driver"): [
            "mutex_lock(&vcpu->mutex)",
            "xive_esc_on == True",
            "SET_PQ_01",
            "xive_esc_on = false",
            "xd->stale_p = false; smp_mb()",
            "if (!xive_esc_on) xd->stale_p = true",
            "xive_irq_shutdown()",
            "configure_irq(0xff, XIVE_BAD_IRQ)",
            "__synchronize_hardirq(irq16)",
            "irq_dispose_mapping(irq16)",
        ],
        ("T",): ["CPPR = 7", "xive_read_eq() == irq16"],
    }


def test_two_entries_without_a_cede_lose_the_sign_of_an_entry() -> None:
    """The story of M1: the second guest entry reads 01, which the first has left, and takes it for no entry
    at all.
    """
    told = [
        step.partition(": ")[2]
        for step in steps(families.verdict("xive_escalation_fixed", "M1").traces["one_entry"])
    ]
    assert told.count("SET_PQ_01") == 2 and told[told.index("SET_PQ_01") + 1] == "guest exit"
    assert told[-3:] == ["H_CEDE", "SET_PQ_00", "triggers irq16"]


KINDS = ("none", "lwsync", "sync")


@pytest.mark.parametrize("memory", ["sc", "tso", "pso"])
def test_the_barriers_are_judged_as_by_store_buffers(memory: str) -> None:
    """Whatever the two barriers are, the race ends as on store buffers that were written for it."""
    spec, buffers = (
        load(path)
        for path in (SPECS / "xive_escalation_barriers.py", ROOT / "tests/support/escalation_buffers.py")
    )
    for handler, teardown in itertools.product(KINDS, repeat=2):
        constants = {"memory": memory, "handler_barrier": handler, "teardown_barrier": teardown}
        assert check(spec, **constants).holds == check(buffers, **constants).holds, constants


def test_on_power_both_barriers_must_be_full() -> None:
    """R with lwsync and sync, which herd7 allows: of nine pairs only sync and sync keeps stale_p."""
    path = SPECS / "xive_escalation_barriers.py"
    holds = {
        pair
        for pair in itertools.product(KINDS, repeat=2)
        if check(path, memory="power", handler_barrier=pair[0], teardown_barrier=pair[1]).holds
    }
    assert holds == {("sync", "sync")}
