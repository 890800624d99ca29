"""A counterexample that random walks found, made shorter: steps that it does not need are left out (delta
debugging: Zeller and Hildebrandt 2002), and short searches look for nearer ways between its states. Knows
nothing of engines.

No single step of what comes out can be left out. It need not be the shortest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from explorer.engine.reference import step as execute
from explorer.engine.reference import successors
from explorer.engine.space import Violation
from explorer.ir.model import Model
from explorer.ir.semantics import EvaluationError, State, evaluate

BUDGET, NEAR = 100_000, 500
"""Steps that may be taken again; states that a search from one state visits."""


def shortened(model: Model, violation: Violation, initial: State, numbers: Sequence[int]) -> list[int]:
    """The instances of a shorter walk from the same initial state that breaks the property in the same way;
    the same ones where none is left out.
    """
    trial = _Trial(model, violation, initial)
    kept = trial.broken(numbers) or list(numbers)
    while trial.spent < BUDGET:
        fewer = trial.bridged(_without(trial, kept))
        if len(fewer) == len(kept):
            return fewer
        kept = fewer
    return kept


def _without(trial: _Trial, kept: list[int]) -> list[int]:
    """The walk without stretches that it does not need, of half the length again and again."""
    size = len(kept)
    while size and trial.spent < BUDGET:
        start = 0
        while start < len(kept) and trial.spent < BUDGET:
            shorter = trial.broken(kept[:start] + kept[start + size :])
            if shorter is None:
                start += size
            else:
                kept = shorter
        size = min(size, len(kept)) // 2
    return kept


class _Trial:
    """Whether walks break the property; how many steps were `spent`."""

    def __init__(self, model: Model, violation: Violation, initial: State):
        self.model, self.violation, self.initial = model, violation, initial
        self.spent = 0
        self.parts = [e for p in model.properties if p.name == violation.name for _, e in p.parts]

    def broken(self, numbers: Sequence[int]) -> list[int] | None:
        """The walk up to where the property fails; None where it does not, or a step cannot be taken."""
        before = state = self.initial
        if self.violation.kind != "step" and self._fails(state, state):
            return []
        for position, number in enumerate(numbers, 1):
            self.spent += 1
            try:
                after = execute(self.model.instances[number], state)
            except EvaluationError:
                return None
            if after is None:
                return None
            before, state = state, after
            if self._fails(before, state):
                return list(numbers[:position])
        return None

    def bridged(self, numbers: list[int]) -> list[int]:
        """The walk with nearer ways between its states, where a search from one of them meets a later one."""
        start = 0
        while start < len(numbers) and self.spent < BUDGET:
            states = self._states(numbers)
            end = len(states) - (self.violation.kind == "step")  # its last step is what fails
            later = {states[position]: position for position in range(start + 1, end)}
            saved, end, way = 0, start, list[int]()
            for state, path in self._near(states[start]):
                position = later.get(state, start)
                if position - start - len(path) > saved:
                    saved, end, way = position - start - len(path), position, path
            numbers = numbers[:start] + way + numbers[end:]
            start += 1
        return numbers

    def _states(self, numbers: Sequence[int]) -> list[State]:
        states = [self.initial]
        for number in numbers:
            after = execute(self.model.instances[number], states[-1])
            assert after is not None
            states.append(after)
        return states

    def _near(self, start: State) -> Iterator[tuple[State, list[int]]]:
        """States that a search from `start` meets, breadth first, each with a way to it."""
        ways: dict[State, list[int]] = {start: []}
        todo = deque([start])
        while todo and len(ways) < NEAR:
            state = todo.popleft()
            for _, number, after in successors(self.model, state):
                self.spent += 1
                if after not in ways:
                    ways[after] = [*ways[state], number]
                    todo.append(after)
                    yield after, ways[after]

    def _fails(self, before: State, after: State) -> bool:
        if self.violation.kind == "deadlock":
            ended = any(evaluate(condition.expr, after) for condition in self.model.terminal)
            return not ended and not any(True for _ in successors(self.model, after))
        if self.violation.kind != "step":
            before = after
        return not all(evaluate(expr, before, after) for expr in self.parts)
