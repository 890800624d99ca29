"""Several different counterexamples of one property, the shortest first. Knows nothing of files.

A story is different from those told before if of each of them it leaves out an action, whoever takes it.

The search goes breadth first through pairs of a state and the actions that led there. What was reached with
fewer actions, and not later, need not be reached with more; and where a story is told, whatever has its
actions is given up. So every story is a shortest one, and where nothing is left there is no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from explorer.engine.space import Edge, Handle, StateSpace, Violation
from explorer.ir.expressions import Expr
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.trace.failures import failures
from explorer.trace.shortest import lanes_of
from explorer.trace.tell import tell_steps
from explorer.trace.trace import Trace

PAIRS = 1_000_000
"""Pairs of a state and actions that are kept: some hundred megabytes."""

Way = tuple[int, State, tuple[int, ...]]
"""Changes of actor, the initial state, the instances taken. The least is told."""


def others(space: StateSpace, violation: Violation, first: Trace, wanted: int, found: list[Trace]) -> str:
    """Add to `found` stories that are different from the first one and from each other, until there are
    `wanted` of all. Why there are fewer, as a sentence.
    """
    model = space.model
    search = _Search(space, violation)
    told = [frozenset(step.action for step in first.steps if step.action)]
    search.give_up(told[0])
    for length, allowed in search.stories():
        if len(told) == wanted:
            return ""
        _, initial, numbers = search.way(length, allowed)
        trace = tell_steps(model, violation, initial, numbers)
        own = frozenset(step.action for step in trace.steps if step.action)
        without = [", ".join(sorted(earlier - own)) for earlier in told]
        lines = [f"unlike story {n}: without {names}" for n, names in enumerate(without, 1)]
        told.append(own)
        search.give_up(own)
        found.append(replace(trace, story=len(told), why=(*trace.why, *lines)))
    if search.pairs > PAIRS:
        return f"more than {PAIRS:,} pairs of a state and what led there: others were not looked for"
    return "" if len(told) == wanted else "there is no other that leaves out an action of each"


class _Search:
    """The search for stories that have all actions of none that was given up. Sets of actions are masks."""

    def __init__(self, space: StateSpace, violation: Violation):
        self.space, self.kind, model = space, violation.kind, space.model
        self.bits = {action.name: 1 << n for n, action in enumerate(model.actions)}
        self.bit_of = [self.bits[instance.action.name] for instance in model.instances]
        self.exprs = [e for p in model.properties if p.name == violation.name for _, e in p.parts]
        self.lanes = lanes_of(space).of
        self.starts = self._starts()
        self.given_up: list[int] = []
        self.pairs = 0

    def _starts(self) -> list[Handle]:
        quotient = self.space.quotient
        if quotient is None:
            return list(self.space.levels[0])
        return list(dict.fromkeys(map(quotient.encode, self.space.model.initial_states())))

    def give_up(self, actions: Iterable[str]) -> None:
        """No story that has these actions is looked for any more."""
        self.given_up.append(sum(self.bits[name] for name in actions))

    def _open(self, mask: int) -> bool:
        return not any(mask & told == told for told in self.given_up)

    def stories(self) -> Iterator[tuple[int, int]]:
        """The length of a shortest story that is not given up, and actions that are enough for it. Whoever
        takes it gives it up.
        """
        form = _same if self.space.quotient is None else self.space.quotient.canonical
        frontier: dict[Handle, list[int]] = {form(state): [0] for state in self.starts}
        known: defaultdict[Handle, list[int]] = defaultdict(list, frontier)
        length = 0
        while frontier and self.pairs <= PAIRS:
            leaving = self._edges(frontier)
            ends = {
                mask | own
                for state, masks in frontier.items()
                for own in self._ends(state, leaving[state])
                for mask in masks
            }
            while left := list(filter(self._open, ends)):
                yield length + (self.kind == "step"), min(left, key=lambda m: (m.bit_count(), m))
            fresh: defaultdict[Handle, set[int]] = defaultdict(set)
            for state, edges in leaving.items():
                masks = list(filter(self._open, frontier[state]))
                for target, bit in {(form(target), self.bit_of[number]) for _, number, target in edges}:
                    for mask in {mask | bit for mask in masks}:
                        if not any(mask & less == less for less in known[target]) and self._open(mask):
                            fresh[target].add(mask)
            frontier = {state: _least(masks) for state, masks in fresh.items()}
            for state, masks in frontier.items():
                known[state] += masks
                self.pairs += len(masks)
            length += 1

    def way(self, length: int, allowed: int) -> Way:
        """The best of the shortest ways that have no other actions than these."""
        layer: dict[Handle, dict[int, Way]] = {s: {-1: (0, self.space.decode(s), ())} for s in self.starts}
        seen = {*layer}
        for _ in range(length - (self.kind == "step")):
            behind: dict[Handle, dict[int, Way]] = {}
            for origin, edges in self._edges(layer).items():
                for _, number, target in edges:
                    if not self.bit_of[number] & ~allowed and target not in seen:
                        self._extend(layer[origin], number, behind.setdefault(target, {}))
            seen |= behind.keys()
            layer = behind
        ways: list[Way] = []
        for state, edges in self._edges(layer).items():
            if self.kind == "step":
                last: dict[int, Way] = {}
                for _, number, target in edges:
                    if not self.bit_of[number] & ~allowed and self._fails(state, target):
                        self._extend(layer[state], number, last)
                ways += last.values()
            elif any(not own & ~allowed for own in self._ends(state, edges)):
                ways += layer[state].values()
        return min(ways)

    def _extend(self, known: dict[int, Way], number: int, ways: dict[int, Way]) -> None:
        """One more step of each way, kept by the actor that takes it."""
        lane = self.lanes[number]
        best = min((n + (last not in (-1, lane)), s, (*path, number)) for last, (n, s, path) in known.items())
        ways[lane] = min(ways.get(lane, best), best)

    def _edges(self, states: Iterable[Handle]) -> dict[Handle, list[Edge]]:
        """The steps that leave each of some states; none where a constraint forbids it."""
        result: dict[Handle, list[Edge]] = {state: [] for state in states}
        for edge in self.space.edges([s for s in result if self._inside(s)], None):
            result[edge[0]].append(edge)
        return result

    def _inside(self, state: Handle) -> bool:
        constraints = self.space.model.constraints
        if not constraints:
            return True
        at = self.space.decode(state)
        return all(_true(condition.expr, at, at) for _, condition in constraints)

    def _ends(self, state: Handle, edges: list[Edge]) -> Iterator[int]:
        """What a story that ends in a state has beside the actions that led there."""
        model = self.space.model
        if self.kind == "step":
            yield from (self.bit_of[n] for _, n, target in edges if self._fails(state, target))
        elif self.kind == "invariant":
            if self._fails(state, state):
                yield 0
        elif self.kind == "evaluation":
            number = next(failures(model, self.space.decode(state)), (None,))[0]
            if number is not None:
                yield self.bit_of[number] if number >= 0 else 0
        elif not edges and self._inside(state):
            at = self.space.decode(state)
            ends = any(_true(condition.expr, at, at) for condition in model.terminal)
            if not ends and next(failures(model, at), None) is None:
                yield 0

    def _fails(self, before: Handle, after: Handle) -> bool:
        s, t = self.space.decode(before), self.space.decode(after)
        try:
            return not all(evaluate(expr, s, t) for expr in self.exprs)
        except EvaluationError:
            return False


def _same(state: Handle) -> Handle:
    return state


def _true(expr: Expr, s: State, t: State) -> bool:
    try:
        return bool(evaluate(expr, s, t))
    except EvaluationError:
        return False


def _least(masks: set[int]) -> list[int]:
    """Those that have all actions of no other."""
    kept: list[int] = []
    for mask in sorted(masks, key=lambda m: (m.bit_count(), m)):
        if not any(mask & less == less for less in kept):
            kept.append(mask)
    return kept
