"""The teardown of page_walk_fixed, with the IPI of ipi_fixed: Linux 5.4. The walker answers, and the pmd lock
is given back.
"""

from actions.ipi import calls, doorbell, guest, locks, memory, receiver, sender
from actions.ipi import properties as ipi_properties
from actions.ipi.kernel import Barrier
from actions.page_walk import ipi_call, liveness, page_table, properties, teardown, walker

from explorer import HOLDS, Spec, variant, violates

spec = Spec(
    sender,
    calls,
    doorbell,
    receiver,
    guest,
    memory,
    locks,
    ipi_properties,
    page_table,
    walker,
    teardown,
    ipi_call,
    properties,
    liveness,
    soft_masked=False,
    napping=False,
    expect=HOLDS,
    variants=[
        variant("5.4", HOLDS, "barriers around host_ipi"),
        variant(
            "5.3 IPI",
            violates(
                "pmd_lock_is_not_stuck",
                steps=25,
                also=(
                    "no_lost_ipi",
                    "no_soft_lockup",
                    "no_stuck_spinner",
                    "no_ignored_message",
                    "pmd_lock_is_given_back",
                ),
            ),
            "the call to the walker is lost",
            set_barrier=Barrier.NONE,
            clear_barrier=Barrier.NONE,
        ),
        variant(
            "5.3 walk",
            violates("no_use_after_free", steps=28, also=("no_type_confusion", "pfn_was_mapped")),
            "the walker restores interrupts first",
            dereference_inside=False,
        ),
    ],
)
