"""What the running kernel knows: `fw_dump` and the files it offers."""

import enum

from explorer import *


class Stage(enum.Enum):
    """Which kernel runs, and how far it has come. RUNNING: one that can register a dump."""

    RUNNING = 0
    PETITBOOT_SCAN = 1
    PETITBOOT = 2
    CAPTURE_SCAN = 3
    SETUP = 4
    CAPTURE = 5


class Dump(State):
    """`metadata_ready`: opal_fdm points to initialised metadata. `processed`, `opalcore_done`: the initcalls
    have run.
    """

    stage: Var[Stage] = initially(Stage.RUNNING)
    active: Var[bool] = initially(False)
    registered: Var[bool] = initially(False)
    metadata_ready: Var[bool] = initially(True)
    processed: Var[bool] = initially(False)
    opalcore_done: Var[bool] = initially(False)
    vmcore: Var[bool] = initially(False)
    opalcore: Var[bool] = initially(False)
