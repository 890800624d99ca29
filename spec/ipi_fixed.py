"""Linux 5.4: `smp_mb` in front of `host_ipi = 1` and behind `host_ipi = 0` (commit 3a83f677a6ee). No IPI is lost."""

from actions import calls, doorbell, guest, locks, memory, properties, receiver, sender
from explorer import HOLDS, Spec

spec = Spec(sender, calls, doorbell, receiver, guest, memory, locks, properties, expect=HOLDS)
