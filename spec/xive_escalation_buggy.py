"""Linux 5.4: the teardown of a vCPU discards the P bit of its escalation interrupt, whose entry may be queued
(V12).

The model says so; no report is known. The entry is popped without a descriptor, and dropped with a message.
"""

from actions.xive import esb, event_queue, irq_chip, irq_desc, irq_flow, irq_properties, presentation
from actions.xive.esb import PQ
from actions.xive.irq_desc import Disable
from actions.xive_escalation import teardown, vcpu
from actions.xive_escalation.vcpu import Signs

from explorer import Spec, violates

spec = Spec(
    esb,
    event_queue,
    presentation,
    irq_chip,
    irq_desc,
    irq_flow,
    irq_properties,
    vcpu,
    teardown,
    pq=PQ.OFF,
    no_eoi=True,
    handler_body=True,
    driver_frees=False,
    disable=Disable.NEVER,
    entry_heeds=Signs.P,
    teardown_heeds=Signs.NONE,
    synchronizes=False,
    expect=violates("no_stale_pop", steps=16, also=("no_early_end", "one_entry")),
)
