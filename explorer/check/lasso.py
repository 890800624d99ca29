"""The shortest way into a fair component and round in it, as steps of real states. Knows nothing of how components are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.language.temporal import Ltl
from explorer.trace.lasso import STUTTER

from .arena import Arena
from .cycle import World, cycle
from .lifted import Lifted
from .view import View


@dataclass(frozen=True, slots=True)
class Found:
    """A violating behaviour as numbers: an initial state (what `element` of the group makes of it), instances to the cycle,
    instances around it; no cycle: it stutters."""

    formula: Ltl
    initial: int
    stem: tuple[int, ...]
    cycle: tuple[int, ...]
    element: int = 0

    @property
    def length(self) -> int:
        return len(self.stem) + len(self.cycle)


def lasso(arena: Arena, seen: View, sources: list[int], free: bool, switch: Any, inside: Any) -> Found:
    """Of a stuttering behaviour and one that goes round in a component the shorter, both by a shortest stem."""
    kit, n = arena.graph.kit, arena.number
    if arena.start is arena.graph.start:
        arena.graph.sort()
    parent, edge, distance = (kit.array("number", 2 * n) for _ in range(3))
    found = kit.array("whole", 2)
    kit.run.stems(arena.start, arena.to, n, kit.made("number", sources), len(sources), free, switch, inside, arena.fill, arena.calm,
                  kit.array("number", 2 * n), parent, edge, distance, found)
    options = []
    if found[1] >= 0:
        options.append(_option(arena, seen, *_path(arena, parent, edge, int(found[1])), turns=False))
    if found[0] >= 0 and not (options and distance[found[0]] > options[0].length):
        options.append(_option(arena, seen, *_path(arena, parent, edge, int(found[0])), turns=True))
    return min(options, key=lambda option: option.length)


def _path(arena: Arena, parent: Any, edge: Any, at: int) -> tuple[int, list[int]]:
    """The node where a path begins, and the edges along it."""
    n, edges = arena.number, []
    while int(parent[at]) != at:
        before = int(parent[at])
        if at != before + n:  # else it is the switch, which takes no step
            edges.append(int(edge[at]))
        at = before
    return at % n, edges[::-1]


def _option(arena: Arena, seen: View, first: int, edges: list[int], turns: bool) -> Found:
    """The behaviour that goes along edges, then round in the component, or stutters."""
    element, labels, entry, world = _along(arena, seen, first, edges)
    way, turn = cycle(world, entry) if turns else ([], [])
    return Found(seen.formulas[0], arena.state(first), _instances(arena, [*labels, *(label for label, _ in way)]),
                 _instances(arena, [label for label, _ in turn]), element)


def _along(arena: Arena, seen: View, first: int, edges: list[int]) -> tuple[int, list[int], Any, World]:
    """What makes the initial state of that of the first node, the labels along edges, and the end in the world where it lies."""
    if seen.graph.frames is None:
        return 0, [int(arena.by[e]) for e in edges], int(arena.to[edges[-1]]) if edges else first, arena
    lifted = Lifted(arena, seen, seen.graph.frames)
    return *lifted.along(first, edges), lifted


def _instances(arena: Arena, labels: list[int]) -> tuple[int, ...]:
    return tuple(STUTTER if label == arena.graph.stutter else label for label in labels)
