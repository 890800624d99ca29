"""H_CEDE and the escalation interrupt: `spec/xive_cede_*.py`, both halves of commit 959c5d513478."""

from __future__ import annotations

from tests.support import families
from tests.support.families import claims, labels

GOLDEN = {"xive_cede_fixed": (905, 2086, 31), "xive_cede_buggy": (4615, 10996, 54)}
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


def test_a_second_entry_in_5_3() -> None:
    """The story: guest entry masks a source whose entry is queued, H_CEDE sets PQ to 00, and the next event
    is queued too.
    """
    story = labels(families.verdict("xive_cede_buggy").traces["one_entry"])
    assert len(story) == 17
    masked = story.index("vCPU: SET_PQ_01 == PENDING  // xive_esc_on")
    assert (
        "vCPU: kvm_cede_exit: xive_esc_on == True" in story[masked:] and "vCPU: SET_PQ_00" in story[masked:]
    )
    assert story[-1] == "device: an interrupt for the guest"


def test_one_half_never_sleeps() -> None:
    """Row A: xive_esc_on set late sticks; every H_CEDE is aborted, and leaves PQ at 10 for the next one to
    find.
    """
    trace = families.verdict("xive_cede_fixed", "A").traces["sleeps_in_the_end"]
    assert trace.loop is not None
    ever = labels(trace)[trace.loop :]
    assert (
        "vCPU: SET_PQ_10  // an escalation is pending: ceded = 0" in ever
        and "vCPU: kvm_cede_exit: xive_esc_on == True" in ever
    )


def test_the_flag_that_sticks_heals_in_5_3() -> None:
    """In 5.3 the late store costs one H_CEDE: the flag tells an untruth, and yet the vCPU sleeps in the
    end.
    """
    verdicts = {p.name: p.verdict for p in families.verdict("xive_cede_fixed", "5.3").properties}
    assert verdicts["esc_on_is_true"] == "violated" and verdicts["sleeps_in_the_end"] == "holds"


def test_guest_entry_forgets_an_entry_in_5_4() -> None:
    """The story of 5.4: a second guest entry finds 01, and takes it for the sign that no entry is queued."""
    story = labels(families.verdict("xive_cede_fixed", "5.4").traces["one_entry"])
    first, second = (step for step in story if step.startswith("vCPU: SET_PQ_01"))
    assert "PENDING" in first and "OFF" in second
    assert "vCPU: xive_esc_on = 0  // no entry on its way" in story
