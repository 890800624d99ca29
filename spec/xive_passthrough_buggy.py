"""A Linux 5.4 guest with a passed-through MSI: the P bit that the host has raised makes synchronize_irq wait
for ever (V10).
"""

from actions.xive import (
    esb,
    event_queue,
    irq_chip,
    irq_desc,
    irq_flags,
    irq_flow,
    irq_properties,
    presentation,
)
from actions.xive_passthrough import host, probe

from explorer import Spec, violates

spec = Spec(
    esb,
    event_queue,
    presentation,
    irq_chip,
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
