"""The state of the memory: plain, immutable, hashable values, in an encoding that a bit-packed twin can copy.

Each location has the list of its *live* stores in coherence order. An entry is named by its **age**: 0 is the
newest, and the oldest, the *base*, has age `length - 1`. Retiring old entries therefore renames nothing. A
store that goes behind `a` newer ones gets age `a`, and every age >= a on that location, everywhere in the
state, becomes one more.

A **view** has one age for each location: "this entry, or a newer one of that location". A *smaller* age says
*more*, so the join of two views is the minimum for each location. `NOTHING` (255) says nothing about the
location; every age is below it.

The encoding, for C CPUs, L locations, S saved views for each CPU:

    entries[x][age]      (value, need, glued): need is a view, glued is true after an exchange.
                         The base needs nothing and is not glued. need[x], of the own location, is
                         NOTHING with multi-copy atomicity, else NOTHING or greater than age.
    propagated[cpu][x]   an age < len(entries[x]): the newest store that has certainly reached the CPU
    fenced[cpu][x]       an age or NOTHING: what must reach a CPU before the next store of this one can
    floor[cpu][x]        an age >= propagated[cpu][x]: the oldest store that a load of this CPU may take
    own[cpu][x]          an age or NOTHING: the CPU's own newest store to x, while that matters
    saved[cpu][slot][x]  an age or NOTHING: what a load that depends on the slot's loads must not miss
    reserved[cpu]        (x, age) of the entry that the CPU has reserved, or NO_RESERVATION

Where a setting or a spec has no use for a field, the field is constant in all states: `fenced` is NOTHING
under sc and tso, `floor` equals `propagated` without early loads, `own` is NOTHING unless
`Memory.tracks_own`, `saved` has no slots unless asked for.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from .architecture import Architecture

View = tuple[int, ...]
"""For each location an age, or NOTHING."""

T = TypeVar("T")

VIEWS = 1 << 14
"""How many results are kept of each function of views: they are few, and each stands in many states."""

NOTHING = 255
NO_RESERVATION = (NOTHING, NOTHING)


class BoundError(Exception):
    """More stores of a location are live than the bound allows; `location` is its index."""

    def __init__(self, location: int, bound: int) -> None:
        super().__init__(f"location {location} has more than {bound} live stores")
        self.location, self.bound = location, bound


class Entry(NamedTuple):
    """A live store of one location."""

    value: Hashable
    need: View
    """What must have reached a CPU before this store can."""
    glued: bool
    """Stored by an exchange that read the next older entry: no store may come between the two."""


class State(NamedTuple):
    """The whole memory; the module's head has the meaning and the range of each field."""

    entries: tuple[tuple[Entry, ...], ...]
    propagated: tuple[View, ...]
    fenced: tuple[View, ...]
    floor: tuple[View, ...]
    own: tuple[View, ...]
    saved: tuple[tuple[View, ...], ...]
    reserved: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """What does not change: the architecture, the sizes, and what the program uses."""

    architecture: Architecture
    cpus: int
    locations: int
    slots: int = 0
    """Saved views for each CPU, numbered from 0."""
    acquires: bool = False
    """Whether loads are ever made with `acquire`, `after` or `save`."""
    eieio: bool = False
    """Whether the barrier EIEIO is used."""
    users: tuple[frozenset[int], ...] = ()
    """For each location the CPUs that ever access it; empty: all of them. Fewer users make fewer states."""
    bound: int = 0
    """The most entries that a location may have; 0: any number."""
    settle: bool = False
    """What happens beyond the bound: the oldest store reaches everybody (an under-approximation) in place of
    an error.
    """

    @property
    def dependencies(self) -> bool:
        """Whether the order of loads depends on more than barriers."""
        return self.architecture.early_loads and (self.acquires or self.slots > 0)

    @property
    def tracks_own(self) -> bool:
        """Whether it matters which entry is a CPU's own newest store."""
        return self.dependencies or (self.eieio and self.architecture.fences_stores)

    def initial(self, values: Iterable[Hashable]) -> State:
        """Every location holds its value and everybody knows it."""
        nothing = (NOTHING,) * self.locations
        newest = ((0,) * self.locations,) * self.cpus
        unknown = (nothing,) * self.cpus
        return State(
            entries=tuple((Entry(value, nothing, False),) for value in values),
            propagated=newest,
            fenced=unknown,
            floor=newest,
            own=unknown,
            saved=((nothing,) * self.slots,) * self.cpus,
            reserved=(NO_RESERVATION,) * self.cpus,
        )


@lru_cache(VIEWS)
def join(a: View, b: View) -> View:
    """The view that says what both say."""
    return tuple(map(min, a, b))


def at_least(view: View, location: int, age: int) -> View:
    """The view, joined with one entry."""
    return view if view[location] <= age else (*view[:location], age, *view[location + 1 :])


def replaced(values: tuple[T, ...], at: int, value: T) -> tuple[T, ...]:
    """The values with another one at one place: an age in a view, or the view of one CPU."""
    return (*values[:at], value, *values[at + 1 :])


@lru_cache(VIEWS)
def closure(entries: tuple[tuple[Entry, ...], ...], view: View) -> View:
    """The smallest view that says at least as much and lacks nothing that an entry in it, or coherence-before
    such a one, needs.

    Coherence predecessors count: that is what makes barriers order stores to one location.
    """
    ages = list(view)
    covered = [len(each) - 1 for each in entries]
    changed = True
    while changed:
        changed = False
        for location, each in enumerate(entries):
            for age in range(ages[location], covered[location]):
                for other, needed in enumerate(each[age].need):
                    if needed < ages[other]:
                        ages[other], changed = needed, True
            covered[location] = min(covered[location], ages[location])
    return tuple(ages)
