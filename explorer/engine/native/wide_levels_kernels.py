"""Many small levels of a search over states of several words in one call, compiled.

As `levels_kernels.py`, which says more. Besides, states are unfolded and successors folded
(`tree_kernels.py`).
"""

from numba import int64, njit, uint64, void

from explorer.engine.native.arrays import (
    FLAGGED,
    Bounds,
    Buckets,
    Counters,
    Dictionaries,
    Folded,
    Level,
    Part,
    Search,
    Unfolded,
    signature,
)
from explorer.engine.native.function_types import EXPAND, FOLD, INSERT, JUDGE, SCATTER, TABLE, UNFOLD

BEGUN, EXPANDED, FOLDED = 0, 1, 2


@njit(
    signature(
        void,
        EXPAND,
        JUDGE,
        INSERT,
        UNFOLD,
        FOLD,
        SCATTER,
        Level,
        int64[::1],
        Bounds,
        Unfolded,
        Buckets,
        Dictionaries,
        Folded,
        Buckets,
        Counters,
        Search,
        int64[::1],
        TABLE,
        int64[::1],
        int64[::1],
    ),
    nogil=True,
    cache=True,
)
def pass_levels(
    expand,
    judge,
    insert,
    unfold,
    fold,
    scatter,
    rows,
    ends,
    bounds,
    chunk,
    successors,
    tree,
    folded,
    buckets,
    counters,
    search,
    watched,
    table,
    at,
    stage,
):
    """Pass levels of root words. `stage` (int64 [2]) is how far the level `ends[-1]` has come, and the first
    successor that is not folded. Ends too where a dictionary must grow, whose node is in `folded.totals`; the
    next call goes on with the stage.
    """
    rules, room, last = counters.enabled.shape[0], rows.states.shape[0], ends.shape[0] - 1
    k = ends[last]
    while True:
        start, stop = ends[k], ends[k + 1]
        size = stop - start
        alone, extend = size < 0, size > 0  # no, and yes
        if stage[0] == BEGUN:
            if (
                size == 0
                or size > bounds.widest
                or stop + size * rules > room
                or stop >= bounds.stop
                or k + 2 == last
            ):
                break
            unfold(rows.states, (start, stop), tree, chunk)
            failed, _ = judge(chunk.states, 0, size, watched, counters.flagged)
            if failed > 0:
                break
            successors.sizes[0] = folded.totals[0] = stage[1] = 0
            expand(Level(chunk.states, rows.rules[start:stop]), (0, size), successors, counters, search)
            stage[0] = EXPANDED
        if stage[0] == EXPANDED:
            made = Level(successors.states[0], successors.rules[0])
            part = Part(stage[1], successors.sizes[0], alone, extend)
            stage[1] = fold(made, part, chunk, tree, folded)
            if folded.totals[2] >= 0:
                break
            many = folded.totals[0]
            scatter(Level(folded.roots[:many], folded.rules[:many]), 0, buckets, search.hashing)
            at[0], at[1], at[3] = table.first, 0, stop
            stage[0] = FOLDED
        level = min(bounds.level + uint64(k + 1), bounds.levels)
        at[3] = insert(buckets, at, table, level, rows)
        if at[0] < at[2]:
            break
        buckets.sizes[:] = 0
        stage[0] = BEGUN
        k += 1
        ends[k + 1] = at[3]
        if counters.totals[FLAGGED] > 0:
            break
    ends[last] = k
