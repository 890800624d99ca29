"""The steps that are known by parts of a state (`local_kernels.py`), for all workers of a search. Knows
nothing of levels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.engine.native.arrays import Buckets, Counters, Hash, Level, Numbers, Search, Unfolded
from explorer.engine.native.jit import Jit, default_directory, local_source
from explorer.engine.native.local_arrays import (
    CHANGES,
    FULL,
    KEYS,
    NUMBERS,
    PATTERNS,
    ROWS,
    STEPS,
    TREE,
    TRIED,
    WANTED,
    Local,
)
from explorer.engine.native.machine import Machine
from explorer.engine.native.tree import ROOT_BITS, Growing, Tree
from explorer.program.locality import Locality

LOADED_FROM, COMPILED_FROM = 1 << 15, 1 << 25
"""States from which machine code for this is loaded, and compiled: compiling takes as long as searching so
many.
"""
FEW, SHARE = 1 << 10, 64
"""It is given up where more states than so few, and one of so many, had something that was not known."""


def load() -> Any:
    """The machine code, which is one for all specs."""
    return Jit(default_directory()).module(local_source())


class LocalSteps:
    """What is known, and how more is learned. `known` is false before there is machine code for it, and once
    it does not pay. Only `learn` and `met` change anything: no worker may look meanwhile.
    """

    def __init__(self, locality: Locality, tree: Tree, machine: Machine):
        self.locality, self.tree, self.machine = locality, tree, machine
        self.known = self.over = False
        self.kernels: Any = None
        self.states = 0
        self.begun = False

    @property
    def judged(self) -> bool:
        """Whether states of which all is known need not be judged."""
        return self.known and self.locality.judged

    def complete(self) -> bool:
        """Whether all is known of every state that there can be: groups have one part, all contents of which
        are known.
        """
        arrays, entries = self.arrays, self.tree.arrays.entries[:, 0]
        for begin, room, first, end in arrays.groups.tolist():
            last = int(entries[arrays.links[first, 0]])
            if end - first > 1 or last >= room or not arrays.row_of[begin + 1 : begin + last + 1].all():
                return False
        return True

    def meet(self, states: int) -> None:
        """Note that so many states more are to be expanded; begin where that pays."""
        self.states += states
        if self.known or self.over:
            return
        if self.states >= (COMPILED_FROM if self.begun else LOADED_FROM):
            compiled = self.begun
            self.begun = True
            if compiled or Jit(default_directory()).ready(local_source()):
                self.kernels = load()
                self._begin()
                self.known = True

    def _begin(self) -> None:
        tree, machine, groups = self.tree, self.machine, self.locality.groups
        rules, nodes = len(machine.numbers), tree.nodes
        links, rows, dictionaries = list[list[int]](), list[list[int]](), 0
        for group in groups:
            rows.append([0, 0, len(links), len(links) + len(group)])
            for k, part in enumerate(group):
                links.append([tree.tops[part], dictionaries if k else 0])
                dictionaries += bool(k)
        self.keys = Growing(tree.kernels, np.full((max(1, dictionaries) + 1, 2), -1, np.int64))
        covers = [0] * (nodes + 1)
        for k, top in enumerate(tree.tops):
            covers[top] = 1 << k
        for node, (one, other) in enumerate(tree.pairs.tolist()):
            if one >= 0 and not covers[node]:
                covers[node] = covers[one] | covers[other]
        paths = [_path(tree.pairs.tolist(), top) for top in tree.tops]
        patterns = 1 << 8
        self.arrays = Local(
            upper=np.array([node for node in range(nodes - 1, -1, -1) if covers[node]], np.int64),
            inner=np.array([n for n in range(nodes - 1, -1, -1) if covers[n] & covers[n] - 1], np.int64),
            parts=np.array(tree.tops, np.int64),
            covers=np.array(covers[:-1], np.uint64),
            groups=np.array(rows, np.int64),
            links=np.array(links, np.int64),
            group_of=np.array([self.locality.group_of[number] for number in machine.numbers], np.int64),
            row_of=np.zeros(0, np.uint32),
            begins=np.zeros(1 << 10, np.int64),
            steps=np.zeros(max(1 << 12, 4 * rules), np.uint64),
            changes=np.zeros(max(1 << 12, 4 * (2 * rules + 64) * len(tree.tops)), np.uint32),
            masks=np.zeros(patterns, np.uint64),
            patterns=np.zeros((patterns, 4), np.int64),
            flat=np.zeros(patterns * 4 + 4 * nodes, np.int64),
            paths=np.array([link for path in paths for link in path], np.int64),
            path_begins=np.cumsum([0, *map(len, paths)]),
            totals=np.array([1, 0, 0, 1, 0, 0, -1, -1], np.int64),
        )
        self._number()
        room = 2 * rules + 64
        self.chunk = Unfolded(np.empty((1, tree.words), np.uint64), tree.numbers(1))
        self.made = Buckets(
            np.empty((1, room, tree.words + 1), np.uint64),
            np.empty((1, room), np.uint16),
            np.zeros(1, np.int64),
        )
        self.folded = tree.room(room, 1)
        self.counters = Counters(
            np.zeros(rules, np.int64),
            np.zeros(rules, np.int64),
            np.zeros(1, np.int64),
            np.zeros(1 << 4, np.int64),
            np.zeros(5, np.int64),
        )
        self.search = Search(machine.rules, np.zeros_like(machine.known), Hash(*[np.uint64(0)] * 5))
        self.watched = np.ones(1 << 12, np.int64)

    def learn(self, level: Level, size: int) -> None:
        """Note what the rules do in the first `size` root words of a level."""
        at = 0
        machine, kernels = self.machine, self.tree.kernels
        while True:
            at = self.kernels.learn(
                machine.search.expand,
                machine.search.judge,
                kernels.unfold,
                kernels.fold,
                level,
                (at, size),
                self.tree.arrays,
                self.keys.arrays,
                self.arrays,
                self.chunk,
                self.made,
                self.folded,
                self.counters,
                self.search,
                self.watched,
            )
            if self.arrays.totals[WANTED] < 0:
                break
            self._grow(int(self.arrays.totals[WANTED]), int(self.arrays.totals[FULL]))
        if self.arrays.totals[TRIED] > FEW + self.states // SHARE:
            self.known, self.over = False, True

    def tally(self, visits: Numbers, counters: Counters) -> None:
        """Count the rules of rows that were visited so often; `visits` begin anew."""
        arrays, rows = self.arrays, min(len(visits), int(self.arrays.totals[ROWS]))
        steps = arrays.steps[: arrays.begins[rows]]
        often = np.repeat(visits[:rows], np.diff(arrays.begins[: rows + 1]))
        rules = (steps & np.uint64(0xFFFF)).astype(np.int64)
        same = steps >> np.uint64(16) & np.uint64(0xFFFF) == 0
        np.add.at(counters.enabled, rules, often)
        np.add.at(counters.same, rules[same], often[same])
        visits[:] = 0

    def _grow(self, wanted: int, node: int) -> None:
        arrays = self.arrays
        if wanted == TREE:
            self.tree.grow(node)
        elif wanted == KEYS:
            self.keys.grow(node)
            self._number()
        elif wanted == NUMBERS:
            self._number()
        elif wanted == ROWS:
            self.arrays = arrays._replace(begins=_doubled(arrays.begins))
        elif wanted == STEPS:
            self.arrays = arrays._replace(steps=_doubled(arrays.steps))
        elif wanted == CHANGES:
            self.arrays = arrays._replace(changes=_doubled(arrays.changes))
        elif wanted == PATTERNS:
            self.arrays = arrays._replace(
                masks=_doubled(arrays.masks), patterns=_doubled(arrays.patterns), flat=_doubled(arrays.flat)
            )

    def _number(self) -> None:
        """Have room for the rows of all numbers that the dictionaries have room for."""
        arrays, tree, keys = self.arrays, self.tree.arrays.entries, self.keys.arrays.entries
        old, groups = arrays.groups.tolist(), arrays.groups.copy()
        at = 0
        for g, (_, _, first, end) in enumerate(old):
            node = arrays.links[end - 1]
            room = int(tree[node[0], 1] if end - first == 1 else keys[node[1], 1]) + 1
            groups[g, :2] = at, room
            at += room
        row_of = np.zeros(at, np.uint32)
        for (begin, room, *_), new in zip(old, groups[:, 0].tolist()):
            row_of[new : new + room] = arrays.row_of[begin : begin + room]
        self.arrays = arrays._replace(groups=groups, row_of=row_of)


def _path(pairs: list[list[int]], node: int) -> list[list[int]]:
    """The links from a node up to the root."""
    result = []
    for above, (left, right) in enumerate(pairs):
        if node in (left, right):
            result.append([above, right if node == left else left, ROOT_BITS // 2 if node == left else 0])
            node = above
    return result


def _doubled(array: Any) -> Any:
    return np.concatenate([array, np.zeros_like(array)])
