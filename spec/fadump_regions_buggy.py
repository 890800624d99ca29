"""Linux 5.4 to 5.17: what a region takes of the boot memory is subtracted twice. Memory below boot_mem_top is
not copied.
"""

from fadump_regions_fixed import spec as fixed

spec = fixed.variant("V4, 5.4")
