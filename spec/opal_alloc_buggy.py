"""skiboot before 6.6 and Linux 5.3: where a chip has no number left, its marker 0xffffffff is taken for
one.
"""

from actions.opal import firmware
from actions.opal_alloc import chips, kernel, linux, properties
from actions.opal_alloc.kernel import Check, Skiboot

from explorer import Spec, violates

spec = Spec(
    firmware,
    kernel,
    chips,
    linux,
    properties,
    skiboot=Skiboot.OLD,
    check=Check.NEGATIVE,
    expect=violates(
        "no_null_esb",
        steps=5,
        also=("only_real_irqs", "ok_is_usable", "call_contract", "any_chip_is_complete", "retry_succeeds"),
    ),
)
