"""Temporal properties of an explored space: each holds, is violated by a lasso that the reference has walked,
or is undetermined.

Run once, after safety. Knows nothing of how results are shown.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from explorer.engine.limits import Limits, Stopped
from explorer.engine.space import StateSpace
from explorer.ir.data import dataclass
from explorer.ir.model import Model, Temporal
from explorer.ir.semantics import EvaluationError
from explorer.liveness.automaton import TooLarge
from explorer.liveness.build_graph import build
from explorer.liveness.graph import Graph, Refused, estimate
from explorer.liveness.violation import LassoSearch, prepare, violation
from explorer.program.simplify import lift
from explorer.trace.trace import Trace

if TYPE_CHECKING:
    from explorer.liveness.find_lasso import NumberedLasso

NO_VALUE = "an expression has no value in some reachable state"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found on a temporal property. `trace` is there where it is violated; `doubt` says why it is
    undetermined.

    `unbreakable`: no behaviour of the actions could break it, fair or not, so that it says nothing about
    them.
    """

    trace: Trace | None = None
    doubt: str = ""
    unbreakable: bool = False


def check(space: StateSpace, limits: Limits, only: tuple[str, ...] = ()) -> dict[str, Answer]:
    """An answer for every temporal property (of those in `only`, if there are any)."""
    wanted = [p for p in space.model.temporal if not only or p.name in only]
    if not wanted:
        return {}
    reason = _impossible(space)
    if reason:
        return {p.name: Answer(doubt=reason) for p in wanted}
    return _answers(space, limits, wanted)


def forecast(space: StateSpace) -> str:
    """What liveness is about to look at, and the memory that takes, in one sentence."""
    gibibytes = estimate(space, -(-space.bits // 64) or 1) / 2**30
    return (
        f"liveness: {space.distinct:,} states, {space.transitions:,} transitions, about {gibibytes:.1f} GiB"
        " more"
    )


def _impossible(space: StateSpace) -> str:
    """Why liveness cannot be looked at; "" where it can. A run stopped by its number of states or depth still
    has lassos.
    """
    if space.walked is not None:
        return "random walks do not look at temporal properties"
    if space.stopped and not space.stopped.startswith(("--max-states", "--max-depth")):
        return space.stopped
    if space.storage != "exact":
        return f"{space.storage} storage keeps no states to look for cycles in; write: --storage exact"
    return ""


def _answers(space: StateSpace, limits: Limits, wanted: list[Temporal]) -> dict[str, Answer]:
    result: dict[str, Answer] = {}
    try:
        search = limits.during("liveness", lambda: prepare(build(space, limits), limits))
    except (Refused, Stopped) as stop:
        return {p.name: Answer(doubt=_doubt(stop)) for p in wanted}
    for prop in wanted:
        try:
            result[prop.name] = limits.during(
                "liveness", partial(_answer_beside_failures, search, space, prop)
            )
        except (Refused, TooLarge, Stopped) as stop:
            result[prop.name] = Answer(doubt=_doubt(stop))
    return result


def _doubt(stop: BaseException) -> str:
    return stop.reason if isinstance(stop, Stopped) else str(stop)


def _answer_beside_failures(search: LassoSearch, space: StateSpace, prop: Temporal) -> Answer:
    """The answer where some expression has no value: the steps that have one make real behaviours,
    so that a violation counts; that there is none says nothing. A formula that may itself have no value is
    not looked at.
    """
    if "evaluation" not in space.violations:
        return _answer(search, prop)
    if not any(lift(condition)[1] for condition in prop.conditions):
        answer = _answer(search, prop)
        if answer.trace is not None and _all_have_values(space.model, answer.trace):
            return answer
    return Answer(doubt=NO_VALUE)


def _all_have_values(model: Model, lasso: Trace) -> bool:
    """Whether every action has a value in the states that a lasso goes through for ever: else it is open what
    is enabled there, and with it what is fair.
    """
    from explorer.engine.reference import step
    from explorer.trace.replay import replay, walk_of

    assert lasso.loop is not None
    try:
        for state in replay(model, walk_of(lasso))[lasso.loop :]:
            for instance in model.instances:
                step(instance, state)
    except EvaluationError:
        return False
    return True


def _answer(search: LassoSearch, prop: Temporal) -> Answer:
    """The shortest lasso over all parts of a property."""
    search.unbreakable, search.covered = True, set()
    best: tuple[str, NumberedLasso] | None = None
    for part, formula in prop.parts:
        shortest = violation(search, formula)
        if shortest is not None and (best is None or shortest.length < best[1].length):
            best = part, shortest
    if best is None:
        return Answer(unbreakable=search.unbreakable)
    from explorer.trace.tell_lasso import tell_lasso

    part, lasso = best
    graph: Graph = search.graph
    initial = graph.state(lasso.initial, lasso.element)
    return Answer(
        tell_lasso(
            graph.space.model,
            prop,
            part,
            lasso.formula,
            initial=initial,
            stem=lasso.stem,
            cycle=lasso.cycle,
        )
    )
