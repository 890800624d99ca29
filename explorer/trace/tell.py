"""From a violation to its trace: the shortest path, re-executed in the reference and put into the author's
words.

Knows nothing of file formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from explorer.engine.reference import step as execute
from explorer.engine.space import Handle, StateSpace, Violation
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.language.memory_wiring import MemoryType
from explorer.trace.accesses import of_memories
from explorer.trace.failures import failure_in
from explorer.trace.old_values import arrivals, names, old_values
from explorer.trace.reasons import explain
from explorer.trace.shorten import shortened
from explorer.trace.shortest import StatePath, shortest
from explorer.trace.step_builder import StepBuilder
from explorer.trace.trace import Step, Trace


class ReplayError(Exception):
    """An engine's path that the reference cannot walk: a bug of ours, never of a spec."""


def tell(space: StateSpace, violation: Violation) -> Trace:
    """The trace of a violation, every step checked against the reference."""
    model, builder = space.model, StepBuilder(space.model)
    path = shortest(space, violation)
    steps, states = _walked(space, path, builder)
    why: list[str] = []
    numbers = [number for _, number, _ in path.edges]
    if space.walked is not None and violation.kind != "evaluation":
        builder = StepBuilder(model)
        numbers = shortened(model, violation, states[0], numbers)
        steps, states = _taken(model, states[0], numbers, builder)
    length = len(steps) - 1
    if violation.kind == "evaluation":
        last = path.edges[-1][2] if path.edges else path.initial
        number, failure = failure_in(space, violation, last)
        why = [f"{failure.message}", f"at {failure.place}"]
        if number >= 0:
            last_state = states[-1]
            attempt = builder.next(model.instances[number], len(steps), last_state, last_state)
            steps.append(replace(attempt, failed=True))
            why.insert(0, f"{model.instances[number].name} has no value in this state:")
    else:
        why = explain(model, violation, states)
    memories = of_memories(model, [model.instances[number] for number in numbers], states)
    why += old_values(memories, steps) if violation.kind != "evaluation" else []
    return Trace(
        property=violation.name,
        kind=violation.kind,
        length=length,
        lanes=builder.lanes,
        steps=tuple(steps),
        why=tuple(why),
        arrivals=arrivals(memories, steps),
        memories=names(memories),
    )


def way(space: StateSpace, depth: int, goals: list[Handle]) -> Trace:
    """A shortest way to one of some states at this depth."""
    path = shortest(space, Violation("way", "way", depth, tuple(goals)))
    builder = StepBuilder(space.model)
    steps, states = _walked(space, path, builder)
    memories = of_memories(
        space.model, [space.model.instances[number] for _, number, _ in path.edges], states
    )
    return Trace(
        property="way",
        kind="way",
        length=len(path.edges),
        lanes=builder.lanes,
        steps=tuple(steps),
        why=(),
        arrivals=arrivals(memories, steps),
        memories=names(memories),
    )


def _walked(space: StateSpace, path: StatePath, builder: StepBuilder) -> tuple[list[Step], list[State]]:
    """The steps and states along a path, each re-executed. Raises ReplayError where the reference cannot walk
    it, or comes elsewhere.
    """
    numbers = [number for _, number, _ in path.edges]
    steps, states = _taken(space.model, space.decode(path.initial), numbers, builder)
    for number, (_, _, target) in enumerate(path.edges, 1):
        if states[number] != space.decode(target):
            raise ReplayError(
                f"{steps[number].instance} does not lead from step {number - 1} to step {number}"
            )
    return steps, states


def _taken(
    model: Model, initial: State, numbers: Sequence[int], builder: StepBuilder
) -> tuple[list[Step], list[State]]:
    """The steps and states where these instances are taken. Raises ReplayError where one cannot be."""
    states = [initial]
    steps = [builder.first(initial)]
    for number in numbers:
        instance = model.instances[number]
        after = execute(instance, states[-1])
        if after is None:
            raise ReplayError(f"{instance.name} cannot be taken after step {len(steps) - 1}")
        steps.append(builder.next(instance, len(steps), states[-1], after))
        states.append(after)
    return that_arrive(model, steps), states


def that_arrive(model: Model, steps: list[Step]) -> list[Step]:
    """The steps without marks of memories' stores that no later step ends: nobody looks at these."""
    memories = tuple(f"{f.variable}." for f in model.families if isinstance(f.type, MemoryType))
    result: list[Step] = []
    ahead: set[str] = set()
    for step in reversed(steps):
        kept = tuple(key for key in step.opens if key in ahead or not key.startswith(memories))
        result.append(replace(step, opens=kept) if memories else step)
        ahead |= {*step.closes}
    return result[::-1]
