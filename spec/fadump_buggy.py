"""Before Linux 5.4: petitboot's kernel does not know of the dump, and writes over it."""

from fadump_fixed import spec as fixed

spec = fixed.variant("V0")
