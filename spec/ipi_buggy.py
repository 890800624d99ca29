"""Linux 5.3: no barrier between the message and `host_ipi = 1`. A call is lost as commit 3a83f677a6ee tells
it.
"""

from actions.ipi import (
    calls,
    consistency,
    doorbell,
    guest,
    liveness,
    locks,
    memory,
    offline,
    properties,
    real_mode,
    receiver,
    sender,
    xics,
)
from actions.ipi.kernel import Barrier

from explorer import Spec, violates

spec = Spec(
    sender,
    calls,
    doorbell,
    xics,
    receiver,
    guest,
    offline,
    real_mode,
    memory,
    locks,
    properties,
    consistency,
    liveness,
    set_barrier=Barrier.NONE,
    clear_barrier=Barrier.NONE,
    expect=violates(
        "no_lost_ipi",
        steps=22,
        also=(
            "no_ignored_message",
            "no_soft_lockup",
            "no_stuck_spinner",
            "every_call_completes",
            "every_wakeup_arrives",
            "every_lock_is_passed_on",
        ),
    ),
)
