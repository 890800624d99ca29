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
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explorer.codegen.native_expressions import Tables
from explorer.codegen.native_functions import native_source, witness_source
from explorer.codegen.python_functions import reads_next
from explorer.engine import python
from explorer.engine.forecast import forecast
from explorer.engine.limits import Limits, Observer, Progress, available_bytes, ignore
from explorer.engine.native import hashing
from explorer.engine.native.exchange import Buckets, Threads
from explorer.engine.native.jit import Jit, common_source, default_directory
from explorer.engine.native.levels import NativeLevel, TableLevel, integers, words_of
from explorer.engine.native.visited import Store, TableFull
from explorer.engine.python import Compiled, Flagged, run_source, witness_function
from explorer.engine.space import Edge, StateSpace
from explorer.ir.expressions import Expr
from explorer.ir.model import Model
from explorer.program.commuting import known_after
from explorer.program.machine_word import BeyondWord
from explorer.symmetry.find import Symmetry

BUCKET_WORDS = 1 << 21
FLAGS = 1 << 16
WEIGHED = 1 << 16
"""Representatives whose orbits are summed at once: the sum stays below 2**62 (see `symmetry.find.MOST`)."""

PARALLEL = 1 << 13
SMALL = 1 << 18
ELSEWHERE = 1 << 62
NOBODY = (1 << 16) - 1
"""Words of one worker's buckets; flagged rows a call; states from which threads, and compiled helpers, pay;
the level of states that are not to be found again in the table; the most rules that are told apart in the
buckets."""


@dataclass(frozen=True, slots=True)
class Options:
    """`storage` is exact or compact, `fingerprint` its bits (None: as many as `max_omission` asks for);
    `workers` threads. No more than a probability of `max_omission` that a state was left out is accepted.
    """

    workers: int = 1
    storage: str = "exact"
    fingerprint: int | None = None
    max_omission: float = hashing.MAX_OMISSION


@dataclass(slots=True)
class Machine:
    """The compiled code of a program and its tables, as arrays."""

    search: Any
    kernels: Any
    arguments: tuple[Any, ...]
    numbers: list[int]
    known: Any
    seconds: float
    notes: list[str] = field(default_factory=list)


def machine(compiled: Compiled) -> Machine:
    """Compile a program, or load what an earlier run compiled."""
    started = time.monotonic()
    jit = Jit(default_directory())
    source = native_source(compiled.program, compiled.layout, compiled.plan)
    kernels = jit.module(common_source())
    found = jit.module(source.search)
    numbers = source.tables.numbers
    return Machine(
        found,
        kernels,
        arrays(source.tables),
        numbers,
        _known(compiled, numbers),
        time.monotonic() - started,
        jit.notes,
    )


def _known(compiled: Compiled, numbers: list[int]) -> Any:
    """A row of bits for each rule and one for none: the successors that need no insertion after it (decision
    0010).

    None under a symmetry: a representative is not the state that the rule made.
    """
    words = -(-len(numbers) // 64) or 1
    if len(numbers) > NOBODY or compiled.model.constraints or compiled.quotient is not None:
        return np.zeros((len(numbers) + 1, words), np.uint64)
    rule = {rule.instance.number: rule for rule in compiled.program.rules}
    return words_of([*known_after([rule[number] for number in numbers]), 0], words)


def arrays(tables: Tables) -> tuple[Any, ...]:
    """G, P, Q, SH, RC, RB, ST, CA, GS, GW, US, UW, BM, SURE of the generated source."""
    n = len(tables.shape_of)
    full = (1 << 64) - 1
    g = np.zeros((n, 4), np.uint64)
    for i in range(n):
        mask, wanted = next(((m, v) for w, m, v in tables.guards[i] if w == 0), (0, 0))
        keep, add = next(((k, a) for w, k, a in tables.updates[i] if w == 0), (full, 0))
        g[i] = (mask, wanted, keep, add)
    starts, candidates, bases = [0], [], []
    for cases in tables.cases:
        bases.append(len(starts) - 1)
        for ranks in cases:
            candidates += sorted(ranks, key=lambda r: (tables.shape_of[r], r))
            starts.append(len(candidates))
    cells = np.array(tables.root_cells, np.uint64).reshape(-1, 3)
    width = -(-n // 64) or 1
    rows = [row for bitmap in tables.bitmaps for row in bitmap.rows] or [0]
    sure = words_of([sum(1 << rank for rank in tables.sure)], width)[0]
    return (
        g,
        padded(tables.signed, np.int64),
        padded(tables.unsigned, np.uint64),
        _ints(tables.shape_of),
        cells,
        _words(bases),
        _words(starts),
        _words(candidates),
        *_triples(tables.guards),
        *_triples(tables.updates),
        words_of(rows, width),
        sure,
    )


def padded(rows: list[list[int]], kind: Any) -> Any:
    width = max([1, *map(len, rows)])
    return np.array([row + [0] * (width - len(row)) for row in rows], kind).reshape(len(rows), width)


def _ints(values: list[int]) -> Any:
    return np.array(values, np.int64)


def _words(values: list[int]) -> Any:
    return np.array(values, np.uint64)


def _triples(rows: list[list[tuple[int, int, int]]]) -> tuple[Any, Any]:
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    flat = [triple for row in rows for triple in row]
    return starts, np.array(flat, np.uint64).reshape(-1, 3)


def explore(
    model: Model,
    limits: Limits | None = None,
    observer: Observer = ignore,
    options: Options = Options(),
    prepared: tuple[Compiled, Machine] | None = None,
    symmetry: Symmetry | None = None,
) -> StateSpace:
    """Visit every reachable state with machine code; one of each orbit where a symmetry is given.

    What a machine word cannot hold is explored by the python engine, and a note of the space says so.
    """
    started = time.monotonic()
    try:
        compiled, made = prepared or (compiled := Compiled(model, symmetry), machine(compiled))
    except BeyondWord as beyond:
        space = python.explore(model, limits, observer, symmetry)
        space.notes.append(f"not computed by machine code: {beyond}: the python engine explored")
        return space
    search = Search(compiled, made, limits or Limits(), observer, options, started)
    states = compiled.initial()
    search.seed([], states, set(states))
    return search.run()


@dataclass(slots=True)
class _Worker:
    """What one worker owns: its table, its part of the level, its buckets and counters."""

    store: Store
    buckets: Buckets
    enabled: Any
    same: Any
    cut: Any
    flags: Any
    stat: Any
    level: Any
    by: Any
    at: int = 0
    fresh: list[tuple[Any, Any]] = field(default_factory=list)
    rows: int = 0


class Search:
    """One exploration; `seed` gives it a beginning, `run` does the rest."""

    def __init__(
        self,
        compiled: Compiled,
        made: Machine,
        limits: Limits,
        observer: Observer,
        options: Options,
        started: float,
    ):
        self.compiled, self.machine, self.limits, self.observer, self.options, self.started = (
            compiled,
            made,
            limits,
            observer,
            options,
            started,
        )
        layout, model = compiled.layout, compiled.model
        self.words = layout.words
        self.compact = options.storage == "compact"
        width = layout.bits if self.words == 1 else 64
        self.hashing = (
            hashing.compact(width, options.fingerprint or hashing.NARROW)
            if self.compact
            else hashing.exact(width)
        )
        self.omitted = 0.0
        self.mix = self.hashing.mix
        self.partitions = 1 << self.hashing.partition_bits
        self.known = np.zeros_like(made.known) if self.compact else made.known
        self.nobody = len(made.numbers) if len(made.numbers) <= NOBODY else 0
        self.threads = Threads(options.workers)
        self.workers = [self._worker(i, len(made.numbers)) for i in range(options.workers)]
        n = len(model.instances)
        self.space = StateSpace(
            model,
            "native",
            [],
            layout.unpack,
            compiled,
            self.edges,
            self.somewhere,
            [0] * n,
            [0] * n,
            least=1 << 62,
            bits=layout.bits,
            quotient=compiled.quotient,
        )
        self.space.workers, self.space.storage = options.workers, options.storage
        self.space.max_omission = options.max_omission
        self.space.notes = [*compiled.notes, *made.notes]
        self.phases = {
            "compile": made.seconds,
            "successors": 0.0,
            "exchange": 0.0,
            "insert": 0.0,
            "properties": 0.0,
        }
        self.flagged = Flagged(compiled, self.space)
        self.helpers: dict[str, Any] = {}

    def _worker(self, i: int, rules: int) -> _Worker:
        first, last = (w * self.partitions // self.options.workers for w in (i, i + 1))
        store = self._store(first, last)
        columns = 1 if self.words == 1 else self.words + 1
        depth = max(2 * rules + 64, BUCKET_WORDS // columns // self.partitions)
        buckets = (
            np.empty((self.partitions, depth, columns), np.uint64),
            np.empty((self.partitions, depth), np.uint16),
            np.zeros(self.partitions, np.int64),
        )
        stat = np.array([1 << 62, 0, 0, 0, 0], np.int64)
        return _Worker(
            store,
            buckets,
            np.zeros(rules, np.int64),
            np.zeros(rules, np.int64),
            np.zeros(max(1, len(self.compiled.model.constraints)), np.int64),
            np.zeros(FLAGS, np.int64),
            stat,
            np.empty((0, self.words), np.uint64),
            np.empty(0, np.uint16),
        )

    def _store(self, first: int, last: int) -> Store:
        """The visited set for some partitions, empty."""
        memory = self.limits.max_memory or int(0.8 * available_bytes())
        wide_exact = self.words > 1 and not self.compact
        entry = 8 * self.words + 16 if wide_exact else 8
        return Store(
            self.machine.kernels,
            self.hashing,
            first,
            last,
            memory // entry // self.options.workers,
            self.words,
            wide_exact,
            leveled=self.words == 1 and not self.compact,
        )

    # A beginning.

    def seed(self, levels: list[Any], frontier: list[int], visited: Iterable[int]) -> None:
        """Begin with a frontier; `levels` were left before, and everything in `visited` is known."""
        for states in levels:
            level = NativeLevel([words_of(list(states), self.words)], self.words)
            self._keep(level)
            self.space.levels.append(level)  # type: ignore[arg-type]
        front = words_of(frontier, self.words)
        known = set(frontier)
        self._insert_all(words_of([s for s in visited if s not in known], self.words), ELSEWHERE)
        for worker in self.workers:
            worker.fresh, worker.rows = [], worker.store.count
        self._insert_all(front, len(self.space.levels))

    def _insert_all(self, states: Any, level: int) -> None:
        buckets = self.workers[0].buckets
        step = buckets[0].shape[1] - 1
        for start in range(0, len(states), step):
            self.machine.kernels.scatter(
                states, start, min(start + step, len(states)), *buckets, self.mix, self.nobody
            )
            self._insert_round([buckets], level)

    # The search.

    def run(self) -> StateSpace:
        space = self.space
        try:
            while True:
                size = self._next_level()
                if not size:
                    break
                depth = len(space.levels)
                level = NativeLevel([w.level for w in self.workers], self.words)
                space.levels.append(level)  # type: ignore[arg-type]
                self._widen_for_forecast()
                self._judge(depth)
                self._weigh(size)
                self._leave(depth, size)
                self._keep(level)
                if self._in_table(depth):
                    space.levels[depth] = TableLevel([w.store for w in self.workers], depth, size)  # type: ignore[call-overload]
                if space.stopped:
                    size = self._next_level()
                    if size:
                        self._weigh(size)
                        last = NativeLevel([w.level for w in self.workers], self.words)
                        space.levels.append(last)  # type: ignore[arg-type]
                        self._judge(depth + 1)
                    break
        finally:
            self.threads.close()
        self._collect()
        return space

    def _next_level(self) -> int:
        """Turn what was found into the level to leave; its size."""
        for w in self.workers:
            if w.store.arena is not None:
                w.level, w.by = (
                    w.store.arena[w.rows : w.store.count],
                    w.store.arena_by[w.rows : w.store.count],
                )
                w.rows = w.store.count
            else:
                w.level = np.concatenate(
                    [np.empty((0, self.words), np.uint64), *(states for states, _ in w.fresh)]
                )
                w.by = np.concatenate([np.empty(0, np.uint16), *(rules for _, rules in w.fresh)])
            w.fresh, w.at = [], 0
        return self.threads.agree([len(w.level) for w in self.workers])

    def _leave(self, depth: int, size: int) -> None:
        space, limits = self.space, self.limits
        if limits.max_depth is not None and depth >= limits.max_depth:
            space.stopped = f"--max-depth {limits.max_depth} reached"
            return
        parallel = size >= PARALLEL
        while self.threads.agree([len(w.level) - w.at for w in self.workers]):
            space.stopped = limits.reached(self.threads.agree([w.store.count for w in self.workers]))
            if space.stopped:
                return
            self._timed("successors", lambda: self.threads.run(self._expand, parallel))
            for w in self.workers:
                self._flags(w, depth)
            arrivals = self._timed(
                "exchange", lambda: self.threads.exchange([w.buckets for w in self.workers])
            )
            try:
                self._widen_for(
                    self.threads.agree([w.store.count for w in self.workers])
                    + self.threads.agree([int(w.buckets[2].sum()) for w in self.workers])
                )
                self._timed("insert", lambda: self._insert_round(arrivals[0], depth + 1, parallel))
            except TableFull:
                space.stopped = f"--max-memory {limits.max_memory or 'default'} reached"
                return
            found = self.threads.agree([w.store.count for w in self.workers])
            fresh = sum(len(states) for w in self.workers for states, _ in w.fresh)
            self.observer(
                Progress(depth, found, fresh, time.monotonic() - self.started, [*map(len, space.levels)])
            )

    def _weigh(self, size: int) -> None:
        """How many states the level stands for, under a symmetry."""
        if self.compiled.quotient is None:
            return
        levels, weigh = [w.level for w in self.workers], self.machine.search.weigh

        def weight(i: int) -> int:
            starts = range(0, len(levels[i]), WEIGHED)
            return sum(int(weigh(levels[i], at, min(at + WEIGHED, len(levels[i])))) for at in starts)

        self.space.orbits_sum += self.threads.agree(self.threads.run(weight, size >= PARALLEL))

    def _timed(self, phase: str, work: Any) -> Any:
        started = time.monotonic()
        try:
            return work()
        finally:
            self.phases[phase] += time.monotonic() - started

    def _expand(self, i: int) -> None:
        w = self.workers[i]
        if w.at < len(w.level):
            w.at = self.machine.search.expand(
                w.level,
                w.by,
                w.at,
                len(w.level),
                *w.buckets,
                self.mix,
                self.known,
                w.enabled,
                w.same,
                w.cut,
                w.flags,
                w.stat,
                *self.machine.arguments,
            )

    def _insert_round(self, arrivals: list[Any], level: int, parallel: bool = False) -> None:
        """Every owner inserts its part of every bucket; then the buckets are empty."""

        def insert(i: int) -> None:
            w = self.workers[i]
            for buckets in arrivals:
                total = int(buckets[2][w.store.first : w.store.last].sum())
                if not total:
                    continue
                if w.store.arena is not None:
                    w.store.insert(buckets, level, None, None, w.store.count)
                    continue
                fresh, by = np.empty((total, self.words), np.uint64), np.empty(total, np.uint16)
                n = w.store.insert(buckets, level, fresh, by, 0)
                if n:
                    w.fresh.append(
                        (fresh[:n].copy(), by[:n].copy()) if n < total // 2 else (fresh[:n], by[:n])
                    )

        try:
            self.threads.run(insert, parallel)
        finally:
            for _, _, counts in arrivals:
                counts[:] = 0

    def _in_table(self, depth: int) -> bool:
        """Whether the visited set itself can give a level back."""
        return self.words == 1 and not self.compact and depth < min(w.store.levels for w in self.workers)

    def _keep(self, level: NativeLevel) -> None:
        """What a level that was left is still needed for is its trace: keep it small."""
        if self.compact:
            level.spill()
        elif self.words == 1:
            level.shrink(self.compiled.layout.bits)

    # Fingerprints.

    @property
    def fingerprint(self) -> int:
        """How many bits of the hash of a state are compared."""
        return self.hashing.partition_bits + self.hashing.key_bits

    def _omission(self, states: int) -> float:
        """The probability that one of so many states is taken for another, at the present width."""
        lossless = self.words == 1 and self.fingerprint >= self.hashing.bits
        return 0.0 if lossless or not self.compact else hashing.omission_probability(states, self.fingerprint)

    def _widen_for_forecast(self) -> None:
        """Widen the fingerprints early, when few states have to be inserted again."""
        if self.compact:
            sizes = [*map(len, self.space.levels)]
            expected = forecast(sizes)
            self._widen_for(max(sum(sizes), expected.states if expected else 0))

    def _widen_for(self, states: int) -> None:
        """Make fingerprints as wide as an entry allows before so many states could pass half of the bound.

        All states are inserted again, from the levels. A state that was left out by then stays left out: what
        the narrow fingerprints may have cost is added to the probability.
        """
        wide = hashing.compact(self.hashing.bits, hashing.WIDE)
        settled = self.options.fingerprint is not None or wide == self.hashing
        if settled or self._omission(states) <= self.options.max_omission / 2:
            return
        now = self.threads.agree([w.store.count for w in self.workers])
        self.omitted += self._omission(now)
        self.hashing = wide
        for w in self.workers:
            w.store = self._store(w.store.first, w.store.last)
        fresh = [states for w in self.workers for states, _ in w.fresh]
        for states_at in (*(level.words() for level in self.space.levels), *fresh):  # type: ignore[attr-defined]
            self._remember(states_at)

    def _remember(self, states: Any) -> None:
        """Put states into the visited set that are in a level already."""
        depth = self.workers[0].buckets[0].shape[1] - 1
        room = np.empty((self.partitions, depth, self.workers[0].buckets[0].shape[2]), np.uint64)
        by, counts = np.empty((self.partitions, depth), np.uint16), np.zeros(self.partitions, np.int64)
        for start in range(0, len(states), depth):
            stop = min(start + depth, len(states))
            self.machine.kernels.scatter(states, start, stop, room, by, counts, self.mix, self.nobody)
            for w in self.workers:
                total = int(counts[w.store.first : w.store.last].sum())
                w.store.insert(
                    (room, by, counts),
                    0,
                    np.empty((total, self.words), np.uint64),
                    np.empty(total, np.uint16),
                    0,
                )
            counts[:] = 0

    # Properties.

    def _flags(self, w: _Worker, depth: int) -> None:
        n = int(w.stat[2])
        if n:
            w.stat[2] = 0
            if self.flagged.wanted(depth):
                self._timed("properties", lambda: self.flagged.leave(integers(w.level[w.flags[:n]]), depth))

    def _judge(self, depth: int) -> None:
        """Invariants on the new level, by machine code; what it flags is judged by the python engine's
        functions.
        """
        watch = _ints(list(self.flagged.watched()) or [0])
        if not watch.any():
            return

        def judge(i: int) -> list[int]:
            w, found, at = self.workers[i], [], 0
            while at < len(w.level):
                n, at = self.machine.search.judge(w.level, at, len(w.level), watch, w.flags)
                found += integers(w.level[w.flags[:n]])
            return found

        size = sum(len(w.level) for w in self.workers)
        bad = self._timed("properties", lambda: self.threads.run(judge, size >= PARALLEL))
        states = [s for part in bad for s in part]
        if states:
            self.flagged.check(states, depth)

    def _collect(self) -> None:
        """Bring the counters of all workers together."""
        space = self.space
        for w in self.workers:
            for rank, number in enumerate(self.machine.numbers):
                space.enabled[number] += int(w.enabled[rank])
                space.changed[number] += int(w.enabled[rank] - w.same[rank])
            for k, (name, _) in enumerate(self.compiled.model.constraints):
                if w.cut[k]:
                    space.cut[name] = space.cut.get(name, 0) + int(w.cut[k])
            space.least = min(space.least, int(w.stat[0]))
            space.most = max(space.most, int(w.stat[1]))
            space.expanded += int(w.stat[3])
        space.least = min(space.least, space.most)
        space.seconds = time.monotonic() - self.started
        space.phases = self.phases
        space.fingerprint = self.fingerprint if self.compact else 0
        space.omission = min(1.0, self.omitted + self._omission(space.distinct))

    # Questions after the search.

    def edges(self, states: Iterable[int], targets: Any) -> list[Edge]:
        """The steps that leave some states, into the targets where some are given."""
        size = len(states) if isinstance(states, (NativeLevel, TableLevel, list, tuple, set)) else 0
        if size < SMALL:
            return self.compiled.edges(states, targets)
        if "edges" not in self.helpers:
            source = native_source(self.compiled.program, self.compiled.layout, self.compiled.plan)
            self.helpers["edges"] = Jit(default_directory()).module(source.edges)
        rows = (
            states.words()
            if isinstance(states, (NativeLevel, TableLevel))
            else words_of(list(states), self.words)
        )
        wanted = (
            words_of(sorted(targets, key=lambda s: s & (1 << 64) - 1), self.words)
            if targets is not None
            else np.empty((0, self.words), np.uint64)
        )
        if targets is not None and not len(wanted):
            return []
        return self._edges(rows, wanted)

    def _edges(self, rows: Any, wanted: Any) -> list[Edge]:
        room = 1 << 16
        room += 2 * len(self.machine.numbers)
        origin, by, to = (
            np.empty(room, np.int64),
            np.empty(room, np.int64),
            np.empty((room, self.words), np.uint64),
        )
        stat, found, at = np.zeros(5, np.int64), [], 0
        while at < len(rows):
            stat[2] = 0
            at = self.helpers["edges"].edges(
                rows, at, len(rows), wanted, origin, by, to, stat, *self.machine.arguments
            )
            n = int(stat[2])
            found += list(
                zip(integers(rows[origin[:n]]), [self.machine.numbers[r] for r in by[:n]], integers(to[:n]))
            )
        return found

    def somewhere(self, condition: Expr) -> bool:
        """Whether a condition holds in any visited state, or on any step."""
        text = None
        if self.space.distinct >= SMALL and not reads_next(condition):
            with suppress(BeyondWord):
                text = witness_source(self.compiled.program, self.compiled.layout, condition)
        if text is None:
            found = witness_function(self.compiled, condition)
            return any(found(level) for level in self.space.levels)
        space = run_source(text, "<witness>")
        return any(
            space["witness"](
                level.words()
                if isinstance(level, (NativeLevel, TableLevel))
                else words_of(list(level), self.words)
            )
            for level in self.space.levels
        )
