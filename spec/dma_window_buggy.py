"""Linux 5.4 as it is: the search for a 32-bit device goes below 4 GiB with the lock of another pool. The
model says so (V8).
"""

from dma_window_fixed import spec as fixed

spec = fixed.variant("V8")
