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

from .expressions import reads
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
    return [_waits(events, index, commits_reads) for index in range(len(events))]


def _waits(events: tuple[Event, ...], index: int, commits_reads: bool) -> Waits:
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
        return Waits(issue_issued=ordered, issue_committed=stores | fences)
    address = _sources(event.address)
    acquires = sum(1 << k for k, each in enumerate(before) if each.acquire)
    earlier_addresses = 0
    for each in before:
        earlier_addresses |= _sources(each.address)
    issue = address | _sources(event.value) | syncs | acquires
    isync = _set(event.control_isync)
    if not commits_reads:
        isync |= _set(event.addresses_isync)
    if event.kind == Kind.READ:
        for k, each in enumerate(before):
            if each.fence in (Barrier.LWSYNC, Barrier.DMB_LD):
                issue |= _bits(before[:k], Kind.READ)
        if event.acquire and not event.weakly:
            isync |= sum(1 << k for k, each in enumerate(before) if each.release)
    commit = issue | _set(event.control) | earlier_addresses
    if event.kind == Kind.READ:
        return Waits(issue, isync | syncs, 0, commit if commits_reads else 0)
    commit_issued = 0
    for k, each in enumerate(before):
        if each.fence == Barrier.LWSYNC:
            commit |= 1 << k
        elif each.fence == Barrier.EIEIO:
            commit |= _bits(before[:k], Kind.WRITE) | 1 << k
        elif each.fence == Barrier.DMB_LD:
            commit_issued |= _bits(before[:k], Kind.READ)
    if event.release:
        commit, commit_issued = commit | stores, commit_issued | loads
    return Waits(issue, isync | syncs, commit_issued, commit | acquires)


def _bits(events: tuple[Event, ...], kind: Kind) -> int:
    return sum(1 << k for k, event in enumerate(events) if event.kind == kind)


def _set(indices: frozenset[int]) -> int:
    return sum(1 << k for k in indices)


def _sources(expression: object) -> int:
    return _set(frozenset(each.event for each in reads(expression)))  # type: ignore[arg-type]
