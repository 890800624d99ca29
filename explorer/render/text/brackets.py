"""Which deferred stores a trace shows, from the step that issues one to the step that makes it visible.

Shared by the text and the picture. Knows nothing of how a bracket is drawn.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Self

from explorer.ir.data import dataclass
from explorer.trace.trace import Arrival, Step, Trace


@dataclass(frozen=True, slots=True)
class Bracket:
    """A deferred store. `first` and `last` are positions in the trace's steps; `last` is None where it never
    becomes visible. `readers` are those that a store of a memory comes to, the last of them in step `last`;
    it is not `seen` where other stores have come over it for all of them. `column` is its place in the
    gutter, 0 leftmost."""

    key: str
    first: int
    last: int | None
    readers: tuple[str, ...] = ()
    seen: bool = True
    column: int = 0

    def spans(self, position: int) -> bool:
        """Whether the store is on its way just before a step."""
        return self.first < position and (self.last is None or position <= self.last)

    def in_column(self, column: int) -> Self:
        return replace(self, column=column)


def brackets(trace: Trace, *, every: bool = False) -> list[Bracket]:
    """The deferred stores that another actor's step falls into, with their columns: those of memories until
    their last reader is reached, and those that the author marks, first come first served for each key.

    A store that no other actor could tell from an immediate one is left out, unless `every` one is wanted.
    """
    return placed([*_of_memories(trace), *marked(trace, every=every)], len(trace.steps))


def _of_memories(trace: Trace) -> Iterator[Bracket]:
    stores: dict[tuple[str, int], list[Arrival]] = defaultdict(list)
    for arrival in arrivals(trace):
        stores[arrival.key, arrival.store].append(arrival)
    for (key, store), several in stores.items():
        ends = [a.step for a in several if a.step is not None]
        open_ = len(ends) < len(several)
        readers = tuple(a.reader for a in several if not open_ or a.step is None)
        seen = open_ or any(a.seen for a in several)
        yield Bracket(key, store, None if open_ else max(ends), readers, seen)


def marked(trace: Trace, *, every: bool = False) -> list[Bracket]:
    """The deferred effects that the author marks, without columns."""
    result: list[Bracket] = []
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for position, step in enumerate(trace.steps):
        for key in step.closes:
            if waiting[key]:
                result.append(Bracket(key, waiting[key].popleft(), position))
        for key in step.opens:
            waiting[key].append(position)
    result.extend(Bracket(key, first, None) for key, positions in waiting.items() for first in positions)
    return [b for b in result if every or _noticed(b, trace.steps)]


def _noticed(bracket: Bracket, steps: tuple[Step, ...]) -> bool:
    between = steps[bracket.first + 1 : bracket.last]
    return any(step.actor != steps[bracket.first].actor for step in between)


def arrivals(trace: Trace) -> list[Arrival]:
    """How the stores of memories come to their readers, where another actor's step falls in between."""
    steps = trace.steps
    return [
        a
        for a in trace.arrivals
        if any(step.actor != steps[a.store].actor for step in steps[a.store + 1 : a.step])
    ]


def placed(brackets: list[Bracket], end: int) -> list[Bracket]:
    """Each bracket in a column of its own while it lasts: the shortest nearest to the CPU, so that nested
    ones do not cross.
    """

    def last(bracket: Bracket) -> int:
        return end if bracket.last is None else bracket.last

    placed: list[Bracket] = []
    for bracket in sorted(brackets, key=lambda b: (last(b) - b.first, -b.first)):
        taken = {b.column for b in placed if b.first <= last(bracket) and bracket.first <= last(b)}
        placed.append(bracket.in_column(next(n for n in range(len(placed) + 1) if n not in taken)))
    width = 1 + max((b.column for b in placed), default=0)
    return sorted((b.in_column(width - 1 - b.column) for b in placed), key=lambda b: (b.first, b.column))


def gutter(brackets: list[Bracket], position: int, *, at: bool) -> str:
    """The left edge of one line: `--` where a store is issued, `|` while it is deferred, `->` where it
    becomes visible. A store that nobody will see ends without an arrow.

    `at` is true for the step's own line, false for a line just before it.
    """
    width = 1 + max((b.column for b in brackets), default=0)
    cells = ["  "] * width
    for bracket in brackets:
        if bracket.spans(position) and not (at and bracket.last == position and not bracket.seen):
            cells[bracket.column] = "| "
    if not at:
        return "".join(cells)
    closed = [b.column for b in brackets if b.last == position and b.seen]
    touched = closed + [b.column for b in brackets if b.first == position]
    for column in range(min(touched, default=width), width):
        cells[column] = "--" if column in touched or cells[column] == "  " else "|-"
    edge = "".join(cells)
    return edge[:-1] + ">" if closed else edge
