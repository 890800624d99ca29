"""Linux 5.4: the leaf of a TCE table is published by cmpxchg (commit 56090a3902c8). No TCE is lost.

Two things that Linux 5.4 does are left out here and stand in the table, as the model says: L1 and L2.
"""

from actions.dma_window import level_properties, levels

from explorer import HOLDS, Spec, variant, violates

spec = Spec(
    levels,
    level_properties,
    expect=HOLDS,
    variants=[
        variant(
            "V6",
            violates("no_tce_lost", steps=11, also=("one_leaf", "no_leak", "building_ends")),
            "5.3: tested, then stored",
            cmpxchg=False,
        ),
        variant(
            "V7",
            violates("no_garbage", steps=4, also=("no_tce_lost",)),
            "published before it is zeroed",
            publish_first=True,
        ),
        variant(
            "L1",
            violates("no_leak", steps=11, also=("building_ends",)),
            "the loser frees half its leaf",
            frees_all=False,
        ),
        variant(
            "L2",
            violates("no_null_leaf", steps=3, also=("deadlock", "building_ends")),
            "no leaf, and no test",
            alloc_fails=True,
        ),
        variant("L2a", HOLDS, "no leaf, and an error returned", alloc_fails=True, tests_null=True),
    ],
    survivors={
        "maps.free_leaf: GARBAGE": "whoever allocates the leaf again zeroes it first",
        "free_table: GARBAGE": "whoever allocates the leaf again zeroes it first",
        "maps.write_tce: builders.leaf": "nobody reads it any more",
    },
)
