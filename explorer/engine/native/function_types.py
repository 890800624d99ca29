"""The types of the functions that kernels take as arguments, so that one kernel serves the code of all specs.

What each does is said where it is made: `codegen/native_expand.py`, `kernels.py`, `tree_kernels.py`.
"""

from numba import int64, types, uint64, void

from explorer.engine.native.arrays import (
    SPAN,
    WORD_ROWS,
    Buckets,
    Counters,
    Dictionaries,
    Folded,
    Hash,
    Level,
    Part,
    Search,
    Table,
    Unfolded,
    kind,
    signature,
)

TABLE = kind(Table, slots=types.uint64[::1])
EXPAND = types.FunctionType(signature(int64, Level, SPAN, Buckets, Counters, Search))
JUDGE = types.FunctionType(SPAN(WORD_ROWS, int64, int64, int64[::1], int64[::1]))
INSERT = types.FunctionType(signature(int64, Buckets, int64[::1], TABLE, uint64, Level))
ENLARGE = types.FunctionType(signature(void, TABLE, int64, uint64[::1]))
UNPACK = types.FunctionType(void(WORD_ROWS, SPAN, WORD_ROWS))
UNFOLD = types.FunctionType(signature(void, WORD_ROWS, SPAN, Dictionaries, Unfolded))
FOLD = types.FunctionType(signature(int64, Level, Part, Unfolded, Dictionaries, Folded))
SCATTER = types.FunctionType(signature(int64, Level, int64, Buckets, Hash))
