"""What must hold of the capability, of the guest's events, and of migration."""

from explorer import *

from ..xive.esb import PQ, p_bit
from .guest import FRESH, Guest, Slot, on_xive
from .hosts import Host, Hosts, IcMode, Mode, Policy
from .qemu import Migration, native, qemu


@invariant
def capability_is_honest(hosts: Hosts, host: Host) -> Value[bool]:
    """Where userspace was told that the capability is there, every operation can be carried out."""
    able = hosts.complete(host) & hosts.registered(host)
    return implies(hosts.told[host], able)


@invariant
def promise_is_kept(hosts: Hosts, host: Host) -> Value[bool]:
    """No operation of the device fails on a host that reported the capability."""
    return ~hosts.broken[host]


@invariant
def device_needs_calls(hosts: Hosts, host: Host) -> Value[bool]:
    """No guest has the native device on a host whose firmware lacks one of its calls."""
    return implies(hosts.mode[host] == Mode.XIVE_KVM, hosts.complete(host))


@invariant
def able_hosts_migrate(hosts: Hosts) -> Value[bool]:
    """A migration that has begun fails only where a host of the native device lacks a call."""
    return ~at(qemu, "failed") | some(native(hosts, host) & ~hosts.complete(host) for host in Host)


@invariant
def runs_once(guest: Guest) -> Value[bool]:
    """The guest runs on one host at most, and on none while it is stopped."""
    runs = some(at(qemu, place) for place in ("running", "incoming", "precopied"))
    return every(guest.runs[host] == (runs & (guest.host == host)) for host in Host)


@invariant
def nothing_stays_behind(hosts: Hosts, guest: Guest, migration: Migration, host: Host) -> Value[bool]:
    """While no migration goes on, a host without the guest has neither queue nor source nor device of it."""
    empty = ~guest.configured[host] & ~guest.in_flight[host]
    empty &= (guest.end[host] == FRESH) & (guest.pq[host] == PQ.OFF)
    clean = every(guest.page[host][slot] == 0 for slot in domain(Slot)) & (hosts.mode[host] == Mode.NONE)
    stream = ~migration.saved_configured & ~migration.saved_trigger
    stream &= (migration.saved_end == FRESH) & (migration.saved_pq == PQ.OFF)
    return ~(at(qemu, "running") & (guest.host != host)) | (empty & clean & stream)


@invariant
def mode_fits(hosts: Hosts, guest: Guest, host: Host) -> Value[bool]:
    """The controller is one that options and host allow, and only with XIVE has the guest a queue."""
    mode, policy = hosts.mode[host], hosts.policy
    native_fits = (policy != Policy.OFF) & hosts.registered(host) & (hosts.told[host] | ~hosts.asks)
    offered = hosts.registered(host) & (hosts.capability(host) | ~hosts.asks)
    emulated_fits = (policy == Policy.OFF) | ((policy == Policy.ALLOWED) & ~offered)
    fits = {
        Mode.XIVE_KVM: native_fits,
        Mode.XIVE_EMULATED: emulated_fits,
        Mode.XICS: hosts.ic_mode == IcMode.DUAL,
        Mode.REFUSED: policy == Policy.ON,
    }
    able = implies(guest.runs[host], on_xive(hosts, host) | (mode == Mode.XICS))
    able &= implies(guest.configured[host], on_xive(hosts, host))
    return every((mode != one) | fit for one, fit in fits.items()) & able


@step_invariant
def a_stopped_guest_rests(guest: Guest) -> Value[bool]:
    """The guest handles interrupts only while it runs somewhere."""
    rests = (guest.position.next == guest.position) & (guest.in_service.next == guest.in_service)
    return some(guest.runs[host] for host in Host) | rests


@invariant
def p_is_outstanding(guest: Guest, host: Host) -> Value[bool]:
    """While the guest runs, P is 1 exactly where one event is on its way, in the queue or in service."""
    outstanding = [guest.in_flight[host], guest.entry(host), guest.in_service]
    agrees = count(outstanding) == ite(p_bit(guest.pq[host]), 1, 0)
    return implies(guest.runs[host] & guest.configured[host], agrees)


@invariant
def queue_agrees(guest: Guest, host: Host) -> Value[bool]:
    """Where the guest runs, it finds exactly the entries that it has not read; a used queue is there."""
    agrees = ~guest.configured[host] | (guest.entry(host) == guest.ahead(host))
    return ~guest.runs[host] | (agrees & (guest.configured[host] | (guest.position == FRESH)))


@invariant
def no_lost_event(guest: Guest, host: Host) -> Value[bool]:
    """While the guest runs, an event that it has not seen is in its queue, on its way, or remembered."""
    coming = guest.in_flight[host] | guest.entry(host) | (guest.pq[host] == PQ.QUEUED)
    return implies(guest.runs[host] & guest.owed, coming)


@temporal
def migrations_end() -> Formula:
    """A migration ends with the guest running, here or there."""
    elsewhere = some(at(qemu, place) for place in ("off", "starting", "running", None))
    return leads_to(~elsewhere, at(qemu, "running"))


@temporal
def starts_end(hosts: Hosts) -> Formula:
    """A request to start ends with the guest running or refused, negotiation with another controller."""
    starting = at(qemu, "starting")
    negotiating = starting & (hosts.mode[Host.A] == Mode.XICS)
    started = leads_to(starting, at(qemu, "running") | at(qemu, None))
    return started & leads_to(negotiating, hosts.mode[Host.A] != Mode.XICS)


@terminal
def at_rest(guest: Guest) -> Value[bool]:
    """Nothing is begun and not ended."""
    return at(qemu, None) | (at(qemu, "running") & every(~guest.in_flight[host] for host in Host))
