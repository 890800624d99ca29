"""A whole small state space as a person sees it, as plain data: so a page can be walked without the explorer.

Texts stand once, in tables; states, steps and reasons are numbers. `explorer/render/html/walk.js` reads it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.trace.trace import STILL, Trace

if TYPE_CHECKING:
    from explorer.trace.outlook import Outlooks

STATES = 20_000
"""States of the largest space that is listed, without symmetry: a step leads to the state it names."""

QUICK = 200_000
"""Guards, properties and variables looked at for a space that is listed without being asked for: they take
some half a second.
"""


def is_small(model: Model, states: int, quick: bool) -> bool:
    """Whether a space of so many states is listed: `quick` where nobody asked for it."""
    looks = len(model.instances) + len(model.stated) + model.size
    return states <= STATES and not (quick and states * looks > QUICK)


def explored(model: Model) -> dict[str, Any] | None:
    """Every reachable state with its steps; None where there are more than STATES.

    `initial` are numbers of states. For each of `Outlooks.names` a table of its `texts`, and in `columns` the
    number of each state's text. `steps` of each state: instance, label, breaks and state after, four numbers
    for each step. `waits`, `faults` and `truths` are numbers too, of rows in the tables of these names.
    """
    listing: _Listing | None = None
    for state in model.initial_states():
        listing = listing or _Listing(model, state)
        listing.number(state)
        if len(listing.states) > STATES:
            return None
    if listing is None:
        return None
    initial = len(listing.states)
    for at in listing.todo:
        listing.add(at)
        if len(listing.states) > STATES:
            return None
    return {"initial": initial, **listing.data()}


def outline(model: Model, outlooks: Outlooks, traces: Mapping[str, Trace]) -> dict[str, Any]:
    """What a page knows of a spec before it has seen a state. `names` are in the order of texts, the last
    ones `observed`; changes of `quiet` ones are not listed. `stories` are paths: the number of an initial
    state, and those of the instances.
    """
    from explorer.trace.replay import initial_with

    quiet = {v.name for v in model.variables if v.quiet}
    first = {state: n for n, state in enumerate(islice(model.initial_states(), STATES))}
    numbers = {instance.name: instance.number for instance in model.instances}
    stories = {}
    for name, trace in traces.items():
        start = first.get(initial_with(model, trace.steps[0].state))
        steps = [numbers.get(s.instance) for s in trace.steps[1:] if not s.failed and s.instance != STILL]
        if start is not None and None not in steps:
            stories[name] = [start, *steps]
    return {
        "digest": model.digest,
        "names": outlooks.names,
        "quiet": [n for n, name in enumerate(outlooks.names) if name.partition("[")[0] in quiet],
        "observed": outlooks.observed,
        "instances": [
            [i.name, i.action.name, outlooks.builder.actor(i), str(i.action.place)] for i in model.instances
        ],
        "actors": outlooks.builder.lanes,
        "judged": [[j.name, j.kind, j.text, j.place] for j in outlooks.judged],
        "stories": stories,
    }


class _Table:
    """Rows, each once, by their numbers."""

    def __init__(self) -> None:
        self.numbers: dict[Hashable, int] = {}

    def __call__(self, row: Hashable) -> int:
        return self.numbers.setdefault(row, len(self.numbers))

    @property
    def rows(self) -> list[Any]:
        return list(self.numbers)


class _Listing:
    def __init__(self, model: Model, first: State):
        from explorer.trace.outlook import Outlooks

        self.outlooks = Outlooks(model, first)
        self.states: dict[State, int] = {}
        self.todo: list[State] = []
        names = len(self.outlooks.names)
        self.texts = [_Table() for _ in range(names)]
        self.columns: list[list[int]] = [[] for _ in range(names)]
        self.labels, self.breaks, self.waits, self.faults, self.truths = (_Table() for _ in range(5))
        self.rows: dict[str, list[Any]] = {"steps": [], "waits": [], "faults": [], "truths": [], "ends": []}
        self.beyond: dict[int, str] = {}

    def number(self, state: State) -> int:
        if state not in self.states:
            self.states[state] = len(self.states)
            self.todo.append(state)
        return self.states[state]

    def add(self, state: State) -> None:
        seen = self.outlooks.of(state)
        for table, column, text in zip(self.texts, self.columns, seen.texts):
            column.append(table(text))
        steps: list[int] = []
        for step in seen.steps:
            steps += step.number, self.labels(step.label), self.breaks(step.breaks), self.number(step.after)
        self.rows["steps"].append(steps)
        self.rows["waits"].append([*map(self.waits, seen.waits)])
        self.rows["faults"].append([self.faults((f.number, f.message, f.place)) for f in seen.faults])
        self.rows["truths"].append([self.truths((t.value, t.why)) for t in seen.truths])
        self.rows["ends"].append(int(seen.ends))
        if seen.beyond:
            self.beyond[self.states[state]] = seen.beyond

    def data(self) -> dict[str, Any]:
        tables = {"labels": self.labels, "breaks": self.breaks, "waits": self.waits}
        tables |= {"faults": self.faults, "truths": self.truths}
        return {
            "texts": [table.rows for table in self.texts],
            "columns": self.columns,
            "tables": {name: table.rows for name, table in tables.items()},
            "rows": self.rows,
            "beyond": self.beyond,
        }
