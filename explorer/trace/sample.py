"""A behaviour to look at where no property is violated: few steps, many actions. Knows no verdict."""

from __future__ import annotations

from collections import Counter

from explorer.engine.reference import successors
from explorer.ir.model import Instance, Model
from explorer.trace.behaviour import behaviour
from explorer.trace.step_builder import StepBuilder
from explorer.trace.trace import Trace

STEPS, BUDGET = 24, 50_000
"""Steps of a sample, and instances that are looked at for all of them."""


def sample(model: Model) -> Trace | None:
    """A behaviour that takes in each state the action that it has taken least often, into a state that it has
    not seen, and stays with an actor where it can. None where nothing happens, or where looking for it would
    take long.
    """
    state = next(model.initial_states(), None)
    if state is None or len(model.instances) * STEPS > BUDGET:
        return None
    builder = StepBuilder(model)
    states, taken, often = [state], list[Instance](), Counter[str]()
    while len(taken) < STEPS:
        actor = builder.actor(taken[-1]) if taken else ""
        fresh = [
            (model.instances[n], after)
            for _, n, after in successors(model, states[-1])
            if after not in states
        ]
        if not fresh:
            break
        instance, after = min(
            fresh, key=lambda one: (often[one[0].action.name], builder.actor(one[0]) != actor, one[0].number)
        )
        often[instance.action.name] += 1
        taken.append(instance)
        states.append(after)
    return behaviour(builder, taken, states, "sample") if taken else None
