"""Among all shortest ways to a violation, the one with the fewest changes of actor. Knows nothing of
properties.

No predecessor is stored during the search: the levels are expanded again, backwards from the goal, which
gives the whole graph of shortest paths. Ties are broken by the initial state, then by the numbers of the
action instances, so that every engine tells the same story.
"""

from __future__ import annotations

from explorer.engine.space import Edge, Handle, StateSpace, Violation
from explorer.ir.data import dataclass
from explorer.trace.step_builder import actor_of
from explorer.trace.unrename import lifted

NOBODY = None
Actor = tuple[type, object]
"""The lane of a step, by value: a type and one of its members, or a text."""

Costs = dict[Actor | None, int]
"""For each possible actor of the next step, the fewest changes of actor from there to the goal."""


@dataclass(frozen=True, slots=True)
class StatePath:
    """An initial state and the steps from it."""

    initial: Handle
    edges: tuple[Edge, ...]


def shortest(space: StateSpace, violation: Violation) -> StatePath:
    """The path to a violation; for a step property the offending step is the last."""
    layers, starts = _layers(space, violation) if space.quotient is None else lifted(space, violation)
    values = (actor_of(instance) for instance in space.model.instances)
    actors: list[Actor] = [(type(value), value) for value in values]
    costs: dict[Handle, Costs] = {}
    after: list[dict[Handle, Costs]] = []
    for edges in reversed(layers):
        costs = _costs(edges, costs, actors)
        after.append(costs)
    after.reverse()
    first = after[0] if after else {}
    start = min(starts, key=lambda s: (min(first.get(s, {NOBODY: 0}).values()), space.decode(s)))
    return StatePath(start, tuple(_walk(start, layers, after, actors)))


def _layers(space: StateSpace, violation: Violation) -> tuple[list[list[Edge]], set[Handle]]:
    """For each level, the edges that lie on a shortest path to the goal, and the states where those paths
    begin.
    """
    layers: list[list[Edge]] = []
    targets = set(violation.states)
    if violation.edges:
        layers.append([*violation.edges])
        targets = {edge[0] for edge in violation.edges}
    for level in reversed(space.levels[: violation.level]):
        edges = space.edges(level, targets)
        layers.append(edges)
        targets = {edge[0] for edge in edges}
    layers.reverse()
    return layers, targets


def _costs(edges: list[Edge], later: dict[Handle, Costs], actors: list[Actor]) -> dict[Handle, Costs]:
    result: dict[Handle, Costs] = {}
    for origin, number, target in edges:
        actor = actors[number]
        cost = _remaining(later.get(target), actor)
        costs = result.setdefault(origin, {})
        costs[actor] = min(cost, costs.get(actor, cost))
    return result


def _remaining(costs: Costs | None, actor: Actor | None) -> int:
    """The fewest changes from a state on, when `actor` made the step into it."""
    return min(cost + (actor not in (NOBODY, following)) for following, cost in costs.items()) if costs else 0


def _walk(
    start: Handle, layers: list[list[Edge]], after: list[dict[Handle, Costs]], actors: list[Actor]
) -> list[Edge]:
    path: list[Edge] = []
    state, actor = start, NOBODY
    for depth, edges in enumerate(layers):
        later = after[depth + 1] if depth + 1 < len(after) else {}
        best = min(
            (edge for edge in edges if edge[0] == state),
            key=lambda edge: (
                (actor not in (NOBODY, actors[edge[1]])) + _remaining(later.get(edge[2]), actors[edge[1]]),
                edge[1],
            ),
        )
        path.append(best)
        state, actor = best[2], actors[best[1]]
    return path
