"""Among all shortest ways to a violation, the one with the fewest changes of actor. Knows nothing of
properties.

No predecessor is stored during the search: the levels are expanded again, backwards from the goal, and the
costs of states on shortest ways are kept (`engine/lanes.py`): of all, or where these are many of those that
a best way may pass (`engine/moved.py`). Then the best way is walked forwards, in real states where the space
has representatives. Ties are broken by the initial state, then by the numbers of the action instances, so
that every engine tells the same story, with and without symmetry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from explorer.engine.lanes import Costs, Lanes
from explorer.engine.moved import Moved, moved_of
from explorer.engine.space import Edge, Handle, Level, StateSpace, Violation
from explorer.ir.data import dataclass
from explorer.ir.semantics import EvaluationError, evaluate
from explorer.symmetry.permutation import Renaming
from explorer.trace.step_builder import actor_of

WIDE, SPARSE, NARROW = 128, 64, 32
"""More states of a level on shortest ways, if they are one of SPARSE of the next level or more, are worth a
look for the changes of a good way, from so many of each level on.
"""


@dataclass(frozen=True, slots=True)
class StatePath:
    """An initial state and the steps from it."""

    initial: Handle
    edges: tuple[Edge, ...]


def shortest(space: StateSpace, violation: Violation) -> StatePath:
    """The path to a violation; for a step property the offending step is the last."""
    lanes = lanes_of(space)
    goals = dict.fromkeys(violation.states, lanes.goal)
    costs: list[Costs] = [lanes.costs(violation.edges, {}) if violation.edges else goals]
    levels, moved, most = space.levels[: violation.level], None, None
    for at in reversed(range(len(levels))):
        if moved is None and _are_many(space, len(costs[-1]), len(levels[at])):
            moved = moved_of(space.compiled, lanes)
            most = _changes(space, levels[: at + 1], costs[-1], lanes, moved)
        if moved is not None and len(costs[-1]) > NARROW:
            costs[-1] = moved.within(costs[-1], most)
        costs.append(space.before(levels[at], costs[-1], lanes))
    costs.reverse()
    starts = _starts(space, costs[0])
    start = min(starts, key=lambda state: (starts[state] >> lanes.number, space.decode(state)))
    return StatePath(start, tuple(_walk(space, violation, start, costs, lanes)))


def lanes_of(space: StateSpace) -> Lanes:
    """The actors of a space's model as lanes: they are told apart by class and value."""
    actors = [actor_of(instance) for instance in space.model.instances]
    known: dict[tuple[type, object], int] = {}
    of = [known.setdefault((type(actor), actor), len(known)) for actor in actors]
    if space.quotient is None:
        return Lanes(of, len(known), [])
    renamings = list(_exchanges(space))
    for _, actor in (reached := [*known]):
        for image in (renaming.value(actor) for renaming in renamings):
            if (type(image), image) not in known:
                known[type(image), image] = len(known)
                reached.append((type(image), image))
    turned = [
        [known[type(image), image] for _, actor in known for image in [renaming.value(actor)]]
        for renaming in renamings
    ]
    return Lanes(of, len(known), turned)


def _exchanges(space: StateSpace) -> Iterator[Renaming]:
    """The exchanges of the plan, in its order."""
    plan, quotient = space.compiled.plan, space.quotient
    assert plan is not None and quotient is not None
    for swap in plan.swaps:
        cls, i = plan.classes[swap.scalarset], swap.first
        identities = quotient.symmetry.proven[cls]
        swapped = (*identities[:i], identities[i + 1], identities[i], *identities[i + 2 :])
        yield Renaming(quotient.symmetry.structure, {cls: swapped})


def _changes(space: StateSpace, levels: Sequence[Level], costs: Costs, lanes: Lanes, moved: Moved) -> int:
    """The changes of some way through the levels before states with these costs: a good one, found from few
    states of each.
    """
    for level in reversed(levels):
        few = costs if len(costs) <= NARROW else moved.within(costs, room=NARROW)
        costs = space.before(level, few, lanes)
    return min(cost for _, cost in costs.items()) >> lanes.number


def _are_many(space: StateSpace, states: int, level: int) -> bool:
    """Whether so many states on shortest ways are worth a look for a good way. Not under a symmetry, where
    levels are looked at whole: the look would cost what it spares. The reference's states are no numbers.
    """
    return states > WIDE and states * SPARSE > level and space.quotient is None and space.bits > 0


def _starts(space: StateSpace, costs: Costs) -> dict[Handle, int]:
    """The real initial states where shortest ways begin, with their costs."""
    if space.quotient is None:
        return dict(costs.items())
    real = {space.quotient.encode(state) for state in space.model.initial_states()}
    forms = {state: costs.get(space.quotient.canonical(state)) for state in real}
    return {state: cost for state, cost in forms.items() if cost is not None}


def _walk(
    space: StateSpace, violation: Violation, start: Handle, costs: list[Costs], lanes: Lanes
) -> Iterator[Edge]:
    """The best steps from an initial state on, and at last the one that offends a step property."""
    renamed = None if space.quotient is None else space.compiled.renaming(lanes.turned)
    of, state, lane = lanes.of, start, None
    first = costs[0].get(start if space.quotient is None else space.quotient.canonical(start))
    assert first is not None
    left = first >> lanes.number

    def best(edges: Iterable[Edge], later: Costs | None) -> tuple[int, Edge]:
        """The step that leaves the fewest changes, and how many; no other is looked at once one leaves as few
        as there must be.
        """
        ranks = []
        for edge in sorted(edges, key=lambda edge: (not left and of[edge[1]] != lane, edge[1])):
            own = of[edge[1]]
            target, seen = (edge[2], own) if renamed is None else renamed(edge[2], own)
            cost = lanes.goal if later is None else later.get(target)
            if cost is not None:
                after = lanes.changes(cost, seen)
                ranks.append(((lane not in (None, own)) + after, edge[1], after, edge))
                if ranks[-1][0] == left:
                    return after, edge
        return min(ranks, key=lambda rank: rank[:2])[2:]

    for later in costs[1:]:
        left, edge = best(space.edges([state], None), later)
        yield edge
        state, lane = edge[2], of[edge[1]]
    if violation.edges:
        yield best(_offending(space, violation, state), None)[1]


def _offending(space: StateSpace, violation: Violation, state: Handle) -> list[Edge]:
    """The steps from a state on which a step property fails."""
    if space.quotient is None:
        return [edge for edge in violation.edges if edge[0] == state]
    prop = next(p for p in space.model.properties if p.name == violation.name)

    def fails(edge: Edge) -> bool:
        before, after = space.decode(edge[0]), space.decode(edge[2])
        try:
            return not all(evaluate(expr, before, after) for _, expr in prop.parts)
        except EvaluationError:
            return False

    return [edge for edge in space.edges([state], None) if fails(edge)]
