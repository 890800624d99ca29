"""Linux 5.3: nothing makes free_irq wait for an entry in an event queue. It is popped when its descriptor is
gone.
"""

from xive_shutdown_fixed import spec as fixed

spec = fixed.variant("V0")
