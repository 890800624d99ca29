"""H_CEDE and the escalation interrupt: `spec/xive_cede_*.py`, both halves of commit 959c5d513478."""

from __future__ import annotations

import families
import pytest

from explorer import reference
from explorer.engine.python import explore
from explorer.trace.trace import Trace

GOLDEN = {"xive_cede_fixed": (905, 2086, 31), "xive_cede_buggy": (4615, 10996, 54)}


def steps(trace: Trace) -> list[str]:
    """The steps of a story, each as its actor and its text."""
    return [f"{step.actor}: {step.label}" for step in trace.steps[1:]]


@pytest.mark.parametrize("name", GOLDEN)
def test_counts(name: str) -> None:
    """States, transitions and depth are as they were."""
    assert families.counts(name) == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_expectations_are_met_and_nothing_is_vacuous(name: str) -> None:
    """Each spec shows what it declares, and no severe finding."""
    assert [f.text for f in families.check(name).findings if f.severe] == []


@pytest.mark.parametrize("row", families.names("xive_cede_fixed"))
def test_variants(row: str) -> None:
    """Every row of the table is exactly as declared."""
    families.check("xive_cede_fixed", row)


def test_a_second_entry_in_5_3() -> None:
    """The story: guest entry masks a source whose entry is queued, H_CEDE sets PQ to 00, and the next event is queued too."""
    story = steps(families.verdict("xive_cede_buggy").traces["one_entry"])
    assert len(story) == 17
    masked = story.index("vCPU: SET_PQ_01 == PENDING  // xive_esc_on")
    assert "vCPU: kvm_cede_exit: xive_esc_on == True" in story[masked:] and "vCPU: SET_PQ_00" in story[masked:]
    assert story[-1] == "device: an interrupt for the guest"


def test_one_half_never_sleeps() -> None:
    """Row A: xive_esc_on set late sticks; every H_CEDE is aborted, and leaves PQ at 10 for the next one to find."""
    trace = families.verdict("xive_cede_fixed", "A").traces["sleeps_in_the_end"]
    assert trace.loop is not None
    ever = steps(trace)[trace.loop:]
    assert "vCPU: SET_PQ_10  // an escalation is pending: ceded = 0" in ever and "vCPU: kvm_cede_exit: xive_esc_on == True" in ever


def test_the_flag_that_sticks_heals_in_5_3() -> None:
    """In 5.3 the late store costs one H_CEDE: the flag tells an untruth, and yet the vCPU sleeps in the end."""
    verdicts = {p.name: p.verdict for p in families.verdict("xive_cede_fixed", "5.3").properties}
    assert verdicts["esc_on_is_true"] == "violated" and verdicts["sleeps_in_the_end"] == "holds"


def test_guest_entry_forgets_an_entry_in_5_4() -> None:
    """The story of 5.4: a second guest entry finds 01, and takes it for the sign that no entry is queued."""
    story = steps(families.verdict("xive_cede_fixed", "5.4").traces["one_entry"])
    first, second = (step for step in story if step.startswith("vCPU: SET_PQ_01"))
    assert "PENDING" in first and "OFF" in second
    assert "vCPU: xive_esc_on = 0  // no entry on its way" in story


@pytest.mark.parametrize("name", GOLDEN)
def test_the_reference_counts_the_same(name: str) -> None:
    """The judge finds the same states and violations as the engine."""
    model = families.model(name)
    fast, slow = explore(model), reference.explore(model)
    assert (fast.distinct, fast.transitions, fast.depth) == (slow.distinct, slow.transitions, slow.depth)
    assert {k: v.level for k, v in fast.violations.items()} == {k: v.level for k, v in slow.violations.items()}
