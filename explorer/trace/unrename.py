"""From a space of representatives back to real states: all shortest ways to a violation, as if there were no
symmetry.

The layers of representatives on shortest ways are found backwards; the real states of a layer are those that
real steps reach from the real initial states, and whose representative is in it. Knows nothing of how a path
is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from explorer.engine.reference import step
from explorer.engine.space import Edge, Handle, StateSpace, Violation
from explorer.ir.expressions import Failure
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import EvaluationError, State, evaluate

MOST = 200_000
"""Real states of a layer that are followed; of more, the least."""


def lifted(space: StateSpace, violation: Violation) -> tuple[list[list[Edge]], set[Handle]]:
    """For each level the real steps on shortest ways to the violation, and the real states where these
    begin.
    """
    quotient = space.quotient
    assert quotient is not None
    wanted = [set(violation.states) if not violation.edges else {edge[0] for edge in violation.edges}]
    for level in reversed(space.levels[: violation.level]):
        wanted.append({edge[0] for edge in space.edges(level, wanted[-1])})
    wanted.reverse()
    real = map(quotient.encode, space.model.initial_states())
    starts = current = {state for state in real if quotient.canonical(state) in wanted[0]}
    layers: list[list[Edge]] = []
    for targets in wanted[1:]:
        layers.append(space.edges(_followed(current), targets))
        current = {edge[2] for edge in layers[-1]}
    if violation.edges:
        layers.append(
            [edge for edge in space.edges(_followed(current), None) if _breaks(space, violation, edge)]
        )
    return _whole(layers), starts


def _followed(states: set[Handle]) -> list[Handle]:
    return sorted(states)[:MOST]


def _whole(layers: list[list[Edge]]) -> list[list[Edge]]:
    """Without steps to states that were not followed."""
    for i in range(len(layers) - 2, -1, -1):
        ahead = {edge[0] for edge in layers[i + 1]}
        layers[i] = [edge for edge in layers[i] if edge[2] in ahead]
    return layers


def _breaks(space: StateSpace, violation: Violation, edge: Edge) -> bool:
    """Whether a step property fails on a step."""
    prop = next(p for p in space.model.properties if p.name == violation.name)
    before, after = space.decode(edge[0]), space.decode(edge[2])
    try:
        return not all(evaluate(expr, before, after) for _, expr in prop.parts)
    except EvaluationError:
        return False


def failure_in(space: StateSpace, violation: Violation, state: Handle) -> tuple[int, Failure]:
    """Which instance (-1: a property) has no value in a state that an evaluation error was found in, and
    why.
    """
    if space.quotient is None or state in violation.failures:
        return violation.failures[state]
    result = next(_failures(space.model, space.decode(state)), None)
    assert result is not None, "a renaming of a state without a value has one"
    return result


def _failures(model: Model, state: State) -> Iterator[tuple[int, Failure]]:
    """What has no value in a state, in the order in which the reference finds it."""
    for conditions in (
        *([e for _, e in p.parts] for p in model.properties if p.kind == "invariant"),
        *([c.expr] for _, c in model.constraints),
    ):
        yield from _attempt(-1, lambda: all(evaluate(expr, state) for expr in conditions))
    for instance in model.instances:
        yield from _attempt(instance.number, lambda: _steps(model, instance, state))
    yield from _attempt(-1, lambda: any(evaluate(c.expr, state) for c in model.terminal))


def _steps(model: Model, instance: Instance, state: State) -> None:
    """Take a step, and judge it by all step properties."""
    after = step(instance, state)
    if after is not None:
        for prop in model.properties:
            if prop.kind == "step":
                all(evaluate(expr, state, after) for _, expr in prop.parts)


def _attempt(number: int, work: Callable[[], object]) -> Iterator[tuple[int, Failure]]:
    try:
        work()
    except EvaluationError as error:
        yield number, error.failure
