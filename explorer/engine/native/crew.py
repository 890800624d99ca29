"""Several workers that go through a level, and on to the next ones, in one call of machine code each: they
meet there and not in Python, which takes longer than the work of a level of some thousand states.

What is told of a level, counted and stored is the same as where each phase is a call of its own. A worker
comes back where its table or its rows must grow, and where it waits for long; all come back where somebody
must look at something: a failure, a flagged state, a limit, and every SLICE.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np

from explorer.engine.limits import Prefix, Progress, Stopped
from explorer.engine.native.arrays import Limit, Numbers, Rooms
from explorer.engine.native.dense_worker import DenseWorker
from explorer.engine.native.exchange import PARALLEL
from explorer.engine.native.jit import Jit, crew_source, default_directory, entry, unchecked
from explorer.engine.native.levels import TableLevel
from explorer.engine.native.machine import ints
from explorer.engine.native.meeting import AVAILABLE
from explorer.engine.native.packing import Packing
from explorer.engine.native.visited import TableFull, reserve
from explorer.engine.native.worker import Rows, Worker

NARROWEST, NARROW = 1 << 9, 1 << 6
"""The least states of a level that several workers go through together where they may have to wait for a
processor, and how many smaller ones they go through nevertheless."""

SLICE, SPIN, WAIT = 0.1, 200_000, 100_000_000
"""Seconds after which all come back; nanoseconds for which one waits for another with its processor, and
after which it comes back, so that Ctrl-C is heard."""

PASSED, NEAR = 1 << 12, 1 << 15
"""The most levels of a call, and slots of a table that stay in the cache while states of all workers are
inserted."""

COMPILED_FROM = 1 << 24
"""States that a search has, where machine code for this is compiled: that takes as long as searching so many.
Code that lies on disk is loaded for fewer.
"""

WHOLE = np.empty((0, 1), np.uint64)


@cache
def ready() -> bool:
    """Whether the machine code lies on disk."""
    return Jit(default_directory()).ready(crew_source())


@cache
def load() -> tuple[Any, list[str]]:
    """The machine code, and what there is to say about it."""
    jit = Jit(default_directory())
    from numba.experimental import function_type  # noqa: F401  # else the first call imports it

    return jit.module(crew_source()), jit.notes


class Crew:
    """The workers of one `search.Search` over states that are stored as one word, without a tree, which needs
    nothing between rounds that is done elsewhere.
    """

    def __init__(self, search: Any):
        self.search = search
        self.kernels: Any = None
        self.work_on: Any = None
        self.functions: list[Any] = []
        self.narrow = NARROW
        first, count = search.workers[0].room, len(search.workers)
        self.rooms = Rooms(
            np.empty((count, len(first.states)), np.uint64),
            first.rules,
            reserve(count * first.partitions, np.int64).reshape(count, -1),
        )
        for i, w in enumerate(search.workers):
            w.room.states, w.room.sizes = self.rooms.states[i], self.rooms.sizes[i]
            w.buckets = w.room.buckets(0)

    @staticmethod
    def serves(search: Any) -> bool:
        """Whether a search is of that kind."""
        return bool(
            AVAILABLE
            and search.options.workers > 1
            and (search.tree is None or isinstance(search.tree, Packing))
            and not search.compact
            and search.checkpoint is None
            and search.machine.functions is None
            and search.at_once
        )

    def wants(self, size: int) -> bool:
        """Whether it expands a level of so many states: machine code is loaded for large ones, and compiled
        for large searches.
        """
        if self.kernels is None and not load.cache_info().currsize:
            return size >= PARALLEL and (ready() or self.search._seen() >= COMPILED_FROM)
        return size >= NARROWEST or self.narrow > 0

    def pass_levels(self, depth: int) -> int:
        """Expand the level at `depth`, which is judged, and pass others; the depth of the last one, which is
        expanded but for what a limit has left.
        """
        search = self.search
        try:
            if self.kernels is None:
                self._load()
        except Stopped as stop:
            search.space.stopped = stop.reason
        while not search.space.stopped and any(w.busy() for w in search.workers):
            search.space.stopped = search.limits.reached(search._seen())
            if not search.space.stopped:
                depth = self._go_on(depth)
        return depth

    def _load(self) -> None:
        search, begun = self.search, time.monotonic()
        self.kernels, notes = search.limits.during("compilation", load)
        search.phases["compile"] += time.monotonic() - begun
        search.space.notes += notes
        self.work_on = unchecked(self.kernels.work_on)
        code, tree = search.machine, search.tree
        unfold = self.kernels.as_they_are if tree is None else tree.kernels.unfold
        given = code.search.expand, code.search.judge, code.kernels.insert, code.kernels.grow, unfold
        self.functions = [entry(kernel) for kernel in given]
        for w in search.workers:
            w.reserve(w.store.limit * w.store.partitions // 8)

    def _go_on(self, depth: int) -> int:
        """One call of every worker; the depth of the level that it ends with."""
        search = self.search
        shared = np.zeros(len(search.workers) * self.kernels.ROW + 8, np.int64)
        limit = self._limit(depth)
        tasks = [Task(self, i, shared, limit, self._watched(depth)) for i in range(len(search.workers))]
        try:
            search.threads.run(lambda i: tasks[i].run(), parallel=True)
        except TableFull:
            search.space.stopped = f"--max-memory {search.limits.max_memory or 'default'} reached"
        finally:
            for task in tasks:
                task.leave()
        self.narrow -= int(tasks[0].work[self.kernels.NARROW])
        self._spend(tasks)
        depth = self._passed(depth, tasks[0].sizes[: tasks[0].work[self.kernels.PASSED]].tolist())
        search.findings.flags(depth)
        found = sum(w.found for w in search.workers)
        self._tell(depth, search._seen(), found)
        return depth

    def _watched(self, depth: int) -> Numbers:
        return ints(list(self.search.findings.flagged.watched(depth)) or [0])

    def _limit(self, depth: int) -> Limit:
        search, limits = self.search, self.search.limits
        levels = min(w.store.levels for w in search.workers)
        passed = 0 if search.compiled.quotient is not None else max(0, min(PASSED, levels - depth))
        if limits.max_depth is not None:
            passed = min(passed, limits.max_depth - 1 - depth)
        room = search.workers[0].room
        return Limit(
            level=np.uint64(depth + 1),
            levels=np.uint64(levels),
            passed=passed,
            states=(1 << 60) if limits.max_states is None else limits.max_states - search._seen(),
            narrowest=NARROWEST,
            narrow=self.narrow,
            least=room.least,
            most=room.most,
            until=time.monotonic_ns() + int(SLICE * 1e9),
            spin=SPIN,
            wait=WAIT,
            near=NEAR,
            growth=search.workers[0].store.growth._replace(most=min(w.store.limit for w in search.workers)),
        )

    def _passed(self, depth: int, sizes: list[int]) -> int:
        """Keep account of levels that were passed; `sizes` are those of the levels behind each. The depth of
        the last one.
        """
        search, space = self.search, self.search.space
        seen = search._seen() - sum(w.found for w in search.workers) - sum(sizes)
        for size in sizes:
            seen += size
            self._tell(depth, seen, size)
            space.levels[depth] = TableLevel(search.collected, depth, search.sizes[-1], search.tree)
            space.report(search.observer, depth, seen, size, search.sizes)
            depth += 1
            space.levels.append(search._level([]))
            search.sizes.append(size)
        if sizes:
            space.levels[depth] = search._level([w.level.states for w in search.workers])
        return depth

    def _tell(self, depth: int, seen: int, found: int) -> None:
        search = self.search
        now = time.monotonic() - search.started
        search.observer(Progress(depth, seen, found, now, Prefix(search.sizes)))

    def _spend(self, tasks: list[Task]) -> None:
        """Share the seconds within a call among the phases. To begin and to end it belongs to none."""
        first, names = self.kernels.SPENT, ("successors", "insert", "properties", "exchange")
        spent = np.mean([t.work[first : first + len(names)] for t in tasks], axis=0) / 1e9
        for phase, seconds in zip(names, spent.tolist()):
            self.search.phases[phase] += seconds


class Task:
    """What one worker does in a call."""

    def __init__(self, crew: Crew, me: int, shared: Numbers, limit: Limit, watched: Numbers):
        self.crew, self.me, self.shared, self.limit, self.watched = crew, me, shared, limit, watched
        self.worker: Worker = crew.search.workers[me]
        self.work, self.at = np.zeros(32, np.int64), np.zeros(32, np.int64)
        self.sizes = np.zeros(limit.passed + 1, np.int64)
        code, w = crew.kernels, self.worker
        self.work[[code.AT, code.SIZE, code.FOUND]] = w.at, w.size, w.found
        self.work[[code.INSERTED, code.DEPTH]] = w.inserted, w.buckets.states.shape[1]
        self.work[code.SLOTS] = w.store.capacity
        self.work[[code.LARGEST, code.ENDING]] = max(crew.search.sizes), w.store.ending

    def run(self) -> None:
        """Until all stop. May raise TableFull, and makes all others leave then."""
        code = self.crew.kernels
        try:
            while True:
                why = self._call()
                if why == code.WAIT:
                    continue
                elif why == code.GROW:
                    raise TableFull
                elif why == code.ROWS:
                    fresh = self._rows()[1]
                    fresh.size = int(self.work[code.FOUND])
                    fresh.make_room(int(self.at[0]))
                else:
                    return
        except BaseException:
            self.shared[len(self.shared) - 8] = 1
            raise

    def leave(self) -> None:
        """Write what was done to the worker."""
        code, w = self.crew.kernels, self.worker
        level, fresh = self._rows()
        level.size, fresh.size = int(self.work[code.SIZE]), int(self.work[code.FOUND])
        w.resume(level, fresh, int(self.work[code.AT]))
        w.inserted = int(self.work[code.INSERTED])
        w.store.resize(int(self.work[code.SLOTS]))
        w.store.ending = bool(self.work[code.ENDING])
        w.store.count += int(self.work[code.NEW])
        w.buckets = w.room.deep(int(self.work[code.DEPTH]))
        w.buckets.sizes[:] = 0
        w.keep_flagged(w.expanded())

    def _rows(self) -> tuple[Rows, Rows]:
        """The level, and what is found of the next one."""
        old, new = self.worker.memory()
        return (new, old) if self.work[self.crew.kernels.PASSED] & 1 else (old, new)

    def _call(self) -> int:
        w = self.worker
        old, new = w.memory()
        return int(
            self.crew.work_on(
                *self.crew.functions,
                self.me,
                self.work,
                self.at,
                self.sizes,
                self.shared,
                self.crew.rooms,
                old.rows,
                new.rows,
                w.chunk if isinstance(w, DenseWorker) else WHOLE,
                self.limit,
                w.counters,
                w.search,
                self.watched,
                w.store.table,
            )
        )
