"""A behaviour that goes on for ever as a trace: re-executed in the reference, shown to be fair and to break
the formula.

Knows nothing of how it was found. Nothing is told that is not checked here against the meaning of fairness
and of formulas.
"""

from __future__ import annotations

from dataclasses import replace

from explorer.engine.reference import step as execute
from explorer.engine.reference import successors
from explorer.ir.data import dataclass
from explorer.ir.expression_text import show
from explorer.ir.formulas import Ltl, leads
from explorer.ir.formulas import show as show_formula
from explorer.ir.model import FairGroup, Model, Temporal
from explorer.ir.semantics import State, evaluate
from explorer.ir.steps import Fairness
from explorer.trace.accesses import of_memories
from explorer.trace.behaviour import with_memories
from explorer.trace.step_builder import StepBuilder
from explorer.trace.tell import ReplayError
from explorer.trace.trace import STILL, Fair, Step, Trace
from explorer.trace.waits import moment

STUTTER = -1
SHOWN = 8
"""Lines on fairness, and on what is enabled, in the reasons of a trace."""


@dataclass(frozen=True, slots=True)
class Lasso:
    """States and the instances between them (STUTTER: nothing changes). After the last state the behaviour
    goes on as after states[loop], which is equal; where loop is the last one, it stutters."""

    states: tuple[State, ...]
    instances: tuple[int, ...]
    loop: int

    @property
    def moments(self) -> list[State]:
        """The states along stem and cycle, each moment once."""
        return list(self.states if self.loop == len(self.states) - 1 else self.states[:-1])


def tell_lasso(
    model: Model,
    prop: Temporal,
    part: str,
    formula: Ltl,
    *,
    initial: State,
    stem: tuple[int, ...],
    cycle: tuple[int, ...],
) -> Trace:
    """The trace of a lasso. Raises ReplayError where it is no fair behaviour that breaks the formula: a bug
    of ours.
    """
    lasso = execute_lasso(model, initial, stem, cycle)
    if not _reads_next(formula):
        lasso = without_stuttering(lasso)
    loop, moments = lasso.loop, lasso.moments
    if values(formula, moments, min(loop, len(moments) - 1))[0]:
        raise ReplayError(f"the behaviour found for {prop.name} does not break it")
    fair = tuple(_fair(model, group, lasso) for group in model.fair_groups)
    builder = StepBuilder(model)
    steps = [builder.first(lasso.states[0])]
    for index, number in enumerate(lasso.instances, 1):
        before, after = lasso.states[index - 1 : index + 1]
        step = builder.next(model.instances[max(number, 0)], index, before, after)
        steps.append(step if number != STUTTER else _still(step))
    memories = of_memories(
        model, [None if n == STUTTER else model.instances[n] for n in lasso.instances], lasso.states
    )
    why = [
        *([f"{prop.name}: {prop.text}"] if prop.text else []),
        *([f"for {part}:"] if part else []),
        *_reason(formula, lasso),
        *_for_ever(model, lasso, fair),
    ]
    trace = Trace(
        property=prop.name,
        kind=prop.kind,
        length=len(lasso.instances),
        lanes=builder.lanes,
        steps=tuple(steps),
        why=tuple(why),
        loop=loop,
        fairness=fair,
        lost=lost_at(formula, lasso.moments),
    )
    return with_memories(trace, memories)


def execute_lasso(model: Model, initial: State, stem: tuple[int, ...], cycle: tuple[int, ...]) -> Lasso:
    """The states along a lasso. Raises ReplayError where a step cannot be taken or the cycle does not
    close.
    """
    states = [initial]
    for number in (*stem, *cycle):
        after = states[-1] if number == STUTTER else execute(model.instances[number], states[-1])
        if after is None:
            raise ReplayError(f"{model.instances[number].name} cannot be taken after step {len(states) - 1}")
        states.append(after)
    if states[len(stem)] != states[-1]:
        raise ReplayError("the cycle does not close")
    return Lasso(tuple(states), (*stem, *cycle), len(stem))


def without_stuttering(lasso: Lasso) -> Lasso:
    """The same behaviour without its stuttering steps, which no formula without next_step can see."""
    kept = [i for i, number in enumerate(lasso.instances) if number != STUTTER]
    loop = sum(1 for i in kept if i < lasso.loop)
    return Lasso(
        (lasso.states[0], *(lasso.states[i + 1] for i in kept)), tuple(lasso.instances[i] for i in kept), loop
    )


def values(formula: Ltl, moments: list[State], loop: int) -> list[bool]:
    """Whether a formula holds at each moment of a behaviour that goes from the last moment back to moment
    `loop`.
    """
    if formula.op == "state":
        return [bool(evaluate(formula.condition, state)) for state in moments]
    args = [values(a, moments, loop) for a in formula.args]
    n = len(moments)
    if formula.op == "not":
        return [not v for v in args[0]]
    if formula.op in ("and", "or"):
        return [(all if formula.op == "and" else any)(column) for column in zip(*args)]
    if formula.op == "next":
        return [args[0][i + 1 if i + 1 < n else loop] for i in range(n)]
    if formula.op in ("always", "eventually"):
        args = [[formula.op == "eventually"] * n, args[0]]
    hold, goal = args
    least = formula.op in ("until", "eventually")
    result = [not least] * n
    for _ in range(2):  # once around the cycle settles what the last moment sees of the first
        for i in reversed(range(n)):
            after = result[i + 1 if i + 1 < n else loop]
            result[i] = goal[i] or (hold[i] and after) if least else goal[i] and (hold[i] or after)
    return result


def _reads_next(formula: Ltl) -> bool:
    return formula.op == "next" or any(map(_reads_next, formula.args))


def _fair(model: Model, group: FairGroup, lasso: Lasso) -> Fair:
    """How the cycle is fair to a group: a step of it changes the state as some instance of the group does, or
    the group is disabled, once for weak fairness and throughout for strong. Raises ReplayError where it is
    not fair."""
    last = len(lasso.states) - 1
    enabled = {}
    for index in range(lasso.loop, last + 1):
        state = lasso.states[index]
        after = {t for _, number, t in successors(model, state) if number in group.instances and t != state}
        if index < last and lasso.states[index + 1] in after:
            return Fair(group.name, group.fair.value, "taken", index + 1)
        enabled[index] = bool(after)
    off = [index for index, on in enabled.items() if not on]
    if not off or (group.fair is Fairness.STRONG and len(off) < len(enabled)):
        raise ReplayError(f"the cycle is not fair to {group.name}")
    return Fair(group.name, group.fair.value, "disabled", off[0], decides=len(off) < len(enabled))


def _still(step: Step) -> Step:
    return replace(
        step,
        action=STILL,
        instance=STILL,
        parameters={},
        actor="",
        label="(nothing happens)",
        function="",
        source="",
        place="",
        opens=(),
        closes=(),
        sends=(),
        remarks=(),
    )


def _reason(formula: Ltl, lasso: Lasso) -> list[str]:
    """Where the formula fails on the behaviour, for the common shapes; else the formula itself."""
    moments = lasso.moments
    known = leads(formula)
    if known is not None:
        premise, goal = known[0].condition, known[1].condition
        later = [bool(evaluate(goal, s)) for s in moments]
        at = next(
            i for i, s in enumerate(moments) if evaluate(premise, s) and not any(later[min(i, lasso.loop) :])
        )
        return [f"{show(premise)} holds {_after(at)}, and {show(goal)} never holds from there on"]
    inner = formula.args[0] if formula.args else formula
    if formula.op == "always" and inner.op == "eventually" and inner.args[0].op == "state":
        last = max((i for i, s in enumerate(moments) if evaluate(inner.args[0].condition, s)), default=None)
        text = "never holds" if last is None else f"holds for the last time {_after(last)}"
        return [f"{show(inner.args[0].condition)} {text}"]
    if formula.op == "eventually" and inner.op == "always" and inner.args[0].op == "state":
        at = next(
            i for i, s in enumerate(moments) if i >= lasso.loop and not evaluate(inner.args[0].condition, s)
        )
        return [f"{show(inner.args[0].condition)} fails {_after(at)}, again and again"]
    if formula.op == "eventually" and inner.op == "state":
        return [f"{show(inner.condition)} never holds"]
    if formula.op == "always" and inner.op == "state":
        at = next(i for i, s in enumerate(moments) if not evaluate(inner.condition, s))
        return [f"{show(inner.condition)} fails {_after(at)}"]
    lost = lost_at(formula, moments)
    if lost is not None:
        return [f"{show_formula(formula)} fails {_after(lost)}, whatever follows"]
    return [f"{show_formula(formula)} is false of this behaviour"]


def lost_at(formula: Ltl, moments: list[State]) -> int | None:
    """The first moment after which no continuation makes the formula true; None where one could, as far as
    its parts show that (Kleene's logic on finite beginnings).
    """
    for end in range(1, len(moments) + 1):
        if _known(formula, moments[:end])[0] is False:
            return end - 1
    return None


def _known(formula: Ltl, beginning: list[State]) -> list[bool | None]:
    """The value of a formula at each moment of a beginning; None where it depends on what follows."""
    n = len(beginning)
    if formula.op == "state":
        return [bool(evaluate(formula.condition, state)) for state in beginning]
    args = [_known(a, beginning) for a in formula.args]
    if formula.op == "not":
        return [None if v is None else not v for v in args[0]]
    if formula.op in ("and", "or"):
        return [_joined(formula.op, *column) for column in zip(*args)]
    if formula.op == "next":
        return [*args[0][1:], None]
    if formula.op in ("always", "eventually"):
        args = [[formula.op == "eventually"] * n, args[0]]
    hold, goal = args
    result: list[bool | None] = [None] * (n + 1)
    for i in reversed(range(n)):
        inner, outer = ("and", "or") if formula.op in ("until", "eventually") else ("or", "and")
        result[i] = _joined(outer, goal[i], _joined(inner, hold[i], result[i + 1]))
    return result[:n]


def _joined(op: str, *values: bool | None) -> bool | None:
    """Conjunction or disjunction of three values."""
    decides = op == "or"
    if decides in values:
        return decides
    return None if None in values else not decides


def _after(index: int) -> str:
    return f"after step {index}" if index else "in the initial state"


def _for_ever(model: Model, lasso: Lasso, fair: tuple[Fair, ...]) -> list[str]:
    """How it goes on for ever, and why that is fair."""
    last = len(lasso.states) - 1
    if lasso.loop == last:
        state = lasso.states[-1]
        unfair = [model.instances[number].name for _, number, t in successors(model, state) if t != state]
        lines = [f"{_after(last)} it stutters for ever: nothing that is fair is enabled"]
        more = f" and {len(unfair) - SHOWN} more" if len(unfair) > SHOWN else ""
        lines.append(
            f"enabled but not fair: {', '.join(unfair[:SHOWN])}{more}"
            if unfair
            else "no action can change the state"
        )
        promised = sorted({number for group in model.fair_groups for number in group.instances})
        waiting = moment((model.instances[number] for number in promised), state).waiting
        return lines + [wait.text(state) for wait in waiting[:SHOWN]]
    steps = f"step {last} repeats" if last == lasso.loop + 1 else f"steps {lasso.loop + 1} to {last} repeat"
    lines = [f"{steps} for ever" + (", and that is fair:" if fair else ": no action is fair")]
    for item in sorted(fair, key=lambda f: (f.how == "disabled", f.step))[:SHOWN]:
        lines.append(
            f"{item.group} ({item.fairness}) is "
            + (f"taken in step {item.step}" if item.how == "taken" else f"disabled {_after(item.step)}")
        )
    return lines + ([f"and {len(fair) - SHOWN} more groups, see verdict.json"] if len(fair) > SHOWN else [])
