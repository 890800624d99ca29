"""The teardown of a vCPU with its escalation interrupt: `spec/xive_escalation_*.py`, and its two barriers."""

from __future__ import annotations

import families
import pytest

from explorer import reference
from explorer.engine.python import explore

GOLDEN = {"xive_escalation_fixed": (664, 1466, 26), "xive_escalation_buggy": (1494, 3345, 37), "xive_escalation_barriers": (71, 134, 11)}


@pytest.mark.parametrize("name", GOLDEN)
def test_counts(name: str) -> None:
    """States, transitions and depth are as they were, and the reference's."""
    model = families.model(name)
    fast, slow = explore(model), reference.explore(model)
    assert (fast.distinct, fast.transitions, fast.depth) == (slow.distinct, slow.transitions, slow.depth) == GOLDEN[name]
    assert {k: v.level for k, v in fast.violations.items()} == {k: v.level for k, v in slow.violations.items()}


@pytest.mark.parametrize("name", GOLDEN)
def test_expectations_are_met_and_nothing_is_vacuous(name: str) -> None:
    """Each spec shows what it declares, and no severe finding."""
    found = families.check(name)
    assert [f.text for f in found.findings if f.severe] == []


@pytest.mark.parametrize("name, row", [(name, row) for name in ("xive_escalation_fixed", "xive_escalation_barriers")
                                       for row in families.names(name)])
def test_variants(name: str, row: str) -> None:
    """Every row of the tables is exactly as declared."""
    families.check(name, row)


def test_the_teardown_of_5_4_discards_the_only_sign_of_a_queued_entry() -> None:
    """The story of V12, as the fact sheet tells it: SET_PQ_01 returns P, nobody looks, and the entry is popped at the end."""
    story = families.verdict("xive_escalation_buggy").traces["no_stale_pop"]
    told = {who: [step.label.partition("  //")[0] for step in story.steps[1:] if step.actor in who]
            for who in (("vCPU", "device"), ("KVM", "driver"), ("T",))}
    assert told == {
        ("vCPU", "device"): ["pushes its XIVE context", "H_CEDE", "SET_PQ_00", "triggers irq16"],
        ("KVM", "driver"): [
            "mutex_lock(&vcpu->mutex)", "xive_esc_on == True", "SET_PQ_01", "xive_esc_on = false",
            "xd->stale_p = false; smp_mb()", "if (!xive_esc_on) xd->stale_p = true", "xive_irq_shutdown()",
            "configure_irq(0xff, XIVE_BAD_IRQ)", "__synchronize_hardirq(irq16)", "irq_dispose_mapping(irq16)"],
        ("T",): ["CPPR = 7", "xive_read_eq() == irq16"]}


def test_two_entries_without_a_cede_lose_the_sign_of_an_entry() -> None:
    """The story of M1: the second guest entry reads 01, which the first has left, and takes it for no entry at all."""
    told = [step.label.partition("  //")[0] for step in families.verdict("xive_escalation_fixed", "M1").traces["one_entry"].steps[1:]]
    assert told.count("SET_PQ_01") == 2 and told[told.index("SET_PQ_01") + 1] == "guest exit"
    assert told[-3:] == ["H_CEDE", "SET_PQ_00", "triggers irq16"]
