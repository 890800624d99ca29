"""From a violation to its trace: the shortest path, re-executed in the reference and put into the author's
words.

Knows nothing of file formats.
"""

from __future__ import annotations

from typing import Any

from explorer.engine.reference import step as execute
from explorer.engine.space import Handle, StateSpace, Violation
from explorer.ir.model import Instance, Model
from explorer.ir.places import Path as Location
from explorer.ir.semantics import EvaluationError, State
from explorer.ir.types import MapType, Type, value_text
from explorer.language.concrete import concrete
from explorer.language.structure import read
from explorer.language.values import Value
from explorer.trace.reasons import explain
from explorer.trace.shortest import Path, shortest
from explorer.trace.trace import Step, Trace
from explorer.trace.unrename import failure_in


class ReplayError(Exception):
    """An engine's path that the reference cannot walk: a bug of ours, never of a spec."""


def tell(space: StateSpace, violation: Violation) -> Trace:
    """The trace of a violation, every step checked against the reference."""
    model = space.model
    path = shortest(space, violation)
    steps, states = _walked(space, path)
    why: list[str] = []
    length = len(path.edges)
    if violation.kind == "evaluation":
        last = path.edges[-1][2] if path.edges else path.initial
        number, failure = failure_in(space, violation, last)
        why = [f"{failure.message}", f"at {failure.place}"]
        if number >= 0:
            steps.append(_attempt(model, model.instances[number], len(steps), states[-1]))
            why.insert(0, f"{model.instances[number].name} has no value in this state:")
    else:
        why = explain(model, violation, states)
    return Trace(violation.name, violation.kind, length, lanes(model), tuple(steps), tuple(why))


def way(space: StateSpace, depth: int, goals: list[Handle]) -> Trace:
    """A shortest way to one of some states at this depth."""
    path = shortest(space, Violation("way", "way", depth, tuple(goals)))
    return Trace("way", "way", len(path.edges), lanes(space.model), tuple(_walked(space, path)[0]), ())


def _walked(space: StateSpace, path: Path) -> tuple[list[Step], list[State]]:
    """The steps and states along a path, each re-executed. Raises ReplayError where the reference cannot
    walk.
    """
    model = space.model
    states = [space.decode(path.initial)]
    steps = [first_step(model, states[0])]
    for _, number, target in path.edges:
        instance = model.instances[number]
        after = execute(instance, states[-1])
        if after is None or after != space.decode(target):
            raise ReplayError(
                f"{instance.name} does not lead from step {len(steps) - 1} to step {len(steps)}"
            )
        steps.append(next_step(model, instance, len(steps), states[-1], after))
        states.append(after)
    return steps, states


def lanes(model: Model) -> tuple[str, ...]:
    """Every actor once: identities in the order of their domain, then fixed lanes, as the instances name
    them.
    """
    return tuple(dict.fromkeys(instance.actor for instance in model.instances if instance.actor))


def state_texts(model: Model, state: State, *, quiet: bool = True) -> dict[str, str]:
    """Every variable of a state in the author's words, without the quiet ones if so asked; a map has an entry
    for each key.
    """
    result: dict[str, str] = {}
    for variable in model.variables:
        if variable.quiet and not quiet:
            continue
        place = read(variable.type, Location(variable, "", (), False))
        _entries(variable.name, variable.type, concrete(place, state), result)
    return result


def _entries(name: str, type: Type, value: Any, found: dict[str, str]) -> None:
    if isinstance(type, MapType):
        for key, inner in value.items():
            _entries(f"{name}[{type.key.name_of(key)}]", type.value, inner, found)
    else:
        found[name] = type.name_of(value)


def first_step(model: Model, state: State) -> Step:
    """Step 0: the initial state."""
    texts = state_texts(model, state)
    chosen = {
        model.cell(cell)[0].variable
        for choice in model.choices
        if len(choice.alternatives) > 1
        for cell in choice.cells
        if "@" not in model.cell(cell)[0].variable  # what a property remembers of the first state
    }
    free = {name: ("", text) for name, text in texts.items() if name.partition("[")[0] in chosen}
    return Step(
        0, "", "", {}, "", "initial state", "", "", "", (), (), (), texts, free, _observed(model, state)
    )


def next_step(model: Model, instance: Instance, index: int, before: State, after: State) -> Step:
    """The step of an instance from one state to the next."""
    old, new = state_texts(model, before), state_texts(model, after)
    shown = state_texts(model, before, quiet=False)
    changed = {name: (old[name], new[name]) for name in shown if old[name] != new[name]}
    return _made(model, instance, index, before, after, new, changed, False)


def _attempt(model: Model, instance: Instance, index: int, before: State) -> Step:
    return _made(model, instance, index, before, before, state_texts(model, before), {}, True)


def _made(
    model: Model,
    instance: Instance,
    index: int,
    before: State,
    after: State,
    state: dict[str, str],
    changed: dict[str, tuple[str, str]],
    failed: bool,
) -> Step:
    action = instance.action
    keys = {
        kind: tuple(_text(mark.key, before, after) for mark in instance.marks if mark.kind == kind)
        for kind in ("opens", "closes")
    }
    sends = tuple(
        (_one(m.key[0], before, after), _one(m.key[1], before, after))
        for m in instance.marks
        if m.kind == "sends"
    )
    return Step(
        index,
        action.name,
        instance.name,
        instance.parameters,
        instance.actor,
        "".join(piece if isinstance(piece, str) else _one(piece, before, after) for piece in instance.label),
        action.source.rpartition(":")[2],
        action.source,
        str(action.place),
        keys["opens"],
        keys["closes"],
        sends,
        state,
        changed,
        _observed(model, after),
        failed,
    )


def _one(piece: Any, before: State, after: State) -> str:
    try:
        if isinstance(piece, Value):
            return piece._type.name_of(concrete(piece, before, after))
        return value_text(piece)
    except EvaluationError as error:  # a label without a value must not hide its step
        return f"<{error.failure.message}>"


def _text(key: tuple[Any, ...], before: State, after: State) -> str:
    return " ".join(_one(piece, before, after) for piece in key)


def _observed(model: Model, state: State) -> dict[str, str]:
    return {o.name: _one(o.value, state, state) for o in model.observations}
