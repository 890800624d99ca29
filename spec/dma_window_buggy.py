"""Linux 5.4 as it is: the search for a 32-bit device goes below 4 GiB with the lock of another pool. The
model says so (V8).
"""

from actions.dma_window import allocator, properties, table
from actions.dma_window.kernel import Allocator

from explorer import Spec, violates

spec = Spec(
    table,
    allocator,
    properties,
    allocator=Allocator.KEEPS_LOCK,
    mmio=2,
    expect=violates(
        "no_overlap",
        steps=11,
        also=("mapped_is_marked", "marked_is_mapped", "vfio_owns_alone", "writes_locked_word"),
    ),
)
