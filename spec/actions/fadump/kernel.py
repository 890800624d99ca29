"""Linux 5.4 with two repairs that the model asks for; `docs/models/fadump.md` argues them."""

from explorer import *

REGIONS = constant("regions", 2)
"""Boot memory regions: what firmware is to copy, one range each."""

FIRMWARE_LIMIT = constant("firmware_limit", 2)
"""How many ranges firmware takes; OPAL_RESOURCE beyond."""

PRESERVE = constant("preserve", True)
"""Petitboot's kernel has CONFIG_PRESERVE_FA_DUMP."""

COUNT_AFTER_ADD = constant("count_after_add", True)
"""registered_regions is counted up after firmware took the range."""

UNCOUNT_BEFORE_REMOVE = constant("uncount_before_remove", True)
"""Unregistering clears registered_regions and dump_registered before firmware is told, in 5.4 after."""

INITIALISE_LOCKED = constant("initialise_locked", True)
"""Releasing a dump sets the metadata up again before it gives fadump_mutex back. 5.4 does so long after."""

CHECK_AGAIN = constant("check_again", True)
"""Releasing a dump looks at dump_active again when it has the mutex."""

SPARE_RESERVED_RANGES = constant("spare_reserved_ranges", True)
"""What is released excludes the reserved-ranges of the device tree."""
