"""EEH of Linux 5.3: hotplug frees the PE of an event that is queued, and the recovery thread uses it."""

from eeh_fixed import spec as fixed

spec = fixed.variant("V0")
