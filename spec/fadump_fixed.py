"""Firmware-assisted dump of Linux 5.4 on powernv, with the two repairs that the model asks for."""

from actions.fadump import boot, machine, properties, state, writer

from explorer import HOLDS, Spec, variant, violates

COUNT = "counted_regions_are_registered"
CLAIM = "vmcore_claims_only_copies"
WHOLE = "registered_dump_is_complete"
WRITES_AGAIN = "a writer that waits for the mutex and writes again is two writers"

spec = Spec(
    machine,
    state,
    writer,
    boot,
    properties,
    expect=HOLDS,
    variants=[
        variant("repaired", HOLDS, "5.4 with both repairs"),
        variant(
            "5.4",
            violates(COUNT, steps=5, also=(CLAIM, WHOLE, "metadata_is_there")),
            "as released",
            uncount_before_remove=False,
            initialise_locked=False,
        ),
        variant("partial", HOLDS, "firmware takes one range of two", firmware_limit=1),
        variant(
            "V0",
            violates("vmcore_is_untouched", steps=9),
            "petitboot without PRESERVE_FA_DUMP",
            preserve=False,
        ),
        variant(
            "V2", violates(COUNT, steps=2, also=(CLAIM,)), "counted before ADD_RANGE", count_after_add=False
        ),
        variant(
            "unregister",
            violates(COUNT, steps=5, also=(CLAIM, WHOLE)),
            "REMOVE_ALL before the count is cleared",
            uncount_before_remove=False,
        ),
        variant(
            "V3",
            violates("released_once", steps=13, also=("opalcore_is_untouched",)),
            "reserved-ranges released too",
            spare_reserved_ranges=False,
        ),
        variant(
            "V5",
            violates("metadata_is_there", steps=13),
            "initialised after the mutex is given back",
            initialise_locked=False,
        ),
        variant(
            "no second look",
            violates("released_once", steps=18, also=("promised_dump_is_offered", WHOLE)),
            "dump_active is not tested under the mutex",
            check_again=False,
        ),
    ],
    survivors={
        "opalcore: ~dump.opalcore_done": "offered once more, after a release, the same dump is as good",
        "writer.register_again: idle": WRITES_AGAIN,
        "writer.register: idle": WRITES_AGAIN,
        "writer.unregister: idle": WRITES_AGAIN,
        "writer.register: dump.registered": (
            "firmware refuses ranges beyond its limit: the second registration adds none"
        ),
        "writer.release_mem: dump.active": "dump_active is tested again under the mutex",
        "writer.nothing_to_release: lock": "a writer that is at rest stays so; one inside has the mutex",
        "writer.nothing_to_release: dump.mutex.is_none": (
            "who finds nothing to release need not wait for the mutex"
        ),
        "writer.nothing_to_release: dump.active": "that a release can be given up is the user's affair",
        "writer.release: memory.high_intact.next": "nobody offers the dump any more when it is released",
        "release_opalcore: dump.opalcore": "a file that is not there cannot be removed",
    },
)
