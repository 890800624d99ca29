"""What one of several workers does of a level, and of the next ones, up to a moment at which Python must look
at something: compiled, and run by each worker at a time.

Python for Numba, compiled through `jit.py`. What expands, judges and inserts states are arguments, as in
`levels_kernels.py`. Workers meet twice in a round: when all buckets are filled, and when all are inserted. At
a meeting each publishes what it has found; whoever has met knows what all found, so that all decide alike.
`shared` has a row of ROW numbers for each worker: how often it came to a meeting, and from SAID on what it
said at the last two. The first number behind these rows is not 0 when all must leave.

`work` is what a worker remembers between two calls: see STAGE and what follows.
"""

import numpy as np
from numba import int64, njit, types, uint64

from explorer.engine.native.arrays import (
    FLAGGED,
    SPAN,
    WORD_ROWS,
    Buckets,
    Counters,
    Level,
    Limit,
    Rooms,
    Search,
    Table,
    signature,
)
from explorer.engine.native.function_types import ENLARGE, EXPAND, INSERT, JUDGE, TABLE, UNPACK
from explorer.engine.native.meeting import breathe, nanoseconds, publish, published, rest
from explorer.engine.native.probing import GROUP

STAGE, MET, AT, SIZE, FOUND, PASSED, INSERTED, DEPTH, NEW, SLOTS, NARROW = range(11)
LARGEST, ENDING, SPENT = 11, 12, 13
"""The stage; how many meetings it came to; the first row that was not expanded; the states of its part of the
level; of the next one; levels that were passed; successors of the level that were inserted here; the depth of
its buckets; states that were new; slots of a partition; narrow levels that
were passed; the states of the largest level; whether few states are left. From SPENT on the nanoseconds
of making, inserting, judging and waiting."""
MAKING, INSERTING, JUDGING, WAITED = range(4)
MADE, DONE = 1, 2
"""Stages behind 0, which makes successors: all are made; all are inserted."""
WAIT, GROW, ROWS, PAUSE, BOUNDARY, GONE = range(6)
"""Why a call ends: another worker keeps this one waiting; its table is full; there is no room for the states
that may be new; all stop behind a round, or behind a level; one has asked all to leave."""
ROW, SAID, NEXT = 32, 8, 8
"""Numbers of a row of `shared`, and where in it what is said begins: every other time NEXT behind it."""
MANY = 64
"""States to insert in a partition from which `Limit.near` counts."""
BUSY, FLAGS, FAILED, FRESH, MORE, LATE, DEEP = range(7)
"""What is said: whether states are left; have a flag; fail; how many are found, and were new since the call;
whether it is time to stop; the depth of the buckets."""


@njit(types.void(WORD_ROWS, SPAN, WORD_ROWS), nogil=True, cache=True)
def as_they_are(roots, span, states):
    """In place of `unfold` where states are stored as they are."""


@njit(inline="always")
def met(shared, workers, number, limit):
    """Whether all have come to meeting `number`, WAIT or GONE."""
    begun, turns = int64(0), 0
    for w in range(workers):
        while published(shared, w * ROW) < number:
            if published(shared, workers * ROW) != 0:
                return GONE
            breathe()
            turns += 1
            if turns & 63 == 0:
                now = nanoseconds()
                if begun == 0:
                    begun = now
                elif now > begun + limit.wait:
                    return WAIT
                elif now > begun + limit.spin:
                    rest(int64(50))
    return MADE


@njit(inline="always")
def heard(shared, workers, number, what):
    """The sum of what all said at a meeting."""
    total = 0
    for w in range(workers):
        total += shared[w * ROW + SAID + (number & 1) * NEXT + what]
    return total


@njit(inline="always")
def buckets_of(rooms, worker, depth):
    """The buckets of a worker, so many states deep."""
    partitions = rooms.sizes.shape[1]
    room = partitions * depth
    return Buckets(
        rooms.states[worker, :room].reshape(partitions, depth, 1),
        rooms.rules,
        rooms.sizes[worker],
    )


@njit(inline="always")
def with_slots(table, capacity):
    """A table whose partitions have so many slots."""
    return Table(table.slots, table.fill, capacity, table.first, table.entry, table.back)


@njit(inline="always")
def larger(capacity, partitions, limit, ending):
    """So many slots has a partition that grows (see `visited.Store.grow`)."""
    slots = capacity * partitions
    growth = limit.large_growth if slots < limit.huge and not ending else limit.huge_growth
    growth = limit.growth if slots < limit.large else growth
    return min(int64(capacity * growth) // GROUP * GROUP, limit.slots)


@njit(
    signature(
        int64,
        EXPAND,
        JUDGE,
        INSERT,
        ENLARGE,
        UNPACK,
        int64,
        int64[::1],
        int64[::1],
        int64[::1],
        int64[::1],
        Rooms,
        Level,
        Level,
        WORD_ROWS,
        Limit,
        Counters,
        Search,
        int64[::1],
        TABLE,
    ),
    nogil=True,
    cache=True,
)
def work_on(
    expand,
    judge,
    insert,
    grow,
    unfold,
    me,
    work,
    at,
    sizes,
    shared,
    rooms,
    level,
    fresh,
    chunk,
    limit,
    counters,
    search,
    watched,
    table,
):
    """Go on where `work` says, until there is a reason to stop. `level` has the states of this worker's part
    of the level, `fresh` gets the new ones; after an odd number of passed levels they have changed places.
    `sizes` gets how many states each passed level had in all, `at` is as `insert` wants it. `chunk` has room
    for whole states where those of several words are stored as one, and none otherwise. Rows that have a flag
    count in the level, or in the chunk, which is the last one.
    """
    workers, mine = rooms.sizes.shape[0], me * ROW
    if work[PASSED] & 1:
        level, fresh = fresh, level
    table = with_slots(table, work[SLOTS])
    clock = nanoseconds()
    while True:
        said = mine + SAID + (work[MET] + 1 & 1) * NEXT
        if work[STAGE] == 0:
            buckets = buckets_of(rooms, me, work[DEPTH])
            buckets.sizes[:] = 0
            if chunk.shape[0] == 0:
                if work[AT] < work[SIZE]:
                    work[AT] = expand(level, (work[AT], work[SIZE]), buckets, counters, search)
            else:
                stop, room = work[AT], work[DEPTH] - counters.enabled.shape[0] - 1
                while (
                    work[AT] == stop < work[SIZE]
                    and counters.totals[FLAGGED] == 0
                    and buckets.sizes.max() < room
                ):
                    start, stop = stop, min(stop + chunk.shape[0], work[SIZE])
                    unfold(level.states, (start, stop), chunk)
                    some = Level(chunk, level.rules[start:stop])
                    work[AT] = start + expand(some, (0, stop - start), buckets, counters, search)
            shared[said + BUSY] = int64(work[AT] < work[SIZE])
            shared[said + DEEP] = work[DEPTH]
            work[MET] += 1
            work[STAGE] = MADE
            publish(shared, mine, work[MET])
            now = nanoseconds()
            work[SPENT + MAKING] += now - clock
            clock = now
        if work[STAGE] == MADE:
            come = met(shared, workers, work[MET], limit)
            now = nanoseconds()
            work[SPENT + WAITED] += now - clock
            clock = now
            if come != MADE:
                return come
            arrived = 0
            for w in range(workers):
                for p in range(table.first, table.first + table.fill.shape[0]):
                    arrived += rooms.sizes[w, p]
            if work[FOUND] + arrived > fresh.states.shape[0]:
                at[0] = arrived
                return ROWS
            work[INSERTED] += arrived
            first, last = table.first, table.first + table.fill.shape[0]
            together = max(1, last - first)
            if arrived > MANY * (last - first):
                together = max(1, limit.near // table.capacity)
            number = work[MET]
            tag = min(limit.level + uint64(work[PASSED]), limit.levels)
            at[3] = work[FOUND]
            for start in range(first, last, together):
                for whose in range(workers):
                    depth = shared[whose * ROW + SAID + (number & 1) * NEXT + DEEP]
                    buckets = buckets_of(rooms, whose, depth)
                    at[0], at[1], at[2] = start, 0, min(start + together, last)
                    at[3] = insert(buckets, at, table, tag, fresh)
                    while at[0] < at[2]:
                        wanted = larger(table.capacity, table.fill.shape[0], limit, work[ENDING])
                        if wanted <= table.capacity + 8:
                            work[NEW] += at[3] - work[FOUND]
                            work[FOUND] = at[3]
                            return GROW
                        grow(table, wanted, np.empty(table.capacity + 1, np.uint64))
                        table = with_slots(table, wanted)
                        work[SLOTS] = wanted
                        at[3] = insert(buckets, at, table, tag, fresh)
            work[NEW] += at[3] - work[FOUND]
            work[FOUND] = at[3]
            said = mine + SAID + (number + 1 & 1) * NEXT
            now = nanoseconds()
            work[SPENT + INSERTING] += now - clock
            clock = now
            failed = int64(0)
            if heard(shared, workers, number, BUSY) + counters.totals[FLAGGED] == 0:
                if chunk.shape[0] == 0:
                    failed, _ = judge(fresh.states, 0, work[FOUND], watched, counters.flagged)
                else:
                    start = int64(0)
                    while start < work[FOUND] and failed == 0:
                        stop = min(start + chunk.shape[0], work[FOUND])
                        unfold(fresh.states, (start, stop), chunk)
                        failed, _ = judge(chunk, 0, stop - start, watched, counters.flagged)
                        start = stop
            now = nanoseconds()
            work[SPENT + JUDGING] += now - clock
            clock = now
            shared[said + BUSY] = heard(shared, workers, number, BUSY)
            shared[said + FLAGS] = counters.totals[FLAGGED]
            shared[said + FAILED] = failed
            shared[said + FRESH] = work[FOUND]
            shared[said + MORE] = work[NEW]
            shared[said + LATE] = int64(now > limit.until)
            work[MET] += 1
            work[STAGE] = DONE
            publish(shared, mine, work[MET])
        if work[STAGE] == DONE:
            come = met(shared, workers, work[MET], limit)
            now = nanoseconds()
            work[SPENT + WAITED] += now - clock
            clock = now
            if come != MADE:
                return come
            number = work[MET]
            busy = heard(shared, workers, number, BUSY)
            late = heard(shared, workers, number, FLAGS) + heard(shared, workers, number, LATE) > 0
            late = late or heard(shared, workers, number, MORE) >= limit.states
            rooms.sizes[me, :] = 0
            work[STAGE] = 0
            if busy > 0:
                if late:
                    return PAUSE
                continue
            total = heard(shared, workers, number, FRESH)
            if (
                late
                or heard(shared, workers, number, FAILED) > 0
                or total == 0
                or (total < limit.narrowest and work[NARROW] >= limit.narrow)
                or work[PASSED] == limit.passed
            ):
                return BOUNDARY
            work[NARROW] += int64(total < limit.narrowest)
            work[LARGEST] = max(work[LARGEST], total)
            work[ENDING] = int64(total < limit.shrunk * work[LARGEST])
            sizes[work[PASSED]] = total
            expected = work[FOUND] * work[INSERTED] // max(1, work[SIZE]) // rooms.sizes.shape[1]
            wanted = (expected + expected // 4 + limit.least + 15) // 16 * 16 + 8
            work[DEPTH] = min(max(limit.least, wanted), limit.most)
            work[PASSED] += 1
            work[AT], work[SIZE], work[FOUND], work[INSERTED] = 0, work[FOUND], 0, 0
            level, fresh = fresh, level
