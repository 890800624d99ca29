"""The judge: explores a ground model on plain values with a dict and a loop. Slow, short and obviously right.

Every engine must find the same states, transitions, depth, coverage, violations and shortest traces as this
one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from explorer.engine.compiled import Compiled
from explorer.engine.limits import Limits, Observer, Progress, ignore
from explorer.engine.space import Edge, StateSpace
from explorer.engine.space_builder import SpaceBuilder
from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr, Failure, walk
from explorer.ir.model import Instance, Model, collision
from explorer.ir.semantics import EvaluationError, State, closure, evaluate
from explorer.ir.steps import Write
from explorer.symmetry.find import Symmetry


def step(instance: Instance, state: State) -> State | None:
    """The state after an action instance; None where its guard fails.

    Raises EvaluationError where an expression has no value, a value leaves its domain, or one place is
    written twice.
    """
    for condition in instance.guard:
        if not closure(condition.expr)(state, state):
            return None
    after = list(state)
    written: dict[int, Write] = {}
    values = [
        (write, write.family.first + evaluate(write.index, state), evaluate(write.expr, state))
        for write in instance.writes
    ]
    for write, cell, code in values:
        if not write.family.low <= code <= write.family.high:
            inside = ex.within(write.expr, write.family.low, write.family.high)
            failure = Failure(f"`{write.family!r}` got the value {code}", write.place)
            raise EvaluationError(failure, (inside, state, state))
        if cell in written:
            apart = ex.negate(ex.equal(written[cell].index, write.index))
            raise EvaluationError(collision(write), (apart, state, state))
        written[cell] = write
        after[cell] = code
    return tuple(after)


def successors(model: Model, state: State) -> list[Edge]:
    """Every step from a state, by number of the action instance; steps without a value are left out."""
    result = []
    for instance in model.instances:
        try:
            after = step(instance, state)
        except EvaluationError:
            continue
        if after is not None:
            result.append((state, instance.number, after))
    return result


def explore(
    model: Model, limits: Limits | None = None, observer: Observer = ignore, symmetry: Symmetry | None = None
) -> StateSpace:
    """Visit every reachable state, level by level: the judge uses no symmetry."""
    assert symmetry is None
    limits = limits or Limits()
    started = time.monotonic()
    space = SpaceBuilder(
        compiled=Compiled(model),
        engine="reference",
        started=started,
        decode=lambda s: s,
        edges=lambda states, targets: _edges(model, states, targets),
        before=lambda level, later, lanes: lanes.costs(
            _edges(model, level, costs := dict(later.items())), costs
        ),
        somewhere=lambda condition: _somewhere(space, condition),
    )
    visited: dict[State, int] = dict.fromkeys(model.initial_states(), 0)
    level = list(visited)
    limits.searching()
    while level:
        depth = len(space.levels)
        space.levels.append(level)
        fresh: list[State] = []
        bounded = limits.max_depth is not None and depth >= limits.max_depth
        for state in level:
            _check_state(space, state, depth)
        space.stopped = limits.ended(space.violations)
        for state in () if space.stopped else level:
            space.stopped = limits.reached(len(visited))
            if not bounded and not space.stopped and _inside(space, state, depth):
                _expand(space, state, depth, visited, fresh)
        if bounded:
            space.stopped = space.stopped or f"--max-depth {limits.max_depth} reached"
        space.stopped = space.stopped or limits.ended(space.violations)
        failed = space.failed_in(depth) if fresh and not space.stopped else ()
        observer(
            Progress(
                level=depth,
                states=len(visited),
                frontier=len(fresh),
                seconds=time.monotonic() - started,
                failed=failed,
                snapshot=space.space,
            )
        )
        if space.stopped:
            if fresh:
                space.levels.append(fresh)
            for state in fresh:
                _check_state(space, state, depth + 1)
            break
        level = fresh
    return space.space()


def _expand(
    space: SpaceBuilder, state: State, depth: int, visited: dict[State, int], fresh: list[State]
) -> None:
    model, degree, failed = space.compiled.model, 0, False
    for instance in model.instances:
        try:
            after = step(instance, state)
        except EvaluationError as error:
            failed = True
            space.note_failure(depth, state, instance.number, error.failure)
            continue
        if after is None:
            continue
        degree += 1
        space.enabled[instance.number] += 1
        space.changed[instance.number] += after != state
        _check_step(space, (state, instance.number, after), depth)
        if after not in visited:
            visited[after] = depth + 1
            fresh.append(after)
    space.expanded += 1
    space.least, space.most = min(space.least, degree), max(space.most, degree)
    if not degree and not failed and not _may_end(space, state, depth):
        violation = space.note("deadlock", "deadlock", depth)
        if violation:
            violation.states.append(state)


def _may_end(space: SpaceBuilder, state: State, depth: int) -> bool:
    try:
        return any(evaluate(c.expr, state) for c in space.compiled.model.terminal)
    except EvaluationError as error:
        space.note_failure(depth, state, -1, error.failure)
        return True


def _check_state(space: SpaceBuilder, state: State, depth: int) -> None:
    for prop in space.compiled.model.properties:
        if prop.kind == "invariant":
            try:
                if not all(evaluate(expr, state) for _, expr in prop.parts):
                    violation = space.note(prop.name, prop.kind, depth)
                    if violation:
                        violation.states.append(state)
            except EvaluationError as error:
                space.note_failure(depth, state, -1, error.failure)
    for formula in space.compiled.model.temporal:
        for condition in formula.conditions:
            try:
                evaluate(condition, state)
            except EvaluationError as error:
                space.note_failure(depth, state, -1, error.failure)


def _check_step(space: SpaceBuilder, edge: Edge, depth: int) -> None:
    for prop in space.compiled.model.properties:
        if prop.kind == "step":
            try:
                if not all(evaluate(expr, edge[0], edge[2]) for _, expr in prop.parts):
                    violation = space.note(prop.name, prop.kind, depth)
                    if violation:
                        violation.edges.append(edge)
            except EvaluationError as error:
                space.note_failure(depth, edge[0], edge[1], error.failure)


def _inside(space: SpaceBuilder, state: State, depth: int) -> bool:
    """Whether no constraint keeps a state from being expanded; one without a value is reported and keeps
    nothing.
    """
    for name, condition in space.compiled.model.constraints:
        try:
            if not evaluate(condition.expr, state):
                space.cut[name] = space.cut.get(name, 0) + 1
                return False
        except EvaluationError as error:
            space.note_failure(depth, state, -1, error.failure)
    return True


def _edges(model: Model, states: Iterable[State], targets: Any) -> list[Edge]:
    """Every step from the states, into the targets only where some are given."""
    return [
        edge for state in states for edge in successors(model, state) if targets is None or edge[2] in targets
    ]


def _somewhere(space: SpaceBuilder, condition: Expr) -> bool:
    """Whether a condition has the value true in any visited state, or on any step where it reads the state
    after.
    """
    on_steps = any(at.op in ("next", "nextat") for at in walk(condition))
    for level in space.levels:
        pairs = [(s, t) for s, _, t in space.edges(level, None)] if on_steps else [(s, s) for s in level]
        if any(_true(condition, s, t) for s, t in pairs):
            return True
    return False


def _true(condition: Expr, before: State, after: State) -> bool:
    try:
        return bool(evaluate(condition, before, after))
    except EvaluationError:
        return False
