"""Linux 5.4: the teardown of a vCPU discards the P bit of its escalation interrupt, whose entry may be queued
(V12).

The model says so; no report is known. The scan finds the descriptor, generic_handle_irq does not: no EOI.
"""

from xive_escalation_fixed import spec as fixed

spec = fixed.variant("V12")
