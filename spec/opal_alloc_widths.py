"""Widths, exhaustively: skiboot before the fix, which zero-extends its marker, and Linux 5.4, which knows it.
Every word of 8 bits.
"""

from actions.opal import firmware
from actions.opal_alloc import kernel, widths
from actions.opal_alloc.kernel import Skiboot

from explorer import HOLDS, Spec, variant, violates

spec = Spec(
    firmware,
    kernel,
    widths,
    word=8,
    skiboot=Skiboot.OLD,
    expect=HOLDS,
    variants=[
        variant("old", HOLDS, "0xff zero-extended, Linux 5.4"),
        variant(
            "zero", violates("codes_are_errors", steps=2), "zero-extended, tests irq < 0", check="negative"
        ),
        variant("sign", HOLDS, "sign-extended, tests irq < 0", skiboot="signed", check="negative"),
        variant(
            "sign, many",
            violates("numbers_survive", steps=2),
            "and numbers that have the highest bit",
            skiboot="signed",
            check="negative",
            limit=200,
        ),
        variant("cast", HOLDS, "tests (s32)irq < 0", check="cast"),
        variant(
            "cast, many",
            violates("numbers_survive", steps=2),
            "and numbers that have the highest bit",
            check="cast",
            limit=200,
        ),
        variant("fixed", HOLDS, "OPAL_RESOURCE, tests irq < 0", skiboot="fixed", check="negative", limit=200),
        variant("minus one", HOLDS, "converted to -1", check="minus_one"),
        variant(
            "alloc_irq",
            violates("codes_are_errors", steps=2),
            "xive_native_get_ipi does not convert",
            check="alloc_irq",
        ),
        variant(
            "three codes",
            violates("codes_are_errors", steps=2),
            "had NO_IND and NO_MEM escaped as well",
            private=3,
        ),
        variant("zero number", violates("numbers_survive", steps=2), "a number 0 is given out", zero=True),
    ],
    survivors={"converts.return: yield": "the same word is returned again"},
)
