"""Guest and host share an ESB page: `spec/xive_passthrough_*.py`, a Linux 5.4 guest and the one mended in
2021.
"""

from __future__ import annotations

from tests.support import families
from tests.support.families import claims

GOLDEN = {"xive_passthrough_fixed": (1935, 4621, 33), "xive_passthrough_buggy": (1818, 4227, 33)}
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


def test_the_hosts_p_bit_makes_the_guest_wait() -> None:
    """The story of V10: the host raises P, the guest requests without enabling, and synchronize_irq never
    returns.
    """
    story = families.verdict("xive_passthrough_buggy").traces["probe_ends"]
    assert [(step.actor, step.label.partition("(")[0]) for step in story.steps[1:]] == [
        ("KVM", "xive_irq_set_vcpu_affinity"),
        ("driver", "request_irq"),
        ("driver", "synchronize_irq"),
    ]
