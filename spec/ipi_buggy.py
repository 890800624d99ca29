"""Linux 5.3: no barrier between the message and `host_ipi = 1`. A call is lost as commit 3a83f677a6ee tells
it.
"""

from ipi_fixed import spec as fixed

spec = fixed.variant("V0")
