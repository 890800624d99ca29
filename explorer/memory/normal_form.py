"""The normal form of a memory state: equal futures get equal states, and settled stores go away.

Take it after every step. Without it the states are several hundred times as many, and with loops they are
infinite.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .operations import settle_oldest
from .state import NO_RESERVATION, NOTHING, BoundError, Entry, Memory, State, View, replaced


@dataclass(frozen=True, slots=True)
class Dead:
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
    state = _without_dead_views(memory, state, dead)
    state = _reduced(memory, state)
    while memory.bound and (longest := max(map(len, state.entries))) > memory.bound:
        locations = [x for x, entries in enumerate(state.entries) if len(entries) == longest]
        if not memory.settle:
            raise BoundError(locations[0], memory.bound)
        for location in locations:  # all of them, so that no order of the locations counts
            state = settle_oldest(memory, state, location)
        state = _reduced(memory, state)
    return state


def _without_dead_views(memory: Memory, state: State, dead: Dead) -> State:
    if dead is NOTHING_DEAD:
        return state
    nothing, newest = (NOTHING,) * memory.locations, (0,) * memory.locations
    propagated, fenced, floor = list(state.propagated), list(state.fenced), list(state.floor)
    own, saved, reserved = list(state.own), [list(slots) for slots in state.saved], list(state.reserved)
    for cpu, locations in _by_cpu(dead.floors):
        if floor[cpu] != propagated[cpu]:
            pairs = enumerate(zip(propagated[cpu], floor[cpu], strict=True))
            floor[cpu] = tuple([reached if x in locations else age for x, (reached, age) in pairs])
    for cpu in dead.fences:
        fenced[cpu] = nothing
    for cpu, slot in dead.slots:
        saved[cpu][slot] = nothing
    for cpu in dead.finished:
        propagated[cpu] = floor[cpu] = newest
        fenced[cpu] = own[cpu] = nothing
        saved[cpu] = [nothing] * memory.slots
        reserved[cpu] = NO_RESERVATION
    return State(
        entries=state.entries,
        propagated=tuple(propagated),
        fenced=tuple(fenced),
        floor=tuple(floor),
        own=tuple(own),
        saved=tuple(tuple(slots) for slots in saved),
        reserved=tuple(reserved),
    )


@cache
def _by_cpu(pairs: frozenset[tuple[int, int]]) -> tuple[tuple[int, frozenset[int]], ...]:
    """For each CPU its locations."""
    cpus = sorted({cpu for cpu, _ in pairs})
    return tuple((cpu, frozenset(x for c, x in pairs if c == cpu)) for cpu in cpus)


def _reduced(memory: Memory, state: State) -> State:
    """Until nothing changes: what became one entry may settle more, and needs become equal where what they
    name became one. So no order of the locations counts.
    """
    while True:
        reached = _oldest_known(memory, state.propagated)
        settled = _settled(memory, state, reached)
        state = _without_settled_needs(memory, state, settled, reached)
        state = _retired(memory, state, settled)
        merged = _merged(memory, state)
        if merged is state:
            return state
        state = merged


def _oldest_known(memory: Memory, views: tuple[View, ...]) -> list[int]:
    """For each location the age of the entry that has reached all its users."""
    if not memory.users:
        return [max(ages) for ages in zip(*views, strict=True)]
    return [max([views[cpu][x] for cpu in users], default=0) for x, users in enumerate(memory.users)]


def _settled(memory: Memory, state: State, reached: list[int]) -> View:
    """For each location the newest entry such that it, and all before it, have reached everybody with all
    that they need.
    """
    settled = _oldest_known(memory, state.floor) if memory.dependencies else [*reached]
    changed = True
    while changed:
        changed = False
        for location, entries in enumerate(state.entries):
            for age in range(len(entries) - 2, settled[location] - 1, -1):
                if any(needed < settled[other] for other, needed in enumerate(entries[age].need)):
                    settled[location], changed = age + 1, True
                    break
    return tuple(settled)


def _without_settled_needs(memory: Memory, state: State, settled: View, reached: list[int]) -> State:
    """What everybody has need not be asked for; where everybody has an exchange's store, nothing can come
    before it.
    """
    nothing = (NOTHING,) * memory.locations

    def asked(view: View) -> View:
        if view == nothing:
            return nothing
        return tuple([NOTHING if age >= known else age for age, known in zip(view, settled, strict=True)])

    entries = tuple(
        several
        if len(several) == 1
        else tuple([Entry(e.value, asked(e.need), e.glued and age < known) for age, e in enumerate(several)])
        for several, known in zip(state.entries, reached, strict=True)
    )
    return state._replace(
        entries=entries,
        fenced=tuple(map(asked, state.fenced)),
        own=tuple(map(asked, state.own)),
        saved=tuple(tuple(map(asked, slots)) for slots in state.saved),
    )


def _retired(memory: Memory, state: State, settled: View) -> State:
    """Entries that nobody can read any more, and that no store can go behind, are dropped."""
    bases = tuple(map(max, settled, _oldest_known(memory, state.floor)))
    if all(base == len(several) - 1 for several, base in zip(state.entries, bases, strict=True)):
        return state if all(map(_is_base, state.entries)) else _with_bases(state, bases)

    def kept(view: View) -> View:
        return tuple(map(min, view, bases))

    return _with_bases(state, bases)._replace(
        propagated=tuple(map(kept, state.propagated)),
        floor=tuple(map(kept, state.floor)),
        reserved=tuple(
            (x, age) if x != NOTHING and age <= bases[x] else NO_RESERVATION for x, age in state.reserved
        ),
    )


def _is_base(entries: tuple[Entry, ...]) -> bool:
    """Whether the oldest entry needs nothing and is not glued."""
    return not entries[-1].glued and min(entries[-1].need) == NOTHING


def _with_bases(state: State, bases: View) -> State:
    nothing = (NOTHING,) * len(bases)
    entries = tuple(
        several if len(several) == 1 else (*several[:base], Entry(several[base].value, nothing, False))
        for several, base in zip(state.entries, bases, strict=True)
    )
    return state._replace(entries=entries)


def _merged(memory: Memory, state: State) -> State:
    """Two neighbours with one value and one need, between which nobody can store, are one entry."""
    if all(len(several) == 1 for several in state.entries):
        return state
    for location in range(memory.locations):
        age = 0
        while age < len(state.entries[location]) - 1:
            if _alike(memory, state, location, age):
                state = _joined(state, location, age)
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


def _joined(state: State, location: int, age: int) -> State:
    def younger(view: View) -> View:
        at = view[location]
        return view if at <= age or at == NOTHING else replaced(view, location, at - 1)

    def moved(views: tuple[View, ...]) -> tuple[View, ...]:
        return tuple(map(younger, views))

    entries = [tuple(e._replace(need=younger(e.need)) for e in several) for several in state.entries]
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
        propagated=moved(state.propagated),
        fenced=moved(state.fenced),
        floor=moved(state.floor),
        own=moved(state.own),
        saved=tuple(map(moved, state.saved)),
        reserved=tuple(reserved),
    )
