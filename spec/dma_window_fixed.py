"""The DMA window of Linux 5.4 (commit 201ed7f327a1): hole, ownership, allocation. With an allocator that has
the lock it needs.

That the allocator of Linux 5.4 has not (V8) is a reading of its code, found by this model: no report of it is
known.
"""

from actions.dma_window import allocator, properties, table

from explorer import HOLDS, Spec, variant, violates

BITMAP = ("mapped_is_marked", "marked_is_mapped", "vfio_owns_alone")
ANY_POOL = "any CPU may use any pool"
FIND = "only `find` takes a page, and it has the guard"
FAILS = ("search again", "try next pool", "give up")

spec = Spec(
    table,
    allocator,
    properties,
    expect=HOLDS,
    variants=[
        variant(
            "5.3",
            HOLDS,
            "the table ends where the MMIO range begins",
            entries=3,
            pool_size=2,
            allocator="keeps_lock",
        ),
        variant("V0", violates("no_page_in_hole", steps=19), "the hole is not reserved", reserve=False),
        variant(
            "V1a",
            violates("no_page_in_hole", steps=21, also=(*BITMAP, "no_overlap")),
            "nor reserved again after VFIO",
            restore=False,
        ),
        variant(
            "V1b",
            violates("vfio_can_take", steps=1),
            "nor released before VFIO takes the table",
            release_to_take=False,
        ),
        variant(
            "V1c",
            violates("no_unexpected_tces", steps=1),
            "nor released before the table is freed",
            release_to_free=False,
        ),
        variant(
            "V8",
            violates("no_overlap", steps=11, also=(*BITMAP, "writes_locked_word")),
            "5.4: two locks for the pages below 4 GiB",
            allocator="keeps_lock",
            mmio=2,
        ),
        variant(
            "V8 one",
            violates("no_overlap", steps=11, also=(*BITMAP, "writes_locked_word")),
            "5.4: the same with one 32-bit device on two CPUs",
            allocator="keeps_lock",
            mmio=2,
            wide_devices=False,
        ),
    ],
    survivors={
        "release_ownership: table.unlocked": (
            "while VFIO owns the table every bit is set: a search under way finds nothing"
        ),
        "device.idle: maps.pool_nr": ANY_POOL,
        "device.find: every": "any free page would do",
        "device.search again: every": "it searches twice",
        **{f"device.{way}: {guard}": FIND for way in FAILS for guard in ("table.held", "maps.leaves")},
        "device.unlock: table.hint": "a hint is only where a search begins",
    },
)
