"""What the running kernel knows: `fw_dump` and the files it offers, and who writes to them."""

import enum

from explorer import *

from .machine import Firmware, Metadata

FADUMP = "arch/powerpc/kernel/fadump.c"
OPAL_FADUMP = "arch/powerpc/platforms/powernv/opal-fadump.c"
OPAL_CORE = "arch/powerpc/platforms/powernv/opal-core.c"


class Stage(enum.Enum):
    """Which kernel runs, and how far it has come. RUNNING: one that can register a dump."""

    RUNNING, PETITBOOT_SCAN, PETITBOOT, CAPTURE_SCAN, SETUP, CAPTURE = range(6)


class Client(Scalarset):
    """A process that writes to a sysfs file."""

    size = constant("clients", 2)
    names = ("udev", "admin", "kdump")


class Dump(State):
    """`metadata_ready`: opal_fdm points to metadata. `processed`, `opalcore_done`: the initcalls have run.
    `mutex`: the owner of fadump_mutex.
    """

    stage: Var[Stage] = initially(Stage.RUNNING)
    active: Var[bool] = initially(False)
    registered: Var[bool] = initially(False)
    metadata_ready: Var[bool] = initially(True)
    processed: Var[bool] = initially(False)
    opalcore_done: Var[bool] = initially(False)
    vmcore: Var[bool] = initially(False)
    opalcore: Var[bool] = initially(False)
    mutex: Var[Client | None] = initially(None)

    def lock(self, client: Client) -> None:
        when(self.mutex == None)
        self.mutex.next = client

    def set_up(self, firmware: Firmware, metadata: Metadata) -> None:
        """The metadata is initialised and made known to firmware: from now on there can be a registration."""
        metadata.registered_regions.next = 0
        firmware.registered_tags.next = True
        self.metadata_ready.next = True
        self.processed.next = False
        self.opalcore_done.next = False
        self.stage.next = Stage.RUNNING
