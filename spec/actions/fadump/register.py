"""`echo 1 > fadump_registered` and `echo 0`: firmware's ranges and the kernel's count of them, one by one."""

import enum

from explorer import *

from . import kernel
from .clients import Client, Clients, Step
from .machine import Firmware, Metadata
from .state import Dump, Stage


class Answer(enum.Enum):
    """What firmware says to a range."""

    SUCCESS = 0
    RESOURCE = 1
    PARAMETER = 2


def adding() -> list[Step]:
    """The steps for one region in this kernel, in program order."""
    return [Step.ADD, Step.COUNT] if kernel.COUNT_AFTER_ADD else [Step.COUNT, Step.ADD]


def removing() -> list[Step]:
    """The steps of opal_fadump_unregister in this kernel, in program order."""
    return (
        [Step.UNCOUNT, Step.REMOVE_ALL] if kernel.UNCOUNT_BEFORE_REMOVE else [Step.REMOVE_ALL, Step.UNCOUNT]
    )


# Fair: a system call that has the mutex goes on. Writing to the files, and what firmware answers, are free
# choices.


@action(actor="client", source="arch/powerpc/kernel/fadump.c:fadump_register_store")
def begin_register(dump: Dump, clients: Clients, client: Client) -> None:
    """echo 1 > fadump_registered"""
    when(clients.idle(client))
    when((dump.stage == Stage.RUNNING) | (dump.stage == Stage.CAPTURE))
    when(~dump.active & ~dump.registered)
    clients.lock(client)
    clients.at[client].next = adding()[0]


@action(actor="client", source="arch/powerpc/kernel/fadump.c:fadump_register_store")
def begin_again(dump: Dump, clients: Clients, client: Client) -> None:
    """echo 1 > fadump_registered  // registered already: unregisters first"""
    when(clients.idle(client))
    when(dump.registered)
    clients.lock(client)
    clients.again[client].next = True
    clients.at[client].next = removing()[0]


@action(
    actor="client",
    fair=WEAK,
    per=("client",),
    source="arch/powerpc/platforms/powernv/opal-fadump.c:opal_fadump_register",
)
def add_range(
    dump: Dump, clients: Clients, firmware: Firmware, metadata: Metadata, client: Client, answer: Answer
) -> None:
    """opal_mpipl_update(OPAL_MPIPL_ADD_RANGE)  // {answer}"""
    when(clients.at[client] == Step.ADD)
    when(dump.metadata_ready)
    if answer == Answer.SUCCESS:
        when(firmware.ranges < kernel.FIRMWARE_LIMIT)
        firmware.ranges.next = firmware.ranges + 1
        if kernel.COUNT_AFTER_ADD:
            clients.at[client].next = Step.COUNT
        else:
            next_region(dump, clients, client, metadata.registered_regions == kernel.REGIONS)
    elif answer == Answer.RESOURCE:
        when(firmware.ranges == kernel.FIRMWARE_LIMIT)
        next_region(dump, clients, client, True)
    else:
        some_added = metadata.registered_regions > 0
        clients.at[client].next = ite(some_added, removing()[0], Step.IDLE)
        clients.mutex.next = ite(some_added, clients.mutex, None)


@action(actor="client", fair=WEAK, source="arch/powerpc/platforms/powernv/opal-fadump.c:opal_fadump_register")
def count_region(dump: Dump, clients: Clients, metadata: Metadata, client: Client) -> None:
    """opal_fdm->registered_regions++  // {metadata.registered_regions} before"""
    when(clients.at[client] == Step.COUNT)
    when(dump.metadata_ready)
    metadata.registered_regions.next = metadata.registered_regions + 1
    if kernel.COUNT_AFTER_ADD:
        next_region(dump, clients, client, metadata.registered_regions + 1 == kernel.REGIONS)
    else:
        clients.at[client].next = Step.ADD


def next_region(dump: Dump, clients: Clients, client: Client, done: bool | Value[bool]) -> None:
    """On to the next region; the last one makes the dump registered, and the write returns."""
    clients.at[client].next = ite(done, Step.IDLE, adding()[0])
    clients.mutex.next = ite(done, None, clients.mutex)
    dump.registered.next = dump.registered | done


@action(actor="client", source="arch/powerpc/kernel/fadump.c:fadump_register_store")
def begin_unregister(dump: Dump, clients: Clients, client: Client) -> None:
    """echo 0 > fadump_registered"""
    when(clients.idle(client))
    when(dump.registered)
    clients.lock(client)
    clients.at[client].next = removing()[0]


@action(
    actor="client", fair=WEAK, source="arch/powerpc/platforms/powernv/opal-fadump.c:opal_fadump_unregister"
)
def remove_all(clients: Clients, firmware: Firmware, client: Client) -> None:
    """opal_mpipl_update(OPAL_MPIPL_REMOVE_ALL)"""
    when(clients.at[client] == Step.REMOVE_ALL)
    firmware.ranges.next = 0
    then(clients, client, Step.REMOVE_ALL)


@action(
    actor="client", fair=WEAK, source="arch/powerpc/platforms/powernv/opal-fadump.c:opal_fadump_unregister"
)
def uncount(dump: Dump, clients: Clients, metadata: Metadata, client: Client) -> None:
    """opal_fdm->registered_regions = 0; fadump_conf->dump_registered = 0"""
    when(clients.at[client] == Step.UNCOUNT)
    metadata.registered_regions.next = 0
    dump.registered.next = False
    then(clients, client, Step.UNCOUNT)


def then(clients: Clients, client: Client, step: Step) -> None:
    """On to the next step of opal_fadump_unregister; or to the registration that follows it, or back from
    the system call."""
    if step == removing()[0]:
        clients.at[client].next = removing()[1]
        return
    again = clients.again[client]
    clients.at[client].next = ite(again, adding()[0], Step.IDLE)
    clients.mutex.next = ite(again, clients.mutex, None)
    again.next = False
