"""Linux 5.3: addr_to_pfn restores interrupts and reads `*ptep` afterwards: the page table may be gone by
then.
"""

from actions.page_walk import cross_call, liveness, page_table, properties, teardown, walker

from explorer import Spec, violates

spec = Spec(
    page_table,
    walker,
    teardown,
    cross_call,
    properties,
    liveness,
    targets=2,
    dereference_inside=False,
    expect=violates("no_use_after_free", steps=12, also=("pfn_was_mapped", "no_type_confusion")),
)
