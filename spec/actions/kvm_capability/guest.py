"""The guest on a host: the source, its event queue in guest memory, and the handler.

The queue has two views. The END belongs to firmware (or QEMU, where emulated): index and generation of the
next entry. The page is guest memory: one generation bit for each entry. The guest's own position tells which
entries are new. Knows nothing of migration but that each host has its own END, page and source.
"""

from explorer import *

from ..xive.esb import PQ, ended
from .hosts import Host, Hosts, Mode

EVENTS = constant("events", 1)
"""How often the device triggers."""

SLOTS = constant("slots", 2)
"""Entries of the queue."""

Slot = Annotated[int, Range(0, SLOTS - 1)]
Bit = Annotated[int, Range(0, 1)]

Place = Annotated[int, Range(0, 2 * SLOTS - 1)]
"""Index and generation of an entry as one number, which counts on: generation 1 comes before 0."""

FRESH = 0
"""Of a queue that was just configured: index 0, generation 1."""


def index(place: Value[int]) -> Value[int]:
    return place % SLOTS


def generation(place: Value[int]) -> Value[int]:
    return ite(place < SLOTS, 1, 0)


def succ(place: Value[int]) -> Value[int]:
    """The next place in the ring."""
    return (place + 1) % (2 * SLOTS)


class Guest(State):
    """`host` is where the guest runs, or ran before it was stopped. `runs`: its CPUs do; until it is stopped,
    a migration goes on beside it. `position` is the guest's own place in its queue.

    `owed`: the device has triggered since the handler last ran. `in_service`: the handler has not ended.
    """

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


# Fair: the guest's handler goes on, an event on its way arrives. Configuring is a free choice.


@action(actor="guest", source="arch/powerpc/kvm/book3s_xive_native.c:kvmppc_xive_native_set_queue_config")
def configure(hosts: Hosts, guest: Guest, host: Host) -> None:
    """H_INT_SET_QUEUE_CONFIG, H_INT_SET_SOURCE_CONFIG  // gen 1, idx 0: OPAL 144 is not called"""
    when(guest.runs[host])
    when(on_xive(hosts, host))
    when(~guest.configured[host])
    guest.configured[host].next = True
    guest.pq[host].next = PQ.RESET


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
    when(guest.runs[host])
    when(~guest.in_service)
    when(guest.entry(host))
    guest.position.next = succ(guest.position)
    guest.in_service.next = True
    guest.owed.next = False


@action(actor="guest", fair=WEAK, source="arch/powerpc/sysdev/xive/common.c:xive_irq_eoi")
def eoi(guest: Guest, host: Host) -> None:
    """EOI, PQ was {guest.pq[host]}"""
    when(guest.runs[host])
    when(guest.in_service)
    guest.in_service.next = False
    guest.in_flight[host].next = guest.in_flight[host] | (guest.pq[host] == PQ.QUEUED)
    guest.pq[host].next = ended(guest.pq[host])
