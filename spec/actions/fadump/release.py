"""`echo 1 > fadump_release_mem` and `fadump_release_opalcore`: the dump was saved, its memory is given
back.
"""

from explorer import STRONG, WEAK, action, ite, when

from . import kernel
from .boot import sets_up
from .clients import Client, Clients, Step
from .machine import Firmware, Memory, Metadata
from .state import Dump, Stage

# Fair: a system call that was begun goes on. STRONG where it waits for the mutex, which is free again and
# again: a kernel mutex is
# handed to its waiters. Writing to the files is a free choice.


@action(actor="client", source="arch/powerpc/kernel/fadump.c:fadump_release_memory_store")
def begin_release(dump: Dump, clients: Clients, client: Client) -> None:
    """echo 1 > fadump_release_mem; vmcore_cleanup()"""
    when(clients.idle(client))
    when((dump.stage == Stage.CAPTURE) & dump.active & dump.opalcore_done)
    dump.vmcore.next = False
    clients.at[client].next = Step.LOCK


@action(actor="client", fair=STRONG, source="arch/powerpc/kernel/fadump.c:fadump_invalidate_release_mem")
def lock_release(dump: Dump, clients: Clients, client: Client) -> None:
    """mutex_lock(&fadump_mutex)"""
    when(clients.at[client] == Step.LOCK)
    when(dump.active | (not kernel.CHECK_AGAIN))
    clients.lock(client)
    clients.at[client].next = Step.FREE_PRESERVED


@action(actor="client", fair=STRONG, source="arch/powerpc/kernel/fadump.c:fadump_invalidate_release_mem")
def nothing_to_release(dump: Dump, clients: Clients, client: Client) -> None:
    """!fw_dump.dump_active  // another writer was first"""
    when(kernel.CHECK_AGAIN)
    when(clients.at[client] == Step.LOCK)
    when(clients.mutex.is_none & ~dump.active)
    clients.at[client].next = Step.IDLE


@action(
    actor="client", fair=WEAK, source="arch/powerpc/platforms/powernv/opal-fadump.c:opal_fadump_invalidate"
)
def free_preserved(dump: Dump, clients: Clients, firmware: Firmware, client: Client) -> None:
    """opal_mpipl_update(OPAL_MPIPL_FREE_PRESERVED_MEMORY); dump_active = 0"""
    when(clients.at[client] == Step.FREE_PRESERVED)
    firmware.copies.next = 0
    firmware.tags.next = False
    dump.active.next = False
    clients.at[client].next = Step.RELEASE
    if not kernel.INITIALISE_LOCKED:
        clients.mutex.next = None


@action(actor="client", fair=WEAK, source="arch/powerpc/kernel/fadump.c:fadump_release_memory")
def release(clients: Clients, memory: Memory, client: Client) -> None:
    """fadump_release_memory(boot_mem_top, memblock_end_of_DRAM())"""
    when(clients.at[client] == Step.RELEASE)
    memory.released.next = ite(memory.released == 2, 2, memory.released + 1)
    memory.high_intact.next = False
    if not kernel.SPARE_RESERVED_RANGES:
        memory.firmware_intact.next = False
    clients.at[client].next = Step.INITIALISE


@action(
    actor="client",
    fair=WEAK,
    source="arch/powerpc/platforms/powernv/opal-fadump.c:opal_fadump_setup_metadata",
)
def initialise(dump: Dump, clients: Clients, firmware: Firmware, metadata: Metadata, client: Client) -> None:
    """opal_fadump_setup_metadata(); opal_fadump_init_mem_struct()"""
    when(clients.at[client] == Step.INITIALISE)
    sets_up(dump, firmware, metadata)
    clients.end(client)


@action(actor="client", source="arch/powerpc/platforms/powernv/opal-core.c:fadump_release_opalcore_store")
def release_opalcore(dump: Dump) -> None:
    """echo 1 > fadump_release_opalcore"""
    when(dump.opalcore)
    dump.opalcore.next = False
