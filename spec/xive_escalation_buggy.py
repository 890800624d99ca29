"""Linux 5.4: the teardown of a vCPU discards the P bit of its escalation interrupt, whose entry may be queued
(V12).

The model says so; no report is known. The entry is popped without a descriptor, and dropped with a message.
"""

from xive_escalation_fixed import spec as fixed

spec = fixed.variant("V12")
