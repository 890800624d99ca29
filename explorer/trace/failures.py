"""Which expression has no value in a state, also where the space knows another state of its orbit only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from explorer.engine.reference import step
from explorer.engine.space import Handle, StateSpace, Violation
from explorer.ir.expressions import Failure
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import EvaluationError, State, evaluate


def failure_in(space: StateSpace, violation: Violation, state: Handle) -> tuple[int, Failure]:
    """Which instance (-1: a property) has no value in a state that an evaluation error was found in, and
    why.
    """
    if space.quotient is None or state in violation.failures:
        return violation.failures[state]
    result = next(_failures(space.model, space.decode(state)), None)
    assert result is not None, "a renaming of a state without a value has one"
    return result


def _failures(model: Model, state: State) -> Iterator[tuple[int, Failure]]:
    """What has no value in a state, in the order in which the reference finds it."""
    for conditions in (
        *([e for _, e in p.parts] for p in model.properties if p.kind == "invariant"),
        *([c.expr] for _, c in model.constraints),
    ):
        yield from _attempt(-1, lambda: all(evaluate(expr, state) for expr in conditions))
    for instance in model.instances:
        yield from _attempt(instance.number, lambda: _steps(model, instance, state))
    yield from _attempt(-1, lambda: any(evaluate(c.expr, state) for c in model.terminal))


def _steps(model: Model, instance: Instance, state: State) -> None:
    """Take a step, and judge it by all step properties."""
    after = step(instance, state)
    if after is not None:
        for prop in model.properties:
            if prop.kind == "step":
                all(evaluate(expr, state, after) for _, expr in prop.parts)


def _attempt(number: int, work: Callable[[], object]) -> Iterator[tuple[int, Failure]]:
    try:
        work()
    except EvaluationError as error:
        yield number, error.failure
