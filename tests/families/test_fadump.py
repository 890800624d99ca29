"""Firmware-assisted dump: `spec/fadump_*.py`, the life of a dump and the arithmetic of its regions."""

from __future__ import annotations

from explorer.trace.step_builder import state_texts
from tests.support import families
from tests.support.families import bound, claims, states, steps

GOLDEN = {
    "fadump_fixed": (368, 891, 23),
    "fadump_buggy": (438, 1035, 23),
    "fadump_regions_fixed": (918, 702, 4),
    "fadump_regions_buggy": (864, 648, 4),
    "fadump_log": (6, 4, 2),
}  # states, transitions, depth
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


def test_a_plain_petitboot_writes_over_the_dump() -> None:
    """The story of V0: the dump is offered all the same."""
    told = steps(families.verdict("fadump_buggy").traces["vmcore_is_untouched"])
    assert told[-4:] == [
        "petitboot: writes above boot_mem_top",
        "petitboot: kexec",
        "capture: opal_mpipl_query_tag(KERNEL), registered_regions == 1",
        "capture: opal_fadump_process()",
    ]


def test_5_4_claims_regions_that_it_has_just_removed() -> None:
    """A crash between REMOVE_ALL and the count: the capture kernel offers what nobody copied."""
    told = steps(families.verdict("fadump_fixed", "unregister").traces["vmcore_claims_only_copies"])
    assert told[4:6] == ["udev: opal_mpipl_update(OPAL_MPIPL_REMOVE_ALL)", "firmware: MPIPL by itself"]


def test_a_crash_before_the_first_count_loses_what_firmware_copied() -> None:
    """The sheet's note on V2: the shipped order errs on the safe side, but not to the user's gain. No promise
    is broken.
    """
    kept = [
        state
        for state in states(bound("fadump_fixed"))
        if state["copies"] and not state["registered_regions"]
    ]
    assert kept and not any(state["promised"] for state in kept)


def test_the_sheets_layout_loses_three_of_eight_pages() -> None:
    """Three pages, a hole and more: 5.4 takes 3 + 2 pages of the 8 wanted, and says that boot memory ends at
    9.
    """
    layout = {"blocks[0]": 3, "blocks[1]": 3, "gap[0]": 1, "gap[1]": 0, "boot": 8}
    found = [
        state
        for state in states(bound("fadump_regions_buggy", pages=3, page=1))
        if layout.items() <= state.items()
    ]
    assert {
        (*tuple(state[f"region[{block}]"] for block in range(3)), state["top"])
        for state in found
        if state["top"]
    } == {(3, 2, 0, 9)}


def test_larger_layouts_are_right_too() -> None:
    """Blocks and holes of up to three pages."""
    assert bound("fadump_regions_fixed", pages=3).violations == {}


def test_a_second_registration_opens_the_window_of_an_unregistration() -> None:
    """In 5.4 the metadata counts regions that firmware has not, on both ways into opal_fadump_unregister:
    asked for, and before a dump is registered again.
    """
    found = families.space("fadump_fixed", "5.4")
    texts = [state_texts(found.model, found.decode(state)) for level in found.levels for state in level]
    window = [s for s in texts if s["registered"] == "True" and s["ranges"] == "0"]
    assert {s["registered_regions"] for s in window} == {"2"}
    ways = {s["at@writer[udev]"] for s in window if s["at@writer[udev]"].startswith("uncount")}
    assert len(ways) == 2
