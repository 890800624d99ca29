"""Linux 5.3: no barrier between the message and `host_ipi = 1`. A call is lost as commit 3a83f677a6ee tells it."""

from actions import calls, doorbell, guest, locks, memory, properties, receiver, sender
from actions.kernel import Barrier
from explorer import Spec, violates

spec = Spec(sender, calls, doorbell, receiver, guest, memory, locks, properties,
            set_barrier=Barrier.NONE, clear_barrier=Barrier.NONE,
            expect=violates("no_lost_ipi", steps=22, also=("no_ignored_message", "no_soft_lockup", "no_stuck_spinner")))
