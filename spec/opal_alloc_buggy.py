"""skiboot before 6.6 and Linux 5.3: where a chip has no number left, its marker 0xffffffff is taken for
one.
"""

from opal_alloc_fixed import spec as fixed

spec = fixed.variant("V0")
