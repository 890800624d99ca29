"""The native engine: the rules of a program compiled to machine code, states in arrays, level by level, on
any number of workers.

A level is left in rounds: every worker leaves a part of its states into buckets by owner, the buckets are
exchanged, every owner inserts what is new, all agree whether the level is done. Counts, levels, violations
and traces do not depend on the number of workers. What machine code flags (a failed check, a broken step, no
successor) is judged by the python engine's functions, so that there is one meaning. Knows nothing of what
properties mean.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from explorer.engine import python
from explorer.engine.boundary import count_on
from explorer.engine.checkpoint import Checkpoint, Saved
from explorer.engine.forecast import forecast
from explorer.engine.limits import Limits, Observer, Prefix, Progress, Stopped, available_bytes, ignore
from explorer.engine.native.arrays import Level
from explorer.engine.native.crew import Crew
from explorer.engine.native.dense_worker import DenseWorker
from explorer.engine.native.exchange import PARALLEL, Threads
from explorer.engine.native.findings import Findings
from explorer.engine.native.fingerprints import Fingerprints
from explorer.engine.native.hashing import MAX_OMISSION, Hashing
from explorer.engine.native.jit import Jit, common_source, default_directory
from explorer.engine.native.levels import Collected, NativeLevel, TableLevel, rows_of, words_of
from explorer.engine.native.local_steps import LocalSteps
from explorer.engine.native.local_worker import LocalWorker
from explorer.engine.native.machine import NOBODY, Machine, applies, machine
from explorer.engine.native.packing import Folding, Packing
from explorer.engine.native.phases import Phases
from explorer.engine.native.questions import Questions
from explorer.engine.native.small_levels import SmallLevels, WideSmallLevels
from explorer.engine.native.tree import Tree
from explorer.engine.native.visited import Store, TableFull
from explorer.engine.native.worker import TreeWorker, Worker, buckets, empty
from explorer.engine.python import Compiled
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.program.locality import Locality, locality
from explorer.program.machine_word import BeyondWord
from explorer.symmetry.find import Symmetry

ELSEWHERE = 1 << 62
"""The level of states that are not to be found again in the table."""


@dataclass(frozen=True, slots=True)
class Options:
    """`storage` is exact or compact, `fingerprint` its bits (None: as many as `max_omission` asks for);
    `workers` threads. No more than a probability of `max_omission` that a state was left out is accepted.
    `kind` gives the class of the search, if it is another than `Search`, for a program.
    """

    workers: int = 1
    storage: str = "exact"
    fingerprint: int | None = None
    max_omission: float = MAX_OMISSION
    kind: Callable[[Compiled], Callable[..., Search]] = lambda compiled: Search


def explore(
    model: Model,
    limits: Limits | None = None,
    observer: Observer = ignore,
    options: Options = Options(),
    prepared: tuple[Compiled, Machine] | None = None,
    symmetry: Symmetry | None = None,
    checkpoint: Checkpoint | None = None,
) -> StateSpace:
    """Visit every reachable state with machine code; one of each orbit where a symmetry is given.

    What a machine word cannot hold is explored by the python engine, and a note of the space says so.
    """
    started, limits = time.monotonic(), limits or Limits()
    compiled = prepared[0] if prepared else Compiled(model, symmetry)
    kind = options.kind(compiled)
    saved = checkpoint.begin(compiled, options.storage) if checkpoint is not None else None
    try:
        native_machine = prepared[1] if prepared else limits.during("compilation", partial(machine, compiled))
    except BeyondWord as beyond:
        space = python.explore(model, limits, observer, symmetry, checkpoint)
        note = f"not computed by machine code: {beyond}: the python engine explored"
        return replace(space, notes=(*space.notes, note))
    search = kind(
        compiled=compiled,
        machine=native_machine,
        limits=limits,
        observer=observer,
        options=options,
        started=started,
        checkpoint=checkpoint,
    )
    if saved is not None:
        search.go_on(saved)
    else:
        states = compiled.initial()
        try:
            search.seed([], states, set(states))
        except TableFull:
            reason = f"--max-memory {limits.max_memory or 'default'} reached"
            raise Stopped(reason, "the initial states") from None
    limits.searching()
    return search.run()


class Search:
    """One exploration; `seed` or `go_on` gives it a beginning, `run` does the rest."""

    wide_worker: type[TreeWorker] = TreeWorker
    at_once = True
    """Whether several levels may be passed in one call."""
    roomy = True
    """Whether buckets may grow with the visited set."""

    def __init__(
        self,
        compiled: Compiled,
        machine: Machine,
        limits: Limits,
        observer: Observer,
        options: Options,
        started: float,
        checkpoint: Checkpoint | None = None,
    ):
        self.compiled, self.machine, self.limits, self.observer, self.options, self.started = (
            compiled,
            machine,
            limits,
            observer,
            options,
            started,
        )
        self.checkpoint = checkpoint
        layout = compiled.layout
        self.words = layout.words
        self.tree: Folding | None = None
        self.steps: LocalSteps | None = None
        if layout.dense is not None:
            self.tree = Packing(machine.trees, self.words)
        elif self.words > 1:
            found = self._locality()
            self.tree = Tree(machine.trees, self.words, found.parts if found else None)
            self.steps = LocalSteps(found, self.tree, machine) if found else None
        self.fingerprints = Fingerprints(layout, options)
        self.compact = self.fingerprints.compact
        self.sizes: list[int] = []
        self.threads = Threads(options.workers)
        self.workers = [self._worker(i) for i in range(options.workers)]
        self.collected = Collected(lambda: [worker.store for worker in self.workers])
        self.space = Questions(compiled, machine).builder(options, started, options.workers)
        self.phases = Phases(
            compile=machine.seconds, successors=0.0, exchange=0.0, insert=0.0, properties=0.0
        )
        self.findings = Findings(self.space, machine, self.workers, self.threads, self.phases)
        alone = options.workers == 1 and checkpoint is None and not self.compact and self.at_once
        small = SmallLevels if self.tree is None else WideSmallLevels
        self.small = small(self) if alone and not isinstance(self.tree, Packing) else None
        self.crew = Crew(self) if Crew.serves(self) else None

    def _worker(self, i: int) -> Worker:
        result, store = self.machine, self._store(*self._partitions(i))
        known = np.zeros_like(result.known) if self.compact else result.known
        constraints = len(self.compiled.model.constraints)
        if self.tree is None:
            return Worker(result, store, known, constraints)
        if isinstance(self.tree, Packing):
            return DenseWorker(result, store, known, constraints, packing=self.tree)
        given: dict[str, Any] = {"tree": self.tree, "alone": self.options.workers == 1}
        if self.steps is not None:
            return LocalWorker(result, store, known, constraints, steps=self.steps, **given)
        return self.wide_worker(result, store, known, constraints, **given)

    def _locality(self) -> Locality | None:
        """What parts of a state tell of its steps, where workers make use of it."""
        compiled = self.compiled
        if compiled.quotient is not None or applies(compiled) or len(self.machine.numbers) > NOBODY:
            return None
        return locality(compiled.program, compiled.layout) if self.wide_worker is TreeWorker else None

    def _partitions(self, i: int) -> tuple[int, int]:
        """The first partition of a worker, and the one after its last."""
        first, last = (w * (1 << self.hashing.partition_bits) // self.options.workers for w in (i, i + 1))
        return first, last

    def _store(self, first: int, last: int) -> Store:
        """The visited set for some partitions, empty."""
        memory = self.limits.max_memory or int(0.8 * available_bytes())
        rows = memory // 8 // self.options.workers
        narrow = self.compact and self.hashing.narrow
        kernels = Jit(default_directory()).module(common_source(narrow)) if narrow else self.machine.kernels
        return Store(kernels, self.hashing, first, last, rows, leveled=not self.compact)

    # A beginning.

    def seed(self, levels: list[Any], frontier: list[int], visited: Iterable[int]) -> None:
        """Begin with a frontier; `levels` were left before, and everything in `visited` is known."""
        for states in levels:
            level = self._level([self.roots(words_of(list(states), self.words))])
            self._keep(level)
            self.space.levels.append(level)
            self.sizes.append(len(level))
        front = words_of(frontier, self.words)
        known = set(frontier)
        self.insert_all(words_of([s for s in visited if s not in known], self.words), ELSEWHERE)
        for worker in self.workers:
            worker.fresh = []
        self.insert_all(front, len(self.space.levels))

    def go_on(self, saved: Saved) -> None:
        """Begin where an earlier search has ended. Raises Stopped where there is not enough memory for it."""
        last = len(saved.sizes) - 1
        self._count_on(saved)
        try:
            for number, size in enumerate(saved.sizes):
                self._foresee(size)
                parts = []
                for piece in saved.pieces(number):
                    parts.append(self.roots(rows_of(piece, saved.row, self.words)))
                    self._remember(parts[-1], number)
                if number < last:
                    self.space.levels.append(self._leave(self._level(parts), number))
                    self.sizes.append(size)
        except TableFull:
            reason = f"--max-memory {self.limits.max_memory or 'default'} reached"
            raise Stopped(reason, "the return to the checkpoint") from None
        self._begin_with(parts)

    def _count_on(self, saved: Saved) -> None:
        """Take over what an earlier search has counted."""
        count_on(self.space, saved.counts)
        self.started = self.space.started = time.monotonic() - saved.counts["seconds"]
        self.fingerprints.go_on(saved)

    def _begin_with(self, parts: list[Any]) -> None:
        """Share the frontier among the workers."""
        roots = np.concatenate([np.empty((0, 1), np.uint64), *parts])
        for w, part in zip(self.workers, np.array_split(roots, len(self.workers))):
            w.fresh = [Level(np.ascontiguousarray(part), np.full(len(part), w.nobody, np.uint16))]

    def roots(self, states: Any) -> Any:
        """States (uint64 [n, words]) as they are stored: one word each."""
        return states if self.tree is None else self.tree.fold(states)

    def _level(self, parts: list[Any]) -> NativeLevel:
        return NativeLevel(parts, 1, self.tree)

    def insert_all(self, states: Any, level: int) -> None:
        """Put states (uint64 [n, words]) into the visited set; new ones are the next level."""
        first, roots = self.workers[0], self.roots(states)
        level_of, at = Level(roots, np.full(len(roots), first.nobody, np.uint16)), 0
        while at < len(roots):
            at = first.scatter(level_of, at)
            self._insert_round([first.buckets], level)

    # The search.

    def run(self) -> StateSpace:
        space = self.space
        try:
            while self._pass_level() and not space.stopped:
                pass
            if space.stopped:
                size = self._next_level()
                if size:
                    self.findings.weigh(size)
                    space.levels.append(self._level([w.level.states for w in self.workers]))
                    self.findings.judge(len(space.levels) - 1)
        finally:
            self.threads.close()
        self._collect()
        return space.space()

    def _pass_level(self) -> bool:
        """Judge and expand a level, after the small ones before it; whether there was one."""
        space = self.space
        if self.small is not None and self.small.pass_levels():
            return True
        size = self._next_level()
        level = self._level([w.level.states for w in self.workers])
        self._save(level)
        if not size:
            return False
        depth = len(space.levels)
        space.levels.append(level)
        self.sizes.append(size)
        self._foresee(size)
        self._widen_for_forecast()
        self.findings.judge(depth)
        self.findings.weigh(size)
        space.stopped = self.limits.ended(space.violations)
        if not space.stopped:
            depth = self._expand(depth, size)
            space.stopped = space.stopped or self.limits.ended(space.violations)
        space.levels[depth] = self._leave(space.levels[depth], depth)  # type: ignore[arg-type]
        frontier = sum(w.found for w in self.workers)
        space.report(self.observer, depth, self._seen(), frontier, self.sizes)
        return True

    def _foresee(self, size: int) -> None:
        """Tell the visited sets how many states are left to come, by the size of the level."""
        for w in self.workers:
            w.store.foresee(size, max(self.sizes, default=size))

    def _save(self, frontier: NativeLevel) -> None:
        """Write what a level's boundary leaves to the checkpoint, if there is one."""
        if self.checkpoint is not None:
            self.findings.count()
            known = self.fingerprints
            self.checkpoint.boundary(self.space, frontier, omitted=known.omitted, fingerprint=known.bits)

    def _next_level(self) -> int:
        """Turn what was new into the level to expand; its size."""
        for w in self.workers:
            w.begin(self.roomy)
        return self.threads.agree([w.size for w in self.workers])

    def _expand(self, depth: int, size: int) -> int:
        """Expand the level at a depth, and some that follow; the depth of the last one."""
        limits = self.limits
        if limits.max_depth is not None and depth >= limits.max_depth:
            self.space.stopped = f"--max-depth {limits.max_depth} reached"
        elif self.crew is not None and self.crew.wants(size):
            return self.crew.pass_levels(depth)
        else:
            self._expand_level(depth, size)
        return depth

    def _expand_level(self, depth: int, size: int) -> None:
        space, limits = self.space, self.limits
        parallel = size >= PARALLEL
        while any(w.busy() for w in self.workers):
            states = self._seen()
            space.stopped = limits.reached(states)
            if space.stopped:
                return
            try:
                begun = [w.at for w in self.workers]
                self.phases.timed("successors", lambda: self.expand(parallel))
                arrivals = self.phases.timed(
                    "exchange", lambda: self.threads.exchange([b for w in self.workers for b in w.filled()])
                )
                if not self._has_room(arrivals[0], depth, begun):
                    continue
                self.findings.flags(depth)
                if self.compact:
                    arrived = self.threads.agree([int(w.buckets.sizes.sum()) for w in self.workers])
                    self._widen_for(states + arrived)
                self.phases.timed("insert", lambda: self._insert_round(arrivals[0], depth + 1, parallel))
            except TableFull:
                space.stopped = f"--max-memory {limits.max_memory or 'default'} reached"
                return
            distinct = self._seen()
            fresh = sum(w.found for w in self.workers)
            self.observer(
                Progress(depth, distinct, fresh, time.monotonic() - self.started, Prefix(self.sizes))
            )

    def _seen(self) -> int:
        """How many states are visited."""
        return self.threads.agree([w.store.count for w in self.workers])

    def _has_room(self, arrivals: list[Any], depth: int, begun: list[int]) -> bool:
        """Whether the buckets can be inserted; if not, the round was taken back, to where each worker began
        it. May raise TableFull.
        """
        return True

    def expand(self, parallel: bool = False) -> None:
        """One round: every worker fills its buckets."""
        self.threads.run(lambda i: self.workers[i].expand(), parallel)
        for w in self.workers:
            w.intern()

    def _insert_round(self, arrivals: list[Any], level: int, parallel: bool = False) -> None:
        """Every owner inserts its part of every bucket; then the buckets are empty."""
        try:
            self.threads.run(lambda i: self.workers[i].insert(arrivals, level), parallel)
        finally:
            for arrived in arrivals:
                arrived.sizes[:] = 0

    def _leave(self, level: NativeLevel, depth: int) -> NativeLevel | TableLevel:
        """What a level that was left is still needed for is its trace: keep it small, or not at all where the
        visited set itself can give it back.
        """
        if not self.compact and depth < min(w.store.levels for w in self.workers):
            return TableLevel(self.collected, depth, len(level), self.tree)
        self._keep(level)
        return level

    def _keep(self, level: NativeLevel) -> None:
        if self.compact:
            level.spill()
        else:
            level.shrink(self.hashing.bits)

    # Fingerprints.

    @property
    def hashing(self) -> Hashing:
        return self.fingerprints.hashing

    def _widen_for_forecast(self) -> None:
        """Widen the fingerprints early, when few states have to be inserted again."""
        if self.compact:
            expected = forecast(self.sizes)
            self._widen_for(max(self.space.distinct, expected.states if expected else 0))

    def _widen_for(self, states: int) -> None:
        """Make fingerprints as wide as an entry allows before so many states could pass half of the bound."""
        if self.fingerprints.too_narrow_for(states):
            self.widen(self._seen())

    def widen(self, states: int = 0) -> None:
        """Insert all states again, with fingerprints as wide as an entry allows; `states`: see
        `Fingerprints.widen`.
        """
        self.fingerprints.widen(states)
        for w in self.workers:
            w.store, ending = self._store(w.store.first, w.store.last), w.store.ending
            w.store.ending = ending
        fresh = [new.states for w in self.workers for new in w.fresh]
        for roots in (*(level.roots() for level in self.space.levels), *fresh):  # type: ignore[attr-defined]
            self._remember(roots)

    def _remember(self, roots: Any, number: int = 0) -> None:
        """Put states into the visited set that are in a level already."""
        first = self.workers[0]
        room = buckets(first.partitions, first.room.most, 1)
        level, at = Level(roots, np.zeros(len(roots), np.uint16)), 0
        while at < len(roots):
            at = first.scatter(level, at, room)
            for w in self.workers:
                total = int(room.sizes[w.store.first : w.store.last].sum())
                w.store.insert(room, number, empty(total), 0)
            room.sizes[:] = 0

    def _collect(self) -> None:
        """Say what was counted."""
        self.findings.count()
        self.space.phases = self.phases
        self.fingerprints.tell(self.space)
