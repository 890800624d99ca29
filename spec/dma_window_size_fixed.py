"""The size of the default window and of its table in Linux 5.4 (commit 201ed7f327a1), for every machine at
once.
"""

from actions.dma_window import size, size_properties

from explorer import HOLDS, Spec, variant, violates

FIGURES = "figures_of_the_commit"

spec = Spec(
    size,
    size_properties,
    expect=HOLDS,
    variants=[
        variant(
            "V2",
            violates("level_fits_block", steps=4, also=(FIGURES,)),
            "one level",
            level_rule="one",
            default_levels=1,
        ),
        variant(
            "V3",
            violates("bitmap_fits_block", steps=4, also=(FIGURES, "there_is_a_window")),
            "no limit by the bitmap",
            bitmap_limit=False,
        ),
        variant(
            "V4",
            violates("level_fits_block", steps=4, also=(FIGURES,)),
            "levels rounded down",
            level_rule="floor",
            default_levels=1,
        ),
        variant(
            "V4a", violates("level_fits_block", steps=4), "rounded down, but at least 2", level_rule="floor"
        ),
        variant("V4b", HOLDS, "rounded up, and at least 1", default_levels=1),
        variant(
            "V5",
            violates("window_is_a_power_of_two", steps=1, also=("there_is_a_window",)),
            "memory not rounded",
            rounded=False,
        ),
        variant(
            "V9",
            violates("reserved_inside_bitmap", steps=4),
            "the caller does not ask whether they overlap",
            asks=False,
        ),
        variant("V9a", HOLDS, "and 5.15 cuts the range to the table (3c33066a2190)", asks=False, clamps=True),
    ],
)
