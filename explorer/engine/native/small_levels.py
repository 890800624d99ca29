"""Small levels, many in one call of machine code: a level of one state costs a call for each phase otherwise,
and the bookkeeping of a level.

What is told of a level, counted and stored is the same as where each is passed alone. What must be looked at
between levels ends a call: a failure, a flagged state, a limit.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from explorer.engine.limits import Prefix, Progress
from explorer.engine.native.arrays import Bounds, Buckets, Level, Numbers, WordRows
from explorer.engine.native.jit import Jit, default_directory, levels_source
from explorer.engine.native.levels import NativeLevel, TableLevel
from explorer.engine.native.machine import ints
from explorer.engine.native.visited import TableFull
from explorer.engine.native.worker import empty

WIDEST = 64
"""The most states of a small level."""

ROOM = 1 << 15
"""States of all levels of one call."""

LOADED_FROM, COMPILED_FROM = 256, 20_000
"""Small levels from which machine code for them is loaded, and compiled: it takes as long as they took."""

FIRST, MOST, SLICE = 1 << 6, 1 << 12, 0.01
"""The most levels of the first call, and of any; the seconds that one should take: meanwhile nobody looks at
limits.
"""


class SmallLevels:
    """The small levels of one `search.Search` over states of one word, which has one worker and needs nothing
    between levels that is done elsewhere.
    """

    def __init__(self, search: Any):
        self.search = search
        self.met, self.most = 0, FIRST
        self.kernels: Any = None
        self.text: str | None = None
        self.rows = empty(0)

    def pass_levels(self) -> bool:
        """Pass small levels; whether there were any. Not more than were passed before, so that whoever looks
        on can end a search that has just begun.
        """
        search = self.search
        found, depth = search.workers[0].found, len(search.space.levels)
        if not 0 < found <= WIDEST:
            return False
        self.met += 1
        limits, most = search.limits, min(self.most, depth)
        if limits.max_depth is not None:
            most = min(most, limits.max_depth - depth)
        if most <= 0 or limits.reached(search._seen()) or not self._at_hand():
            return False
        return self._pass(most)

    def _at_hand(self) -> bool:
        """Whether machine code for small levels is loaded: from the cache early, compiled late."""
        if self.kernels is None and self.met >= (COMPILED_FROM if self.text else LOADED_FROM):
            jit, compiled = Jit(default_directory()), self.text is not None
            self.text = levels_source(self.search.words)
            if compiled or jit.ready(self.text):
                self.kernels = jit.module(self.text)
                self.search.space.notes += jit.notes
                self.rows = empty(ROOM)
        return self.kernels is not None

    def _pass(self, most: int) -> bool:
        search = self.search
        worker, space, depth = search.workers[0], search.space, len(search.space.levels)
        seen, found, begun = worker.store.count, worker.found, time.monotonic()
        worker.copy_found(self.rows)
        ends, full = self._call(most, depth)
        number = len(ends) - 2
        if not number:
            return False
        took = time.monotonic() - begun
        search.phases["successors"] += took
        self.most = min(2 * self.most, MOST) if took < SLICE / 2 else max(1, most // 2)
        self.met += number
        worker.store.count += ends[-1] - found
        worker.fresh = [self._rows(*ends[-2:])]
        if search.compiled.quotient is not None:
            with search.machine.running():
                space.orbits_sum += search.findings.weight(self._whole(self.rows.states[: ends[-2]]))
        for k in range(number):
            space.levels.append(self._left(depth + k, *ends[k : k + 2]))
            search.sizes.append(ends[k + 1] - ends[k])
            if k + 1 == number:
                self._flags(depth + k)
            if k + 1 < number or not full:
                now = time.monotonic() - search.started
                size = ends[k + 2] - ends[k + 1]
                seen += size
                search.observer(Progress(depth + k, seen, size, now, Prefix(search.sizes)))
        space.stopped = full or search.limits.ended(space.violations)
        space.report(search.observer, depth + number - 1, search._seen(), worker.found, search.sizes)
        return True

    def _call(self, most: int, depth: int) -> tuple[list[int], str | None]:
        """The ends of the levels that were passed, and of what was new behind the last one; why the search
        cannot go on, if so.
        """
        search, limits = self.search, self.search.limits
        worker, store = search.workers[0], search.workers[0].store
        rules = max(1, len(search.machine.numbers))
        buckets = worker.room.buckets(WIDEST * rules)
        rest = (1 << 60) if limits.max_states is None else limits.max_states - store.count
        bounds = Bounds(
            min(WIDEST, (self._room(buckets) - rules - 2) // rules),
            worker.found + rest,
            np.uint64(depth),
            np.uint64(store.levels),
        )
        watched = ints(list(search.findings.flagged.watched(depth)) or [0])
        ends, at = np.zeros(most + 3, np.int64), ints([store.last, 0, store.last, 0])
        ends[1], full = worker.found, None
        try:
            self._run(ends, bounds, watched, at, buckets)
        except TableFull:
            full = f"--max-memory {limits.max_memory or 'default'} reached"
            ends[-1] += 1
            ends[ends[-1] + 1] = ends[ends[-1]]
        finally:
            worker.buckets.sizes[:] = 0
        return ends[: ends[-1] + 2].tolist(), full

    def _room(self, buckets: Buckets) -> int:
        """The most successors of a level."""
        return int(buckets.states.shape[1])

    def _run(self, ends: Numbers, bounds: Bounds, watched: Numbers, at: Numbers, buckets: Buckets) -> None:
        """Pass levels, with a table that grows as it must. May raise TableFull."""
        worker, machine = self.search.workers[0], self.search.machine
        store = worker.store
        while True:
            with machine.running():
                self.kernels.pass_levels(
                    machine.search.expand,
                    machine.search.judge,
                    machine.kernels.insert,
                    self.rows,
                    ends,
                    bounds,
                    buckets,
                    worker.counters,
                    worker.search,
                    watched,
                    store.table,
                    at,
                )
            if at[0] == store.last:
                return
            store.grow()

    def _flags(self, depth: int) -> None:
        """Show the flagged states of the last level to the python engine."""
        self.search.workers[0].keep_flagged(self.rows)
        self.search.findings.flags(depth)

    def _whole(self, roots: WordRows) -> WordRows:
        """The states that are kept as these words."""
        return roots

    def _left(self, depth: int, start: int, stop: int) -> NativeLevel | TableLevel:
        """A level that was passed."""
        search = self.search
        if depth < search.workers[0].store.levels:
            return TableLevel(search.collected, depth, stop - start, search.tree)
        level = NativeLevel([self.rows.states[start:stop]], 1, search.tree)
        search._keep(level)
        return level

    def _rows(self, start: int, stop: int) -> Level:
        return Level(self.rows.states[start:stop], self.rows.rules[start:stop])


class WideSmallLevels(SmallLevels):
    """The same for states of several words."""

    def _room(self, buckets: Buckets) -> int:
        return min(super()._room(buckets), int(self.search.workers[0].successors.states.shape[1]))

    def _run(self, ends: Numbers, bounds: Bounds, watched: Numbers, at: Numbers, buckets: Buckets) -> None:
        worker, machine, tree = self.search.workers[0], self.search.machine, self.search.tree
        store, stage = worker.store, ints([0, 0])
        try:
            while True:
                with machine.running():
                    self.kernels.pass_levels(
                        machine.search.expand,
                        machine.search.judge,
                        machine.kernels.insert,
                        tree.kernels.unfold,
                        tree.kernels.fold,
                        machine.kernels.scatter,
                        self.rows,
                        ends,
                        bounds,
                        worker.chunk,
                        worker.successors,
                        tree.arrays,
                        worker.folded,
                        buckets,
                        worker.counters,
                        worker.search,
                        watched,
                        store.table,
                        at,
                        stage,
                    )
                if worker.folded.totals[2] >= 0:
                    tree.grow(int(worker.folded.totals[2]))
                elif at[0] < store.last:
                    store.grow()
                else:
                    return
        finally:
            worker.successors.sizes[0] = worker.at_successor = 0
            worker.folded.totals[:] = 0, 0, -1

    def _flags(self, depth: int) -> None:
        worker = self.search.workers[0]
        worker.keep_flagged(Level(worker.chunk.states, worker.level.rules))
        self.search.findings.flags(depth)

    def _whole(self, roots: WordRows) -> WordRows:
        whole: WordRows = self.search.tree.unfold(roots)
        return whole
