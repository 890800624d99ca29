"""A Linux 5.4 guest with a passed-through MSI: the P bit that the host has raised makes synchronize_irq wait
for ever (V10).
"""

from xive_passthrough_fixed import spec as fixed

spec = fixed.variant("V10")
