"""The XIVE-native KVM device and migration: `spec/kvm_capability_*.py`, Linux 5.3 and 5.4 with commit
2ad7a27deaf6.
"""

from __future__ import annotations

from tests.support import families
from tests.support.families import bound, claims, steps

GOLDEN = {"kvm_capability_fixed": (19022, 30598, 26), "kvm_capability_buggy": (9036, 13717, 18)}
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


def test_a_guest_of_5_3_finds_out_when_it_is_saved() -> None:
    """The story of V0: everything works until the queue is to be saved, for which firmware has no call."""
    trace = families.verdict("kvm_capability_fixed", "V0").traces["promise_is_kept"]
    assert steps(trace)[-4:] == [
        "userspace: stops the guest; PQ RESET is noted, and set",
        "userspace: KVM_DEV_XIVE_EQ_SYNC",
        "userspace: copies what is dirty",
        "userspace: get_attr(EQ_CONFIG): OPAL_PARAMETER, -EIO",
    ]
    assert trace.steps[-1].state["lacks[A]"] == "GET"


def test_the_bug_depends_on_data() -> None:
    """A queue is restored without the call while it is fresh: V1 needs one event, and V1' has none."""
    told = steps(families.verdict("kvm_capability_fixed", "V1").traces["promise_is_kept"])
    assert "XIVE: the event reaches the queue: entry 0, generation 1" in told
    assert told[-1] == "userspace: set_attr(EQ_CONFIG) on B: fails"
    assert "promise_is_kept" not in families.verdict("kvm_capability_fixed", "V1'").traces


def test_a_trigger_is_dropped_where_the_guest_is_stopped_with_01() -> None:
    """The story of V8: the device triggers a stopped guest, and the resumed guest never hears of it."""
    told = steps(families.verdict("kvm_capability_fixed", "V8").traces["no_lost_event"])
    assert told[-3:] == [
        "device: triggers, PQ was OFF",
        "userspace: the migration is cancelled, or the connection lost",
        "userspace: resumes the guest on A",
    ]


def test_qemu_forgets_a_trigger_behind_one_in_service() -> None:
    """The story of V9: PQ=10 becomes 11 while the guest is stopped, and the resume writes 10."""
    trace = families.verdict("kvm_capability_fixed", "V9").traces["no_lost_event"]
    assert [step.state["pq[A]"] for step in trace.steps[-4:]] == ["PENDING", "QUEUED", "QUEUED", "PENDING"]
    assert trace.steps[-1].state["in_service"] == "True"


def test_two_events_take_the_queue_around() -> None:
    """The next size, in which the generation bit turns, holds too."""
    assert bound("kvm_capability_fixed", events=2).violations == {}
