"""Linux 5.3: nothing makes free_irq wait for an entry in an event queue. It is popped when its descriptor is
gone.
"""

from actions import esb, event_queue, irq_desc, irq_flags, irq_flow, irq_properties, xive, xive_irq
from actions.irq_flow import Drop
from actions.xive_irq import Callback
from actions.xive_shutdown import all_ones, forwarding, offline

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
    all_ones,
    forwarding,
    offline,
    sources=2,
    callback=Callback.ABSENT,
    stale_p=False,
    mask_keeps_saved_p=False,
    shutdown_keeps_saved_p=False,
    drop=Drop.NEVER,
    expect=violates(
        "no_stale_pop", steps=7, also=("cppr_opens", "flag_truth", "no_early_end", "no_stuck_cppr")
    ),
)
