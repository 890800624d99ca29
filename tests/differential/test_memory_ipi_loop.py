"""The lost IPI in loops. Litmus tests do not see whether a store may go behind others that need something:
this does.
"""

from __future__ import annotations

import pytest

from tests.support.ipi_loop import loop

MODELS = ("sc", "tso", "pso", "arm", "power")
LOST = {
    ("none/none", "xchg"): "pso arm power",
    ("sync/sync", "xchg"): "",
    ("sync/sync", "load"): "",
    ("lwsync/sync", "load"): "power",
    ("lwsync/none", "xchg"): "",
}
"""The barriers before host_ipi is set and after it is cleared, and how messages are taken: where the call can
be lost.
"""


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("barriers, take", LOST)
def test_the_call_is_lost_where_the_barriers_are_too_weak(barriers: str, take: str, model: str) -> None:
    """A caller and its target in loops: the call is lost exactly under these memory models."""
    lost, _ = loop(model, 1, barriers, take).explore()
    assert lost == (model in LOST[barriers, take].split())


@pytest.mark.parametrize("barriers, take, lost", [("none/none", "xchg", True), ("sync/sync", "xchg", False)])
def test_two_senders_on_power(barriers: str, take: str, lost: bool) -> None:
    """With another sender the call is lost without barriers and kept with both, and at most six stores are
    live.
    """
    assert loop("power", 2, barriers, take).explore()[0] == lost


def test_power_costs_little_more_than_sequential_consistency() -> None:
    """With the fix, two senders: fewer than four times the states of sc, and fewer than twice those of
    pso.
    """
    counts = {model: loop(model, 2, "sync/sync", "xchg").explore()[1] for model in ("sc", "pso", "power")}
    assert counts["power"] < 4 * counts["sc"] and counts["power"] < 2 * counts["pso"]
