"""Guest and host share an ESB page: `spec/xive_passthrough_*.py`, a Linux 5.4 guest and the one mended in 2021."""

from __future__ import annotations

import families
import pytest

from explorer import reference
from explorer.engine.python import explore

GOLDEN = {"xive_passthrough_fixed": (816, 2105, 19), "xive_passthrough_buggy": (699, 1763, 19)}


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


@pytest.mark.parametrize("row", families.names("xive_passthrough_fixed"))
def test_variants(row: str) -> None:
    """Every row of the table is exactly as declared."""
    families.check("xive_passthrough_fixed", row)


def test_the_hosts_p_bit_makes_the_guest_wait() -> None:
    """The story of V10: the host raises P, the guest requests without enabling, and synchronize_irq never returns."""
    story = families.verdict("xive_passthrough_buggy").traces["probe_ends"]
    assert [(step.actor, step.label.partition("(")[0]) for step in story.steps[1:]] == [
        ("KVM", "xive_irq_set_vcpu_affinity"), ("driver", "request_irq"), ("driver", "synchronize_irq")]
