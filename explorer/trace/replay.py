"""A trace walked again from its texts alone, step by step in the reference. Knows nothing of how the trace
was found or stored.

Whoever reads a trace back from a file proves with it that the file says what the spec does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explorer.engine.reference import step as execute
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.trace.step_builder import StateTexts
from explorer.trace.tell import ReplayError
from explorer.trace.trace import STILL, Trace

Texts = Mapping[str, str]


def replay(model: Model, walk: Sequence[tuple[str, Texts]]) -> list[State]:
    """The states along a walk of (name of the action instance, text of every variable after it); the first
    has no instance.

    Raises ReplayError where the model has no such state or step.
    """
    instances = {instance.name: instance for instance in model.instances}
    told = StateTexts(model)
    states = [initial_with(model, walk[0][1])]
    for number, (name, texts) in enumerate(walk[1:], 1):
        after = (
            states[-1]
            if name == STILL
            else execute(instances[name], states[-1])
            if name in instances
            else None
        )
        if after is None or told(after) != dict(texts):
            raise ReplayError(f"step {number}: {name} does not lead to this state")
        states.append(after)
    return states


def walk_of(trace: Trace) -> list[tuple[str, Texts]]:
    """What `replay` needs of a trace. An attempted last step is no part of it: no state follows."""
    return [(step.instance, step.state) for step in trace.steps if not step.failed]


def initial_with(model: Model, texts: Texts) -> State:
    """The initial state with these texts: every free choice is settled by itself, for each shows in entries
    of its own.
    """
    told = StateTexts(model)
    codes = [0] * model.size
    for choice in model.choices:
        _set(codes, choice.cells, choice.alternatives[0])
    for choice in model.choices:
        if len(choice.alternatives) > 1:
            best = max(
                choice.alternatives,
                key=lambda picked: _agreement(told, _set(codes, choice.cells, picked), texts),
            )
            _set(codes, choice.cells, best)
    state = tuple(codes)
    if told(state) != dict(texts):
        raise ReplayError("no initial state has these values")
    return state


def _set(codes: list[int], cells: tuple[int, ...], picked: tuple[int, ...]) -> list[int]:
    for cell, code in zip(cells, picked):
        codes[cell] = code
    return codes


def _agreement(told: StateTexts, codes: list[int], texts: Texts) -> int:
    return sum(texts.get(name) == text for name, text in told(tuple(codes)).items())
