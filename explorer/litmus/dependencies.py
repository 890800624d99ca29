"""What each event of a thread waits for, as far as the program text says it: the edges of the out-of-order
front end.

A read or write e has two moments: i(e), *issued* (a read has its value, a write has its address and data),
and later c(e), *committed* (nothing that e depends on can change; a write enters the storage). A barrier has
one moment. The edges are those of Alglave, Maranget and Tautschnig, "Herding cats" (TOPLAS 2014), section 6
(`ppc.cat`); for Arm those of `aarch64.cat`.
"""

from __future__ import annotations

from typing import NamedTuple

from explorer.memory.architecture import Barrier

from .expressions import Expression, ValueProblem, evaluate, picks, reads
from .paths import Event, Kind


class Waits(NamedTuple):
    """Events of the same thread that must be issued or committed first, as bits of an integer."""

    issue_issued: int = 0
    issue_committed: int = 0
    commit_issued: int = 0
    commit_committed: int = 0


def waits(events: tuple[Event, ...], in_order: bool, commits_reads: bool) -> list[Waits]:
    """For each event what i(e) and c(e) wait for. Bit k stands for event k of the thread.

    `in_order`: every event waits for all before it. `commits_reads` (POWER): the commit of a read is a moment
    of its own.
    """
    if in_order:
        return [
            Waits(before, before, before, before) for before in ((1 << k) - 1 for k in range(len(events)))
        ]
    picked = None if commits_reads else _Picks(events)
    return [_waits(events, index, picked) for index in range(len(events))]


class _Picks:
    """The reads that picked what happens: that decided which of two values an address, a stored value or the
    condition of a branch has, also through memory (`pick-dep` of aarch64.cat).
    """

    def __init__(self, events: tuple[Event, ...]) -> None:
        self.returned: dict[int, int] = {}
        """For each read, what picked its address and the store before it to its location."""
        self.of_events: list[int] = []
        stored: dict[object, int] = {}
        addresses = 0
        for index, event in enumerate(events):
            address, place = self.sources(event.address), _place(event.address)
            own = address | self.sources(event.value) | self.sources(event.decided)
            if event.kind == Kind.READ:
                own |= stored.get(place, 0)
                self.returned[index] = own
            elif event.kind == Kind.WRITE:
                stored[place] = own
            self.of_events.append(own | addresses | self.closed(event.picked))
            addresses |= address

    def sources(self, expression: Expression) -> int:
        return self.closed(frozenset(each.event for each in picks(expression)))

    def closed(self, indices: frozenset[int]) -> int:
        bits = _set(indices)
        for index in indices:
            bits |= self.returned[index]
        return bits


def _place(address: Expression) -> object:
    """The location, also where the address depends on a read in vain, as by `EOR W1,W0,W0`."""
    try:
        return evaluate(address, lambda _: 0)
    except ValueProblem:
        return address


def _waits(events: tuple[Event, ...], index: int, picked: _Picks | None) -> Waits:
    event, before = events[index], events[:index]
    loads = _bits(before, Kind.READ)
    stores = _bits(before, Kind.WRITE)
    syncs = sum(1 << k for k, each in enumerate(before) if each.fence == Barrier.SYNC)
    if event.locked and event.kind != Kind.FENCE:
        own = index - (1 if event.kind == Kind.READ else 2)
        syncs &= ~(1 << own) if own >= 0 and events[own].locked else -1
    if event.kind == Kind.FENCE:
        fences = _bits(before, Kind.FENCE)
        ordered = 0 if event.fence == Barrier.EIEIO else loads
        if event.fence == Barrier.DMB_LD:
            ordered = _told(before)
        return Waits(issue_issued=ordered, issue_committed=stores | fences)
    address = _sources(event.address)
    acquires = sum(1 << k for k, each in enumerate(before) if each.acquire)
    earlier_addresses = 0
    for each in before:
        earlier_addresses |= _sources(each.address)
    issue = address | _sources(event.value) | syncs | acquires
    isync = _set(event.control_isync)
    if picked:
        isync = picked.closed(event.control_isync | event.addresses_isync)
    if event.kind == Kind.READ:
        for k, each in enumerate(before):
            if each.fence == Barrier.LWSYNC:
                issue |= _bits(before[:k], Kind.READ)
            elif each.fence == Barrier.DMB_LD:
                issue |= _told(before[:k])
        if event.acquire and not event.weakly:
            isync |= sum(1 << k for k, each in enumerate(before) if each.release)
    commit = issue | _set(event.control) | earlier_addresses
    if event.kind == Kind.READ:
        return Waits(issue, isync | syncs, 0, 0 if picked else commit)
    commit_issued = 0
    if picked:
        for k in (index, *_ordered(before, event.release)):
            commit_issued |= picked.of_events[k]
    for k, each in enumerate(before):
        if each.fence == Barrier.LWSYNC:
            commit |= 1 << k
        elif each.fence == Barrier.EIEIO:
            commit |= _bits(before[:k], Kind.WRITE) | 1 << k
        elif each.fence == Barrier.DMB_LD:
            commit_issued |= _told(before[:k])
    if event.release:
        commit, commit_issued = commit | stores, commit_issued | loads
    return Waits(issue, isync | syncs, commit_issued, commit | acquires)


def _bits(events: tuple[Event, ...], kind: Kind) -> int:
    return sum(1 << k for k, event in enumerate(events) if event.kind == kind)


def _ordered(before: tuple[Event, ...], release: bool) -> list[int]:
    """The reads that a write comes after because of a barrier, an acquire, or its own release."""
    last = max(
        (k for k, each in enumerate(before) if each.fence in (Barrier.SYNC, Barrier.DMB_LD)), default=-1
    )
    return [
        k for k, each in enumerate(before) if each.kind == Kind.READ and (release or each.acquire or k < last)
    ]


def _told(events: tuple[Event, ...]) -> int:
    """The reads whose value goes somewhere."""
    return sum(1 << k for k, event in enumerate(events) if event.kind == Kind.READ and not event.silent)


def _set(indices: frozenset[int]) -> int:
    return sum(1 << k for k in indices)


def _sources(expression: Expression) -> int:
    return _set(frozenset(each.event for each in reads(expression)))
