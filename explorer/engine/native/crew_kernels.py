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
from explorer.engine.native.table_growth import ending, larger

STAGE, MET, AT, SIZE, FOUND, PASSED, INSERTED, DEPTH, NEW, SLOTS, NARROW = range(11)
LARGEST, ENDING, CLOCK, SPENT = 11, 12, 13, 14
"""The stage; how many meetings it came to; the first row that was not expanded; the states of its part of the
level; of the next one; levels that were passed; successors of the level that were inserted here; the depth of
its buckets; states that were new; slots of a partition; narrow levels that were passed; the states of the
largest level; whether few states are left; when the last part of the work has ended. From SPENT on the
nanoseconds of making, inserting, judging and waiting."""
MAKING, INSERTING, JUDGING, WAITED = range(4)
MADE, DONE = 1, 2
"""Stages behind 0, which makes successors: all are made; all are inserted."""
WAIT, GROW, ROWS, PAUSE, BOUNDARY, GONE, ALL = range(7)
"""Why a call ends: another worker keeps this one waiting; its table is full; there is no room for the states
that may be new; all stop behind a round, or behind a level; one has asked all to leave. ALL have come."""
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
def spend(work, phase):
    """Note the time that a part of the work took; what time it is."""
    now = nanoseconds()
    work[SPENT + phase] += now - work[CLOCK]
    work[CLOCK] = now
    return now


@njit(inline="always")
def say(shared, me, work):
    """Where to write what is said at the next meeting."""
    return me * ROW + SAID + (work[MET] + 1 & 1) * NEXT


@njit(inline="always")
def heard(shared, workers, work, what):
    """The sum of what all said at the last meeting."""
    total = 0
    for w in range(workers):
        total += shared[w * ROW + SAID + (work[MET] & 1) * NEXT + what]
    return total


@njit(inline="always")
def come(shared, me, work, stage):
    """Come to a meeting, when all is said."""
    work[MET] += 1
    work[STAGE] = stage
    publish(shared, me * ROW, work[MET])


@njit(inline="always")
def wait(shared, workers, work, limit):
    """Wait until all have come: ALL, WAIT or GONE."""
    begun, turns, why = int64(0), 0, ALL
    for w in range(workers):
        while why == ALL and published(shared, w * ROW) < work[MET]:
            breathe()
            turns += 1
            now = nanoseconds() if turns & 63 == 0 else int64(0)
            begun = now if begun == 0 else begun
            if published(shared, workers * ROW) != 0:
                why = GONE
            elif now > begun + limit.wait:
                why = WAIT
            elif now > begun + limit.spin:
                rest(int64(50))
    spend(work, WAITED)
    return why


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
def make(expand, unfold, level, buckets, chunk, counters, search, work):
    """Expand states until the buckets are full or the level is done."""
    buckets.sizes[:] = 0
    if chunk.shape[0] == 0:
        if work[AT] < work[SIZE]:
            work[AT] = expand(level, (work[AT], work[SIZE]), buckets, counters, search)
        return
    stop, room = work[AT], work[DEPTH] - counters.enabled.shape[0] - 1
    while work[AT] == stop < work[SIZE] and counters.totals[FLAGGED] == 0 and buckets.sizes.max() < room:
        start, stop = stop, min(stop + chunk.shape[0], work[SIZE])
        unfold(level.states, (start, stop), chunk)
        some = Level(chunk, level.rules[start:stop])
        work[AT] = start + expand(some, (0, stop - start), buckets, counters, search)


@njit(inline="always")
def arrivals(rooms, table):
    """How many states all have for the owner of a table."""
    arrived = 0
    for w in range(rooms.sizes.shape[0]):
        for p in range(table.first, table.first + table.fill.shape[0]):
            arrived += rooms.sizes[w, p]
    return arrived


@njit(inline="always")
def insert_all(insert, grow, rooms, shared, table, limit, fresh, arrived, at, work):
    """Insert what all have for the owner of a table. The table, as large as it is then; without slots where
    it may not grow.
    """
    workers, first, last = rooms.sizes.shape[0], table.first, table.first + table.fill.shape[0]
    together = max(1, limit.near // table.capacity if arrived > MANY * (last - first) else last - first)
    tag = min(limit.level + uint64(work[PASSED]), limit.levels)
    at[3] = work[FOUND]
    for start in range(first, last, together):
        for whose in range(workers):
            depth = shared[whose * ROW + SAID + (work[MET] & 1) * NEXT + DEEP]
            at[0], at[1], at[2] = start, 0, min(start + together, last)
            while at[0] < at[2] and table.capacity > 0:
                at[3] = insert(buckets_of(rooms, whose, depth), at, table, tag, fresh)
                if at[0] < at[2]:
                    wanted = larger(table.capacity, last - first, limit.growth, work[ENDING] != 0)
                    if wanted > 0:
                        grow(table, wanted, np.empty(table.capacity + 1, np.uint64))
                        work[SLOTS] = wanted
                    table = with_slots(table, wanted)
    work[INSERTED] += arrived
    work[NEW] += at[3] - work[FOUND]
    work[FOUND] = at[3]
    return table


@njit(inline="always")
def judged(judge, unfold, fresh, found, chunk, watched, counters):
    """Whether an invariant that is watched fails in a new state."""
    failed, start = int64(0), int64(0)
    if chunk.shape[0] == 0:
        failed, _ = judge(fresh.states, 0, found, watched, counters.flagged)
        return failed
    while start < found and failed == 0:
        stop = min(start + chunk.shape[0], found)
        unfold(fresh.states, (start, stop), chunk)
        failed, _ = judge(chunk, 0, stop - start, watched, counters.flagged)
        start = stop
    return failed


@njit(inline="always")
def pass_level(rooms, limit, total, sizes, work):
    """Go on to the next level, which has so many states in all."""
    work[NARROW] += int64(total < limit.narrowest)
    work[LARGEST] = max(work[LARGEST], total)
    work[ENDING] = int64(ending(total, work[LARGEST], limit.growth))
    sizes[work[PASSED]] = total
    expected = work[FOUND] * work[INSERTED] // max(1, work[SIZE]) // rooms.sizes.shape[1]
    wanted = (expected + expected // 4 + limit.least + 15) // 16 * 16 + 8
    work[DEPTH] = min(max(limit.least, wanted), limit.most)
    work[PASSED] += 1
    work[AT], work[SIZE], work[FOUND], work[INSERTED] = 0, work[FOUND], 0, 0


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
    workers, table = rooms.sizes.shape[0], with_slots(table, work[SLOTS])
    if work[PASSED] & 1:
        level, fresh = fresh, level
    work[CLOCK] = nanoseconds()
    while True:
        if work[STAGE] == 0:
            make(expand, unfold, level, buckets_of(rooms, me, work[DEPTH]), chunk, counters, search, work)
            said = say(shared, me, work)
            shared[said + BUSY] = int64(work[AT] < work[SIZE])
            shared[said + DEEP] = work[DEPTH]
            spend(work, MAKING)
            come(shared, me, work, MADE)
        if work[STAGE] == MADE:
            why = wait(shared, workers, work, limit)
            if why != ALL:
                return why
            arrived = arrivals(rooms, table)
            if work[FOUND] + arrived > fresh.states.shape[0]:
                at[0] = arrived
                return ROWS
            table = insert_all(insert, grow, rooms, shared, table, limit, fresh, arrived, at, work)
            if table.capacity == 0:
                return GROW
            spend(work, INSERTING)
            busy, failed = heard(shared, workers, work, BUSY), int64(0)
            if busy + counters.totals[FLAGGED] == 0:
                failed = judged(judge, unfold, fresh, work[FOUND], chunk, watched, counters)
            said = say(shared, me, work)
            shared[said + BUSY] = busy
            shared[said + FLAGS] = counters.totals[FLAGGED]
            shared[said + FAILED] = failed
            shared[said + FRESH] = work[FOUND]
            shared[said + MORE] = work[NEW]
            shared[said + LATE] = int64(spend(work, JUDGING) > limit.until)
            come(shared, me, work, DONE)
        why = wait(shared, workers, work, limit)
        if why != ALL:
            return why
        rooms.sizes[me, :] = 0
        work[STAGE] = 0
        late = heard(shared, workers, work, FLAGS) + heard(shared, workers, work, LATE) > 0
        late = late or heard(shared, workers, work, MORE) >= limit.states
        if heard(shared, workers, work, BUSY) > 0:
            if late:
                return PAUSE
            continue
        total = heard(shared, workers, work, FRESH)
        if (
            late
            or heard(shared, workers, work, FAILED) > 0
            or total == 0
            or (total < limit.narrowest and work[NARROW] >= limit.narrow)
            or work[PASSED] == limit.passed
        ):
            return BOUNDARY
        pass_level(rooms, limit, total, sizes, work)
        level, fresh = fresh, level
