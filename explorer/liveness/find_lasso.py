"""The shortest way into a fair component and round in it, as steps of real states. Knows nothing of how
components are found.
"""

from __future__ import annotations

from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.formulas import Ltl
from explorer.liveness.arena import Arena
from explorer.liveness.arrays import Array
from explorer.liveness.copies import FormulaView
from explorer.liveness.cycle import World, cycle
from explorer.liveness.real_states import RealStates
from explorer.trace.tell_lasso import STUTTER


@dataclass(frozen=True, slots=True)
class NumberedLasso:
    """A violating behaviour as numbers: an initial state (what `element` of the group makes of it), instances
    to the cycle, instances around it; no cycle: it stutters."""

    formula: Ltl
    initial: int
    stem: tuple[int, ...]
    cycle: tuple[int, ...]
    element: int = 0

    @property
    def length(self) -> int:
        return len(self.stem) + len(self.cycle)


@dataclass(slots=True)
class _Stems:
    """The shortest ways from the sources to the nearest node of each kind. Node v of the arena is v before
    the switch, and after it v plus the number of nodes (see `paths.stems`)."""

    queue: Array
    count: int
    parent: Array
    edge: Array
    distance: Array


def lasso(
    arena: Arena, seen: FormulaView, sources: list[int], free: bool, switch: Array, inside: Array
) -> NumberedLasso:
    """Of a stuttering behaviour and one that goes round in a component the shorter, both by a shortest
    stem.
    """
    backend, n = arena.graph.backend, arena.number
    if arena.start is arena.graph.start:
        arena.graph.sort()
    queue, parent, edge, distance = (backend.array("number", 2 * n) for _ in range(4))
    nearest = backend.array("whole", 3)
    backend.run.stems(
        arena.start,
        arena.to,
        n,
        backend.of("number", sources),
        len(sources),
        free,
        switch,
        inside,
        arena.fair_nodes,
        arena.stutterable,
        queue,
        parent,
        edge,
        distance,
        nearest,
    )
    stems = _Stems(queue, int(nearest[2]), parent, edge, distance)
    options: list[NumberedLasso] = []
    for end, ends, turns in (
        (int(nearest[1]), arena.stutterable, False),
        (int(nearest[0]), arena.fair_nodes, True),
    ):
        if end < 0 or (options and distance[end] > options[0].length):
            continue
        number, element, labels, entry, world = _stem(
            arena,
            seen,
            stems=stems,
            end=end,
            ends=ends,
            sources=sources,
            free=free,
            switch=switch,
            inside=inside,
        )
        way, turn = cycle(world, entry) if turns else ([], [])
        while not turns and labels and labels[-1] == arena.graph.stutter:
            labels.pop()  # only the automaton has moved
        options.append(
            NumberedLasso(
                seen.formula,
                number,
                _instances(arena, [*labels, *(label for label, _ in way)]),
                _instances(arena, [label for label, _ in turn]),
                element,
            )
        )
    return min(options, key=lambda option: option.length)


def _instances(arena: Arena, labels: list[int]) -> tuple[int, ...]:
    return tuple(STUTTER if label == arena.graph.stutter else label for label in labels)


def _stem(
    arena: Arena,
    seen: FormulaView,
    stems: _Stems,
    end: int,
    ends: Array,
    sources: list[int],
    free: bool,
    switch: Array,
    inside: Array,
) -> tuple[int, int, list[int], Any, World]:
    """The state where the way to an end begins, what makes the real one of it, the labels on the way, and its
    end in the world where it lies. Under symmetry it is the first of all shortest ways of real states (see
    `RealStates.first`)."""
    first, edges = _path(arena, stems, end)
    if seen.graph.permutations is None:
        entry = int(arena.to[edges[-1]]) if edges else first
        return arena.state(first), 0, [int(arena.by[e]) for e in edges], entry, arena
    backend, n, most = arena.graph.backend, arena.number, int(stems.distance[end])
    wanted = backend.array("flag", 2 * n)
    backend.run.ways(
        arena.start, arena.to, n, switch, inside, ends, stems.queue, stems.count, stems.distance, most, wanted
    )

    def may(node: int, after: bool, distance: int) -> bool:
        """Whether a shortest way passes a node so."""
        at = node + n * after
        return bool(wanted[at]) and int(stems.distance[at]) == distance and not (after and not inside[node])

    real_states = RealStates(arena, seen, seen.graph.permutations)
    number, element, labels, entered = real_states.first(
        sources, most, free, switch, may
    ) or real_states.along(first, edges)
    world = RealStates(
        arena, seen, seen.graph.permutations
    )  # a new one: what was met on the way may stand on a node of another component
    return number, element, labels, world.met(*entered), world


def _path(arena: Arena, stems: _Stems, at: int) -> tuple[int, list[int]]:
    """The node where a path begins, and the edges along it."""
    n, edges = arena.number, []
    while int(stems.parent[at]) != at:
        before = int(stems.parent[at])
        if at != before + n:  # else it is the switch, which takes no step
            edges.append(int(stems.edge[at]))
        at = before
    return at % n, edges[::-1]
