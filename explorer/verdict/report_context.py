"""What a reader of a report asks beside the verdict: how each action reads, and at each step of a trace what
else could happen and what the other actions wait for. Knows nothing of formats.
"""

from __future__ import annotations

import linecache
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from explorer.ir.errors import Place
from explorer.ir.model import Action, Model
from explorer.ir.semantics import State
from explorer.ir.source import outline
from explorer.ir.types import Type
from explorer.language.memory_wiring import MemoryType
from explorer.program.enabling import enabling
from explorer.trace.trace import Trace
from explorer.verdict.record import (
    ActionRecord,
    ContextRecord,
    ExpectsRecord,
    LeafRecord,
    MomentRecord,
    Origin,
    VariableRecord,
    WaitingRecord,
)
from explorer.verdict.verdict import plain

if TYPE_CHECKING:
    from explorer.trace.waits import Wait

BUDGET = 200_000
"""Guards evaluated for all traces together (some seconds). Where more would be needed, the longest traces go
without.
"""

LINES = 40
"""Lines of an action's source that are kept."""


def origin(model: Model) -> Origin:
    """What a reader of a model's traces must know of where they were found."""
    return {
        "spec": model.name,
        "file": model.file,
        "digest": model.digest,
        "bound": {name: plain(value) for name, value in model.bound.items()},
        "variables": _variables(model),
    }


def _variables(model: Model) -> list[VariableRecord]:
    def locations(type: Type) -> Sequence[str]:
        return type.locations if isinstance(type, MemoryType) else ()

    return [{"name": v.name, "type": v.type.name, "locations": locations(v.type)} for v in model.variables]


def context(model: Model, traces: Mapping[str, Trace], *, sampled: bool = False) -> ContextRecord:
    """An addition to the verdict record, plain data.

    `about`: the first paragraph of the spec file. `expects`: whether the spec declares that it holds, and
    else which properties it declares violated; None where it declares nothing. `actions`: name, place,
    source, actor, fair, number of instances and the text of each. `variables`: name and type.
    `waiting`: for each told trace and each of its states the actions that are possible and what the others
    wait for, as positions in `texts`; a trace that is too long has no entry. `leaves`: for each trace of an
    invariant what makes it false, and since which step. `sample`: a behaviour, where one is `sampled`.
    """
    after = model.once("enabling", lambda: enabling(model))
    shown = model.once("sample", partial(_sample, model)) if sampled else None
    alone = shown is not None and not traces
    traces = {**traces, shown.key: shown} if shown else traces
    waiting = partial(_waiting, model, traces)
    return {
        "about": _about(model.file),
        "expects": _expects(model),
        "actions": [_action(model, action, after[action.name]) for action in model.actions],
        "variables": _variables(model),
        "waiting": model.once("waiting in the sample", waiting) if alone else waiting(),
        "leaves": {name: leaves for name, trace in traces.items() if (leaves := _leaves(model, trace))},
        "sample": shown,
    }


def no_context(model: Model) -> ContextRecord:
    """The same where there is no time for it: what stands in the spec."""
    return {
        "about": _about(model.file),
        "expects": _expects(model),
        "actions": [],
        "variables": _variables(model),
        "waiting": {"texts": [], "traces": {}},
        "leaves": {},
        "sample": None,
    }


def _sample(model: Model) -> Trace | None:
    from explorer.trace.sample import sample

    return sample(model)


def _waiting(model: Model, traces: Mapping[str, Trace]) -> WaitingRecord:
    """For each trace and each of its states what can happen; the longest traces go without beyond the
    budget.
    """
    from explorer.trace.replay import replay, walk_of

    texts: dict[str, int] = {}
    known: dict[tuple[int, int], str] = {}
    budget, steps = BUDGET, dict[str, list[MomentRecord]]()
    for name, trace in sorted(traces.items(), key=lambda item: item[1].length):
        walk = walk_of(trace)
        budget -= len(walk) * len(model.instances)
        if budget >= 0:
            steps[name] = [_moment(model, state, texts, known) for state in replay(model, walk)]
    return {"texts": list(texts), "traces": steps}


def _leaves(model: Model, trace: Trace) -> list[LeafRecord]:
    if trace.kind not in ("invariant", "step"):
        return []
    from explorer.trace.reasons import decisive
    from explorer.trace.replay import replay, walk_of

    found = decisive(model, trace.property, replay(model, walk_of(trace)))
    return [{"text": leaf.text, "since": leaf.since} for leaf in found]


def _action(model: Model, action: Action, after: list[str]) -> ActionRecord:
    number = sum(instance.action is action for instance in model.instances)
    return {
        "name": action.name,
        "place": str(action.place),
        "source": action.source,
        "actor": action.actor,
        "fair": action.fair.name.lower(),
        "instances": number,
        "code": source_text(action.place),
        "after": after,
    }


def _expects(model: Model) -> ExpectsRecord | None:
    if model.expect is None:
        return None
    return {
        "holds": model.expect.holds,
        "violated": list(model.expect.violated),
        "within": model.expect.bounds,
    }


def _about(file: str) -> str:
    """The first paragraph of a file's docstring; "" where it has none or is no file."""
    text = outline("".join(linecache.getlines(file))).docstring
    return " ".join(text.partition("\n\n")[0].split())


def source_text(place: Place) -> list[str]:
    """The function that begins at a place, with its decorators; nothing where the file cannot be read any
    more.
    """
    lines = linecache.getlines(place.file)
    last = outline("".join(lines)).functions.get(place.line)
    if last is None:
        return []
    return [line.expandtabs(4).rstrip() for line in lines[place.line - 1 : last][:LINES]]


def _moment(
    model: Model, state: State, texts: dict[str, int], known: dict[tuple[int, int], str]
) -> MomentRecord:
    """What can happen in a state, and what the other actions wait for; `known` are texts of conjuncts."""
    from explorer.trace.waits import moment

    def text(wait: Wait) -> str:
        key = wait.instance.number, wait.number
        if key not in known:
            known[key] = wait.text()
        return known[key]

    here = moment(model.instances, state)
    possible: dict[str, list[str]] = {}
    for instance in here.possible:
        possible.setdefault(instance.action.name, []).append(instance.name)
    return {
        "possible": [texts.setdefault(text, len(texts)) for names in possible.values() for text in names],
        "waiting": [texts.setdefault(text(wait), len(texts)) for wait in here.waiting],
    }
