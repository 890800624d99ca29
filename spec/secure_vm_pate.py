"""The host side that Linux 5.4 merged: the partition table under an ultravisor. It holds where the ultravisor
does what it is asked and no nest MMU context outlives its VM.
"""

from actions.secure_vm import partition_table

from explorer import HOLDS, Spec, variant, violates

OUTLIVES = {"nest_detached": False}

spec = Spec(
    partition_table,
    expect=HOLDS,
    variants=[
        variant("5.4", HOLDS, "with an ultravisor"),
        variant("bare", HOLDS, "5.4 without an ultravisor", ultravisor=False),
        variant("refused", violates("pool_is_clean", steps=8), "5.4: UV_WRITE_PATE fails once", refusals=1),
        variant(
            "refused twice",
            violates("own_table_is_walked", steps=12, also=("no_freed_table_is_walked", "pool_is_clean")),
            "5.4: it fails for one VM's teardown and the next one's setup",
            refusals=2,
        ),
        variant(
            "no flush",
            violates("own_table_is_walked", steps=14, also=("no_freed_table_is_walked", "pool_is_clean")),
            "no kernel: an entry is set without a flush",
            flushes=False,
        ),
        variant(
            "outlives",
            violates("no_freed_table_is_walked", steps=6),
            "5.4, if a nest context outlived its VM",
            **OUTLIVES,
        ),
        variant(
            "entry first",
            HOLDS,
            "the same, the entry cleared before the table is freed",
            frees_first=False,
            **OUTLIVES,
        ),
    ],
)
