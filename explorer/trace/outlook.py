"""What there is to see in a state: its texts, the steps that are possible, what the other actions wait for,
and the truth of every property. Every answer is the reference's, remembered by the cells that it reads.

Knows nothing of who looks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from explorer.engine.reference import step as execute
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show_condition
from explorer.ir.expressions import Expr
from explorer.ir.model import Instance, Model, Property
from explorer.ir.places import Variable
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.ir.steps import Condition
from explorer.language.concrete import expressions_of
from explorer.program.facts import reads
from explorer.trace.failures import text_of
from explorer.trace.reasons import reasons
from explorer.trace.step_builder import StepBuilder, observed_texts, state_texts, variable_texts, with_choices
from explorer.trace.waits import Wait, blocked, moment


@dataclass(frozen=True, slots=True)
class Possible:
    """A step that can be taken: the number of its instance, how it is told, the state after it, and which
    step invariants it breaks.
    """

    number: int
    label: str
    after: State
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """An instance that has no value here: the state cannot be left by it, and the reason."""

    number: int
    message: str
    place: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether a condition holds; None where it cannot be said. `why`: the leaves that make it false."""

    value: bool | None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """A state as a person sees it: `texts` of `Outlooks.names`, `truths` of `Outlooks.judged`. `waits` are
    numbers of instances, what each waits for in words, and where that is written. `beyond` is the constraint
    that keeps the state from being left.
    """

    texts: tuple[str, ...]
    steps: tuple[Possible, ...]
    waits: tuple[tuple[int, str, str], ...]
    faults: tuple[Fault, ...]
    truths: tuple[Truth, ...]
    ends: bool
    beyond: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A line of truth values: a property, or a condition on one state in a temporal one."""

    name: str
    kind: str
    text: str
    place: str


class Outlooks:
    """The outlooks of a model."""

    def __init__(self, model: Model, first: State):
        self.model, self.builder = model, StepBuilder(model)
        observed = observed_texts(model, first)
        self.names = (*state_texts(model, first), *observed)
        self.observed = len(observed)
        """How many of the names, the last ones, are observations."""
        self._texts = [*map(_texts_of, model.variables)]
        for o in model.observations:
            self._texts.append(_Remembered(expressions_of(o.value), partial(_observed, model, o.name)))
        self._instances = [i for i in model.instances if not any(map(_never, i.guard))]
        """Of what constants alone rule out nothing is to be seen."""
        self._guards = {
            i.number: _Remembered([c.expr for c in i.guard], partial(_look, i)) for i in self._instances
        }
        self._effects = [_Remembered(_read_by(i), partial(_effect, self.builder, i)) for i in model.instances]
        self._waits = [_Remembered([c.expr for c in i.guard], partial(_wait, i)) for i in model.instances]
        self._terminal = [_Remembered([c.expr], partial(_true, c.expr)) for c in model.terminal]
        self._beyond = [(n, _Remembered([c.expr], partial(_true, c.expr))) for n, c in model.constraints]
        self._steps = [p for p in model.properties if p.kind == "step"]
        self._broken = [_RememberedStep(p) for p in self._steps]
        self.judged, self._judges = [], []
        for prop in model.properties:
            self.judged.append(Judged(prop.name, prop.kind, prop.text, str(prop.place)))
            exprs = [expr for _, expr in prop.parts]
            self._judges.append(_Remembered(exprs, partial(_judge, prop)) if prop.kind != "step" else None)
        for formula in model.temporal:
            for condition in formula.conditions:
                shown = show_condition(condition)
                self.judged.append(Judged(formula.name, "condition", shown, str(formula.place)))
                self._judges.append(_Remembered([condition], partial(_condition, condition)))

    def of(self, state: State, before: State | None = None) -> Outlook:
        """What is to be seen in a state; `before` is the one that it was reached from, which step invariants
        look at.
        """
        faults: list[Fault] = []

        def look(instance: Instance, state: State) -> Wait | None:
            wait, fault = self._guards[instance.number](state)
            faults.extend([fault] if fault else [])
            return wait  # type: ignore[no-any-return]

        now = moment(self._instances, state, look)
        beyond = next((name for name, inside in self._beyond if not inside(state)), "")
        steps = [self._step(at.number, state, faults) for at in now.possible] if not beyond else []
        failed = {fault.number for fault in faults}
        return Outlook(
            texts=self.texts(state),
            steps=tuple(step for step in steps if step is not None),
            waits=tuple(self._told(w, state) for w in now.waiting if w.instance.number not in failed),
            faults=tuple(faults),
            truths=tuple(self._truths(state, before)),
            ends=any(holds(state) for holds in self._terminal),
            beyond=beyond,
        )

    def _told(self, wait: Wait, state: State) -> tuple[int, str, str]:
        instance = wait.instance
        text = self._waits[instance.number](state)
        return instance.number, text.removeprefix(f"{instance.name} "), str(wait.condition.place)

    def texts(self, state: State) -> tuple[str, ...]:
        """The texts of a state, in the order of `names`."""
        return tuple(text for texts in self._texts for text in texts(state))

    def after(self, number: int, state: State) -> State | None:
        """The state after an instance; None where it cannot be taken."""
        if number not in self._guards or self._guards[number](state)[0] is not None:
            return None
        effect = self._effects[number](state)
        return None if isinstance(effect, Fault) else _changed(state, effect[0])

    def _step(self, number: int, state: State, faults: list[Fault]) -> Possible | None:
        effect = self._effects[number](state)
        if isinstance(effect, Fault):
            faults.append(effect)
            return None
        after = _changed(state, effect[0])
        breaks = tuple(
            p.name for p, broken in zip(self._steps, self._broken) if not broken(state, after).value
        )
        return Possible(number, effect[1], after, breaks)

    def _truths(self, state: State, before: State | None) -> Iterable[Truth]:
        steps = iter(self._broken)
        for judge in self._judges:
            if judge is not None:
                yield judge(state)
            else:
                step = next(steps)
                yield Truth(None) if before is None else step(before, state)


def key(state: State) -> str:
    """A short name of a state: equal for equal states, and hardly ever for others."""
    return hashlib.blake2b(repr(state).encode(), digest_size=9).hexdigest()


class _Remembered:
    """A function of a state that reads only the cells of some expressions, remembered by what they hold."""

    def __init__(self, exprs: Iterable[Expr], function: Callable[[State], Any], cells: Iterable[int] = ()):
        self.pick, self.function = _picker({*cells, *_cells(exprs)}), function
        self.known: dict[Any, Any] = {}

    def __call__(self, state: State) -> Any:
        seen = self.pick(state)
        try:
            return self.known[seen]
        except KeyError:
            result = self.known[seen] = self.function(state)
            return result


class _RememberedStep:
    """Whether a step invariant holds on a step, remembered by the cells that it reads before and after."""

    def __init__(self, prop: Property):
        self.prop = prop
        self.pick = _picker(_cells(expr for _, expr in prop.parts))
        self.known: dict[Any, Truth] = {}

    def __call__(self, before: State, after: State) -> Truth:
        seen = (self.pick(before), self.pick(after))
        if seen not in self.known:
            self.known[seen] = _judge(self.prop, before, after)
        return self.known[seen]


def _cells(exprs: Iterable[Expr]) -> set[int]:
    """The cells that expressions read, before or after a step."""
    bits = 0
    for expr in exprs:
        bits |= reads(expr)[0]
    return {at // 2 for at in range(bits.bit_length()) if bits >> at & 1}


def _picker(cells: set[int]) -> Callable[[State], Any]:
    return itemgetter(*sorted(cells)) if cells else lambda state: ()


def _texts_of(variable: Variable) -> _Remembered:
    cells = [at for f in variable.families.values() for at in range(f.first, f.first + f.size)]
    return _Remembered([], lambda state: tuple(variable_texts(variable, state).values()), cells)


def _observed(model: Model, name: str, state: State) -> tuple[str]:
    return (observed_texts(model, state)[name],)


def _read_by(instance: Instance) -> list[Expr]:
    """What the guard, the effect and the label of an instance read. What a label reads after the step was
    written by it, or stands there before.
    """
    writes = [expr for write in instance.writes for expr in (write.index, write.expr)]
    told = [expr for piece in instance.label for expr in expressions_of(piece)]
    return [*(c.expr for c in instance.guard), *writes, *told]


def _never(condition: Condition) -> bool:
    return ex.is_const(condition.expr) and not condition.expr.value


def _look(instance: Instance, state: State) -> tuple[Wait | None, Fault | None]:
    """What keeps an instance from being taken, and why its guard has no value, if it has none."""
    wait = blocked(instance, state)
    if wait is not None:
        try:
            evaluate(wait.condition.expr, state)
        except EvaluationError as error:
            return wait, _fault(instance, error)
    return wait, None


def _fault(instance: Instance, error: EvaluationError) -> Fault:
    return Fault(instance.number, text_of(error), str(error.failure.place))


def _effect(
    builder: StepBuilder, instance: Instance, state: State
) -> tuple[tuple[tuple[int, int], ...], str] | Fault:
    """What an instance that is possible writes, and how that is told."""
    try:
        after = execute(instance, state)
        cells = [write.family.first + evaluate(write.index, state) for write in instance.writes]
    except EvaluationError as error:
        return _fault(instance, error)
    assert after is not None
    told = with_choices(builder.label(instance, state, after), instance)
    return tuple((cell, after[cell]) for cell in cells), told


def _changed(state: State, cells: Sequence[tuple[int, int]]) -> State:
    after = list(state)
    for cell, code in cells:
        after[cell] = code
    return tuple(after)


def _wait(instance: Instance, state: State) -> str:
    wait = blocked(instance, state)
    assert wait is not None
    return wait.text(state)


def _true(expr: Expr, state: State) -> bool:
    try:
        return bool(evaluate(expr, state))
    except EvaluationError:
        return False


def _condition(expr: Expr, state: State) -> Truth:
    try:
        return Truth(bool(evaluate(expr, state)))
    except EvaluationError as error:
        return Truth(None, (text_of(error),))


def _judge(prop: Property, before: State, after: State | None = None) -> Truth:
    """Whether a property holds in a state or on a step, and the leaves of its first part that does not."""
    after = before if after is None else after
    for name, expr in prop.parts:
        try:
            if not evaluate(expr, before, after):
                found = dict.fromkeys(reasons(expr, False, before, after))
                return Truth(False, (*([f"for {name}"] if name else []), *found))
        except EvaluationError as error:
            return Truth(None, (text_of(error),))
    return Truth(True)
