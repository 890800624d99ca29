"""The guest on a host: the source, its event queue in guest memory, and the handler.

The queue has two views. The END belongs to firmware (or QEMU, where emulated): index and generation of the
next entry. The page is guest memory: one generation bit for each entry. The guest's own position tells which
entries are new. Knows nothing of migration but that each host has its own END, page and source.
"""

import enum

from explorer import *

from ..xive.esb import PQ, ended, triggered
from . import kernel
from .hosts import Host, Hosts, IcMode, Mode

EVENTS = constant("events", 1)
"""How often the device triggers."""

SLOTS = constant("slots", 2)
"""Entries of the queue."""

Slot = Annotated[int, Range(0, SLOTS - 1)]
Bit = Annotated[int, Range(0, 1)]

Place = Annotated[int, Range(0, 2 * SLOTS - 1)]
"""Index and generation of an entry as one number, which counts on: generation 1 comes first, then generation
0.
"""

FRESH = 0
"""Of a queue that was just configured: index 0, generation 1."""


def index(place: Value[int]) -> Value[int]:
    return place % SLOTS


def generation(place: Value[int]) -> Value[int]:
    return ite(place < SLOTS, 1, 0)


def succ(place: Value[int]) -> Value[int]:
    """The next place in the ring."""
    return (place + 1) % (2 * SLOTS)


class Phase(enum.Enum):
    """Where the guest is: not started, starting, running; then what migration does next. FAILED: an operation
    of the device did; CANCELLED: something else. ENDED: QEMU has exited."""

    OFF = 0
    STARTING = 1
    RUNNING = 2
    INCOMING = 3
    PRECOPIED = 4
    STOPPED = 5
    SYNCED = 6
    SENT = 7
    SAVED = 8
    HALF_LOADED = 9
    LOADED = 10
    FAILED = 11
    CANCELLED = 12
    ENDED = 13


class Guest(State):
    """`host` is where the guest runs, or ran before it was stopped. `position` is the guest's own place in
    its queue.

    `owed`: the device has triggered since the handler last ran (for the properties). `in_service`: the
    handler has not ended yet.
    """

    phase: Var[Phase] = initially(Phase.OFF, quiet=True)
    host: Var[Host] = initially(Host.A)
    runs: Map[Host, bool] = initially(False, quiet=True)
    configured: Map[Host, bool] = initially(False)
    end: Map[Host, Place] = initially(FRESH)
    page: Map[Host, Map[Slot, Bit]] = initially(0)
    pq: Map[Host, PQ] = initially(PQ.OFF)
    in_flight: Map[Host, bool] = initially(False)
    position: Var[Place] = initially(FRESH)
    in_service: Var[bool] = initially(False)
    owed: Var[bool] = initially(False)
    events: Var[Annotated[int, Range(0, EVENTS)]] = initially(0, quiet=True)

    def running(self, host: Host) -> Value[bool]:
        """Whether the guest's CPUs run on this host: until it is stopped, a migration goes on beside it."""
        return (self.host == host) & some(
            self.phase == phase for phase in (Phase.RUNNING, Phase.INCOMING, Phase.PRECOPIED)
        )

    def stopped(self, host: Host) -> Value[bool]:
        """Whether the guest is stopped on this host, and its devices not yet."""
        return (self.host == host) & some(
            self.phase == phase for phase in (Phase.STOPPED, Phase.SYNCED, Phase.SENT)
        )

    def entry(self, host: Host) -> Value[bool]:
        """Whether the guest finds a new entry at its position."""
        return self.page[host][index(self.position)] == generation(self.position)

    def ahead(self, host: Host) -> Value[bool]:
        """Whether firmware has written an entry that the guest has not read."""
        return self.end[host] != self.position

    def clear(self, host: Host) -> None:
        """The guest has no place on this host (any more)."""
        self.configured[host].next = False
        self.end[host].next = FRESH
        self.pq[host].next = PQ.OFF
        self.in_flight[host].next = False
        for slot in range(SLOTS):
            self.page[host][slot].next = 0


def on_xive(hosts: Hosts, host: Host) -> Value[bool]:
    return (hosts.mode[host] == Mode.XIVE_KVM) | (hosts.mode[host] == Mode.XIVE_EMULATED)


@action(actor="userspace")
def request_start(guest: Guest) -> None:
    """starts the guest"""
    when(guest.phase == Phase.OFF)
    guest.phase.next = Phase.STARTING


# Fair: what was begun goes on (userspace, KVM, the guest's handler, an event on its way). Starting a guest,
# configuring,
# triggering and migrating are free choices.


@action(actor="userspace", fair=WEAK, source="qemu hw/ppc/spapr_irq.c:spapr_irq_init_kvm")
def start(hosts: Hosts, guest: Guest, host: Host) -> None:
    """kvmppc_xive_connect() on {host}: kernel_irqchip {hosts.policy}, lacks {hosts.lacks[host]}"""
    when(guest.phase == Phase.STARTING)
    when(guest.host == host)
    when((hosts.ic_mode == IcMode.XIVE) | (hosts.mode[host] == Mode.XICS))
    hosts.connect(host)
    hosts.mode[host].next = hosts.outcome(host)
    refused = hosts.outcome(host) == Mode.REFUSED
    guest.phase.next = ite(refused, Phase.ENDED, Phase.RUNNING)
    guest.runs[host].next = ~refused


@action(actor="userspace", fair=WEAK, source="qemu hw/ppc/spapr_irq.c:spapr_irq_init_kvm")
def start_dual(hosts: Hosts, guest: Guest, host: Host) -> None:
    """starts with XICS  // ic-mode=dual"""
    when(guest.phase == Phase.STARTING)
    when(guest.host == host)
    when((hosts.ic_mode == IcMode.DUAL) & (hosts.mode[host] == Mode.NONE))
    hosts.mode[host].next = Mode.XICS
    guest.phase.next = Phase.RUNNING
    guest.runs[host].next = True


@action(actor="guest", source="qemu hw/ppc/spapr_hcall.c:h_client_architecture_support")
def negotiate(hosts: Hosts, guest: Guest, host: Host) -> None:
    """client-architecture-support: XIVE, reset"""
    when(guest.phase == Phase.RUNNING)
    when(guest.host == host)
    when(hosts.mode[host] == Mode.XICS)
    guest.phase.next = Phase.STARTING
    guest.runs[host].next = False


@action(actor="guest", source="arch/powerpc/kvm/book3s_xive_native.c:kvmppc_xive_native_set_queue_config")
def configure(hosts: Hosts, guest: Guest, host: Host) -> None:
    """H_INT_SET_QUEUE_CONFIG, H_INT_SET_SOURCE_CONFIG  // gen 1, idx 0: OPAL 144 is not called"""
    when(guest.running(host))
    when(on_xive(hosts, host))
    when(~guest.configured[host])
    guest.configured[host].next = True
    guest.pq[host].next = PQ.RESET


@action(actor="device")
def device_triggers(guest: Guest, host: Host) -> None:
    """triggers, PQ was {guest.pq[host]}"""
    when(guest.running(host) | (guest.stopped(host) & kernel.LATE))
    when(guest.configured[host])
    when(guest.events < EVENTS)
    guest.events.next = guest.events + 1
    guest.owed.next = True
    guest.in_flight[host].next = guest.in_flight[host] | (guest.pq[host] == PQ.RESET)
    guest.pq[host].next = triggered(guest.pq[host])


@action(actor="XIVE", fair=WEAK)
def enqueue(guest: Guest, host: Host) -> None:
    """the event reaches the queue: entry {index(guest.end[host])}, generation
    {generation(guest.end[host])}
    """
    when(guest.in_flight[host])
    when(guest.configured[host])
    guest.in_flight[host].next = False
    guest.page[host][index(guest.end[host])].next = generation(guest.end[host])
    guest.end[host].next = succ(guest.end[host])


@action(actor="XIVE", fair=WEAK, defensive=True)
def drop(guest: Guest, host: Host) -> None:
    """the event reaches a queue that is not configured: dropped"""
    when(guest.in_flight[host])
    when(~guest.configured[host])
    guest.in_flight[host].next = False


@action(actor="guest", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_scan_interrupts")
def handle(guest: Guest, host: Host) -> None:
    """takes the entry, and looks at the device"""
    when(guest.running(host))
    when(~guest.in_service)
    when(guest.entry(host))
    guest.position.next = succ(guest.position)
    guest.in_service.next = True
    guest.owed.next = False


@action(actor="guest", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_irq_eoi")
def eoi(guest: Guest, host: Host) -> None:
    """EOI, PQ was {guest.pq[host]}"""
    when(guest.running(host))
    when(guest.in_service)
    guest.in_service.next = False
    guest.in_flight[host].next = guest.in_flight[host] | (guest.pq[host] == PQ.QUEUED)
    guest.pq[host].next = ended(guest.pq[host])
