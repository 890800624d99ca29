"""Which expression has no value in a state, also where the space knows another state of its orbit only; and
the values that make it so.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator

from explorer.engine.reference import step
from explorer.engine.space import Handle, StateSpace, Violation
from explorer.ir import expressions as ex
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr, Failure
from explorer.ir.model import Instance, Model
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.trace.waits import LOADS, places, value_text


def failure_in(space: StateSpace, violation: Violation, state: Handle) -> tuple[int, Failure]:
    """Which instance (-1: a property) has no value in a state that an evaluation error was found in, and
    why.
    """
    if space.quotient is None or state in violation.failures:
        return violation.failures[state]
    return first_failure(space.model, space.decode(state))


def first_failure(model: Model, state: State) -> tuple[int, Failure]:
    """Which instance (-1: a property) has no value in a state where something has none, and why."""
    number, error = next(failures(model, state))
    return number, error.failure


def told(model: Model, number: int, failure: Failure, state: State) -> list[str]:
    """A failure in a state in sentences: what has no value, its values there, and the author's line."""
    errors = (e for at, e in failures(model, state) if at == number and e.failure == failure)
    values = next(map(values_of, errors), "")
    return [failure.message, *([values] if values else []), f"at {failure.place}{_line(failure)}"]


def text_of(error: EvaluationError) -> str:
    """What has no value, and its values, on one line."""
    return ": ".join(filter(None, (error.failure.message, values_of(error))))


def values_of(error: EvaluationError) -> str:
    """The expression that is not what it has to be, and the places that it reads, each with its value; ""
    where the failure's own text says all.
    """
    check, s, t = error.check
    subject = _subject(check, s, t)
    read = places(subject)
    texts = ", ".join(dict.fromkeys(filter(None, (value_text(at, s, t) for at in read))))
    if subject is not check and subject.op not in LOADS:
        return f"{show(subject)} is {evaluate(subject, s, t)}" + (f" ({texts})" if texts else "")
    said = len(read) == 1 and f"`{_SIZE.sub('', show(read[0]))}`" in error.failure.message
    return "" if said else texts


_SIZE = re.compile(r"\.(length|present)$")
"""What a queue or an optional record keeps beside its content."""


def _subject(check: Expr, s: State, t: State) -> Expr:
    """What a condition that is false compares with a constant; the condition where it is not such a one."""
    if check.op == "and":
        check = next(a for a in check.args if not evaluate(a, s, t))
    if check.op in ("le", "lt"):
        return next((b for a, b in (check.args, check.args[::-1]) if ex.is_const(a)), check)
    return check


def _line(failure: Failure) -> str:
    """The text of the author's line, after a colon; "" where it cannot be read."""
    text = linecache.getline(failure.place.file, failure.place.line).strip()
    return f": {text}" if text else ""


def failures(model: Model, state: State) -> Iterator[tuple[int, EvaluationError]]:
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


def _attempt(number: int, work: Callable[[], object]) -> Iterator[tuple[int, EvaluationError]]:
    try:
        work()
    except EvaluationError as error:
        yield number, error
