"""A behaviour taken step by step: by a person, by a stored trace, by a test. Every step is the reference's.

Knows nothing of files and terminals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from explorer.engine.reference import step as execute
from explorer.engine.reference import successors
from explorer.engine.space import Violation
from explorer.ir import expressions as ex
from explorer.ir.errors import Place, closest
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.trace.behaviour import behaviour
from explorer.trace.failures import text_of
from explorer.trace.reasons import explain
from explorer.trace.replay import initial_with
from explorer.trace.step_builder import StepBuilder, state_texts
from explorer.trace.tell import ReplayError
from explorer.trace.tell_lasso import execute_lasso, tell_lasso
from explorer.trace.trace import STILL, Trace
from explorer.trace.waits import blocked


class Blocked(ReplayError):
    """A step that cannot be taken; `place` is the line of the guard that blocks it."""

    def __init__(self, message: str, place: Place | None = None):
        super().__init__(message)
        self.place = place


class Walk:
    """States so far and the action instances between them. Begins in the first initial state, or in that with
    these texts.
    """

    def __init__(self, model: Model, initial: Mapping[str, str] | None = None):
        self.model = model
        self.instances = {instance.name: instance for instance in model.instances}
        first = next(model.initial_states(), None) if initial is None else initial_with(model, initial)
        if first is None:
            raise ReplayError("there is no initial state")
        self.states: list[State] = [first]
        self.taken: list[Instance] = []

    @classmethod
    def of(cls, model: Model, first: State) -> Walk:
        """A walk that begins in an initial state."""
        walk = cls(model)
        walk.states = [first]
        return walk

    @property
    def state(self) -> State:
        return self.states[-1]

    def texts(self) -> dict[str, str]:
        """Every variable of the present state in the author's words."""
        return state_texts(self.model, self.state)

    def enabled(self) -> list[Instance]:
        return [self.model.instances[number] for _, number, _ in successors(self.model, self.state)]

    def take(self, name: str) -> State:
        """Take an action instance, or the one that is possible of an action. Raises Blocked with the guard
        that does not hold.
        """
        instance = self.instances.get(name) or self._only(name)
        try:
            after = execute(instance, self.state)
        except EvaluationError as error:
            raise Blocked(
                f"step {len(self.states)}: {name} has no value here: {text_of(error)}",
                error.failure.place,
            ) from None
        if after is None:
            raise self._blocked(instance)
        self.states.append(after)
        self.taken.append(instance)
        return after

    def _only(self, name: str) -> Instance:
        """The one instance of an action that is possible. Raises Blocked where there is none, or a choice."""
        number = len(self.states)
        every = [instance for instance in self.model.instances if instance.action.name == name]
        if not every:
            near = closest(name, list(self.instances))
            raise Blocked(f"step {number}: there is no {name}" + (f"; did you mean {near}?" if near else ""))
        possible = [instance for instance in self.enabled() if instance.action.name == name]
        if len(possible) > 1:
            raise Blocked(
                f"step {number}: {name} is possible as {', '.join(instance.name for instance in possible)};"
                " write one of them"
            )
        return (possible or every)[0]

    def _blocked(self, instance: Instance) -> Blocked:
        wait = blocked(instance, self.state)
        assert wait is not None
        why = f"step {len(self.states)}: {wait.text(self.state)}"
        if ex.is_const(wait.condition.expr):
            why += ": never, with these constants"
        return Blocked(why, wait.condition.place)

    def back(self, steps: int = 1) -> None:
        """Undo steps, at most all of them."""
        for _ in range(min(steps, len(self.taken))):
            self.states.pop()
            self.taken.pop()

    def broken(self) -> list[str]:
        """The properties that fail here: invariants, step invariants on the last step, deadlock,
        evaluation.
        """
        result = []
        for prop in self.model.properties:
            if prop.kind == "step" and not self.taken:
                continue
            before = self.states[-2] if prop.kind == "step" else self.state
            try:
                if not all(evaluate(expr, before, self.state) for _, expr in prop.parts):
                    result.append(prop.name)
            except EvaluationError:
                result.append("evaluation")
        if not self.enabled() and not any(evaluate(c.expr, self.state) for c in self.model.terminal):
            result.append("deadlock")
        if any(map(self._fails, self.model.instances)) or self._constraint_fails():
            result.append("evaluation")
        return list(dict.fromkeys(result))

    def _constraint_fails(self) -> bool:
        """Whether a constraint has no value here. Behind one that does not hold none is looked at."""
        for _, condition in self.model.constraints:
            try:
                if not evaluate(condition.expr, self.state):
                    return False
            except EvaluationError:
                return True
        return False

    def _fails(self, instance: Instance) -> bool:
        try:
            execute(instance, self.state)
        except EvaluationError:
            return True
        return False

    def breaks_for_ever(self, name: str, loop: int) -> bool:
        """Whether the behaviour that goes on from here as after step `loop` is fair and breaks a temporal
        property (see `lasso`).
        """
        return self.lasso(name, loop) is not None

    def lasso(self, name: str, loop: int) -> Trace | None:
        """The trace of the behaviour that goes on from here as after step `loop`, if it is fair and breaks a
        temporal property.

        `loop` is the number of the last step where it stutters. Raises ReplayError where the cycle does not
        close.
        """
        prop = next(p for p in self.model.temporal if p.name == name)
        numbers = tuple(instance.number for instance in self.taken)
        execute_lasso(self.model, self.states[0], numbers[:loop], numbers[loop:])
        for part, formula in prop.parts:
            try:
                return tell_lasso(
                    self.model,
                    prop,
                    part,
                    formula,
                    initial=self.states[0],
                    stem=numbers[:loop],
                    cycle=numbers[loop:],
                )
            except ReplayError:
                continue
        return None

    def trace(self) -> Trace:
        """The walk so far as a trace, with what is broken at its end."""
        why = []
        for name in self.broken():
            kind = next((p.kind for p in self.model.properties if p.name == name), name)
            why += (
                explain(self.model, Violation(name, kind, len(self.taken)), self.states)
                if kind != "evaluation"
                else []
            )
        return replace(behaviour(StepBuilder(self.model), self.taken, self.states, "walk"), why=tuple(why))


def follow(model: Model, texts: Sequence[tuple[str, Mapping[str, str]]]) -> tuple[Walk | None, str]:
    """A stored walk (the name of each step's instance, and every variable after it) as far as it goes, and
    the sentence that says why it goes no further.
    """
    try:
        walked = Walk(model, texts[0][1])
    except ReplayError as error:
        return None, f"step 0 no longer fits: {error}"
    for number, (name, stored) in enumerate(texts[1:], 1):
        if name == STILL:
            continue
        try:
            walked.take(name)
        except Blocked as error:
            return walked, f"step {number} no longer fits: {str(error).partition(': ')[2]}" + (
                f"  ({error.place})" if error.place else ""
            )
        now = walked.texts()
        differing = next((key for key in now | dict(stored) if now.get(key) != stored.get(key)), None)
        if differing is not None:
            return (
                walked,
                (
                    f"step {number} no longer fits: {name} leads to {differing} ="
                    f" {now.get(differing, 'nothing')}, the trace has {stored.get(differing, 'nothing')}"
                ),
            )
    return walked, ""
