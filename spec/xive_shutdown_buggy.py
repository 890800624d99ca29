"""Linux 5.3: nothing makes free_irq wait for an entry in an event queue. It is popped when its descriptor is
gone.
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
from actions.xive.irq_chip import Callback
from actions.xive.irq_flow import Drop
from actions.xive_shutdown import all_ones, forwarding, offline

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
