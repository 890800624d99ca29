"""What a CPU does to the memory. Every function returns a new state; after each step of a program take its
`normal_form`.

No step propagates a store: a store is in the list of its location at once, and the views say whom it has
reached. Reaching a CPU later never forbids what earlier would allow, so a view grows only where something
forces it: an own access, a need of what was read, or another CPU's sync.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import NamedTuple

from .architecture import Barrier
from .state import (
    NO_RESERVATION,
    NOTHING,
    VIEWS,
    Entry,
    Memory,
    State,
    View,
    at_least,
    closure,
    join,
    replaced,
)


class Ordering(NamedTuple):
    """How a load stands to other loads of its CPU, on an architecture with early loads."""

    after: tuple[int, ...] = ()
    """Slots: the load depends on (the address comes from) the loads saved there."""
    save: int | None = None
    """Slot: later loads may depend on this one."""
    acquire: bool = False
    """No later load is satisfied before this one (load, branch, isync; or load-acquire)."""


PLAIN = Ordering()


def loadable(memory: Memory, state: State, cpu: int, location: int, after: Iterable[int] = ()) -> range:
    """The ages of the entries that a load may take."""
    oldest = state.floor[cpu][location]
    for slot in after:
        oldest = min(oldest, state.saved[cpu][slot][location])
    return range(oldest + 1)


def load(memory: Memory, state: State, cpu: int, location: int, age: int, how: Ordering = PLAIN) -> State:
    """The CPU reads the entry of that age; its value is `state.entries[location][age].value`."""
    if age not in loadable(memory, state, cpu, location, how.after):
        raise ValueError(f"CPU {cpu} cannot load the entry of age {age} at location {location}")
    need = state.entries[location][age].need
    arrived = at_least(need, location, age)
    propagated = list(state.propagated)
    if memory.architecture.multi_copy_atomic and age < propagated[cpu][location]:
        everywhere = closure(state.entries, arrived)
        propagated = [join(view, everywhere) for view in propagated]
    propagated[cpu] = join(propagated[cpu], arrived)
    own = age == state.own[cpu][location]
    fenced = state.fenced
    if memory.architecture.fences_stores:
        # A store comes after earlier loads. Where all have what one has read, it also comes after what they
        # took.
        shared = memory.dependencies and memory.architecture.multi_copy_atomic and not own
        fenced = replaced(fenced, cpu, join(fenced[cpu], arrived if shared else need))
    floor = replaced(state.floor[cpu], location, min(age, state.floor[cpu][location]))
    saved = state.saved
    if memory.dependencies and (how.save is not None or how.acquire):
        satisfied = at_least(floor if own else join(floor, need), location, age)
        for slot in how.after:
            satisfied = join(satisfied, saved[cpu][slot])
        if how.save is not None:
            slots = saved[cpu]
            saved = replaced(saved, cpu, replaced(slots, how.save, satisfied))
        if how.acquire:
            floor = join(floor, satisfied)
    return _synchronised(
        memory,
        State(
            entries=state.entries,
            propagated=tuple(propagated),
            fenced=fenced,
            floor=replaced(state.floor, cpu, floor),
            own=state.own,
            saved=saved,
            reserved=state.reserved,
        ),
    )


def places(memory: Memory, state: State, cpu: int, location: int, need: View | None = None) -> list[int]:
    """The ages that a store may get: 0, and behind newer stores that need not have reached this CPU.

    `need`: what must have reached a CPU before the store can; by default what the barriers before it say.
    """
    if memory.architecture.immediate:
        return [0]
    missed = closure(state.entries, store_need(memory, state, cpu) if need is None else need)
    oldest = min(state.propagated[cpu][location], missed[location])
    entries = state.entries[location]
    return [age for age in range(oldest + 1) if age == 0 or not entries[age - 1].glued]


def has_place(
    memory: Memory, state: State, cpu: int, location: int, age: int, need: View | None = None
) -> bool:
    """Whether a store may get that age; one of `places`."""
    return age == 0 or (
        age <= state.propagated[cpu][location] and age in places(memory, state, cpu, location, need)
    )


def store(
    memory: Memory,
    state: State,
    cpu: int,
    location: int,
    value: Hashable,
    age: int = 0,
    need: View | None = None,
) -> State:
    """The CPU stores a value, coherence-before the `age` newest stores; `need` as in `places`."""
    if not has_place(memory, state, cpu, location, age=age, need=need):
        raise ValueError(f"CPU {cpu} cannot store at age {age} to location {location}")
    need = store_need(memory, state, cpu) if need is None else need
    return insert(memory, state, cpu, location, age=age, entry=Entry(value, need, False))


def exchangeable(
    memory: Memory, state: State, cpu: int, location: int, how: Ordering = PLAIN, release: bool = False
) -> list[int]:
    """The ages of the entries that an exchange may read and directly overwrite."""
    oldest = state.propagated[cpu][location]
    return [
        age
        for age in loadable(memory, state, cpu, location, how.after)
        if age <= oldest
        and age
        in _places_after(memory, load(memory, state, cpu, location, age=age, how=how), cpu, location, release)
    ]


def _places_after(memory: Memory, state: State, cpu: int, location: int, release: bool) -> list[int]:
    return places(memory, state, cpu, location, release_need(memory, state, cpu) if release else None)


def exchange(
    memory: Memory,
    state: State,
    cpu: int,
    location: int,
    value: Hashable,
    age: int,
    how: Ordering = PLAIN,
    release: bool = False,
) -> State:
    """The CPU reads the entry of that age and stores directly after it; no store ever comes between.
    `release`: its store is a store-release.

    A compare-exchange is this where it succeeds, and `load` where it fails.
    """
    oldest = state.propagated[cpu][location]
    state = load(memory, state, cpu, location, age=age, how=how)
    if age > oldest or age not in _places_after(memory, state, cpu, location, release):
        raise ValueError(f"CPU {cpu} cannot exchange at age {age} at location {location}")
    need = release_need(memory, state, cpu) if release else store_need(memory, state, cpu)
    return insert(memory, state, cpu, location, age=age, entry=Entry(value, need, True))


def reserve(memory: Memory, state: State, cpu: int, location: int, age: int, how: Ordering = PLAIN) -> State:
    """A load that takes a reservation (lwarx, LDXR)."""
    state = load(memory, state, cpu, location, age=age, how=how)
    return state._replace(reserved=replaced(state.reserved, cpu, (location, age)))


def conditional(memory: Memory, state: State, cpu: int, location: int, value: Hashable) -> State | None:
    """A conditional store (stwcx., STXR) that succeeds; None where it must fail. It may always fail: see
    `unreserved`.
    """
    where, age = state.reserved[cpu]
    if where != location or age not in places(memory, state, cpu, location):
        return None
    state = insert(
        memory, state, cpu, location, age=age, entry=Entry(value, store_need(memory, state, cpu), True)
    )
    return unreserved(state, cpu)


def unreserved(state: State, cpu: int) -> State:
    """The reservation is gone: what a conditional store leaves, whether it succeeds or fails."""
    return state._replace(reserved=replaced(state.reserved, cpu, NO_RESERVATION))


def barrier(memory: Memory, state: State, cpu: int, kind: Barrier, slots: Iterable[int] = ()) -> State:
    """A barrier; ISYNC orders the loads saved in `slots` (a branch on them stands before it)."""
    architecture = memory.architecture
    reached = state.propagated[cpu]
    propagated, fenced, floor = state.propagated, state.fenced, state.floor
    if kind == Barrier.SYNC:
        pushed = closure(state.entries, reached) if architecture.multi_copy_atomic else reached
        propagated = _all_joined(propagated, pushed)
        reached = propagated[cpu]
    if kind in (Barrier.SYNC, Barrier.LWSYNC) and architecture.fences_stores:
        fenced = replaced(fenced, cpu, reached)
    if kind == Barrier.EIEIO and architecture.fences_stores:
        fenced = replaced(fenced, cpu, join(fenced[cpu], state.own[cpu]))
    if kind in (Barrier.SYNC, Barrier.LWSYNC, Barrier.DMB_LD, Barrier.CONTEXT):
        floor = replaced(floor, cpu, reached)
    if kind == Barrier.ISYNC:
        for slot in slots:
            floor = replaced(floor, cpu, join(floor[cpu], state.saved[cpu][slot]))
    return _synchronised(
        memory,
        State(
            entries=state.entries,
            propagated=propagated,
            fenced=fenced,
            floor=floor,
            own=state.own,
            saved=state.saved,
            reserved=state.reserved,
        ),
    )


def settle_oldest(memory: Memory, state: State, location: int) -> State:
    """The oldest store of the location that somebody may still miss reaches everybody, with all that it
    needs.

    A property of the future needs this as a weakly fair action where `unsettled`; safety does not.
    """
    everywhere = closure(
        state.entries, at_least((NOTHING,) * memory.locations, location, len(state.entries[location]) - 2)
    )
    return state._replace(
        propagated=_all_joined(state.propagated, everywhere),
        floor=_all_joined(state.floor, everywhere),
    )


def unsettled(state: State, location: int) -> bool:
    """Whether somebody may still miss a store of the location."""
    return len(state.entries[location]) > 1


def insert(memory: Memory, state: State, cpu: int, location: int, age: int, entry: Entry) -> State:
    """The state with a new entry of the CPU at that age, without asking whether it may go there.

    `entry.need` is given in the ages before the insertion.
    """

    entries = [
        several if len(several) == 1 else _all_needs_older(several, location, age)  # the base needs nothing
        for several in state.entries
    ]
    # Who reads a store and then stores elsewhere hands on what that store needs, older stores of its
    # location too. With multi-copy atomicity these have reached everybody by then.
    need = entry.need
    if memory.architecture.multi_copy_atomic:
        need = replaced(need, location, NOTHING)
    new = entry._replace(need=_older(need, location, age))
    entries[location] = (*entries[location][:age], new, *entries[location][age:])
    propagated, floor, own = (
        _all_older(views, location, age) for views in (state.propagated, state.floor, state.own)
    )
    if memory.architecture.immediate:
        propagated = floor = tuple(replaced(view, location, 0) for view in propagated)
    if memory.tracks_own:
        own = replaced(own, cpu, replaced(own[cpu], location, age))
    return State(
        entries=tuple(entries),
        propagated=replaced(propagated, cpu, replaced(propagated[cpu], location, age)),
        fenced=_all_older(state.fenced, location, age),
        floor=replaced(floor, cpu, replaced(floor[cpu], location, age)),
        own=own,
        saved=tuple(_all_older(slots, location, age) for slots in state.saved),
        reserved=tuple((x, a + 1) if x == location and a >= age else (x, a) for x, a in state.reserved),
    )


@lru_cache(VIEWS)
def _all_joined(views: tuple[View, ...], view: View) -> tuple[View, ...]:
    return tuple([join(each, view) for each in views])


@lru_cache(VIEWS)
def _older(view: View, location: int, age: int) -> View:
    """The view with a new entry of that age."""
    at = view[location]
    return view if at < age or at == NOTHING else replaced(view, location, at + 1)


@lru_cache(VIEWS)
def _all_needs_older(entries: tuple[Entry, ...], location: int, age: int) -> tuple[Entry, ...]:
    return tuple([Entry(e.value, _older(e.need, location, age), e.glued) for e in entries])


@lru_cache(VIEWS)
def _all_older(views: tuple[View, ...], location: int, age: int) -> tuple[View, ...]:
    return tuple([_older(view, location, age) for view in views])


def store_need(memory: Memory, state: State, cpu: int) -> View:
    """What must have reached a CPU before the next plain store of this one can."""
    if memory.architecture.immediate:
        return (NOTHING,) * memory.locations
    return state.propagated[cpu] if memory.architecture.ordered_stores else state.fenced[cpu]


def release_need(memory: Memory, state: State, cpu: int) -> View:
    """What must have reached a CPU before a store-release of this one can: all that has reached this one."""
    if memory.architecture.immediate:
        return (NOTHING,) * memory.locations
    return join(state.fenced[cpu], state.propagated[cpu])


def _synchronised(memory: Memory, state: State) -> State:
    """Without early loads a load takes nothing older than what has reached its CPU."""
    return state if memory.architecture.early_loads else state._replace(floor=state.propagated)
