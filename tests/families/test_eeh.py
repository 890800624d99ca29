"""EEH events against the lifetime of PEs: `spec/eeh_*.py`, Linux 5.3, 5.4 (commit 799abe283e51) and what the
model repairs.
"""

from __future__ import annotations

from tests.support import families
from tests.support.families import bound, claims, states, steps

GOLDEN = {
    "eeh_fixed": (3732, 8638, 26),
    "eeh_buggy": (4261, 9516, 26),
    "eeh_devices": (34, 52, 8),
}  # states, transitions, depth
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


def test_5_3_handles_an_event_whose_pe_hotplug_has_freed() -> None:
    """The story of V0, as the commit message lists it."""
    assert steps(families.verdict("eeh_buggy").traces["no_freed_pe_is_handled"]) == [
        "hardware: freezes CHILD",
        "driver: eeh_dev_check_failure(CHILD)",
        "driver: list_add(&event->list, &eeh_eventlist)",
        "user: pulls the card of BUS",
        "hotplug: eeh_rmv_from_parent_pe()",
        "eehd: list_del(&event->list)",
    ]


def test_5_4_prunes_by_the_wrong_bit() -> None:
    """The story of V3: the PE is recovered, so its bit ISOLATED is clear, and the invalid PE stays for
    ever.
    """
    told = steps(families.verdict("eeh_fixed", "V3 leak").traces["invalid_is_freed"])
    assert told[-3:] == [
        "eehd: thaws or resets CHILD; eeh_pe_state_clear(EEH_PE_ISOLATED)",
        "eehd: resume()",
        "eehd: eeh_pe_cleanup(CHILD)",
    ]


def test_one_event_clears_the_mark_of_another() -> None:
    """The parent's event is taken first, and leaves the child's, still queued, without EEH_PE_RECOVERING."""
    told = steps(families.verdict("eeh_fixed", "second event").traces["no_freed_pe_is_handled"])
    assert told[-2:] == ["eehd: eeh_pe_cleanup(BUS)", "eehd: list_del(&event->list)"]
    assert told.count("driver: list_add(&event->list, &eeh_eventlist)") == 2


def test_more_errors_change_nothing() -> None:
    """The repaired kernel holds with three errors, too."""
    space = bound("eeh_fixed", errors=3)
    assert space.violations == {} and len(states(space)) == space.distinct > 3 * GOLDEN["eeh_fixed"][0] // 2


def test_a_dead_phb_leaves_marks_without_events() -> None:
    """The story of the row: an event is queued, purged, and its PE is marked for ever."""
    told = steps(families.verdict("eeh_fixed", "dead PHB").traces["recovering_has_an_event"])
    assert "driver: eeh_pe_state_mark(CHILD, EEH_PE_RECOVERING)" in told or (
        "driver: eeh_pe_state_mark(BUS, EEH_PE_RECOVERING)" in told
    )
    assert told[-1] == "eehd: eeh_remove_event(phb_pe, true); pci_hp_remove_devices()"


def test_the_next_device_of_a_traversal_is_gone() -> None:
    """Both functions are removed between two steps of the loop; a card with one alone is safe."""
    told = steps(families.verdict("eeh_devices").traces["no_poison_is_followed"])
    assert told[-1] == "eehd: edev = F1; tmp = its entry's next"
    assert told.count("hotplug: edev->pe = NULL; list_del(&edev->entry)") == 2
    assert bound("eeh_devices", functions=1).violations == {}
