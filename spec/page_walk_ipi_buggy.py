"""The teardown of page_walk_fixed, with the IPI of ipi_buggy: its call is lost, and the pmd lock is held for
ever.
"""

from actions.ipi import calls, doorbell, guest, locks, memory, receiver, sender
from actions.ipi import properties as ipi_properties
from actions.ipi.kernel import Barrier
from actions.page_walk import ipi_call, liveness, page_table, properties, teardown, walker

from explorer import Spec, violates

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
    set_barrier=Barrier.NONE,
    clear_barrier=Barrier.NONE,
    expect=violates(
        "pmd_lock_is_not_stuck",
        steps=26,
        also=(
            "no_lost_ipi",
            "no_soft_lockup",
            "no_stuck_spinner",
            "no_ignored_message",
            "pmd_lock_is_given_back",
        ),
    ),
)
