"""Linux 5.3: addr_to_pfn restores interrupts and reads `*ptep` afterwards: the page table may be gone by
then.
"""

from page_walk_fixed import spec as fixed

spec = fixed.variant("V0")
