"""Many small levels of a search in one call, compiled.

Python for Numba, compiled through `jit.py` once a search has passed enough small levels. What expands, judges
and inserts states are the functions that work on large levels, too: they are arguments.
"""

from numba import int64, njit, uint64, void

from explorer.engine.native.arrays import (
    FLAGGED,
    Bounds,
    Buckets,
    Counters,
    Level,
    Search,
    signature,
)
from explorer.engine.native.function_types import EXPAND, INSERT, JUDGE, TABLE


@njit(
    signature(
        void,
        EXPAND,
        JUDGE,
        INSERT,
        Level,
        int64[::1],
        Bounds,
        Buckets,
        Counters,
        Search,
        int64[::1],
        TABLE,
        int64[::1],
    ),
    nogil=True,
    cache=True,
)
def pass_levels(expand, judge, insert, rows, ends, bounds, buckets, counters, search, watched, table, at):
    """Pass levels, one after the other: level k stands in `rows` from ends[k] to before ends[k + 1], what is
    new behind them. ends[-1] is the level to go on with, and after the call that to go on with next.

    Ends where nothing is new, a bound is reached, an invariant that is watched fails or has no value, behind
    a level with flagged states, and where the table must grow. Then at[0] < at[2] (see `kernels.insert`), and
    the next call goes on with the insertion.
    """
    rules, room, last = counters.enabled.shape[0], rows.states.shape[0], ends.shape[0] - 1
    k = ends[last]
    while True:
        start, stop = ends[k], ends[k + 1]
        if at[0] == at[2]:
            size = stop - start
            if (
                size == 0
                or size > bounds.widest
                or stop + size * rules > room
                or stop >= bounds.stop
                or k + 2 == last
            ):
                break
            failed, _ = judge(rows.states, start, stop, watched, counters.flagged)
            if failed > 0:
                break
            expand(rows, (start, stop), buckets, counters, search)
            at[0], at[1], at[3] = table.first, 0, stop
        level = min(bounds.level + uint64(k + 1), bounds.levels)
        at[3] = insert(buckets, at, table, level, rows)
        if at[0] < at[2]:
            break
        buckets.sizes[:] = 0
        k += 1
        ends[k + 1] = at[3]
        if counters.totals[FLAGGED] > 0:
            break
    ends[last] = k
