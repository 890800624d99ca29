"""The teardown of page_walk_fixed, with the IPI of ipi_buggy: its call is lost, and the pmd lock is held for
ever.
"""

from page_walk_ipi_fixed import spec as fixed

from explorer import violates

spec = fixed.variant(
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
    set_barrier="none",
    clear_barrier="none",
)
