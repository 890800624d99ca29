"""The leaf of a TCE table as Linux 5.3 publishes it, were it made on demand: tested, then stored (before
56090a3902c8).
"""

from actions.dma_window import level_properties, levels

from explorer import Spec, violates

spec = Spec(
    levels,
    level_properties,
    cmpxchg=False,
    expect=violates("no_tce_lost", steps=11, also=("one_leaf", "no_leak", "building_ends")),
)
