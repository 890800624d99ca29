"""Behaviours that cover something of a model: its actions, its guards, or its transitions. Few, and short.

A behaviour goes to the nearest thing that is not covered yet, and on to the next, as long as it is short
enough; then another one begins. Knows nothing of files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Iterable

from explorer.engine.compiled import Compiled
from explorer.engine.reference import step as execute
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show_condition
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import State
from explorer.trace.waits import Wait, blocked

KINDS = ("actions", "guards", "transitions")
"""What can be covered. A guard is covered where it, and no condition before it, keeps an action back; the
actions are covered too then.
"""

Goal = Hashable

Guard = tuple[str, int]
"""An action, and the number of a condition of its guard, whatever its parameters."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """After so many steps an instance cannot be taken: its guard fails at this condition."""

    after: int
    wait: Wait


@dataclass(frozen=True, slots=True)
class Tour:
    """A behaviour, and what it shows to be impossible on the way."""

    states: tuple[State, ...]
    taken: tuple[Instance, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Covering:
    """The behaviours, how many goals they cover, and what cannot be covered. With a `limit` some states were
    not seen.
    """

    tours: tuple[Tour, ...]
    goals: int
    missing: tuple[str, ...]
    states: int
    limit: str


def cover(model: Model, kind: str, *, most_steps: int, max_states: int) -> Covering:
    """Cover one of KINDS by behaviours of at most `most_steps` steps, or of as many as the way to one goal
    has.
    """
    search = _Search(model, kind)
    limit = search.explore(max_states)
    goals = len(search.ahead)
    tours = []
    while search.ahead:
        tours.append(search.tour(most_steps))
    return Covering(tuple(tours), goals, tuple(search.missing()), len(search.reached), limit)


@dataclass(slots=True)
class _Path:
    """From a state along steps; what its last state or step covers."""

    first: int
    steps: tuple[tuple[int, int], ...]


class _Search:
    def __init__(self, model: Model, kind: str):
        self.model, self.kind = model, kind
        self.compiled = Compiled(model)
        self.edges = self.compiled.code("edges")[1]["edges"]
        self.judge = self.compiled.code("judgements")[1]
        self.after: dict[int, list[tuple[int, int]]] = {}
        self.waits: dict[tuple[int, str], dict[Guard, Wait]] = {}
        self.met: set[Guard] = set()
        self.by_action: dict[str, list[Instance]] = {}
        for instance in model.instances:
            self.by_action.setdefault(instance.action.name, []).append(instance)
        self.initial = self.compiled.initial()
        self.reached: set[int] = set()
        self.ahead: set[Goal] = set()
        self.guards = {
            _guard(instance, k): f"{instance.name} never waits for {show_condition(c.expr)}  ({c.place})"
            for instance in reversed(model.instances)
            if _possible(instance)
            for k, c in enumerate(instance.guard)
            if not ex.is_const(c.expr)
        }

    def explore(self, max_states: int) -> str:
        """See every state, and what there is to cover; why that ended early."""
        level = list(self.initial)
        self.reached.update(level)
        while level:
            fresh = []
            self.meet(level)
            for state in level:
                for instance, target in self.after[state]:
                    self.ahead.add(self.goal(state, instance, target))
                    if target not in self.reached:
                        self.reached.add(target)
                        fresh.append(target)
                if self.kind == "guards":
                    self.met.update(self.at(state, self.guards.keys() - self.met))
            if len(self.reached) > max_states:
                self.reached.difference_update(fresh)
                self.ahead |= self.met
                return f"--max-states {max_states} reached"
            level = fresh
        self.ahead |= self.met
        return ""

    def meet(self, states: Iterable[int]) -> None:
        """The steps from states that constraints let be left."""
        states = list(states)
        for state in states:
            self.after[state] = []
        for k in range(len(self.model.constraints)):
            outside = set(self.judge[f"constraint_{k}"](states, []))
            states = [state for state in states if state not in outside]
        for state, instance, target in self.edges(states, None):
            self.after[state].append((instance, target))

    def goal(self, state: int, instance: int, target: int) -> Goal:
        """What a step covers."""
        if self.kind == "transitions":
            return state, instance, target
        return self.model.instances[instance].action.name

    def at(self, state: int, wanted: Collection[Guard]) -> dict[Guard, Wait]:
        """The guards among the wanted ones that a state covers."""
        found: dict[Guard, Wait] = {}
        values: State = ()
        for action in {goal[0] for goal in wanted}:
            known = self.waits.get((state, action))
            if known is None:
                known = self.waits[state, action] = {}
                values = values or self.compiled.layout.unpack(state)
                for instance in self.by_action[action]:
                    wait = blocked(instance, values)
                    if wait is not None:
                        known.setdefault(_guard(instance, wait.number), wait)
            found |= known
        return {goal: found[goal] for goal in sorted(wanted) if goal in found}

    def tour(self, most_steps: int) -> Tour:
        """A behaviour by way of the nearest goals, which are covered then."""
        path = self.nearest(self.initial)
        assert path is not None
        at, steps, refusals = path.first, list[tuple[int, int]](), list[Refusal]()
        first = at
        while True:
            for instance, target in path.steps:
                self.see(at, len(steps), refusals)
                self.ahead.discard(self.goal(at, instance, target))
                steps.append((instance, target))
                at = target
            self.see(at, len(steps), refusals)
            found = self.nearest([at]) if self.ahead and len(steps) < most_steps else None
            if found is None or len(steps) + len(found.steps) > most_steps:
                return self.walked(first, steps, refusals)
            path = found

    def see(self, state: int, steps: int, refusals: list[Refusal]) -> None:
        """Cover the guards that a state covers."""
        if self.kind == "guards":
            for goal, wait in self.at(state, self.guards.keys() & self.ahead).items():
                self.ahead.discard(goal)
                refusals.append(Refusal(steps, wait))

    def nearest(self, sources: Iterable[int]) -> _Path | None:
        """The shortest way to what is not covered; None where none leads there."""
        came: dict[int, tuple[int, int] | None] = dict.fromkeys(sources)
        todo = deque(came)
        guards = self.guards.keys() & self.ahead if self.kind == "guards" else set()
        while todo:
            state = todo.popleft()
            if guards and self.at(state, guards):
                return self.way(came, state, ())
            for instance, target in self.after.get(state, ()):
                if self.goal(state, instance, target) in self.ahead:
                    return self.way(came, state, ((instance, target),))
                if target not in came:
                    came[target] = state, instance
                    todo.append(target)
        return None

    def way(
        self, came: dict[int, tuple[int, int] | None], state: int, last: tuple[tuple[int, int], ...]
    ) -> _Path:
        steps = list(reversed(last))
        while (origin := came[state]) is not None:
            steps.append((origin[1], state))
            state = origin[0]
        return _Path(state, tuple(reversed(steps)))

    def walked(self, first: int, steps: list[tuple[int, int]], refusals: list[Refusal]) -> Tour:
        """The behaviour as the reference takes it."""
        states = [self.compiled.layout.unpack(first)]
        taken = [self.model.instances[number] for number, _ in steps]
        for instance, (_, target) in zip(taken, steps):
            after = execute(instance, states[-1])
            assert after == self.compiled.layout.unpack(target), instance.name
            states.append(after)
        return Tour(tuple(states), tuple(taken), tuple(refusals))

    def missing(self) -> Iterable[str]:
        """What there is, and no behaviour shows."""
        happened = {self.model.instances[i].action.name for steps in self.after.values() for i, _ in steps}
        possible = {i.action.name for i in self.model.instances if _possible(i)}
        for action in self.model.actions:
            if action.name in possible - happened:
                yield f"{action.name} never happens ({action.place})"
        if self.kind == "guards":
            yield from (text for goal, text in sorted(self.guards.items()) if goal not in self.met)


def _possible(instance: Instance) -> bool:
    """Whether the constants alone do not make an instance impossible."""
    return not any(c.expr is ex.FALSE for c in instance.guard)


def _guard(instance: Instance, number: int) -> Guard:
    return instance.action.name, number
