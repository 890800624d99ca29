"""Linux 5.4 to 5.17: what a region takes of the boot memory is subtracted twice. Memory below boot_mem_top is
not copied.
"""

from actions.fadump import regions

from explorer import Spec, violates

spec = Spec(
    regions,
    subtract_once=False,
    expect=violates(
        "sizes_are_right", steps=2, also=("boot_memory_is_copied", "never_refused", "top_is_right")
    ),
)
