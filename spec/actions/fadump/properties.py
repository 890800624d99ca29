"""What must hold of a dump, from its registration to its release."""

from explorer import *

from .boot import Boot
from .kernel import FIRMWARE_LIMIT, REGIONS
from .machine import Areas, Firmware, Metadata
from .state import Client, Dump, Stage
from .writer import writer


@invariant
def counted_regions_are_registered(dump: Dump, firmware: Firmware, metadata: Metadata) -> Value[bool]:
    """The metadata never claims a region that firmware would not copy if the crash came now."""
    return implies(dump.stage == Stage.RUNNING, metadata.registered_regions <= firmware.ranges)


@invariant
def vmcore_claims_only_copies(dump: Dump, firmware: Firmware, metadata: Metadata) -> Value[bool]:
    """A dump that is offered claims no region of boot memory that firmware has not copied."""
    return implies(dump.vmcore, metadata.registered_regions <= firmware.copies)


@invariant
def vmcore_is_untouched(dump: Dump, memory: Areas) -> Value[bool]:
    """While a dump is offered, nobody has written above boot_mem_top since the crash."""
    return implies(dump.vmcore, memory.high_intact)


@invariant
def vmcore_is_valid(dump: Dump, firmware: Firmware) -> Value[bool]:
    """A dump is offered only while it is active, and active only while firmware still knows of it."""
    known = firmware.tags | (firmware.copies != 0)
    left = (dump.stage == Stage.CAPTURE) & ~dump.active
    return implies(dump.vmcore, dump.active & firmware.tags) & implies(left, ~known)


@invariant
def opalcore_is_untouched(dump: Dump, memory: Areas) -> Value[bool]:
    """While firmware's own dump is offered, its memory has not been given to anyone."""
    return implies(dump.opalcore, memory.firmware_intact)


@invariant
def released_once(memory: Areas) -> Value[bool]:
    """The preserved memory is released once at most, and the reserved-ranges of firmware never."""
    return (memory.released <= 1) & memory.firmware_intact


@invariant
def metadata_is_there(dump: Dump, client: Client) -> Value[bool]:
    """Nobody registers before the metadata has been set up."""
    return implies(at(writer, "add", client) | at(writer, "count", client), dump.metadata_ready)


@invariant
def registered_dump_is_complete(dump: Dump, firmware: Firmware, metadata: Metadata) -> Value[bool]:
    """A registered dump has every region that firmware takes, all of them counted; any other has none."""
    ranges, counted = firmware.ranges, metadata.registered_regions
    complete = (ranges == min(REGIONS, FIRMWARE_LIMIT)) & (counted == ranges)
    none = (ranges == 0) & (counted == 0)
    rests = (dump.stage == Stage.RUNNING) & dump.mutex.is_none
    return implies(dump.registered, complete) & implies(rests & ~dump.registered, none)


@invariant
def mutex_is_held(dump: Dump, client: Client) -> Value[bool]:
    """Who registers, unregisters or invalidates has fadump_mutex; who has it does one of these."""
    without = at(writer, "idle", client) | at(writer, "lock", client)
    after = at(writer, "release", client) | at(writer, "initialise", client)
    return implies(~without & ~after, dump.mutex == client) & implies(dump.mutex == client, ~without)


@invariant
def a_kernel_starts_with_nothing(dump: Dump, firmware: Firmware) -> Value[bool]:
    """From a crash to the capture kernel's user space nothing is registered or offered, and no metadata."""
    user_space = (dump.stage == Stage.RUNNING) | (dump.stage == Stage.CAPTURE)
    nothing = ~dump.registered & ~dump.vmcore & ~dump.opalcore & ~dump.metadata_ready
    return implies(~user_space, nothing) & (firmware.registered_tags == dump.metadata_ready)


@temporal
def every_write_returns(client: Client) -> Formula:
    """A write to a sysfs file returns."""
    return leads_to(~at(writer, "idle", client), at(writer, "idle", client))


@temporal
def every_kernel_boots(dump: Dump) -> Formula:
    """After a crash there is a capture kernel with its initcalls run, or a first kernel."""
    return leads_to(dump.stage != Stage.RUNNING, (dump.stage == Stage.RUNNING) | dump.opalcore_done)


@temporal
def promised_dump_is_offered(dump: Dump, boot: Boot) -> Formula:
    """A crash while a dump is registered leads to /proc/vmcore."""
    return leads_to(boot.promised, dump.vmcore)


@temporal
def released_dump_can_be_registered_again(dump: Dump, memory: Areas) -> Formula:
    """After a release was begun the memory is released, and registration becomes possible again."""
    releasing = some(at(writer, "free", client) for client in Client)
    return leads_to(releasing, (dump.stage == Stage.RUNNING) & dump.metadata_ready & (memory.released == 1))
