"""A memory whose CPUs, locations and values are exchanged: what it means that they are interchangeable.

The rules (`operations.py`, `normal_form.py`) compare CPUs and locations for being the same, and never
otherwise; values not at all. So what an operation makes of an exchanged state, with its arguments exchanged,
is what it makes of the state, exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from .normal_form import Dead
from .state import NO_RESERVATION, Entry, State, View

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Codes:
    """What codes become. `members`: a code is a set, of which bit i becomes bit `images[i]`; else `low + i`
    becomes `images[i]`. Other codes stay.
    """

    images: tuple[int, ...]
    low: int = 0
    members: bool = False

    def of(self, code: int) -> int:
        """What one code becomes."""
        if self.members:
            return sum(1 << image for i, image in enumerate(self.images) if code >> i & 1)
        place = code - self.low
        return self.images[place] if 0 <= place < len(self.images) else code


@dataclass(frozen=True, slots=True)
class Exchange:
    """CPU c becomes `cpus[c]`, location x `locations[x]`, and a code at location x what `codes[x]` says
    (None: it stays).
    """

    cpus: tuple[int, ...]
    locations: tuple[int, ...]
    codes: tuple[Codes | None, ...]

    def renamed(self, state: State) -> State:
        """The state with everything exchanged."""
        entries: list[tuple[Entry, ...]] = [()] * len(self.locations)
        for x, several in enumerate(state.entries):
            entries[self.locations[x]] = tuple(
                Entry(self._code(x, e.value), self._view(e.need), e.glued) for e in several
            )
        return State(
            entries=tuple(entries),
            propagated=self._views(state.propagated),
            fenced=self._views(state.fenced),
            floor=self._views(state.floor),
            own=self._views(state.own),
            saved=self._by_cpu(tuple(tuple(map(self._view, slots)) for slots in state.saved)),
            reserved=self._by_cpu(
                tuple(
                    kept if kept == NO_RESERVATION else (self.locations[kept[0]], kept[1])
                    for kept in state.reserved
                )
            ),
        )

    def dead(self, dead: Dead) -> Dead:
        """What is declared dead, with everything exchanged."""
        return Dead(
            floors=self.pairs(dead.floors),
            fences=frozenset(self.cpus[cpu] for cpu in dead.fences),
            finished=frozenset(self.cpus[cpu] for cpu in dead.finished),
            slots=frozenset((self.cpus[cpu], slot) for cpu, slot in dead.slots),
        )

    def pairs(self, pairs: frozenset[tuple[int, int]] | set[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        """Pairs of a CPU and a location, exchanged."""
        return frozenset((self.cpus[cpu], self.locations[x]) for cpu, x in pairs)

    def _code(self, location: int, value: object) -> object:
        codes = self.codes[location]
        if codes is None:
            return value
        assert isinstance(value, int)
        return codes.of(value)

    def _view(self, view: View) -> View:
        moved = [0] * len(view)
        for x, age in enumerate(view):
            moved[self.locations[x]] = age
        return tuple(moved)

    def _views(self, views: tuple[View, ...]) -> tuple[View, ...]:
        return self._by_cpu(tuple(map(self._view, views)))

    def _by_cpu(self, of_cpus: tuple[T, ...]) -> tuple[T, ...]:
        moved = list(of_cpus)
        for cpu, one in enumerate(of_cpus):
            moved[self.cpus[cpu]] = one
        return tuple(moved)
