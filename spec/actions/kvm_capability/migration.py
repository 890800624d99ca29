"""Migration as QEMU does it: incoming side started, memory copied, guest stopped, queues synced and saved,
restored, resumed.

Order of saving and restoring: Documentation/virt/kvm/devices/xive.txt; QEMU hw/intc/spapr_xive_kvm.c.
"""

import enum

from explorer import *

from ..opal.firmware import Token
from ..xive.esb import PQ
from . import kernel
from .guest import FRESH, SLOTS, Guest, Phase, Place, generation, index, on_xive
from .hosts import Host, Hosts, Mode, kernel_of
from .kernel import EqSync, Kernel, Order

MIGRATIONS = constant("migrations", 2)
"""How often a migration is begun."""


class Migration(State):
    """What the stream holds beside memory, and what QEMU restores where it resumes the guest on the same
    host: whether the queue is configured, its place, the source's PQ bits at the stop.

    `saved_trigger`: the device has triggered since, and the bits had been 00. `begun` counts migrations.
    """

    saved_configured: Var[bool] = initially(False, quiet=True)
    saved_end: Var[Place] = initially(FRESH, quiet=True)
    saved_pq: Var[PQ] = initially(PQ.OFF, quiet=True)
    saved_trigger: Var[bool] = initially(False, quiet=True)
    begun: Var[Annotated[int, Range(0, MIGRATIONS)]] = initially(0, quiet=True)


def other(host: Host) -> Host:
    return Host.B if host == Host.A else Host.A


def native(hosts: Hosts, host: Host) -> Value[bool]:
    return hosts.mode[host] == Mode.XIVE_KVM


class Part(enum.Enum):
    """What the destination restores in one step. SOURCE is the target and the PQ bits."""

    QUEUE = 0
    TARGET = 1
    SOURCE = 2


def part(second: bool) -> Part:
    """What is restored in the first or second step, in the order that the constant says."""
    return {
        Order.QUEUE_FIRST: (Part.QUEUE, Part.TARGET),
        Order.TARGET_FIRST: (Part.TARGET, Part.QUEUE),
        Order.SOURCE_FIRST: (Part.SOURCE, Part.QUEUE),
    }[kernel.ORDER][second]


def phase(second: bool) -> Phase:
    return Phase.HALF_LOADED if second else Phase.SAVED


def restore_pq(guest: Guest, migration: Migration, host: Host) -> None:
    """kvmppc_xive_change_state_handler at a resume: the bits of the stop come back, and a trigger that they
    remember.
    """
    saved, old = migration.saved_pq, guest.pq[host]
    again = ((saved == PQ.RESET) & (old == PQ.QUEUED)) | migration.saved_trigger
    queued = (saved == PQ.PENDING) & (old == PQ.QUEUED) & kernel.KEEPS_LATE
    guest.pq[host].next = ite(again, PQ.PENDING, ite(queued, PQ.QUEUED, saved))
    guest.in_flight[host].next = guest.in_flight[host] | again


@action(actor="userspace")
def migrate(hosts: Hosts, guest: Guest, migration: Migration, host: Host) -> None:
    """migrates the guest from {host}: kvmppc_xive_connect() on {other(host)}, lacks
    {hosts.lacks[other(host)]}
    """
    when(guest.phase == Phase.RUNNING)
    when(guest.host == host)
    when(on_xive(hosts, host))
    when(migration.begun < MIGRATIONS)
    checked = kernel_of(host) == Kernel.MIGRATION
    refused = (hosts.outcome(other(host)) == Mode.REFUSED) | (
        native(hosts, host) & ~hosts.complete(host) & checked
    )
    migration.begun.next = migration.begun + 1
    hosts.connect(other(host))
    hosts.mode[other(host)].next = ite(refused, Mode.NONE, hosts.outcome(other(host)))
    guest.phase.next = ite(refused, Phase.RUNNING, Phase.INCOMING)


@action(actor="userspace", fair=WEAK, source="qemu migration/ram.c:ram_save_iterate")
def precopy(guest: Guest, host: Host) -> None:
    """copies memory while the guest runs"""
    when(guest.phase == Phase.INCOMING)
    when(guest.host == host)
    copy(guest, host)
    guest.phase.next = Phase.PRECOPIED


def copy(guest: Guest, host: Host) -> None:
    for slot in range(SLOTS):
        guest.page[other(host)][slot].next = guest.page[host][slot]


@action(actor="userspace", fair=WEAK, source="qemu hw/intc/spapr_xive_kvm.c:kvmppc_xive_change_state_handler")
def stop(guest: Guest, migration: Migration, host: Host) -> None:
    """stops the guest; PQ {guest.pq[host]} is noted, and set"""
    when(guest.phase == Phase.PRECOPIED)
    when(guest.host == host)
    migration.saved_pq.next = guest.pq[host]
    held = PQ.PENDING if kernel.STOP_LATCHES else PQ.OFF
    guest.pq[host].next = ite(guest.pq[host] == PQ.OFF, PQ.OFF, held)
    guest.runs[host].next = False
    guest.phase.next = Phase.STOPPED


@action(
    actor="userspace", fair=WEAK, source="arch/powerpc/kvm/book3s_xive_native.c:kvmppc_xive_native_eq_sync"
)
def sync(guest: Guest, host: Host) -> None:
    """KVM_DEV_XIVE_EQ_SYNC"""
    when(guest.phase == Phase.STOPPED)
    when(guest.host == host)
    when(~guest.in_flight[host] | (kernel.EQ_SYNC == EqSync.NO_FLUSH))
    guest.phase.next = Phase.SYNCED


@action(actor="userspace", fair=WEAK, source="qemu migration/ram.c:ram_save_complete")
def send(guest: Guest, host: Host) -> None:
    """copies what is dirty"""
    when(guest.phase == Phase.SYNCED)
    when(guest.host == host)
    if kernel.EQ_SYNC != EqSync.NO_DIRTY:
        copy(guest, host)
    guest.phase.next = Phase.SENT


def save_works(hosts: Hosts, guest: Guest, host: Host) -> Value[bool]:
    """get_attr EQ_CONFIG of a configured queue needs one call, KVM_REG_PPC_VP_STATE the other. Emulated,
    nothing is asked.
    """
    queue = ~guest.configured[host] | hosts.has(host, Token.GET_QUEUE_STATE)
    return ~native(hosts, host) | (queue & hosts.has(host, Token.GET_VP_STATE))


@action(
    actor="userspace",
    fair=WEAK,
    source="arch/powerpc/kvm/book3s_xive_native.c:kvmppc_xive_native_get_queue_config",
)
def save(hosts: Hosts, guest: Guest, migration: Migration, host: Host) -> None:
    """saves the queue: index {index(guest.end[host])}, generation {generation(guest.end[host])}"""
    when(guest.phase == Phase.SENT)
    when(guest.host == host)
    when(save_works(hosts, guest, host))
    late = (guest.pq[host] == PQ.QUEUED) & kernel.KEEPS_LATE
    migration.saved_configured.next = guest.configured[host]
    migration.saved_end.next = guest.end[host]
    migration.saved_pq.next = ite(late & (migration.saved_pq == PQ.PENDING), PQ.QUEUED, migration.saved_pq)
    migration.saved_trigger.next = late & (migration.saved_pq == PQ.RESET)
    guest.phase.next = Phase.SAVED


@action(
    actor="userspace",
    fair=WEAK,
    defensive=True,
    source="arch/powerpc/kvm/book3s_xive_native.c:kvmppc_xive_native_get_queue_config",
)
def save_fails(hosts: Hosts, guest: Guest, host: Host) -> None:
    """get_attr(EQ_CONFIG): OPAL_PARAMETER, -EIO  // {host} lacks {hosts.lacks[host]}"""
    when(guest.phase == Phase.SENT)
    when(guest.host == host)
    when(~save_works(hosts, guest, host))
    hosts.fail(host)
    guest.phase.next = Phase.FAILED


def load_works(hosts: Hosts, guest: Guest, migration: Migration, second: bool, host: Host) -> Value[bool]:
    """set_attr EQ_CONFIG needs the call only where the position is not that of a fresh queue; a target needs
    its queue.
    """
    needless = ~native(hosts, host) | ~migration.saved_configured
    if part(second) == Part.QUEUE:
        return needless | (migration.saved_end == FRESH) | hosts.has(host, Token.SET_QUEUE_STATE)
    return needless | guest.configured[host] | (not kernel.TARGET_NEEDS_QUEUE)


def load_text(second: bool) -> str:
    target = "set_attr(SOURCE_CONFIG)"
    return {Part.QUEUE: "set_attr(EQ_CONFIG)", Part.TARGET: target, Part.SOURCE: f"{target}, PQ"}[
        part(second)
    ]


@action(actor="userspace", fair=WEAK, source="qemu hw/intc/spapr_xive_kvm.c:kvmppc_xive_post_load")
def restore(hosts: Hosts, guest: Guest, migration: Migration, second: bool, host: Host) -> None:
    """{load_text(second)} on {host}"""
    when(guest.phase == phase(second))
    when(guest.host != host)
    when(load_works(hosts, guest, migration, second, host))
    if part(second) == Part.QUEUE:
        guest.configured[host].next = migration.saved_configured
        guest.end[host].next = migration.saved_end
    if part(second) == Part.SOURCE:
        restore_pq(guest, migration, host)
    guest.phase.next = Phase.LOADED if second else Phase.HALF_LOADED


@action(
    actor="userspace", fair=WEAK, defensive=True, source="qemu hw/intc/spapr_xive_kvm.c:kvmppc_xive_post_load"
)
def restore_fails(hosts: Hosts, guest: Guest, migration: Migration, second: bool, host: Host) -> None:
    """{load_text(second)} on {host}: fails  // lacks {hosts.lacks[host]}"""
    when(guest.phase == phase(second))
    when(guest.host != host)
    when(~load_works(hosts, guest, migration, second, host))
    hosts.fail(host)
    guest.phase.next = Phase.FAILED


@action(actor="userspace", source="qemu migration/migration.c:migrate_fd_cancel")
def cancel(guest: Guest) -> None:
    """the migration is cancelled, or the connection lost"""
    when(
        some(
            guest.phase == each
            for each in (Phase.STOPPED, Phase.SYNCED, Phase.SENT, Phase.SAVED, Phase.HALF_LOADED)
        )
    )
    guest.phase.next = Phase.CANCELLED


@action(actor="userspace", fair=WEAK, source="qemu hw/intc/spapr_xive_kvm.c:kvmppc_xive_change_state_handler")
def resume(hosts: Hosts, guest: Guest, migration: Migration, host: Host) -> None:
    """resumes the guest on {host}"""
    when(guest.phase == Phase.LOADED)
    when(guest.host != host)
    if kernel.ORDER != Order.SOURCE_FIRST:
        restore_pq(guest, migration, host)
    leave(hosts, guest, other(host))
    enter(guest, migration, host)


@action(actor="userspace", fair=WEAK, source="qemu hw/intc/spapr_xive_kvm.c:kvmppc_xive_change_state_handler")
def resume_at_source(hosts: Hosts, guest: Guest, migration: Migration, host: Host) -> None:
    """resumes the guest on {host}"""
    when((guest.phase == Phase.FAILED) | (guest.phase == Phase.CANCELLED))
    when(guest.host == host)
    restore_pq(guest, migration, host)
    leave(hosts, guest, other(host))
    enter(guest, migration, host)


def leave(hosts: Hosts, guest: Guest, host: Host) -> None:
    guest.clear(host)
    hosts.mode[host].next = Mode.NONE


def enter(guest: Guest, migration: Migration, host: Host) -> None:
    guest.host.next = host
    guest.runs[host].next = True
    guest.phase.next = Phase.RUNNING
    migration.saved_configured.next = False
    migration.saved_end.next = FRESH
    migration.saved_pq.next = PQ.OFF
    migration.saved_trigger.next = False
