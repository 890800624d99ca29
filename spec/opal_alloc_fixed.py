"""skiboot 6.6 (commit e97391ae2bb5) and Linux 5.4 (commit 6ccb4ac2bf8a): where numbers run out, everybody
hears of it.
"""

from actions.opal import firmware
from actions.opal_alloc import chips, kernel, linux, properties

from explorer import HOLDS, Spec, variant, violates

OLD_FIRMWARE = ("call_contract", "any_chip_is_complete", "retry_succeeds")
BUSY = {"busy_spells": 1, "chips": 1}

spec = Spec(
    firmware,
    kernel,
    chips,
    linux,
    properties,
    expect=HOLDS,
    variants=[
        variant(
            "V0",
            violates("no_null_esb", steps=5, also=("only_real_irqs", "ok_is_usable", *OLD_FIRMWARE)),
            "skiboot and Linux before",
            skiboot="old",
            check="negative",
        ),
        variant(
            "V1",
            violates("only_real_irqs", steps=3, also=("ok_is_usable", *OLD_FIRMWARE)),
            "converted in xive_native_alloc_irq only",
            skiboot="old",
            check="alloc_irq",
        ),
        variant(
            "V2",
            violates("right_diagnosis", steps=3),
            "the marker sign-extended, Linux before",
            skiboot="signed",
            check="negative",
        ),
        variant(
            "V3",
            violates(
                "any_chip_is_complete", steps=2, also=("right_diagnosis", "call_contract", "retry_succeeds")
            ),
            "tests (s32)irq < 0",
            skiboot="old",
            check="cast",
        ),
        variant(
            "V4",
            violates("right_diagnosis", steps=3, also=OLD_FIRMWARE),
            "converted to -1",
            skiboot="old",
            check="minus_one",
        ),
        variant(
            "V5",
            violates("any_chip_is_complete", steps=2, also=("call_contract", "retry_succeeds")),
            "old firmware, Linux 5.4",
            skiboot="old",
        ),
        variant("V6", HOLDS, "skiboot 6.6, Linux 5.3", check="negative"),
        variant("V6'", HOLDS, "skiboot 6.6, Linux 5.4"),
        variant("V7", violates("no_leaked_irq", steps=3), "firmware gives out 0", first=0, chips=1),
        variant(
            "V8",
            violates("calls_return", steps=5, also=("retry_succeeds",)),
            "if OPAL were busy for ever; allocated before the lock",
            **BUSY,
            busy_ends=False,
            alloc_before_lock=True,
        ),
        variant("V9", violates("no_sleep_in_atomic", steps=4), "if OPAL were busy once", **BUSY),
        variant("V9'", HOLDS, "the same, allocated before the lock", **BUSY, alloc_before_lock=True),
        variant(
            "V10",
            violates("no_null_esb", steps=6, also=("no_leaked_irq", "ok_is_usable")),
            "if OPAL were busy for get_irq_info too",
            **BUSY,
            alloc_before_lock=True,
            busy_rejects_all=True,
        ),
        variant(
            "no memory",
            violates("no_null_esb", steps=5, also=("no_leaked_irq", "ok_is_usable")),
            "5.4; ioremap of an ESB page fails once",
            ioremaps_fail=1,
            chips=1,
        ),
    ],
    survivors={
        "linux.populate: yield": "looking up a number again does no harm",
        "linux.esb_load: yield": "nor does another load",
    },
)
