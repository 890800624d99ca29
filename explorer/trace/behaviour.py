"""A finite behaviour as a trace, whoever found it: its steps in the author's words, and how the stores of
memories come to their readers. Knows nothing of properties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from explorer.ir.model import Instance
from explorer.ir.semantics import State
from explorer.trace.accesses import of_memories
from explorer.trace.old_values import Memories, arrivals, remarks
from explorer.trace.step_builder import StepBuilder
from explorer.trace.trace import Step, Trace


def behaviour(
    builder: StepBuilder,
    instances: Sequence[Instance],
    states: Sequence[State],
    name: str,
    kind: str = "walk",
) -> Trace:
    """The trace of a behaviour in which `instances[i]` leads from `states[i]` to `states[i + 1]`."""
    steps = steps_of(builder, instances, states)
    return with_memories(
        Trace(
            property=name,
            kind=kind,
            length=len(instances),
            lanes=builder.lanes,
            steps=tuple(steps),
            why=(),
        ),
        of_memories(builder.model, instances, states),
    )


def steps_of(builder: StepBuilder, instances: Sequence[Instance], states: Sequence[State]) -> list[Step]:
    """The initial state, and a step for each instance."""
    steps = [builder.first(states[0])]
    for at, instance in enumerate(instances, 1):
        steps.append(builder.next(instance, at, states[at - 1], states[at]))
    return steps


def with_memories(trace: Trace, memories: Memories) -> Trace:
    """The trace with how stores come to their readers, and what else its steps do to the memories."""
    said = remarks(memories, trace.steps)
    steps = tuple(
        replace(step, remarks=(*step.remarks, *said[n])) if n in said else step
        for n, step in enumerate(trace.steps)
    )
    return replace(trace, steps=steps, arrivals=arrivals(memories, steps))
