"""The normal form of a memory state: equal futures get equal states, and settled stores go away.

Take it after every step. Without it the states are several hundred times as many, and with loops they are
infinite.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from operator import lt
from typing import NamedTuple

from .operations import settle_oldest
from .state import NO_RESERVATION, NOTHING, VIEWS, BoundError, Entry, Memory, State, View, replaced


class Dead(NamedTuple):
    """What the program will not use any more. A wrong claim hides behaviour: derive it, never guess it."""

    floors: frozenset[tuple[int, int]] = frozenset()
    """(cpu, location): the CPU loads the location never again before its next sync, lwsync or dmb.ld, or
    its own next store to it.
    """
    fences: frozenset[int] = frozenset()
    """CPUs that store nothing before their next sync or lwsync."""
    finished: frozenset[int] = frozenset()
    """CPUs that do nothing at all any more."""
    slots: frozenset[tuple[int, int]] = frozenset()
    """(cpu, slot): nothing depends on the saved loads any more."""


NOTHING_DEAD = Dead()


def normal_form(memory: Memory, state: State, dead: Dead = NOTHING_DEAD) -> State:
    """The normal form; raises BoundError beyond the bound, or lets the oldest stores settle where
    `memory.settle`.
    """
    state = without_dead_views(memory, state, dead)
    state = _reduced(memory, state)
    while memory.bound and (longest := max(map(len, state.entries))) > memory.bound:
        locations = [x for x, entries in enumerate(state.entries) if len(entries) == longest]
        if not memory.settle:
            raise BoundError(locations[0], memory.bound)
        for location in locations:  # all of them, so that no order of the locations counts
            state = settle_oldest(memory, state, location)
        state = _reduced(memory, state)
    return state


def without_dead_views(memory: Memory, state: State, dead: Dead) -> State:
    if dead is NOTHING_DEAD:
        return state
    nothing = (NOTHING,) * memory.locations
    _, propagated, fenced, floor, own, saved, reserved = state
    floor = _all_reached(floor, propagated, dead.floors)
    fenced = _all_but(fenced, dead.fences)
    for cpu, slot in dead.slots:
        saved = replaced(saved, cpu, replaced(saved[cpu], slot, nothing))
    for cpu in dead.finished:
        newest = (0,) * memory.locations
        propagated, floor = replaced(propagated, cpu, newest), replaced(floor, cpu, newest)
        fenced, own = replaced(fenced, cpu, nothing), replaced(own, cpu, nothing)
        saved = replaced(saved, cpu, (nothing,) * memory.slots)
        reserved = replaced(reserved, cpu, NO_RESERVATION)
    return State(
        entries=state.entries,
        propagated=propagated,
        fenced=fenced,
        floor=floor,
        own=own,
        saved=saved,
        reserved=reserved,
    )


# There are few views, and each stands in many states.


@lru_cache(VIEWS)
def _all_reached(
    floor: tuple[View, ...], propagated: tuple[View, ...], pairs: frozenset[tuple[int, int]]
) -> tuple[View, ...]:
    """The floors, with what has reached the CPU at each of these pairs of a CPU and a location."""
    return tuple(
        [
            tuple([known[x] if (cpu, x) in pairs else age for x, age in enumerate(view)])
            for cpu, (view, known) in enumerate(zip(floor, propagated, strict=True))
        ]
    )


@lru_cache(VIEWS)
def _all_but(views: tuple[View, ...], cpus: frozenset[int]) -> tuple[View, ...]:
    """The views, with nothing in those of some CPUs."""
    return tuple([(NOTHING,) * len(view) if cpu in cpus else view for cpu, view in enumerate(views)])


@lru_cache(VIEWS)
def _asked(view: View, settled: View) -> View:
    """The view without what everybody has."""
    return tuple([NOTHING if age >= known else age for age, known in zip(view, settled, strict=True)])


@lru_cache(VIEWS)
def _greatest(views: tuple[View, ...], users: tuple[frozenset[int], ...]) -> View:
    """For each location the greatest age in the views of its users; of all CPUs where no users are told."""
    if not users:
        return tuple(map(max, *views)) if len(views) > 1 else views[0]
    return tuple([max([views[cpu][x] for cpu in several], default=0) for x, several in enumerate(users)])


def _reduced(memory: Memory, state: State) -> State:
    """Until nothing changes: what became one entry may settle more, and needs become equal where what they
    name became one. So no order of the locations counts.
    """
    while True:
        reached, taken = ends(memory, state)
        left = kept(state.entries, reached, taken, memory.dependencies)
        state = lessened(memory, state, left)
        joined = merged(memory, state, left.mergeable(reached))
        if joined is state:
            return state
        state = joined


def ends(memory: Memory, state: State) -> tuple[View, View]:
    """The newest entries that have reached everybody, and the oldest ones that loads may take."""
    return _greatest(state.propagated, memory.users), _greatest(state.floor, memory.users)


def lessened(memory: Memory, state: State, left: Kept) -> State:
    """The state with the entries that are left, and views that ask for no more."""
    return State(
        entries=left.entries,
        propagated=_all_at_most(state.propagated, left.bases),
        fenced=_all_asked(state.fenced, left.settled),
        floor=_all_at_most(state.floor, left.bases),
        own=_all_asked(state.own, left.settled) if memory.tracks_own else state.own,
        saved=tuple([_all_asked(slots, left.settled) for slots in state.saved])
        if memory.slots
        else state.saved,
        reserved=_all_held(state.reserved, left.bases),
    )


class Kept(NamedTuple):
    """What is left of the entries of all locations, and why."""

    entries: tuple[tuple[Entry, ...], ...]
    settled: View
    """The newest entries such that they, and all before them, have reached everybody with all that they
    need.
    """
    bases: View
    """The oldest entries that somebody can read, or that a store can go behind."""
    twins: tuple[tuple[int, int], ...]
    """The locations where two neighbours have one value and one need, and the greatest age of a newer one of
    them; NOTHING where an exchange stored one.
    """

    def mergeable(self, reached: View) -> list[int]:
        """The locations where neighbours may be one entry, as far as that depends on what has reached
        everybody.
        """
        return [x for x, age in self.twins if reached[x] <= age]


@lru_cache(VIEWS)
def kept(entries: tuple[tuple[Entry, ...], ...], reached: View, taken: View, dependencies: bool) -> Kept:
    """What is left where the entries `reached` have reached everybody, and loads take none older than
    `taken`. What everybody has need not be asked for; where everybody has an exchange's store, nothing can
    come before it.
    """
    settled = _settled(entries, taken if dependencies else reached)
    bases = tuple(map(max, settled, taken))
    left = tuple(
        several
        if len(several) == 1
        else _upto(
            tuple(
                [
                    Entry(e.value, _asked(e.need, settled), e.glued and age < known)
                    for age, e in enumerate(several)
                ]
            ),
            base,
        )
        for several, known, base in zip(entries, reached, bases, strict=True)
    )
    return Kept(left, settled, bases, _twins(left))


def _twins(entries: tuple[tuple[Entry, ...], ...]) -> tuple[tuple[int, int], ...]:
    found: dict[int, int] = {}
    for x, several in enumerate(entries):
        for age, (newer, older) in enumerate(pairwise(several)):
            if newer.value == older.value and newer.need == older.need:
                found[x] = max(NOTHING if newer.glued else age, found.get(x, 0))
    return tuple(found.items())


def _settled(entries: tuple[tuple[Entry, ...], ...], reached: View) -> View:
    settled = [*reached]
    several = [(x, each) for x, each in enumerate(entries) if len(each) > 1]
    changed = bool(several)
    while changed:
        changed = False
        for location, each in several:
            for age in range(len(each) - 2, settled[location] - 1, -1):
                if any(map(lt, each[age].need, settled)):
                    settled[location], changed = age + 1, True
                    break
    return tuple(settled)


@lru_cache(VIEWS)
def _all_asked(views: tuple[View, ...], settled: View) -> tuple[View, ...]:
    return tuple([_asked(view, settled) for view in views])


@lru_cache(VIEWS)
def _all_held(reserved: tuple[tuple[int, int], ...], bases: View) -> tuple[tuple[int, int], ...]:
    return tuple([(x, age) if x != NOTHING and age <= bases[x] else NO_RESERVATION for x, age in reserved])


def _upto(entries: tuple[Entry, ...], base: int) -> tuple[Entry, ...]:
    """The entries as far as the base, which needs nothing and is not glued."""
    return (*entries[:base], Entry(entries[base].value, (NOTHING,) * len(entries[base].need), False))


@lru_cache(VIEWS)
def _all_at_most(views: tuple[View, ...], bases: View) -> tuple[View, ...]:
    return tuple([tuple(map(min, view, bases)) for view in views])


def merged(memory: Memory, state: State, twins: list[int]) -> State:
    """Two neighbours with one value and one need, between which nobody can store, are one entry. `twins` are
    the locations that may have such ones.
    """
    for location in twins:
        entries, age = state.entries[location], 0
        while age < len(entries) - 1:
            if _alike(memory, state, location, age):
                state = _joined(state, location, age)
                entries = state.entries[location]
            else:
                age += 1
    return state


def _alike(memory: Memory, state: State, location: int, age: int) -> bool:
    newer, older = state.entries[location][age], state.entries[location][age + 1]
    if newer.value != older.value or newer.need != older.need:
        return False
    if memory.dependencies and any(age <= view[location] <= age + 1 for view in state.own):
        return False  # whether an entry is the CPU's own decides what a load of it orders
    users = memory.users[location] if memory.users else range(memory.cpus)
    return newer.glued or all(state.propagated[cpu][location] <= age for cpu in users)


@lru_cache(VIEWS)
def _younger(view: View, location: int, age: int) -> View:
    at = view[location]
    return view if at <= age or at == NOTHING else replaced(view, location, at - 1)


@lru_cache(VIEWS)
def _all_younger(views: tuple[View, ...], location: int, age: int) -> tuple[View, ...]:
    return tuple([_younger(view, location, age) for view in views])


def _joined(state: State, location: int, age: int) -> State:
    entries = [
        several
        if len(several) == 1
        else tuple([Entry(e.value, _younger(e.need, location, age), e.glued) for e in several])
        for several in state.entries
    ]
    several = entries[location]
    entries[location] = (
        *several[:age],
        several[age]._replace(glued=several[age + 1].glued),
        *several[age + 2 :],
    )
    reserved = []
    for x, a in state.reserved:
        lost = x == location and a == age + 1
        reserved.append(NO_RESERVATION if lost else (x, a - 1) if x == location and a > age else (x, a))
    return State(
        entries=tuple(entries),
        propagated=_all_younger(state.propagated, location, age),
        fenced=_all_younger(state.fenced, location, age),
        floor=_all_younger(state.floor, location, age),
        own=_all_younger(state.own, location, age),
        saved=tuple(_all_younger(slots, location, age) for slots in state.saved),
        reserved=tuple(reserved),
    )
