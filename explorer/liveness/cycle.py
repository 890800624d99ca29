"""A short cycle through a fair component that meets every fairness constraint and every demand. Knows nothing
of formulas.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from explorer.liveness.arena import FairTables

EXACT, STARTS = 50_000, 64
"""Pairs of node and obligations met that are looked at for the shortest cycle; nodes of a component that are
all tried as its start.
"""

Node = Any
"""What a world's nodes are: numbers, or real states."""

Edges = list[tuple[int, Node]]
"""Labels and targets along a path."""


class World(Protocol):
    """What is asked of an arena, or of its real states (`real_states.py`)."""

    fair: FairTables
    demands: int

    def state(self, v: Node) -> Any:
        """The state of a node."""

    def meets(self, v: Node) -> int:
        """The demands that a node meets."""

    def same(self, a: Node, b: Node) -> bool:
        """Whether two nodes lie in one fair component."""

    def row(self, v: Node) -> Sequence[tuple[int, Node]]:
        """The edges of a node, as (label, target), in order."""

    def enabled(self, v: Node) -> Mapping[int, Sequence[Any]]:
        """For each fair group that is enabled in a node's state, the states its steps lead to."""


class Obligations:
    """What a cycle has to meet, as bits: a demand each; for a weak group one (taken or disabled), for a
    strong one two (enabled, taken). Nodes are looked at when they are met first: a component may be as large
    as the graph."""

    def __init__(self, world: World, entry: Node):
        self.world, self.entry, self.demands = world, entry, world.demands
        self.weak = self.needs = 0
        self.taken: dict[int, int] = {}
        bit = 1 << world.demands.bit_length()
        for g in range(len(world.fair.groups)):
            if world.fair.strong[g]:
                self.needs |= bit
                bit <<= 1
            else:
                self.weak |= bit
            self.taken[g] = bit
            bit <<= 1
        self._here: dict[Node, int] = {}
        self._rows: dict[Node, list[tuple[int, Node, int]]] = {}

    def here(self, v: Node) -> int:
        """What visiting a node meets."""
        if v not in self._here:
            enabled, met = self.world.enabled(v), self.world.meets(v)
            for g, bit in self.taken.items():
                if self.world.fair.strong[g]:
                    met |= bit >> 1 if g in enabled else 0
                elif g not in enabled:
                    met |= bit
            self._here[v] = met
        return self._here[v]

    def row(self, v: Node) -> list[tuple[int, Node, int]]:
        """For each step inside of the component its label, its target, and what it and the target meet."""
        if v not in self._rows:
            enabled = self.world.enabled(v)
            self._rows[v] = [
                (label, w, self._step(v, w, enabled) | self.here(w))
                for label, w in self.world.row(v)
                if self.world.same(self.entry, w)
            ]
        return self._rows[v]

    def _step(self, v: Node, w: Node, enabled: Mapping[int, Sequence[Any]]) -> int:
        """What the step from v to w meets: every group that has a step between their states is taken."""
        target = self.world.state(w)
        if target == self.world.state(v):
            return 0
        return sum(self.taken[g] for g, targets in enabled.items() if target in targets)

    def few(self) -> list[Node]:
        """The nodes of the component; none where there are more than STARTS."""
        result, seen = [self.entry], {self.entry}
        for v in result:
            for _, w, _ in self.row(v):
                if w not in seen:
                    seen.add(w)
                    result.append(w)
            if len(result) > STARTS:
                return []
        return result

    def open(self, met: int) -> int:
        """The bits that are still due."""
        return (self.demands | self.weak | (met & self.needs) << 1) & ~met


def cycle(world: World, entry: Node) -> tuple[Edges, Edges]:
    """A path inside of the component of `entry`, and a fair cycle at its end: together short, of a small
    component the shortest.
    """
    obligations = Obligations(world, entry)
    left = [EXACT]
    best: tuple[Edges, Edges] = (
        [],
        _shortest(obligations, entry, 1 << 30, left) or _greedy(obligations, entry),
    )
    for start in obligations.few()[1:]:
        way = _walk(obligations, entry, partial(_is, start))
        least = len(best[0]) + len(best[1]) - len(way)
        loop = _shortest(obligations, start, least, left)
        if loop and (len(loop) < least or len(loop) < len(best[1])):
            best = way, loop
    return best


def _shortest(obligations: Obligations, start: Node, most: int, left: list[int]) -> Edges:
    """The shortest fair cycle through a node, of at most so many steps; nothing where there is none, or when
    no pairs are left.
    """
    first = (start, obligations.here(start))
    came: dict[tuple[Node, int], tuple[tuple[Node, int], int]] = {}
    level = [first]
    length = 0
    while level and length < most and left[0] > 0:
        length += 1
        following: list[tuple[Node, int]] = []
        for at in level:
            for label, w, bits in obligations.row(at[0]):
                after = (w, at[1] | bits)
                if w == start and not obligations.open(after[1]):
                    return [*_back(came, first, at), (label, w)]
                if after != first and after not in came:
                    came[after] = (at, label)
                    following.append(after)
        left[0] -= len(following)
        level = following
    return []


def _back(
    came: dict[tuple[Node, int], tuple[tuple[Node, int], int]], first: tuple[Node, int], at: tuple[Node, int]
) -> Edges:
    path: Edges = []
    while at != first:
        before, label = came[at]
        path.append((label, at[0]))
        at = before
    return path[::-1]


def _greedy(obligations: Obligations, start: Node) -> Edges:
    """Always on to the nearest node or step that meets something due; home when nothing is."""
    path: Edges = []
    at, met = start, obligations.here(start)
    while obligations.open(met) or at != start or not path:
        due = obligations.open(met)
        way = _walk(obligations, at, lambda w, bits: bool(bits & due) if due else w == start)
        for label, w in way:
            met |= next(bits for known, target, bits in obligations.row(at) if (known, target) == (label, w))
            at = w
        path += way
    return path


def _is(node: Node, w: Node, _: int) -> bool:
    return bool(w == node)


def _walk(obligations: Obligations, start: Node, arrived: Callable[[Node, int], bool]) -> Edges:
    """The shortest path inside of a component whose last step, to w and with the bits it meets, has
    arrived.
    """
    came: dict[Node, tuple[int, Node]] = {}
    queue = deque([start])
    while queue:
        v = queue.popleft()
        for label, w, bits in obligations.row(v):
            if arrived(w, bits):
                path = [(label, w)]
                while v != start:
                    before, by = came[v]
                    path.append((by, v))
                    v = before
                return path[::-1]
            if w != start and w not in came:
                came[w] = (v, label)
                queue.append(w)
    raise AssertionError("a fair component lacks what it was judged to have")
