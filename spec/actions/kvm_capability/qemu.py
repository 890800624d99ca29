"""QEMU starts the guest and migrates it: incoming, memory copied, stopped, synced, saved, restored, resumed.

Order of saving and restoring: Documentation/virt/kvm/devices/xive.txt; QEMU hw/intc/spapr_xive_kvm.c.
"""

import enum

from explorer import *

from ..opal.firmware import Token
from ..xive.esb import PQ, triggered
from . import kernel
from .guest import EVENTS, FRESH, SLOTS, Guest, Place, generation, index, on_xive
from .hosts import Host, Hosts, IcMode, Mode, kernel_of
from .kernel import EqSync, Kernel, Order

MIGRATIONS = constant("migrations", 2)
"""How often a migration is begun."""

NATIVE, SPAPR_XIVE = "arch/powerpc/kvm/book3s_xive_native.c", "qemu hw/intc/spapr_xive_kvm.c"
STARTS, RAM = "qemu hw/ppc/spapr_irq.c:spapr_irq_init_kvm", "qemu migration/ram.c"


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

    def clear(self) -> None:
        self.saved_configured.next = False
        self.saved_end.next = FRESH
        self.saved_pq.next = PQ.OFF
        self.saved_trigger.next = False


def other(host: Host) -> Host:
    return Host.B if host == Host.A else Host.A


def native(hosts: Hosts, host: Host) -> Value[bool]:
    return hosts.mode[host] == Mode.XIVE_KVM


class Part(enum.Enum):
    """What the destination restores in one step. SOURCE is the target and the PQ bits."""

    QUEUE, TARGET, SOURCE = range(3)


def parts() -> tuple[Part, Part]:
    """What is restored in the first and the second step, in the order that the constant says."""
    return {
        Order.QUEUE_FIRST: (Part.QUEUE, Part.TARGET),
        Order.TARGET_FIRST: (Part.TARGET, Part.QUEUE),
        Order.SOURCE_FIRST: (Part.SOURCE, Part.QUEUE),
    }[kernel.ORDER]


def save_works(hosts: Hosts, guest: Guest, host: Host) -> Value[bool]:
    """EQ_CONFIG of a configured queue needs one call, KVM_REG_PPC_VP_STATE the other; emulation none."""
    queue = ~guest.configured[host] | hosts.has(host, Token.GET_QUEUE_STATE)
    return ~native(hosts, host) | (queue & hosts.has(host, Token.GET_VP_STATE))


def load_works(hosts: Hosts, guest: Guest, migration: Migration, part: Part, host: Host) -> Value[bool]:
    """set_attr EQ_CONFIG needs the call only for a position other than FRESH; a target needs its queue."""
    needless = ~native(hosts, host) | ~migration.saved_configured
    if part == Part.QUEUE:
        return needless | (migration.saved_end == FRESH) | hosts.has(host, Token.SET_QUEUE_STATE)
    return needless | guest.configured[host] | (not kernel.TARGET_NEEDS_QUEUE)


LOADS = {
    Part.QUEUE: "set_attr(EQ_CONFIG)",
    Part.TARGET: "set_attr(SOURCE_CONFIG)",
    Part.SOURCE: "set_attr(SOURCE_CONFIG), PQ",
}


def restore_pq(guest: Guest, migration: Migration, host: Host) -> None:
    """kvmppc_xive_change_state_handler, resuming: the bits of the stop come back, and their trigger."""
    saved, old = migration.saved_pq, guest.pq[host]
    again = ((saved == PQ.RESET) & (old == PQ.QUEUED)) | migration.saved_trigger
    queued = (saved == PQ.PENDING) & (old == PQ.QUEUED) & kernel.KEEPS_LATE
    guest.pq[host].next = ite(again, PQ.PENDING, ite(queued, PQ.QUEUED, saved))
    guest.in_flight[host].next = guest.in_flight[host] | again


# Fair: what was begun goes on. Starting a guest, negotiating, migrating and cancelling are free choices.


@process(actor="userspace", fair=WEAK, atomic=True)
def qemu(hosts: Hosts, guest: Guest, migration: Migration) -> Steps:
    """It exits where the device is refused."""
    yield step("starts the guest", name="off", fair=UNFAIR)
    while (yield from starts(hosts, guest)):
        yield from runs(hosts, guest, migration)


def starts(hosts: Hosts, guest: Guest) -> Steps:
    """On A, also once XIVE is negotiated. Returns whether the guest runs."""
    host = Host.A
    connects = "kvmppc_xive_connect() on {host}: kernel_irqchip {hosts.policy}, lacks {hosts.lacks[host]}"
    yield step(connects, name="starting", source=STARTS)
    if (yield branch((hosts.ic_mode == IcMode.DUAL) & (hosts.mode[host] == Mode.NONE))):
        outcome("starts with XICS  // ic-mode=dual", name="start_dual")
        hosts.mode[host].next = Mode.XICS
    else:
        hosts.connect(host)
        hosts.mode[host].next = hosts.outcome(host)
        if (yield branch(hosts.outcome(host) == Mode.REFUSED)):
            return False
    guest.runs[host].next = True
    return True


def runs(hosts: Hosts, guest: Guest, migration: Migration) -> Steps:
    """Here or there, until the guest negotiates."""
    while True:
        yield step("what the user or the guest does", name="running", fair=UNFAIR)
        if (yield choose("migrate", "negotiate")) == "negotiate":
            negotiates = "qemu hw/ppc/spapr_hcall.c:h_client_architecture_support"
            text = "client-architecture-support: XIVE, reset"
            outcome(text, name="negotiate", actor="guest", source=negotiates)
            when(hosts.mode[Host.A] == Mode.XICS)
            guest.runs[Host.A].next = False
            return
        host = yield choose(Host)
        to = other(host)
        text = "migrates the guest from {host}: kvmppc_xive_connect() on {to}, lacks {hosts.lacks[to]}"
        outcome(text, name="migrate")
        when((guest.host == host) & on_xive(hosts, host) & (migration.begun < MIGRATIONS))
        migration.begun.next = migration.begun + 1
        hosts.connect(to)
        checked = native(hosts, host) & ~hosts.complete(host) & (kernel_of(host) == Kernel.MIGRATION)
        if (yield branch((hosts.outcome(to) == Mode.REFUSED) | checked)):
            hosts.mode[to].next = Mode.NONE
            continue
        hosts.mode[to].next = hosts.outcome(to)
        end = yield from migrates(hosts, guest, migration, host)
        resumes = f"resumes the guest on {{{'other(host)' if end == 'loaded' else 'host'}}}"
        handler = f"{SPAPR_XIVE}:kvmppc_xive_change_state_handler"
        yield step(resumes, name=end, defensive=end == "failed", source=handler)
        to = other(host) if end == "loaded" else host
        if end != "loaded" or kernel.ORDER != Order.SOURCE_FIRST:
            restore_pq(guest, migration, to)
        guest.clear(other(to))
        hosts.mode[other(to)].next = Mode.NONE
        guest.host.next = to
        guest.runs[to].next = True
        migration.clear()


def migrates(hosts: Hosts, guest: Guest, migration: Migration, host: Host) -> Steps:
    """Returns how it ends: loaded, failed, or cancelled."""
    yield step("copies memory while the guest runs", name="incoming", source=f"{RAM}:ram_save_iterate")
    copy(guest, host)
    stops = "stops the guest; PQ {guest.pq[host]} is noted, and set"
    yield step(stops, name="precopied", source=f"{SPAPR_XIVE}:kvmppc_xive_change_state_handler")
    migration.saved_pq.next = guest.pq[host]
    held = PQ.PENDING if kernel.STOP_LATCHES else PQ.OFF
    guest.pq[host].next = ite(guest.pq[host] == PQ.OFF, PQ.OFF, held)
    guest.runs[host].next = False
    yield step("KVM_DEV_XIVE_EQ_SYNC", name="stopped", source=f"{NATIVE}:kvmppc_xive_native_eq_sync")
    if (yield from cancelled()):
        return "cancelled"
    when(~guest.in_flight[host] | (kernel.EQ_SYNC == EqSync.NO_FLUSH))
    yield step("copies what is dirty", name="synced", source=f"{RAM}:ram_save_complete")
    if (yield from cancelled()):
        return "cancelled"
    if kernel.EQ_SYNC != EqSync.NO_DIRTY:
        copy(guest, host)
    saves = "saves the queue: index {index(guest.end[host])}, generation {generation(guest.end[host])}"
    yield step(saves, name="sent", source=f"{NATIVE}:kvmppc_xive_native_get_queue_config")
    if (yield from cancelled()):
        return "cancelled"
    if not (yield branch(save_works(hosts, guest, host))):
        fails = "get_attr(EQ_CONFIG): OPAL_PARAMETER, -EIO  // {host} lacks {hosts.lacks[host]}"
        outcome(fails, name="save_fails", defensive=True)
        hosts.fail(host)
        return "failed"
    save(guest, migration, host)
    for number, part in enumerate(parts()):
        loads = f"{LOADS[part]} on {{other(host)}}"
        yield step(loads, name=("saved", "half_loaded")[number], source=f"{SPAPR_XIVE}:kvmppc_xive_post_load")
        if (yield from cancelled()):
            return "cancelled"
        if not (yield branch(load_works(hosts, guest, migration, part, other(host)))):
            fails = f"{loads}: fails  // lacks {{hosts.lacks[other(host)]}}"
            outcome(fails, name="restore_fails", defensive=True)
            hosts.fail(other(host))
            return "failed"
        load(guest, migration, part, other(host))
    return "loaded"


def cancelled() -> Steps:
    """Whether the migration ends before the next step."""
    if (yield choose("goes on", "cancel")) == "goes on":
        return False
    cancels = "qemu migration/migration.c:migrate_fd_cancel"
    outcome("the migration is cancelled, or the connection lost", name="cancel", fair=UNFAIR, source=cancels)
    return True


def copy(guest: Guest, host: Host) -> None:
    for slot in range(SLOTS):
        guest.page[other(host)][slot].next = guest.page[host][slot]


def save(guest: Guest, migration: Migration, host: Host) -> None:
    late = (guest.pq[host] == PQ.QUEUED) & kernel.KEEPS_LATE
    migration.saved_configured.next = guest.configured[host]
    migration.saved_end.next = guest.end[host]
    migration.saved_pq.next = ite(late & (migration.saved_pq == PQ.PENDING), PQ.QUEUED, migration.saved_pq)
    migration.saved_trigger.next = late & (migration.saved_pq == PQ.RESET)


def load(guest: Guest, migration: Migration, part: Part, host: Host) -> None:
    if part == Part.QUEUE:
        guest.configured[host].next = migration.saved_configured
        guest.end[host].next = migration.saved_end
    if part == Part.SOURCE:
        restore_pq(guest, migration, host)


def stopped() -> Value[bool]:
    """Whether the guest is stopped, and its devices not yet."""
    return some(at(qemu, place) for place in ("stopped", "synced", "sent"))


@action(actor="device")
def device_triggers(guest: Guest, host: Host) -> None:
    """triggers, PQ was {guest.pq[host]}"""
    when(guest.runs[host] | ((guest.host == host) & stopped() & kernel.LATE))
    when(guest.configured[host])
    when(guest.events < EVENTS)
    guest.events.next = guest.events + 1
    guest.owed.next = True
    guest.in_flight[host].next = guest.in_flight[host] | (guest.pq[host] == PQ.RESET)
    guest.pq[host].next = triggered(guest.pq[host])
