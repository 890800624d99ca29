"""The search whose visited set does not fit into memory: delayed duplicate detection (decision 0038).

All levels stand on disk; the table has the last ones, from level `window` on. A successor that is not in the
table counts as new, and is expanded, until it is compared with the levels below the window: these are read,
one after the other, and looked up in the table. What is found was visited before. It is taken out of its
level, and what was counted when it was expanded is taken back. That is done when the table is full, when too
much was done in vain, and before anything is said of counts.

A state that is new has its true level all the while: were it reachable from one that only seemed new, it
would have been visited long ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from explorer.engine.checkpoint import Saved
from explorer.engine.compiled import Compiled
from explorer.engine.limits import Stopped, available_bytes, resident_bytes
from explorer.engine.native.arrays import EXPANDED, FLAGGED, TRANSITIONS, Counters, Level, WordRows
from explorer.engine.native.disk import Disk, DiskFull, DiskLevel
from explorer.engine.native.exchange import PARALLEL
from explorer.engine.native.jit import Jit, common_source, default_directory
from explorer.engine.native.levels import PIECE, NativeLevel, rows_of
from explorer.engine.native.search import Search
from explorer.engine.native.sieve import Sieve
from explorer.engine.native.tree import ROOT_BITS
from explorer.engine.native.visited import Store, TableFull
from explorer.engine.native.whole_rounds import WholeRounds
from explorer.engine.native.worker import BUCKET_WORDS, FLAGS, buckets

SHARE, WINDOW = 0.5, 0.25
"""The parts of the memory that the table may have, and of the table that the levels in it may take when the
older ones have left; the rest is for the frontier, and for what is new.
"""

IN_VAIN = 1 / 4
"""When more than this part of what had to be read was not new, which is when its expansion took about as
long as the reading, the next comparison comes after half as many levels.
"""


def on_disk(
    directory: Path, most: int | None = None, hear: Callable[[str], None] = lambda sentence: None
) -> Callable[[Compiled], Callable[..., Search]]:
    """The kind of search (`search.Options`) whose levels go to a directory, of at most so many bytes; `hear`
    is told what will be needed. DirectoryError where it cannot be.
    """

    def kind(compiled: Compiled) -> Callable[..., Search]:
        layout = compiled.layout
        disk = Disk(directory, most, max(1, -(-(ROOT_BITS if layout.stored is None else layout.stored) // 8)))
        hear(disk.needed())
        return partial(DelayedSearch, disk)

    return kind


class DelayedSearch(Search):
    """A search that keeps its levels on `disk`; of states of several words the root words, whose dictionaries
    (`tree.py`) stay in memory.
    """

    wide_worker = WholeRounds
    at_once = False
    roomy = False

    def __init__(self, disk: Disk, **given: Any):
        self.disk = disk
        self.window, self.settled, self.delay = 0, 0, 1 << 30
        """The first level in the table; the level up to which everything is known to be new; levels until it
        is looked at again.
        """
        self.tight = False
        super().__init__(**given)
        self.phases["disk"] = 0.0

    def _store(self, first: int, last: int) -> Store:
        memory = self.limits.max_memory or int(0.8 * available_bytes())
        narrow = self.hashing.narrow
        size = 4 if narrow else 8
        free = memory - resident_bytes() - self.options.workers * BUCKET_WORDS * 8
        rows = int(max(0, free) * SHARE) // size // self.options.workers
        kernels = Jit(default_directory()).module(common_source(narrow))
        return Store(kernels, self.hashing, first, last, rows, leveled=False)

    # What the search asks.

    def go_on(self, saved: Saved) -> None:
        *left, _ = saved.sizes
        self._count_on(saved)
        try:
            for number, size in enumerate(left):
                self.disk.append(self._saved(saved, number))
                self.space.levels.append(DiskLevel(self.disk, number, self.tree))
                self.sizes.append(size)
            self._begin_with([*self._saved(saved, len(left))])
            self.settled = len(left)
            self._fill(len(left))
        except (DiskFull, TableFull) as full:
            reason = str(full) or f"--max-memory {self.limits.max_memory or 'default'} reached"
            raise Stopped(reason, "the return to the checkpoint") from None

    def _saved(self, saved: Saved, level: int) -> Iterator[WordRows]:
        return (self.roots(rows_of(piece, saved.row, self.words)) for piece in saved.pieces(level))

    def _seen(self) -> int:
        return super()._seen() + sum(self.disk.size(number) for number in range(self.window))

    def _next_level(self) -> int:
        size, depth = super()._next_level(), len(self.space.levels)
        checkpoint = self.checkpoint
        if (
            not size
            or self.space.stopped
            or depth - self.settled >= self.delay
            or (checkpoint is not None and checkpoint.due)
        ):
            self.phases.timed("disk", lambda: self._settle(depth))
            size = self.threads.agree([w.size for w in self.workers])
            while not size and self.space.levels and not len(self.space.levels[-1]):
                self.space.levels.pop()
                self.sizes.pop()
        return size

    def _save(self, frontier: NativeLevel) -> None:
        if not self.window or self.settled == len(self.space.levels):
            super()._save(frontier)

    def _has_room(self, arrivals: list[Any], depth: int, begun: list[int]) -> bool:
        if all(w.store.fits(arrivals) for w in self.workers):
            self.tight = False
            return True
        if self.tight:  # nothing was done since there was made room
            raise TableFull
        for w, at in zip(self.workers, begun):
            self._count_back(w.level.states[at : w.at], weighed=False)
            w.at, w.flagged = at, []
        for arrived in arrivals:
            arrived.sizes[:] = 0
        self.phases.timed("disk", lambda: self._settle(depth))
        self.phases.timed("disk", lambda: self._fill(depth))
        self.tight = True
        return False

    def _leave(self, level: NativeLevel, depth: int) -> NativeLevel:
        if self.space.stopped:  # how far the level was expanded is known now
            self._settle(depth)
        level = self._level([w.level.states for w in self.workers])
        try:
            self.disk.append(level.root_pieces())
        except DiskFull as full:
            self.space.stopped = self.space.stopped or str(full)
            self._settle(depth)
            return self._level([w.level.states for w in self.workers])
        return DiskLevel(self.disk, depth, self.tree)

    # What was delayed.

    def _settle(self, depth: int) -> None:
        """Take out what is not new, now that level `depth` is the workers', and maybe a part of the next."""
        if self.window:
            seen = sum(self.disk.size(number) for number in range(self.window))
            marks = self._marks()
            again, levels = sum(int(part.sum()) for part in marks), max(1, depth - self.settled)
            if again:
                try:
                    self._take_out(marks, depth)
                except DiskFull as full:
                    raise Stopped(str(full)) from None
            in_vain = again > IN_VAIN * seen
            self.delay = max(1, levels // 2) if in_vain else max(self.delay, 2 * levels)
        self.settled = depth

    def _marks(self) -> list[Any]:
        """For each worker a flag for each slot of its table: whether its state is in a level that left."""
        sieves = self.threads.run(lambda i: Sieve(self.workers[i].store), parallel=True)
        marks = [np.zeros(sieve.slots, np.bool_) for sieve in sieves]
        for number in range(self.window):
            for states in self.disk.pieces(number):

                def mark(i: int, states: WordRows = states) -> None:
                    marks[i][sieves[i].find(states).places] = True

                self.threads.run(mark, len(states) > PARALLEL)
        return marks

    def _take_out(self, marks: list[Any], depth: int) -> None:
        """Take the marked states out of the levels that may have them, and what was counted when they were
        left.
        """
        sieves = [Sieve(w.store, marked) for w, marked in zip(self.workers, marks)]

        def new(states: WordRows) -> Any:
            result = np.ones(len(states), np.bool_)
            for sieve, marked in zip(sieves, marks):
                rows, places = sieve.find(states)
                result[rows[marked[places]]] = False
            return result

        def wanted(number: int, states: WordRows) -> Any:
            keep = new(states)
            self._count_back(states[~keep])
            return keep

        self.disk.keep(self.settled, wanted)
        for number in range(self.settled, len(self.disk.levels)):
            self.sizes[number] = self.disk.size(number)
        for w in self.workers:
            keep = new(w.level.states)
            left = ~keep
            left[w.at :] = False
            self._count_back(w.level.states[left], weighed=False)
            if depth < len(self.sizes):
                self.sizes[depth] -= int((~keep).sum())
                self._weigh_back(w.level.states[~keep])
            w.at -= int(left.sum())
            w.level = Level(w.level.states[keep], w.level.rules[keep])
            w.fresh = [
                Level(part.states[keep], part.rules[keep])
                for part, keep in ((part, new(part.states)) for part in w.fresh)
            ]

    def _count_back(self, states: WordRows, weighed: bool = True) -> None:
        """Take back what was counted when some states were left, which had been left before."""
        if not len(states):
            return
        w = self.workers[0]
        room = buckets(*(w.successors if isinstance(w, WholeRounds) else w.buckets).states.shape)
        counted = Counters(
            np.zeros_like(w.counters.enabled),
            np.zeros_like(w.counters.same),
            np.zeros_like(w.counters.cut),
            np.zeros(FLAGS, np.int64),
            np.array([1 << 62, 0, 0, 0, 0], np.int64),
        )
        for words in self._whole(states):
            level, at = Level(words, np.full(len(words), w.nobody, np.uint16)), 0
            while at < len(words):
                room.sizes[:] = 0
                counted.totals[FLAGGED] = 0
                with self.machine.running():
                    at = int(self.machine.search.expand(level, (at, len(words)), room, counted, w.search))
        for total, part in zip(w.counters[:3], counted[:3]):
            total -= part
        for k in (EXPANDED, TRANSITIONS):
            w.counters.totals[k] -= counted.totals[k]
        if weighed:
            self._weigh_back(states)

    def _weigh_back(self, states: WordRows) -> None:
        with self.machine.running():
            self.space.orbits_sum -= sum(map(self.findings.weight, self._whole(states)))

    def _whole(self, roots: WordRows) -> Iterator[WordRows]:
        """The states (uint64 [n, words]) that are kept as these words, some at a time."""
        for at in range(0, len(roots), PIECE):
            part = np.ascontiguousarray(roots[at : at + PIECE])
            yield part if self.tree is None else self.tree.unfold(part)

    def _fill(self, depth: int) -> None:
        """Leave in the table the frontier, what is new, and as many of the last levels as there is room
        for.
        """
        room = WINDOW * sum(w.store.limit * w.store.partitions for w in self.workers)
        held = [part for w in self.workers for part in (w.level.states, *(new.states for new in w.fresh))]
        self.window, kept = min(depth, len(self.disk.levels)), sum(map(len, held))
        while self.window and kept + self.disk.size(self.window - 1) <= room:
            self.window -= 1
            kept += self.disk.size(self.window)
        for w in self.workers:
            w.store.clear()
        for states in (*self._in_window(), *held):
            self._remember(states)

    def _in_window(self) -> Iterator[WordRows]:
        for number in range(self.window, len(self.disk.levels)):
            yield from self.disk.pieces(number)
