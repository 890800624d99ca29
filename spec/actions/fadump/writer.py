"""Writers of the files in /sys/kernel. `fadump_registered`: firmware's ranges and the kernel's count of them,
one by one. `fadump_release_mem` and `fadump_release_opalcore`: the dump was saved, its memory is given back.
"""

import enum

from explorer import *

from . import kernel
from .machine import Areas, Firmware, Metadata
from .state import FADUMP, OPAL_CORE, OPAL_FADUMP, Client, Dump, Stage


class Answer(enum.Enum):
    """What firmware says to a range."""

    SUCCESS, RESOURCE, PARAMETER = range(3)


# Fair: a system call that was begun goes on. STRONG where it waits for the mutex, which is free again and
# again: a kernel mutex is handed to its waiters. Writing to the files, and what firmware answers, are free
# choices.


@process(actor="client", fair=WEAK, restart=True, atomic=True, source=f"{FADUMP}:fadump_register_store")
def writer(dump: Dump, firmware: Firmware, metadata: Metadata, memory: Areas, client: Client) -> Steps:
    """A crash ends the kernel that it runs on."""
    yield step("writes to a file", name="idle", fair=UNFAIR)
    way = yield choose("register", "unregister", "release")
    if way == "release":
        echo = "echo 1 > fadump_release_mem; vmcore_cleanup()"
        outcome(echo, name="release_mem", source=f"{FADUMP}:fadump_release_memory_store")
        when((dump.stage == Stage.CAPTURE) & dump.active & dump.opalcore_done)
        dump.vmcore.next = False
        yield from release_memory(dump, firmware, metadata, memory, client)
        return
    dump.lock(client)
    if way == "unregister":
        outcome("echo 0 > fadump_registered", name="unregister")
        when(dump.registered)
        yield from unregister(dump, firmware, metadata)
    else:
        if (yield branch(dump.registered)):
            again = "echo 1 > fadump_registered  // registered already: unregisters first"
            outcome(again, name="register_again")
            yield from unregister(dump, firmware, metadata)
        else:
            outcome("echo 1 > fadump_registered", name="register")
            when(is_in(dump.stage, {Stage.RUNNING, Stage.CAPTURE}) & ~dump.active)
        yield from register(dump, firmware, metadata)
    dump.mutex.next = None


@procedure(source=f"{OPAL_FADUMP}:opal_fadump_register")
def register(dump: Dump, firmware: Firmware, metadata: Metadata) -> Steps:
    """Region by region; the last one, or the last that firmware takes, makes the dump registered."""
    done = False
    while not done:
        if not kernel.COUNT_AFTER_ADD:
            yield from count_region(dump, metadata)
        yield step("opal_mpipl_update(OPAL_MPIPL_ADD_RANGE)  // {answer}", name="add")
        when(dump.metadata_ready)
        answer = yield choose(Answer)
        if answer == Answer.PARAMETER:
            if (yield branch(metadata.registered_regions > 0)):
                yield from unregister(dump, firmware, metadata)
            return
        when((firmware.ranges == kernel.FIRMWARE_LIMIT) == (answer == Answer.RESOURCE))
        if answer == Answer.RESOURCE:
            break
        firmware.ranges.next = firmware.ranges + 1
        counted: int | Value[int] = metadata.registered_regions
        if kernel.COUNT_AFTER_ADD:
            counted = yield from count_region(dump, metadata)
        done = yield branch(counted == kernel.REGIONS)
    dump.registered.next = True


@procedure(source=f"{OPAL_FADUMP}:opal_fadump_register")
def count_region(dump: Dump, metadata: Metadata) -> Steps:
    """Returns how many there are now."""
    yield step("opal_fdm->registered_regions++  // {metadata.registered_regions} before", name="count")
    when(dump.metadata_ready)
    metadata.registered_regions.next = metadata.registered_regions + 1
    return metadata.registered_regions + 1


@procedure(source=f"{OPAL_FADUMP}:opal_fadump_unregister")
def unregister(dump: Dump, firmware: Firmware, metadata: Metadata) -> Steps:
    for uncounts in (True, False) if kernel.UNCOUNT_BEFORE_REMOVE else (False, True):
        if uncounts:
            yield step("opal_fdm->registered_regions = 0; fadump_conf->dump_registered = 0", name="uncount")
            metadata.registered_regions.next = 0
            dump.registered.next = False
        else:
            yield "opal_mpipl_update(OPAL_MPIPL_REMOVE_ALL)"
            firmware.ranges.next = 0


@procedure(source=f"{FADUMP}:fadump_invalidate_release_mem")
def release_memory(
    dump: Dump, firmware: Firmware, metadata: Metadata, memory: Areas, client: Client
) -> Steps:
    yield step("mutex_lock(&fadump_mutex)", name="lock", fair=STRONG)
    if kernel.CHECK_AGAIN and not (yield branch(dump.active)):
        outcome("!fw_dump.dump_active  // another writer was first", name="nothing_to_release")
        when(dump.mutex.is_none)
        return
    dump.lock(client)
    frees = "opal_mpipl_update(OPAL_MPIPL_FREE_PRESERVED_MEMORY); dump_active = 0"
    yield step(frees, name="free", source=f"{OPAL_FADUMP}:opal_fadump_invalidate")
    firmware.copies.next = 0
    firmware.tags.next = False
    dump.active.next = False
    if not kernel.INITIALISE_LOCKED:
        dump.mutex.next = None
    gives = "fadump_release_memory(boot_mem_top, memblock_end_of_DRAM())"
    yield step(gives, name="release", source=f"{FADUMP}:fadump_release_memory")
    memory.released.next = minimum(2, memory.released + 1)
    memory.high_intact.next = False
    if not kernel.SPARE_RESERVED_RANGES:
        memory.firmware_intact.next = False
    sets_up = "opal_fadump_setup_metadata(); opal_fadump_init_mem_struct()"
    yield step(sets_up, name="initialise", source=f"{OPAL_FADUMP}:opal_fadump_setup_metadata")
    dump.set_up(firmware, metadata)
    if kernel.INITIALISE_LOCKED:
        dump.mutex.next = None


@action(actor="client", source=f"{OPAL_CORE}:fadump_release_opalcore_store")
def release_opalcore(dump: Dump) -> None:
    """echo 1 > fadump_release_opalcore"""
    when(dump.opalcore)
    dump.opalcore.next = False
