"""From a violation to its trace: the shortest path, re-executed in the reference and put into the author's
words.

Knows nothing of file formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from explorer.engine.reference import step as execute
from explorer.engine.space import Handle, StateSpace, Violation
from explorer.ir.expressions import Failure
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.trace.accesses import of_memories
from explorer.trace.behaviour import behaviour, steps_of, with_memories
from explorer.trace.failures import failure_in, first_failure, told
from explorer.trace.old_values import old_values
from explorer.trace.reasons import explain
from explorer.trace.shorten import shortened
from explorer.trace.shortest import StatePath, shortest
from explorer.trace.step_builder import StepBuilder
from explorer.trace.trace import Trace


class ReplayError(Exception):
    """An engine's path that the reference cannot walk: a bug of ours, never of a spec."""


def tell(space: StateSpace, violation: Violation) -> Trace:
    """The trace of a violation, every step checked against the reference."""
    model, path = space.model, shortest(space, violation)
    numbers = [number for _, number, _ in path.edges]
    states = _states_along(space, path)
    if violation.kind == "evaluation":
        last = path.edges[-1][2] if path.edges else path.initial
        return tell_steps(model, violation, states[0], numbers, failure_in(space, violation, last))
    if space.walked is not None:
        numbers = shortened(model, violation, states[0], numbers)
    return tell_steps(model, violation, states[0], numbers)


def tell_steps(
    model: Model,
    violation: Violation,
    initial: State,
    numbers: Sequence[int],
    failure: tuple[int, Failure] | None = None,
) -> Trace:
    """The trace of a violation that these instances lead to. `failure`: the instance that has no value at the
    end, and why, where that is known.
    """
    builder, states = StepBuilder(model), _states(model, initial, numbers)
    instances = [model.instances[number] for number in numbers]
    steps = steps_of(builder, instances, states)
    if violation.kind == "evaluation":
        number, reason = failure or first_failure(model, states[-1])
        why = told(model, number, reason, states[-1])
        if number >= 0:
            instance = model.instances[number]
            attempt = builder.next(instance, len(steps), states[-1], states[-1])
            steps.append(replace(attempt, failed=True))
            why.insert(0, f"{instance.name} has no value in this state:")
    else:
        why = explain(model, violation, states)
    memories = of_memories(model, instances, states)
    why += old_values(memories, steps) if violation.kind != "evaluation" else []
    trace = Trace(
        property=violation.name,
        kind=violation.kind,
        length=len(numbers),
        lanes=builder.lanes,
        steps=tuple(steps),
        why=tuple(why),
    )
    return with_memories(trace, memories)


def way(space: StateSpace, depth: int, goals: list[Handle]) -> Trace:
    """A shortest way to one of some states at this depth."""
    path = shortest(space, Violation("way", "way", depth, tuple(goals)))
    instances = [space.model.instances[number] for _, number, _ in path.edges]
    return behaviour(StepBuilder(space.model), instances, _states_along(space, path), "way", kind="way")


def _states_along(space: StateSpace, path: StatePath) -> list[State]:
    """The states along a path, each reached by the reference. Raises ReplayError where it cannot walk the
    path, or comes elsewhere.
    """
    instances = space.model.instances
    states = _states(space.model, space.decode(path.initial), [number for _, number, _ in path.edges])
    for at, (_, number, target) in enumerate(path.edges, 1):
        if states[at] != space.decode(target):
            raise ReplayError(f"{instances[number].name} does not lead from step {at - 1} to step {at}")
    return states


def _states(model: Model, initial: State, numbers: Sequence[int]) -> list[State]:
    """The states where these instances are taken. Raises ReplayError where one cannot be."""
    states = [initial]
    for number in numbers:
        after = execute(model.instances[number], states[-1])
        if after is None:
            raise ReplayError(f"{model.instances[number].name} cannot be taken after step {len(states) - 1}")
        states.append(after)
    return states
