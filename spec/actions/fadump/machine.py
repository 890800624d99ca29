"""What survives a crash: memory, the metadata page in it, and firmware with its ranges and tags.

Memory is three areas: the boot memory, whose copies count as `copies` regions; everything above boot_mem_top
that the crashed kernel used (`high`); and the firmware's own reserved-ranges up there. The reserve area with
the metadata is never released.
"""

from explorer import *

from .kernel import REGIONS

Count = Annotated[int, Range(0, REGIONS)]


class Metadata(State):
    """`struct opal_fadump_mem_struct`, as far as it decides anything. Firmware does not see it grow."""

    registered_regions: Var[Count] = initially(0)


class Firmware(State):
    """`ranges`: registered for the next MPIPL. `copies`: made by the last one. `tags`: KERNEL and BOOT_MEM
    can be queried, which only a boot by MPIPL lets. `registered_tags`: their values for the next MPIPL."""

    ranges: Var[Count] = initially(0)
    copies: Var[Count] = initially(0)
    tags: Var[bool] = initially(False)
    registered_tags: Var[bool] = initially(True)


class Areas(State):
    """Whether the areas still hold what they held at the crash; how often `high` was released."""

    high_intact: Var[bool] = initially(True)
    firmware_intact: Var[bool] = initially(True)
    released: Var[Annotated[int, Range(0, 2)]] = initially(0)
