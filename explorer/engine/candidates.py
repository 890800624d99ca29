"""The states of a level that a step into some others may lead from: nearly all of them do, and none is
missing. So a story looks at few states of a level once more, not at all of them.

Rules are undone (`program/origins.py`), and what the level does not have is left out. Representatives are
compared by what all states of an orbit share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from explorer.engine.handle import Level
from explorer.program.layout import WORD, Layout
from explorer.program.origins import origins
from explorer.program.program import Program

SMALL, NARROW, ROOM = 32, 4, 4
"""Fewer states of a level are all looked at, and a level that is less than NARROW times as large as what it
leads to; so many candidates for each of its states are dearer than looking.
"""


class Candidates:
    """Finds candidates for one program, with packed states."""

    def __init__(self, program: Program, layout: Layout, alike: Callable[[int], int] | None):
        self.origins = found = origins(program, layout)
        self.alike = alike
        if found is None:
            return
        if alike is not None and found.alone:
            self.origins = None
        self.tables = [(t.word * WORD + t.shift, len(t.rows[0]) - 1, t.rows[0]) for t in found.tables]
        self.ways = {1 << r: way for r, way in enumerate(zip(found.kept, found.olds))}

    def among(self, level: Level, later: Collection[int]) -> Iterable[int]:
        """The candidates of a level for steps into `later`; all of it where that is cheaper."""
        if self.origins is None or len(level) < SMALL or len(later) * NARROW > len(level):
            return level
        found = self._before(later, len(level) * ROOM)
        if found is None:
            return level
        if self.alike is not None:
            alike = self.alike
            wanted = set(map(alike, found))
            return [state for state in level if alike(state) in wanted]
        for mask in self.origins.alone:
            left = {state & mask for state in later}
            found.update(state for state in level if state & mask in left)
        return [state for state in level if state in found]

    def _before(self, states: Iterable[int], room: int) -> set[int] | None:
        """What the ways back lead to; None where that is more than there is room for."""
        found: set[int] = set()
        add, update, every = found.add, found.update, (1 << len(self.ways)) - 1
        tables, ways = self.tables, self.ways
        for state in states:
            ranks = every
            for shift, mask, rows in tables:
                ranks &= rows[state >> shift & mask]
            while ranks:
                bit = ranks & -ranks
                ranks ^= bit
                kept, olds = ways[bit]
                if len(olds) == 1:
                    add(state & kept | olds[0])
                else:
                    left = state & kept
                    update([left | old for old in olds])
            if len(found) > room:
                return None
        return found
