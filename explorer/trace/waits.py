"""What can happen in a state, and what the other actions wait for. Knows nothing of formulas and files.

Of an action the instance that comes nearest to being taken speaks, of a process each copy where it stands:
what is behind and before it waits for nothing. What constants alone make impossible waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import names_in, show, show_condition
from explorer.ir.expressions import Expr
from explorer.ir.model import Instance
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.ir.steps import Condition, Role
from explorer.language.memory_wiring import MemoryType

LOADS = ("load", "next", "loadat", "nextat")


@dataclass(frozen=True, slots=True)
class Wait:
    """An instance that cannot be taken, and the first condition of its guard that fails; the `number`th."""

    instance: Instance
    condition: Condition
    number: int

    def text(self, state: State | None = None) -> str:
        """What it waits for, with the values of a state where one is given."""
        if self.condition.role is Role.LEVEL:
            handler = next(at for at in ex.walk(self.condition.expr) if at.op in LOADS)
            return f"{self.instance.name} waits until {show(handler).removeprefix('at@')} returns"
        expr = self.condition.expr
        values = "" if state is None else values_in(expr, state)
        return f"{self.instance.name} waits for {show_condition(expr)}" + (values and f": {values}")


@dataclass(frozen=True, slots=True)
class Moment:
    """The instances that can be taken in a state, and what the actions wait for that cannot."""

    possible: list[Instance]
    waiting: list[Wait]


def moment(
    instances: Iterable[Instance],
    state: State,
    look: Callable[[Instance, State], Wait | None] | None = None,
) -> Moment:
    """What each instance can do in a state; the nearest to being taken come first, the interrupted last.
    `look` takes the place of `blocked` where its answers are remembered.
    """
    look = look or blocked
    possible: list[Instance] = []
    nearest: dict[object, Wait] = {}
    for instance in instances:
        wait = look(instance, state)
        if wait is None:
            possible.append(instance)
            continue
        if ex.is_const(wait.condition.expr) or wait.condition.role is Role.PLACE:
            continue
        if wait.condition.expr.op == "le" and wait.condition.expr.args[1].op == "apply":
            continue  # whether a memory has something to do, such as to spread a store
        name = instance.action.name
        runs = any(condition.role is Role.PLACE for condition in instance.guard)
        key = (name, wait.condition.expr) if runs else name
        if key not in nearest or wait.number > nearest[key].number:
            nearest[key] = wait
    taken = {instance.action.name for instance in possible}
    waiting = [w for key, w in nearest.items() if not isinstance(key, str) or key not in taken]
    return Moment(possible, sorted(waiting, key=lambda w: (w.condition.role is Role.LEVEL, -w.number)))


def blocked(instance: Instance, state: State) -> Wait | None:
    """What keeps an instance from being taken; None where nothing does."""
    for number, condition in enumerate(instance.guard):
        try:
            if evaluate(condition.expr, state):
                continue
        except EvaluationError:
            pass
        return Wait(instance, condition, number)
    return None


def values_in(expr: Expr, state: State) -> str:
    """The places that a condition reads, with their values; "" where its text says them."""
    bare = expr.args[0] if expr.op == "not" else expr
    if is_place(bare):
        return ""
    texts = (value_text(at, state) for at in places(expr))
    return ", ".join(dict.fromkeys(text for text in texts if text))


def places(expr: Expr) -> list[Expr]:
    """What an expression reads: variables, and locations of memories, operands first."""
    below = ex.walk(expr)
    inside = {at.args[0] for at in below if at.op == "apply" and is_place(at)}
    return [at for at in below if is_place(at) and at not in inside]


def is_place(at: Expr) -> bool:
    """Whether an expression is a read of a variable, or of what a location of a memory holds."""
    return at.op in LOADS or (at.op == "apply" and at.args[0].op in LOADS and at.value.text is not None)


def value_text(at: Expr, s: State, t: State | None = None) -> str:
    """A place that an expression reads, and its value; "" where it has none. A memory is all its
    locations.
    """
    names = names_in(at)
    assert names is not None
    try:
        text = names.text(evaluate(at, s, t))
    except (EvaluationError, AssertionError):
        return ""
    return text if isinstance(names, MemoryType) else f"{show(at)} = {text}"
