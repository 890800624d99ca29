"""What a judge says of a model, in the words of this explorer: counts, and for each property that fails the
story that shows it. Knows nothing of how judges are asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field

from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.trace.tell import ReplayError
from explorer.trace.walk import Walk


class NoAnswer(Exception):
    """A judge that gives no answer: it fails, or it takes too long; the message says why."""


@dataclass(frozen=True, slots=True)
class Story:
    """A counterexample: the number of the initial state, and those of the instances, in order. Where it
    `fails`, the last one has no value, or a step invariant has none there. A behaviour without end goes on
    from here as after step `loop`; it stutters where that is the last one.
    """

    initial: int
    steps: tuple[int, ...]
    fails: bool = False
    loop: int | None = None


def length(story: Story) -> int:
    """How many steps are taken before the state that breaks the property."""
    return len(story.steps) - story.fails


@dataclass(frozen=True, slots=True)
class Answer:
    """`violated` are the properties that fail, with the length of the shortest story; None is no count that
    the judge tells. `temporal` are the temporal properties that it was asked. `reasons` are why it may differ
    from us honestly.
    """

    judge: str
    states: int
    transitions: int
    depth: int | None
    violated: Mapping[str, int | None]
    seconds: float
    stories: Mapping[str, Story] = field(default_factory=dict)
    reasons: Collection[str] = ()
    temporal: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    """Temporal properties that the judge could not be asked, and why."""
    orbits: int | None = None
    """States of which none is another with its identities renamed, where they were counted."""


def replayed(model: Model, initial: tuple[State, ...], name: str, story: Story) -> str:
    """Why a judge's story is none of the model's, or does not break the property at its end; "" where it
    does.
    """
    try:
        walk = Walk.of(model, initial[story.initial])
        for number in story.steps[: len(story.steps) - story.fails]:
            walk.take(model.instances[number].name)
        if story.loop is not None:
            endless = walk.breaks_for_ever(name, story.loop)
            return "" if endless else f"{name} is not violated by what goes on as after step {story.loop}"
        broken = walk.broken()
        if story.fails and name not in broken:  # the step has a value, what is asked of it has none
            walk.take(model.instances[story.steps[-1]].name)
            broken = walk.broken()
    except ReplayError as error:
        return str(error)
    return "" if name in broken else f"{name} is not violated after {len(walk.taken)} steps"
