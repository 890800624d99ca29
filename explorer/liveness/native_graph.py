"""The state graph of an explored space by machine code, on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.codegen.native_functions import native_source
from explorer.codegen.native_permutations import renaming_source
from explorer.engine.limits import Limits
from explorer.engine.native.arrays import Steps, WordRows
from explorer.engine.native.jit import Jit, default_directory
from explorer.engine.native.levels import TableLevel, words_of
from explorer.engine.native.machine import functions, rule_arrays, running
from explorer.engine.native.visited import reserve
from explorer.engine.python import Compiled
from explorer.engine.space import StateSpace
from explorer.liveness.backend import Native, graph_source
from explorer.liveness.graph import Graph, Refused, afford, estimate, go_on, label_kind
from explorer.liveness.permutation_labels import PermutationTables, permutation_tables

ROOM = 1 << 13
"""Steps that are listed at once: few enough to stay near the processor."""


def native_graph(space: StateSpace, limits: Limits) -> Graph:
    """The graph of a space. Raises Refused as `build`, and BeyondWord where a rule has no machine code."""
    compiled, backend = space.compiled, Native()
    permutations = permutation_tables(compiled, backend)
    words, number = compiled.layout.words, space.distinct
    afford(estimate(space, words), "liveness", limits)
    steps = _Steps(compiled, permutations)
    labels = len(space.model.instances) * steps.order
    if number >= 1 << 31 or labels >= (1 << 32) - 1:
        raise Refused("the state graph has more than 2**31 states or 2**32 labels")
    states = reserve(number * words, np.uint64)[: number * words].reshape(number, words)
    initial = _states(space, words, states)
    edges = _Edges(states, steps, space.transitions, labels)
    at = 0
    while at < number:
        go_on(limits)
        at = edges.add(at)
    return Graph(
        space=space,
        backend=backend,
        states=states,
        number=number,
        initial=initial,
        start=edges.start,
        to=edges.to[: edges.number],
        by=edges.by[: edges.number],
        compiled=compiled,
        permutations=permutations,
    )


class _Steps:
    """The steps of some states: `count` in `found`, and in `turn` what makes each target its
    representative.
    """

    def __init__(self, compiled: Compiled, permutations: PermutationTables | None):
        layout, plan = compiled.layout, compiled.plan
        source, jit = native_source(compiled.program, layout), Jit(default_directory())
        self.order = permutations.order if permutations is not None else 1
        self.expand, self.rules = jit.module(source.edges).edges, rule_arrays(source.tables, layout.words)
        self.asked = functions(compiled, source.tables.columns)
        self.rename = None
        if plan is not None and permutations is not None:
            self.rename = jit.module(renaming_source(plan, layout.words)).rename_rows
            self.left = np.array(permutations.group.left, np.int64)
        self.numbers = np.array(source.tables.numbers, np.int64)
        self.found = Steps.empty(ROOM + 2 * len(self.rules.shapes), layout.words)
        self.turn = np.zeros(len(self.found.rules), np.int64)
        self.count = 0

    def list(self, rows: WordRows) -> int:
        """List the steps of the first states; of how many, as there is room."""
        self.found.length[0] = 0
        with running(self.asked):
            left = int(self.expand(rows, (0, len(rows)), self.found, self.rules))
        self.count = int(self.found.length[0])
        if self.rename is not None:
            self.rename(self.found.successors, self.count, self.left, self.turn)
        return left


class _Edges:
    """The rows of edges so far, of all states before one. Steps of states of one word, which are sorted, lead
    to states nearby; those of others are found by their hash.
    """

    def __init__(self, states: WordRows, steps: _Steps, transitions: int, labels: int):
        self.states, self.steps, self.number = states, steps, 0
        self.kernels = Jit(default_directory()).module(graph_source())
        size, room = len(states), len(steps.turn)
        self.near = states.shape[1] == 1 and steps.rename is None
        self.slots = reserve(1 if self.near else 1 << (3 * size // 2).bit_length(), np.uint32)
        if not self.near:
            self.kernels.number_states(states, 0, size, self.slots)
        self.start = reserve(size + 1, np.uint32)[: size + 1]
        kind = np.uint16 if label_kind(labels) == "label" else np.uint32
        self.to, self.by = reserve(transitions + ROOM, np.uint32), reserve(transitions + ROOM, kind)
        self.targets, self.last = np.empty(room, np.int64), np.zeros(len(steps.numbers), np.int64)
        self.scratch = np.empty(room, np.uint64), np.empty(room, np.uint32), np.empty(room, np.bool_)

    def add(self, at: int) -> int:
        """The edges of states from a number on; up to which one, as there is room."""
        steps, states = self.steps, self.states
        end = at + steps.list(states[at : at + ROOM])
        found, count = steps.found, steps.count
        if self.number + count > len(self.to):
            more = self.number + count + len(self.to) // 2
            self.to, self.by = np.resize(self.to, more), np.resize(self.by, more)
        known = states, len(states)
        if self.near:
            self.kernels.find_near(*known, found.rules, found.successors, count, self.targets, self.last)
        else:
            self.kernels.find_hashed(*known, self.slots, found.successors, count, self.targets, *self.scratch)
        self.number = self.kernels.add_edges(
            states,
            at,
            found.origins,
            found.rules,
            found.successors,
            steps.turn,
            steps.order,
            count,
            self.targets,
            end,
            self.start,
            self.to,
            self.by,
            self.number,
            steps.numbers,
        )
        if self.number >= 1 << 32:
            raise Refused("the state graph has more than 2**32 steps")
        return end


def _states(space: StateSpace, words: int, states: Any) -> list[int]:
    """All states as rows of words, and which of them are initial. Those of one word are sorted: steps lead to
    states nearby.
    """
    places, first, table = np.full(len(space.levels), -1, np.int64), 0, None
    for number, level in enumerate(space.levels):
        at: Any = level
        if isinstance(at, TableLevel):
            places[number], table = first, at
        else:
            states[first : first + len(level)] = (
                at.words() if hasattr(at, "words") else words_of(list(level), words)
            )
        first += len(level)
    if table is not None:
        table.all_levels(places, states)
    if words > 1:
        return list(range(space.initial))
    initial = states[: space.initial, 0].copy()
    states[:, 0].sort()
    result: list[int] = np.searchsorted(states[:, 0], initial).tolist()
    return result
