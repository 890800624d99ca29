"""A behaviour that somebody's story tells: the story's lines are steps of it in their order, and the steps in
between are filled in, as few as possible. Every step is the reference's.

The search is over pairs of a line and a state, so it finds a behaviour wherever there is one. Knows nothing
of files.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Sequence

from explorer.engine.reference import step as execute
from explorer.ir.data import dataclass
from explorer.ir.model import Instance
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.language.values import Value
from explorer.trace.story_labels import Labels, Meaning, Said

Taken = tuple[int, int | None]
"""The number of a step's instance, and of the line that it is; None where it is filled in."""

Node = tuple[int, State]
"""How many lines are told, and the state then."""

Origin = tuple[Node, Taken | None]
"""Where a node was come from, and by which step; None where a line needs none."""


@dataclass(frozen=True, slots=True)
class Told:
    """A behaviour that the story tells."""

    initial: State
    steps: tuple[Taken, ...]


@dataclass(frozen=True, slots=True)
class Stuck:
    """No step is the line `at`, whatever is filled in: `before` tells all lines before it with the fewest
    steps.
    """

    at: int
    before: Told


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A limit ended the search: lines before `at` are told by some behaviour, more is not known."""

    at: int
    limit: str


@dataclass(frozen=True, slots=True)
class Limits:
    """`states` bounds how many pairs of a line and a state are looked at, `seconds` the time."""

    states: int | None = None
    seconds: float | None = None


def find(
    labels: Labels,
    story: Sequence[tuple[Said, Meaning]],
    initial: Iterable[State],
    limits: Limits,
) -> Told | Stuck | Unfinished:
    """The behaviour with the fewest steps filled in; other lines than SEARCHED mean nothing."""
    return _Search(labels, story, limits).run(initial)


SEARCHED = ("step", "call", "arrival")
"""What lines must mean to be looked for; only a step cannot be passed over."""


class _Search:
    def __init__(self, labels: Labels, story: Sequence[tuple[Said, Meaning]], limits: Limits):
        self.labels, self.limits = labels, limits
        self.lines = [(n, *line) for n, line in enumerate(story) if line[1].kind in SEARCHED]
        self.held = _held([(said, self.keys(meaning.instances, "opens")) for _, said, meaning in self.lines])
        self.ends = {i.number: self.keys([i.number], "closes") for i in labels.model.instances}
        self.behind: dict[State, list[tuple[Instance, State]]] = {}
        self.came: dict[Node, Origin | None] = {}
        self.furthest: Node | None = None

    def keys(self, instances: Iterable[int], kind: str) -> frozenset[str]:
        """The deferred stores that instances open or close in whatever state."""
        found = [self.labels.model.instances[number] for number in instances]
        return frozenset(
            key
            for instance in found
            if not any(isinstance(piece, Value) for mark in instance.marks for piece in mark.key)
            for key in self.labels.steps.keys(instance, kind, (), ())
        )

    def run(self, initial: Iterable[State]) -> Told | Stuck | Unfinished:
        started = time.monotonic()
        ahead: list[tuple[int, int, int, Node, Origin | None]] = [
            (0, 0, n, (0, state), None) for n, state in enumerate(initial)
        ]
        count = len(ahead)
        while ahead:
            cost, _, _, node, origin = heapq.heappop(ahead)
            if node in self.came:
                continue
            self.came[node] = origin
            if self.furthest is None or node[0] > self.furthest[0]:
                self.furthest = node
            if node[0] == len(self.lines):
                return self.told(node)
            limit = self.reached(time.monotonic() - started)
            if limit:
                return Unfinished(self.line(), limit)
            for more, target, taken in self.onward(node):
                if target not in self.came:
                    count += 1
                    heapq.heappush(ahead, (cost + more, -target[0], count, target, (node, taken)))
        assert self.furthest is not None
        return Stuck(self.line(), self.told(self.furthest))

    def line(self) -> int:
        """The first line that nothing was found for."""
        return self.lines[self.furthest[0]][0] if self.furthest else 0

    def reached(self, seconds: float) -> str:
        if self.limits.states is not None and len(self.came) > self.limits.states:
            return f"--max-states {self.limits.states} reached"
        if self.limits.seconds is not None and seconds > self.limits.seconds:
            return f"--timeout {self.limits.seconds:g} reached"
        return ""

    def onward(self, node: Node) -> Iterable[tuple[int, Node, Taken | None]]:
        """Where a step leads, as the next line or filled in, and what it costs."""
        at, state = node
        number, _, meaning = self.lines[at]
        if meaning.kind != "step":
            yield 0, (at + 1, state), None
        for instance, after in self.successors(state):
            if instance.number in meaning.instances:
                cost = self.cost(meaning, instance, (state, after))
                if cost is not None:
                    yield cost, (at + 1, after), (instance.number, number)
            if self.held[at].isdisjoint(self.ends[instance.number]):
                yield 1, (at, after), (instance.number, None)

    def cost(self, meaning: Meaning, instance: Instance, step: tuple[State, State]) -> int | None:
        """1 where a memory chose what the line does not say, else 0; None where the line does not say the
        step.
        """
        steps = self.labels.steps
        receivers = [receiver for receiver, _ in steps.messages(instance, *step)]
        agrees, whole = meaning.is_said_of(instance, steps.label(instance, *step), receivers)
        if not agrees:
            return None
        return 0 if whole else 1

    def successors(self, state: State) -> list[tuple[Instance, State]]:
        """Every step from a state that constraints let be left; steps without a value are left out."""
        known = self.behind.get(state)
        if known is None:
            known = self.behind[state] = []
            model = self.labels.model
            inside = all(evaluate(condition.expr, state) for _, condition in model.constraints)
            for instance in model.instances if inside else ():
                try:
                    after = execute(instance, state)
                except EvaluationError:
                    continue
                if after is not None:
                    known.append((instance, after))
        return known

    def told(self, node: Node) -> Told:
        steps: list[Taken] = []
        while (origin := self.came[node]) is not None:
            node, taken = origin
            if taken is not None:
                steps.append(taken)
        return Told(node[1], tuple(reversed(steps)))


def _held(lines: Sequence[tuple[Said, frozenset[str]]]) -> list[frozenset[str]]:
    """For each line the deferred stores whose arrows pass by: no step filled in before it makes one visible.
    An arrow that does not arrive goes on to the end.
    """
    result: list[frozenset[str]] = []
    passing: dict[tuple[str, str], frozenset[str]] = {}
    for said, opened in lines:
        result.append(frozenset().union(*passing.values()))
        if said.arrow == "closes":
            passing.pop((said.actor, said.text), None)
        elif said.arrow == "opens":
            passing[said.actor, said.text] = opened
    return result
