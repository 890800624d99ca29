"""What one worker owns, and how it expands its part of a level into buckets by owner.

States of several words pass through a tree (`tree.py`): root words are unfolded a chunk at a time, expanded,
and their successors folded again before they go to the buckets. So buckets, visited set and levels see
states of one word only. Knows nothing of levels and limits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from explorer.engine.native.arrays import (
    FLAGGED,
    LEAST,
    Buckets,
    Counters,
    Level,
    Numbers,
    Part,
    Search,
    Unfolded,
    WordRows,
)
from explorer.engine.native.machine import NOBODY, Machine
from explorer.engine.native.tree import Tree
from explorer.engine.native.visited import Store, reserve

BUCKET_WORDS, MOST_WORDS, SLOTS = 1 << 21, 1 << 24, 4
SMALL = 1 << 21
FLAGS = 1 << 16
CHUNK, SUCCESSORS, MISSED = 1 << 13, 1 << 15, 1 << 12
"""Words of one worker's buckets, and the most where they may grow with its table; slots of the table for each
word then. Flagged rows a call; states of several words that are unfolded, successors
that are folded, and successors with a part that is in no dictionary that are kept, at once. Where several
workers share an interpreter, twice as many are unfolded and folded, as each call is a moment in which they
wait for each other.

SMALL are bytes at the beginning of reserved rows that are small pages."""


class Worker:
    """A worker for states of one word.

    `level` is its part of the level; `at` is the first row that was not expanded. `flagged` are states
    (uint64 [n, words]) that the python engine looks at.
    """

    def __init__(self, machine: Machine, store: Store, known: WordRows, constraints: int):
        self.machine, self.store = machine, store
        rules = len(machine.numbers)
        self.partitions = 1 << store.hashing.partition_bits
        self.room = Room(self.partitions, 2 * rules + 64, BUCKET_WORDS // self.partitions)
        self.buckets = self.room.buckets(0)
        self.inserted, self.each = 0, 4.0
        """Successors of the level that were inserted here; how many there were for each state of the last."""
        self.nobody = min(rules, NOBODY, store.hashing.rules - 1)
        known = np.concatenate([known[: self.nobody], known[-1:]])
        self.search = Search(machine.rules, known, store.hashing.there)
        self.counters = Counters(
            zeros(rules),
            zeros(rules),
            zeros(max(1, constraints)),
            zeros(FLAGS),
            zeros(5),
        )
        self.counters.totals[LEAST] = 1 << 62
        self.level, self.at = empty(0), 0
        self._new, self._left = Rows(), Rows()
        self.flagged: list[WordRows] = []

    @property
    def fresh(self) -> list[Level]:
        """What was found of the next level."""
        return [self._new.level()] if self._new.size else []

    @fresh.setter
    def fresh(self, parts: list[Level]) -> None:
        new = Rows()
        for part in parts:
            new.append(part)
        self._new = new

    def copy_found(self, target: Level) -> None:
        """Write what was found of the next level to the beginning of some rows."""
        target.states[: self.found], target.rules[: self.found] = self._new.level()

    def begin(self, roomy: bool = False) -> None:
        """Make the level to expand of what was new. The arrays of the level before are written over.

        `roomy`: the buckets may grow with the table. Each part of a large one is brought near once a round,
        for all of its successors.
        """
        if self.inserted:
            self.each, self.inserted = self.inserted / max(1, self.size), 0
        self._new, self._left = self._left, self._new
        self.level, self.at, self._new.size = self._left.level(), 0, 0
        most = self.store.slots // SLOTS // self.partitions if roomy else 0
        self.buckets = self.room.buckets(int(self.size * self.each) // self.partitions, most)

    def reserve(self, states: int) -> None:
        """Have room for so many states in the level and in the next one, which takes memory where it is
        touched. Where the system does not give so much, they grow as they must.
        """
        for rows in (self._left, self._new):
            with contextlib.suppress(MemoryError):
                room = reserve(states, np.uint64, SMALL), reserve(states, np.uint16, SMALL)
                held, rows.rows = rows.level(), Level(room[0].reshape(-1, 1), room[1])
                rows.rows.states[: rows.size], rows.rows.rules[: rows.size] = held

    def memory(self) -> tuple[Rows, Rows]:
        """The level, and what was found of the next one."""
        return self._left, self._new

    def resume(self, level: Rows, found: Rows, at: int) -> None:
        """Go on in a level from a row on."""
        self._left, self._new = level, found
        self.level, self.at = level.level(), at

    @property
    def found(self) -> int:
        """How many states of the next level were found."""
        return self._new.size

    @property
    def size(self) -> int:
        """How many states of the level are its own."""
        return len(self.level.states)

    def busy(self) -> bool:
        """Whether a part of the level, or a successor, is not yet in the buckets."""
        return self.at < self.size

    def states(self) -> Iterator[WordRows]:
        """The states of the level, in pieces (uint64 [n, words]), in memory that later levels use again."""
        yield self.level.states

    def suspects(self) -> Iterator[WordRows]:
        """As `states`, but for some that are known to satisfy every invariant."""
        return self.states()

    def tally(self) -> None:
        """Bring the counters up to date."""

    def filled(self) -> list[Buckets]:
        """The buckets that have what was made in this round."""
        return [self.buckets]

    def expand(self) -> None:
        """Expand states until the buckets are full or the level is done."""
        if self.at < self.size:
            self.at = self._call(self.level, (self.at, self.size), self.buckets)

    def intern(self) -> None:
        """Do what no two workers may do at a time, after `expand`."""

    def insert(self, arrivals: list[Buckets], level: int) -> None:
        """Insert this worker's part of all buckets; what is new goes to `fresh`."""
        for arrived in arrivals:
            total = int(np.add.reduce(arrived.sizes[self.store.first : self.store.last]))
            if not total:
                continue
            self.inserted += total
            self._new.make_room(total)
            self._new.size = self.store.insert(arrived, level, self._new.rows, self._new.size)

    def scatter(self, level: Level, at: int, target: Buckets | None = None) -> int:
        """Put states of one word from row `at` on into buckets; the first row that found no room."""
        target = self.buckets if target is None else target
        return int(self.machine.kernels.scatter(level, at, target, self.search.hashing))

    def _call(self, level: Level, span: tuple[int, int], target: Buckets) -> int:
        """Expand some rows of a level by machine code and keep what it flags; the first row not expanded."""
        with self.machine.running():
            end = int(self.machine.search.expand(level, span, target, self.counters, self.search))
        self.keep_flagged(level)
        return end

    def expanded(self) -> Level:
        """Where rows that machine code has flagged count."""
        return self.level

    def keep_flagged(self, level: Level) -> None:
        """Keep the states of a level that machine code has flagged."""
        n = int(self.counters.totals[FLAGGED])
        if n:
            self.flagged.append(level.states[self.counters.flagged[:n]])
            self.counters.totals[FLAGGED] = 0


class TreeWorker(Worker):
    """A worker for states of several words; `level` has their root words.

    Where it is `alone` it makes new entries of the tree as it meets them; otherwise `intern` does.
    """

    def __init__(
        self, machine: Machine, store: Store, known: WordRows, constraints: int, tree: Tree, alone: bool
    ):
        super().__init__(machine, store, known, constraints)
        self.tree, self.alone = tree, alone
        rules, words = len(machine.numbers), tree.words
        wide = 0 if alone else 1
        self.most = CHUNK << wide
        self.chunk = Unfolded(np.empty((self.most, words), np.uint64), tree.numbers(self.most))
        self.rules = self.level.rules
        self.row, self.rows = 0, 0
        room = max(2 * rules + 64, SUCCESSORS << wide)
        self.successors = buckets(1, room, words + 1)
        self.at_successor = 0
        self.folded = tree.room(room, MISSED)
        self.pending: list[tuple[Level, int]] = []

    def begin(self, roomy: bool = False) -> None:
        super().begin(roomy)
        self.row = self.rows = 0

    def busy(self) -> bool:
        return bool(
            super().busy()
            or self.row < self.rows
            or self.at_successor < self.successors.sizes[0]
            or self.pending
            or self.folded.totals[1]
        )

    def states(self) -> Iterator[WordRows]:
        assert self.row == self.rows
        for start in range(0, self.size, self.most):
            stop = min(start + self.most, self.size)
            self.tree.unfold_some(self.level.states, (start, stop), self.chunk)
            yield self.chunk.states[: stop - start]

    def expand(self) -> None:
        while self._scatter_pending():
            if self.at_successor < self.successors.sizes[0]:
                if not self._fold():
                    return
            elif self.row < self.rows:
                if not self._expand_chunk():
                    return
            elif self.at < self.size:
                self._next_chunk()
            else:
                return

    def _next_chunk(self) -> None:
        stop = min(self.at + self.most, self.size)
        self.tree.unfold_some(self.level.states, (self.at, stop), self.chunk)
        self.rules, self.row, self.rows = self.level.rules[self.at : stop], 0, stop - self.at
        self.at = stop

    def _expand_chunk(self) -> bool:
        """Expand unfolded states until there is no room for successors; whether there was any."""
        self.at_successor, self.successors.sizes[0] = 0, 0
        chunk = Level(self.chunk.states, self.rules)
        self.row = self._call(chunk, (self.row, self.rows), self.successors)
        return True

    def intern(self) -> None:
        missed = int(self.folded.totals[1])
        if missed:
            states = Level(self.folded.missed, self.folded.missed_rules)
            self.pending.append((self.tree.fold_alone(states, missed), 0))
            self.folded.totals[1] = 0

    def _scatter_pending(self) -> bool:
        """Whether all root words found room in the buckets."""
        while self.pending:
            roots, at = self.pending[0]
            at = self.scatter(roots, at)
            if at < len(roots.states):
                self.pending[0] = roots, at
                return False
            self.pending.pop(0)
        return True

    def _fold(self) -> bool:
        """Fold successors; whether there is room for more that have a part in no dictionary."""
        folded, tables = self.folded, self.tree.arrays
        totals = folded.totals
        totals[0] = 0
        successors = Level(self.successors.states[0], self.successors.rules[0])
        part = Part(self.at_successor, int(self.successors.sizes[0]), False, self.alone)
        self.at_successor = int(self.tree.kernels.fold(successors, part, self.chunk, tables, folded))
        self.pending.append((Level(folded.roots[: totals[0]], folded.rules[: totals[0]]), 0))
        if totals[2] >= 0:
            self.tree.grow(int(totals[2]))
        return bool(totals[1] < MISSED)


class Room:
    """Memory for the buckets of a worker. A level takes only as much of it as it needs: the system takes
    longer to give new memory than a successor takes to be made, and less of it stays nearer to the processor.
    """

    def __init__(self, partitions: int, least: int, most: int):
        self.partitions, self.least, self.most = partitions, _apart(least), _apart(max(least, most))
        self.reserved = max(self.most, _apart(MOST_WORDS // partitions))
        self.states = np.empty(partitions * self.reserved, np.uint64)
        self.rules = np.empty((partitions, 0), np.uint16)
        self.sizes = np.zeros(partitions, np.int64)

    def buckets(self, expected: int | None = None, most: int = 0) -> Buckets:
        """The only buckets, empty, where so many successors are expected in each; None: as many as there may
        be. `most`: how many may be, where that is more than `self.most`.
        """
        most = max(self.most, min(_apart(most), self.reserved))
        wanted = most if expected is None else _apart(expected + expected // 4 + self.least)
        return self.deep(min(max(self.least, wanted), most))

    def deep(self, depth: int) -> Buckets:
        """Buckets of a depth."""
        states = self.states[: self.partitions * depth]
        return Buckets(states.reshape(self.partitions, depth, 1), self.rules, self.sizes)


class Rows:
    """States of one word, and the rules that made them, one behind the other. The memory is used again: the
    system takes longer to give new memory than a state takes to be inserted.
    """

    def __init__(self) -> None:
        self.rows, self.size = empty(0), 0

    def level(self) -> Level:
        """What is there."""
        return Level(self.rows.states[: self.size], self.rows.rules[: self.size])

    def make_room(self, more: int) -> None:
        """Have room for so many more."""
        needed = self.size + more
        if needed > len(self.rows.states):
            held, self.rows = self.level(), empty(max(needed, 2 * len(self.rows.states)))
            self.rows.states[: self.size], self.rows.rules[: self.size] = held

    def append(self, level: Level) -> None:
        n = len(level.states)
        self.make_room(n)
        self.rows.states[self.size : self.size + n] = level.states
        self.rows.rules[self.size : self.size + n] = level.rules
        self.size += n


def zeros(size: int) -> Numbers:
    """So many numbers that one worker writes often: no line of the cache has them and another's."""
    return np.zeros(size + 32, np.int64)[16 : 16 + size]


def _apart(depth: int) -> int:
    """A depth of buckets, or a bit more, by which they lie a cache line further than a multiple of lines: the
    ends of all buckets, which are written to in turn, would else fall into the same few sets of the cache.
    """
    return -(-depth // 16) * 16 + 8


def buckets(partitions: int, depth: int, columns: int) -> Buckets:
    """Empty buckets with room for `depth` states of each partition."""
    return Buckets(
        np.empty((partitions, depth, columns), np.uint64),
        np.empty((partitions, depth if columns > 1 else 0), np.uint16),
        np.zeros(partitions, np.int64),
    )


def empty(size: int) -> Level:
    """Room for so many states of one word."""
    return Level(np.empty((size, 1), np.uint64), np.empty(size, np.uint16))
