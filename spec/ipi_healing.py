"""What ends the hang of Linux 5.3, and what does not: later calls queue behind the lost one and send no IPI.

A kick by KVM is the first doorbell here. So both senders are free to call, one before and one after the loss.
"""

from actions.ipi import (
    calls,
    consistency,
    doorbell,
    guest,
    healing,
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

from explorer import Spec, variant, violates

LOST = ("no_ignored_message", "no_soft_lockup", "no_stuck_spinner")
HANG = ("no_lost_ipi", *LOST, "every_wakeup_arrives", "every_lock_is_passed_on")

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
    healing,
    set_barrier=Barrier.NONE,
    clear_barrier=Barrier.NONE,
    kicks=1,
    napping=False,
    soft_masked=False,
    expect=violates("a_later_call_heals", steps=18, also=(*HANG, "every_call_completes")),
    variants=[
        variant(
            "V0",
            violates("a_later_call_heals", steps=18, also=(*HANG, "every_call_completes")),
            "5.3: a later call waits behind the lost one",
        ),
        variant(
            "V12",
            violates("every_call_completes", steps=16, also=HANG),
            "an IPI for every call: the next one heals, the last need not",
            always_send=True,
        ),
        variant(
            "V0 recurring",
            violates("no_lost_ipi", steps=15, also=LOST),
            "5.3, one caller, and RESCHEDULE again and again: every call completes",
            callers=1,
            recurring=True,
        ),
    ],
)
