"""The DMA window: `spec/dma_window_*.py`, its size, its bitmap and allocator, and the levels of its table."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from explorer.engine.python import explore
from explorer.ground.ground import ground
from explorer.run.constants import bindings, single
from explorer.run.load import load
from explorer.trace.step_builder import state_texts
from tests.support import families
from tests.support.families import claims, labels, space

GOLDEN = {
    "dma_window_fixed": (8895, 18322, 39),
    "dma_window_buggy": (18137, 38403, 53),
    "dma_window_size_fixed": (15100, 12080, 4),
    "dma_window_levels_fixed": (566, 1239, 13),
    "dma_window_levels_buggy": (5717, 11208, 40),
}
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN)


SHEET = [  # page_shift, max_order, memory -> window, levels, level_shift
    (16, 9, 43, 43, 2, 17),
    (16, 9, 50, 43, 2, 17),
    (12, 13, 39, 39, 2, 17),
    (12, 13, 45, 39, 2, 17),
    (16, 9, 40, 40, 2, 16),
    (16, 9, 36, 36, 2, 16),
    (16, 9, 30, 30, 2, 16),
]


@cache
def tables() -> dict[tuple[int, ...], set[tuple[int, ...]]]:
    """For each kernel and memory, the windows, levels and level shifts that the model computes."""
    found: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    one = space("dma_window_size_fixed")
    for handle in one.levels[-1]:
        state: dict[str, Any] = state_texts(one.model, one.decode(handle))
        kernel = "".join(c if c.isdigit() else " " for c in state["kernel"]).split()
        key = (int(kernel[0]), int(kernel[1]), int(state["memory"]))
        found.setdefault(key, set()).add(
            (int(state["size"]), int(state["levels"]), int(state["level_shift"]))
        )
    return found


@pytest.mark.parametrize("row", SHEET, ids=[f"2^{row[0]} pages, 2^{row[2]} bytes" for row in SHEET])
def test_the_figures_of_the_sheet(row: tuple[int, ...]) -> None:
    """Window, levels and level size are those that the sheet computes by hand, whatever the MMIO range and
    odd memory.
    """
    assert tables()[row[:3]] == {row[3:]}


def test_the_seed_figures() -> None:
    """A window of 2^43 bytes has 16384 TCEs in a level of 2 system pages."""
    ((window, levels, level_shift),) = tables()[16, 9, 43]
    assert (1 << window, levels, 1 << level_shift - 3, 1 << level_shift - 16) == (0x80000000000, 2, 16384, 2)


def test_a_64_bit_device_hits_the_hole() -> None:
    """The story of V0: pages are given out in order, and the first on the MMIO range is one too many."""
    story = labels(families.verdict("dma_window_fixed", "V0").traces["no_page_in_hole"])
    assert story[0] == "PCI: iommu_init_table(tbl, node, res_start, res_end)" and story[-1].endswith(
        "return 3"
    )
    assert not any("VFIO" in step for step in story)


def test_the_hole_is_gone_after_vfio() -> None:
    """The story of V1a begins with a take and a release of ownership."""
    story = labels(families.verdict("dma_window_fixed", "V1a").traces["no_page_in_hole"])
    assert story[1:3] == [
        "VFIO: iommu_take_ownership(tbl)  // every bit set",
        "VFIO: iommu_release_ownership(tbl)",
    ]


def test_two_cpus_find_one_page_under_two_locks() -> None:
    """The story of V8: the 32-bit device's CPU keeps the lock of pool 1 while it searches below 4 GiB."""
    story = labels(families.verdict("dma_window_buggy").traces["no_overlap"])
    found = [step for step in story if "iommu_area_alloc" in step]
    assert len(story) == 11
    assert sorted(step.partition(": ")[2] for step in found) == [
        "iommu_area_alloc() == 1  // with the lock of pool 0",
        "iommu_area_alloc() == 1  // with the lock of pool 1",
    ]


def test_a_tce_vanishes_with_its_leaf() -> None:
    """The story of V6: both CPUs see an empty slot, and the second store overwrites the first CPU's leaf."""
    story = labels(families.verdict("dma_window_levels_buggy").traces["no_tce_lost"])
    assert sum(step.endswith("READ_ONCE(tmp[n]) == None") for step in story) == 2
    assert sum("tmp[n] = n" in step for step in story) == 2 and story[-1].partition(": ")[2].startswith(
        "tmp[n] = n"
    )


def test_a_pool_that_ends_below_the_mask() -> None:
    """With the pools' border inside the reach of the mask, Linux 5.4 overlaps too, and the repair does
    not.
    """

    def run(*more: str) -> set[str]:
        spec = load(families.SPECS / "dma_window_fixed.py")
        return set(
            explore(
                ground(spec, single(bindings(spec, ["pool_size=3", "entries=6", "mmio=2", *more])))
            ).violations
        )

    assert run() == set() and "no_overlap" in run("allocator=keeps_lock")
