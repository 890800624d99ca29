"""Which memory fadump has copied, for every small layout: Linux 5.4 with the subtraction of the boot memory
size put right.
"""

from actions.fadump import regions

from explorer import HOLDS, Spec, variant, violates

TOP = "top_is_right"

spec = Spec(
    regions,
    expect=HOLDS,
    variants=[
        variant("repaired", HOLDS, "each region is subtracted once"),
        variant(
            "V4, 5.4",
            violates("sizes_are_right", steps=2, also=("boot_memory_is_copied", "never_refused", TOP)),
            "subtracted twice",
            subtract_once=False,
        ),
        variant("V1", violates("never_refused", steps=3), "one range: holes refused", holes=False),
        variant(
            "V1 unchecked",
            violates("copied_is_memory", steps=2, also=(TOP,)),
            "one range: holes copied",
            holes=False,
            refuse_holes=False,
        ),
        variant(
            "V6",
            violates("copied_is_memory", steps=3, also=("never_refused", TOP)),
            "holes of one address",
            holes=False,
            page=1,
        ),
        variant("V6 pages", HOLDS, "holes of one address, skipped", page=1),
    ],
    survivors={
        "reserve_mem.for_each_memblock_memory_reg(block=2): hole_size": "no block comes behind the last"
    },
)
