"""The normal form by numbers of parts. A state of a memory is its entries and its views; there are few of
each, and each stands in many states. So what is made of parts is remembered by their numbers, which takes a
fraction of looking at what they are. The rules are those of `normal_form.py`.
"""

from __future__ import annotations

from typing import Any

from .architecture import Barrier
from .normal_form import Dead, Kept, ends, kept, lessened, merged, normal_form, without_dead_views
from .operations import barrier
from .state import Entry, Memory, State, View

Entries = tuple[tuple[Entry, ...], ...]
Views = tuple[Any, ...]
"""The fields of a state but its entries."""


class Parts:
    """The parts of a memory's states, by number."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.entries: list[Entries] = []
        self.longest: list[int] = []
        """The most stores of a location that are live, by entries."""
        self.views: list[Views] = []
        self._of_entries: dict[Entries, int] = {}
        self._of_views: dict[Views, int] = {}
        self._undead: dict[tuple[int, Dead], int] = {}
        self._behind: dict[tuple[int, int, int, Barrier, tuple[int, ...]], int] = {}
        self._ends: dict[int, tuple[View, View]] = {}
        self._kept: dict[tuple[int, View, View], tuple[Kept, int]] = {}
        self._less: dict[tuple[int, View, View], int] = {}

    def state(self, e: int, v: int) -> State:
        """The state of two parts."""
        return State(self.entries[e], *self.views[v])

    def of(self, state: State, e: int = 0) -> tuple[int, int]:
        """The parts of a state; `e` is a guess of its entries."""
        same = self.entries and state.entries is self.entries[e]
        return e if same else self._entries(state.entries), self._views(state)

    def barrier(self, e: int, v: int, cpu: int, kind: Barrier, slots: tuple[int, ...]) -> int:
        """The views behind a barrier."""
        pushes = kind is Barrier.SYNC and self.memory.architecture.multi_copy_atomic
        key = e if pushes else -1, v, cpu, kind, slots
        behind = self._behind.get(key)
        if behind is None:
            after = barrier(self.memory, self.state(e, v), cpu, kind, slots)
            behind = self._behind[key] = self._views(after)
        return behind

    def _entries(self, entries: Entries) -> int:
        number = self._of_entries.setdefault(entries, len(self.entries))
        if number == len(self.entries):
            self.entries.append(entries)
            self.longest.append(max(map(len, entries)))
        return number

    def _views(self, state: State) -> int:
        views = state[1:]
        number = self._of_views.setdefault(views, len(self.views))
        if number == len(self.views):
            self.views.append(views)
        return number

    def normal_form(self, e: int, v: int, dead: Dead) -> tuple[int, int]:
        """The normal form of a state. Raises BoundError beyond the bound."""
        memory = self.memory
        undead = self._undead.get((v, dead))
        if undead is None:
            undead = self._undead[v, dead] = self._views(without_dead_views(memory, self.state(e, v), dead))
        v = undead
        while True:
            known = self._ends.get(v)
            if known is None:
                known = self._ends[v] = ends(memory, self.state(e, v))
            reached, taken = known
            left = self._kept.get((e, reached, taken))
            if left is None:
                found = kept(self.entries[e], reached, taken, memory.dependencies)
                left = self._kept[e, reached, taken] = found, self._entries(found.entries)
            found, e = left
            less = self._less.get((v, found.settled, found.bases))
            if less is None:
                less = self._views(lessened(memory, self.state(e, v), found))
                self._less[v, found.settled, found.bases] = less
            v = less
            mergeable = found.mergeable(reached) if found.twins else ()
            if not mergeable:
                break
            state = self.state(e, v)
            joined = merged(memory, state, mergeable)
            if joined is state:
                break
            e, v = self.of(joined)
        if memory.bound and self.longest[e] > memory.bound:
            return self.of(normal_form(memory, self.state(e, v), dead))
        return e, v
