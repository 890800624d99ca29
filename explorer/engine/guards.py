"""How far each guard was met in the visited states: a second pass over them, after the search, which it costs
nothing.

Small spaces are counted by generated Python, large ones by machine code, those of the reference by the
meaning of each conjunct. Under a symmetry the visited states are representatives, and what is counted is
about them. Knows nothing of what is done with the counts.
"""

from __future__ import annotations

import importlib.util
from itertools import chain, islice
from typing import Any

from explorer.codegen.guard_counters import chains, plain_counter
from explorer.engine.python import Compiled, run_source
from explorer.engine.space import StateSpace
from explorer.ir.expressions import Expr
from explorer.ir.model import Instance
from explorer.ir.semantics import EvaluationError, State, evaluate
from explorer.program.machine_word import BeyondWord
from explorer.program.program import Rule

UNASKED, NATIVE_FROM = 10_000_000, 30_000_000
"""Pairs of a state and an instance: up to so many are counted in any case (a quarter of a second); from so
many on by machine code.
"""

ROOM = 1 << 12
"""States that are looked at together: they stay near the processor while all guards are evaluated."""

Counts = list[list[tuple[int, int]]]
"""For each action instance and each conjunct of its guard: the states in which the conjuncts before it held,
and those of them in which it was false."""


def count(space: StateSpace, asked: bool = False, native: bool | None = None) -> Counts | None:
    """The counts of a complete exploration, over the states that could be expanded; None of any other, and of
    a large one unless `asked`.

    `native` says whether machine code counts; None leaves that to the size.
    """
    pairs = space.distinct * len(space.model.instances)
    if space.stopped is not None or (pairs > UNASKED and not asked):
        return None
    if space.engine == "reference":
        return _by_meaning(space)
    if native is None:
        native = pairs >= NATIVE_FROM and importlib.util.find_spec("numba") is not None
    compiled = space.compiled
    rules = compiled.once("guarded rules", lambda: chains(compiled.program))
    try:
        result = (_native if native else _plain)(space, compiled, rules)
    except BeyondWord:
        result = _plain(space, compiled, rules)
    return [_whole(rule, tests, space.expanded) for rule, tests in zip(rules, result)]


def _whole(rule: Rule, pairs: list[tuple[int, int]], states: int) -> list[tuple[int, int]]:
    """The counts of all conjuncts, from the states that passed the ones that may fail, and those that each of
    these stopped.
    """
    tested = {test.number: pair for test, pair in zip(rule.guard, pairs)}
    whole = []
    for number in range(len(rule.instance.guard)):
        after, stopped = tested.get(number, (states, 0))
        whole.append((states, stopped))
        states = after
    return whole


def _plain(space: StateSpace, compiled: Compiled, rules: list[Rule]) -> Counts:
    result = compiled.once("guards", lambda: plain_counter(compiled.program, compiled.layout, rules))
    function = run_source(result.text, f"<guards of {space.model.name}>")["guards"]
    passed, stopped = [0] * result.size, [0] * result.size
    states = chain.from_iterable(space.levels)
    while part := list(islice(states, ROOM)):
        for k, (here, there) in enumerate(function(part)):
            passed[k] += here
            stopped[k] += there
    return [[(passed[k], stopped[k]) for k in nodes] for nodes in result.nodes]


def _native(space: StateSpace, compiled: Compiled, rules: list[Rule]) -> Counts:
    import numpy as np

    from explorer.codegen.native_guard_counters import native_counter
    from explorer.engine.native.jit import Jit, default_directory
    from explorer.engine.native.levels import words_of
    from explorer.engine.native.machine import applies, padded

    if applies(compiled):
        return _plain(space, compiled, rules)  # the functions know their results already
    counter, words = native_counter(compiled.program, compiled.layout, rules), compiled.layout.words
    code = Jit(default_directory()).module(counter.text)
    signed, unsigned = padded(counter.signed, np.int64), padded(counter.unsigned, np.uint64)
    sums = np.zeros((len(rules), 2 * max([1, *(len(rule.guard) for rule in rules)])), np.int64)
    for level in space.levels:
        at: Any = level
        rows = at.words() if hasattr(at, "words") else words_of(list(level), words)
        for start in range(0, len(rows), ROOM):
            part = rows[start : start + ROOM]
            keep = np.ones(len(part), np.uint8)
            code.keep(part, keep)
            code.guards(part if keep.all() else part[keep.astype(bool)], signed, unsigned, sums)
    result: Counts = [[] for _ in rules]
    for row, k in zip(sums.tolist(), counter.order):
        before = space.expanded
        for passed, unknown in zip(row[::2], row[1 : 2 * len(rules[k].guard) : 2]):
            result[k].append((passed, before - passed - unknown))
            before = passed
    return result


def _by_meaning(space: StateSpace) -> Counts:
    states = [state for level in space.levels for state in level if not _kept(space, state)]
    return [_ends(instance, states) for instance in space.model.instances]


def _kept(space: StateSpace, state: State) -> bool:
    """Whether a constraint keeps a state from being expanded."""
    return any(_value(condition.expr, state) is False for _, condition in space.model.constraints)


def _ends(instance: Instance, states: list[State]) -> list[tuple[int, int]]:
    result = []
    for condition in instance.guard:
        values = [(state, _value(condition.expr, state)) for state in states]
        result.append((len(states), sum(value is False for _, value in values)))
        states = [state for state, value in values if value]
    return result


def _value(condition: Expr, state: State) -> bool | None:
    """The value of a condition; None where it has none."""
    try:
        return bool(evaluate(condition, state))
    except EvaluationError:
        return None
