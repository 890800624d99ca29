"""The told counterexample is one of the shortest, and of those one with the fewest changes of actor.

The judge here enumerates every shortest path of a small space.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from explorer.engine import python, reference
from explorer.engine.space import Edge, StateSpace, Violation
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.trace.shortest import shortest
from explorer.trace.tell import tell
from tests.support.comparison import bounded, model_of
from tests.support.generators import spec_of, spec_text
from tests.support.slow import rest_slow

MOST_PATHS = 3000
Key = tuple[int, tuple[int, ...], tuple[int, ...]]

GRAPH = """\
from typing import Annotated
from explorer import *

class Graph(State):
    at: Var[Annotated[int, Range(0, {last})]] = initially(any_of({starts}))

{actions}

@invariant
def never(g: Graph):
    return {goal}

spec = Spec()
"""


def graph_text(rng: random.Random) -> str:
    """A random graph as a spec: many parallel steps of few actors, so that shortest paths abound."""
    nodes = rng.randint(3, 9)
    actions = []
    for i in range(rng.randint(nodes, 4 * nodes)):
        actor = rng.choice(("left", "right", "middle", ""))
        actions.append(
            f'@action(actor="{actor}")\ndef go{i}(g: Graph):\n    when(g.at == {rng.randrange(nodes)})\n'
            f"    g.at.next = {rng.randrange(nodes)}"
        )
    starts = ", ".join(str(rng.randrange(nodes)) for _ in range(rng.randint(1, 3)))
    goals = rng.sample(range(nodes), rng.randint(1, 2))
    return GRAPH.format(
        last=nodes - 1,
        starts=starts,
        actions="\n\n".join(actions),
        goal=" & ".join(f"(g.at != {goal})" for goal in goals),
    )


def steps_to(space: StateSpace, violation: Violation) -> Iterator[tuple[Edge, ...]]:
    """Every shortest path of the reference to a violation, as its steps; an empty one where it is initial."""
    into: list[dict[tuple[int, ...], list[Edge]]] = []
    for depth, level in enumerate(space.levels[: violation.level]):
        found: dict[tuple[int, ...], list[Edge]] = {}
        for edge in space.edges(level, set(space.levels[depth + 1])):
            found.setdefault(edge[2], []).append(edge)
        into.append(found)

    def back(state: tuple[int, ...], depth: int, rest: tuple[Edge, ...]) -> Iterator[tuple[Edge, ...]]:
        if depth == 0:
            yield rest
            return
        for edge in into[depth - 1].get(state, ()):
            yield from back(edge[0], depth - 1, (edge, *rest))

    for edge in violation.edges:
        yield from back(edge[0], violation.level, (edge,))
    for state in violation.states:
        yield from back(state, violation.level, ())


def key(model: Model, edges: tuple[Edge, ...]) -> Key:
    """What decides between paths of one length: changes of actor, initial state, numbers of the instances."""
    actors = [model.instances[number].actor for _, number, _ in edges]
    return (
        sum(a != b for a, b in itertools.pairwise(actors)),
        edges[0][0],
        tuple(number for _, number, _ in edges),
    )


def best(space: StateSpace, violation: Violation) -> Key | None:
    """The best key of all shortest paths; None where there are too many, or where there is no step."""
    keys: list[Key] = []
    for edges in steps_to(space, violation):
        if not edges or len(keys) == MOST_PATHS:
            return None
        keys.append(key(space.model, edges))
    return min(keys)


def compare(text: str) -> int:
    """Judge the told trace of every violation of a spec, in the reference and in generated code; how many
    were judged.
    """
    model = model_of(text)
    if model is None:
        return 0
    limits = bounded(model)
    space, generated = reference.explore(model, limits), python.explore(model, limits)
    judged = 0
    for name, violation in space.violations.items():
        wanted = best(space, violation)
        if wanted is None:
            continue
        for told, decode in (
            (shortest(space, violation), space.decode),
            (shortest(generated, generated.violations[name]), generated.decode),
        ):
            found = key(model, tuple((decode(s), n, decode(t)) for s, n, t in told.edges))
            assert found == wanted, f"{name}: {found} told, {wanted} is best\n\n{text}"
        judged += 1
    return judged


@pytest.mark.parametrize("part", rest_slow(range(3)))
def test_told_paths_of_random_graphs_are_the_best_of_all_shortest(part: int) -> None:
    """On random graphs no other shortest path has fewer changes of actor, nor an earlier start or smaller
    numbers.
    """
    judged = sum(compare(graph_text(random.Random(seed))) for seed in range(part * 200, part * 200 + 200))
    assert judged > 60


@pytest.mark.slow
def test_told_paths_of_random_specs_are_the_best_of_all_shortest() -> None:
    """The same holds for every violation of random specs: invariants, steps, deadlocks and evaluation
    errors.
    """
    assert sum(compare(spec_text(random.Random(seed), 1 + seed % 4)) for seed in range(90_000, 90_300)) > 60


TWO_WALKERS = """\
from typing import Annotated
from explorer import *

class Walker(Scalarset):
    size = 3

class World(State):
    at: Map[Walker, Annotated[int, Range(0, 4)]] = initially(0)

@action(actor="w")
def walk(world: World, w: Walker):
    when(world.at[w] < 4)
    world.at[w].next = world.at[w] + 1

@invariant
def apart(world: World):
    return count(world.at[w] >= 3 for w in Walker) < 2

spec = Spec()
"""


def test_independent_actors_walk_one_after_the_other() -> None:
    """Of the twenty shortest interleavings of two walkers the told one has a single change of actor."""
    space = python.explore(ground(spec_of(TWO_WALKERS)))
    trace = tell(space, space.violations["apart"])
    assert trace.length == 6
    assert [step.actor for step in trace.steps[1:]] == ["Walker0"] * 3 + ["Walker1"] * 3


def test_a_violation_in_an_initial_state_has_no_step() -> None:
    """A property that fails at once is told by its initial state alone, the smallest of several."""
    text = TWO_WALKERS.replace("initially(0)", "initially(any_of(3, 4))")
    space = python.explore(ground(spec_of(text)))
    trace = tell(space, space.violations["apart"])
    assert (trace.length, len(trace.steps)) == (0, 1)
    assert set(trace.steps[0].state.values()) == {"3"}
