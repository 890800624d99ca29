"""Among all shortest ways to a violation, the one with the fewest changes of actor. Knows nothing of
properties.

No predecessor is stored during the search: the levels are expanded again, backwards from the goal, which
gives the whole graph of shortest paths. Ties are broken by the initial state, then by the numbers of the
action instances, so that every engine tells the same story.
"""

from __future__ import annotations

from explorer.engine.space import Edge, Handle, StateSpace, Violation
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.trace.step_builder import actor_of
from explorer.trace.unrename import lifted


@dataclass(frozen=True, slots=True)
class StatePath:
    """An initial state and the steps from it."""

    initial: Handle
    edges: tuple[Edge, ...]


def shortest(space: StateSpace, violation: Violation) -> StatePath:
    """The path to a violation; for a step property the offending step is the last."""
    layers, starts = _layers(space, violation) if space.quotient is None else lifted(space, violation)
    lanes = Lanes(space.model)
    costs: dict[Handle, int] = {}
    after: list[dict[Handle, int]] = []
    for edges in reversed(layers):
        costs = lanes.costs(edges, costs)
        after.append(costs)
    after.reverse()
    first = after[0] if after else {}
    start = min(starts, key=lambda s: (first.get(s, 0) >> lanes.number, space.decode(s)))
    return StatePath(start, tuple(_walk(start, layers, after, lanes)))


class Lanes:
    """The actors, numbered, and the fewest changes of actor on the way to the goal.

    A cost is one number: the changes, and below them a bit for each actor that may make the next step without
    another change. A state is not more than one change from any other actor's cost, so that this is all there
    is to know.
    """

    def __init__(self, model: Model):
        known: dict[tuple[type, object], int] = {}
        actors = (actor_of(instance) for instance in model.instances)
        self.of = [known.setdefault((type(actor), actor), len(known)) for actor in actors]
        """The lane of each action instance: actors are told apart by class and value."""
        self.number = len(known)
        self.goal = (1 << self.number) - 1

    def costs(self, edges: list[Edge], later: dict[Handle, int]) -> dict[Handle, int]:
        """The costs of the states where some edges begin, from those of the states behind them."""
        result: dict[Handle, int] = {}
        lanes, number, goal = self.of, self.number, self.goal
        for origin, instance, target in edges:
            lane, behind = lanes[instance], later.get(target, goal)
            changes = (behind >> number) + (not behind >> lane & 1)
            known = result.get(origin)
            if known is None or changes < known >> number:
                result[origin] = changes << number | 1 << lane
            elif changes == known >> number:
                result[origin] = known | 1 << lane
        return result

    def changes(self, cost: int, lane: int) -> int:
        """The changes from a state with this cost on, when one in `lane` made the step into it."""
        return (cost >> self.number) + (not cost >> lane & 1)


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


def _walk(
    start: Handle, layers: list[list[Edge]], after: list[dict[Handle, int]], lanes: Lanes
) -> list[Edge]:
    path: list[Edge] = []
    state, lane = start, None
    for depth, edges in enumerate(layers):
        later = after[depth + 1] if depth + 1 < len(after) else {}

        def cost(edge: Edge, lane: int | None = lane, later: dict[Handle, int] = later) -> tuple[int, int]:
            own = lanes.of[edge[1]]
            behind = lanes.changes(later.get(edge[2], lanes.goal), own)
            return (lane not in (None, own)) + behind, edge[1]

        best = min((edge for edge in edges if edge[0] == state), key=cost)
        path.append(best)
        state, lane = best[2], lanes.of[best[1]]
    return path
