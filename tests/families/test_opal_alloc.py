"""OPAL_XIVE_ALLOCATE_IRQ where numbers run out: `spec/opal_alloc_*.py`, skiboot and Linux before and after
September 2019.
"""

from __future__ import annotations

import pytest

from explorer.engine.python import explore
from explorer.ground.ground import ground
from explorer.run.constants import constants_of
from explorer.run.load import load
from tests.support import families
from tests.support.families import claims, steps

GOLDEN = {
    "opal_alloc_fixed": (16608, 74352, 22),
    "opal_alloc_buggy": (11328, 49456, 21),
    "opal_alloc_widths": (384, 256, 2),
}
test_counts, test_expectations, test_variants, test_reference = claims(GOLDEN, judged=("opal_alloc_buggy",))


def test_a_full_chip_ends_in_a_load_through_null() -> None:
    """The story of V0: the marker becomes a number, the number has no page, the result of the look-up is
    ignored.
    """
    told = steps(families.verdict("opal_alloc_buggy").traces["no_null_esb"])
    assert told[1:] == [
        "NATIVE_SOURCE: xive_try_allocate_irq(chip 1): no space, 0xffffffff",
        "NATIVE_SOURCE: xive_native_alloc_irq() = 4294967295",
        "NATIVE_SOURCE: xive_native_populate_irq_data(4294967295): -EINVAL, eoi_mmio stays NULL",
        "NATIVE_SOURCE: load from NULL + 0xd00: Oops",
    ]


def test_a_cpu_that_is_prepared_again_reports_success() -> None:
    """The story of V1: hw_ipi keeps the marker, so the second attempt takes the CPU for set up."""
    told = steps(families.verdict("opal_alloc_fixed", "V1").traces["ok_is_usable"])
    assert told[-2:] == [
        "CPU_IPI: xive_native_populate_irq_data(4294967295): -EINVAL, eoi_mmio stays NULL",
        "CPU_IPI: xive_setup_cpu_ipi() again: hw_ipi != 0, done",
    ]


def test_old_firmware_never_tries_the_other_chip() -> None:
    """The story of V5: a caller fails for ever though a chip has room, because the first answer looks like a
    number to skiboot.
    """
    lasso = families.verdict("opal_alloc_fixed", "V5").traces["retry_succeeds"]
    assert lasso.loop is not None and {text for text in steps(lasso) if "xive_try_allocate_irq" in text} == {
        "VCPU: xive_try_allocate_irq(chip 0): no space, 0xffffffff"
    }
    assert {step.state["owner[17]"] for step in lasso.steps} == {"None"}, "chip 1 has room all the time"


@pytest.mark.parametrize("word", (7, 9, 10))
def test_every_width_has_the_verdicts_of_eight_bits(word: int) -> None:
    """The bug is one of widths, not of 32 bits: zero extension breaks the test for a sign, the fixes do not
    care.
    """
    file = families.SPECS / "opal_alloc_widths.py"
    found = load(file)
    for row in found.variants:
        if "limit" not in row.constants:
            given = {**constants_of(found, row), "word": word, "limit": 2 ** (word - 2)}
            space = explore(ground(found, given, str(file)))
            assert set(space.violations) == (set() if row.expect.holds else {row.expect.property}), row.name


def test_a_failing_ioremap_ends_in_the_same_load() -> None:
    """The story of the row `no memory`: no BUSY and fixed firmware, and what populate returns is ignored."""
    told = steps(families.verdict("opal_alloc_fixed", "no memory").traces["no_null_esb"])
    assert [step.partition(": ")[2].rpartition(": ")[2] for step in told[-2:]] == [
        "-ENOMEM, eoi_mmio stays NULL",
        "Oops",
    ]
