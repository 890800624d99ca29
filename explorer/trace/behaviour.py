"""A finite behaviour as a trace, whoever found it: its steps in the author's words, and how the stores of
memories come to their readers. Knows nothing of properties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from explorer.ir.model import Instance, Model
from explorer.ir.semantics import State
from explorer.language.memory_wiring import MemoryType
from explorer.trace.accesses import of_memories
from explorer.trace.old_values import Memories, arrivals, names
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
    return that_arrive(builder.model, steps)


def with_memories(trace: Trace, memories: Memories) -> Trace:
    """The trace with how stores come to their readers."""
    return replace(trace, arrivals=arrivals(memories, trace.steps), memories=names(memories))


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
