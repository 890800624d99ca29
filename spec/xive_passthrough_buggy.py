"""A Linux 5.4 guest with a passed-through MSI: the P bit that the host has raised makes synchronize_irq wait
for ever (V10).
"""

from actions import esb, event_queue, irq_desc, irq_flags, irq_flow, irq_properties, xive, xive_irq
from actions.xive_passthrough import host, probe

from explorer import Spec, violates

spec = Spec(
    esb,
    event_queue,
    xive,
    xive_irq,
    irq_desc,
    irq_flags,
    irq_flow,
    irq_properties,
    host,
    probe,
    no_autoen=True,
    events=0,
    expect=violates(
        "no_endless_probe", steps=3, also=("deadlock", "free_ends", "no_endless_poll", "probe_ends")
    ),
)
