"""The arrays that kernels take, grouped by what they are for: here stand their dtypes, shapes and meanings.

A group is a named tuple, which Numba takes as it is; `signature` makes Numba's types of the annotations. Rows
come first in every shape. `W` is the number of 64-bit words of a state.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, NamedTuple, get_type_hints

import numpy as np
from numba import types
from numpy.typing import NDArray

Words = Annotated[NDArray[np.uint64], types.uint64[::1]]
WordRows = Annotated[NDArray[np.uint64], types.uint64[:, ::1]]
WordBlocks = Annotated[NDArray[np.uint64], types.uint64[:, :, ::1]]
Numbers = Annotated[NDArray[np.int64], types.int64[::1]]
NumberRows = Annotated[NDArray[np.int64], types.int64[:, ::1]]
RuleRanks = Annotated[NDArray[np.uint16], types.uint16[::1]]
RuleRankRows = Annotated[NDArray[np.uint16], types.uint16[:, ::1]]
Slots = Annotated[NDArray[np.uint32], types.uint32[::1]]
Word = Annotated[np.uint64, types.uint64]
Flag = Annotated[bool, types.boolean]
Number = Annotated[int, types.int64]
Share = Annotated[float, types.float64]
"""Arrays of unsigned words, signed numbers and ranks of rules, all C-contiguous, and single ones."""

WORD_ROWS = types.uint64[:, ::1]
SPAN = types.UniTuple(types.int64, 2)  # type: ignore[no-untyped-call]
"""The first row, and the one after the last."""

LEAST, MOST, FLAGGED, EXPANDED, TRANSITIONS = range(5)
"""Places in `Counters.totals`: the least and the most successors of a state; how many rows are flagged,
states expanded, and transitions."""


class Level(NamedTuple):
    """Some states, and the rank of the rule that made each."""

    states: WordRows
    """[states, W]"""
    rules: RuleRanks
    """[states]"""


class Buckets(NamedTuple):
    """Successors by the partition of their owner; how many each partition has."""

    states: WordBlocks
    """[partitions, room, columns]: what a hash has behind the number of the partition, and above it, so that
    one word is written, the rule; or, for states of several words, the row of the predecessor and the W
    words"""
    rules: RuleRankRows
    """[partitions, room]: for states of several words, their rules"""
    sizes: Numbers
    """[partitions]"""


class Counters(NamedTuple):
    """What `expand` counts."""

    enabled: Numbers
    """[rules]: states in which the rule was possible"""
    same: Numbers
    """[rules]: those that it did not change"""
    cut: Numbers
    """[constraints]: states that the constraint kept from being expanded"""
    flagged: Numbers
    """[room]: rows that the python engine has to look at"""
    totals: Numbers
    """[5]: see LEAST, MOST, FLAGGED, EXPANDED, TRANSITIONS"""


class Rules(NamedTuple):
    """Everything that differs between the rules of a program, by rank (`codegen/native_shapes.Tables`)."""

    masks: WordRows
    """[rules, 2]: for one word: mask and content of the guard"""
    effects: WordRows
    """[rules, 2 * words]: for each word of a state what the constant updates keep, then what they add"""
    signed: NumberRows
    unsigned: WordRows
    """[rules, columns]: numbers that differ between rules of one shape"""
    shapes: Numbers
    """[rules]: the number of the shape"""
    root_cells: WordRows
    """[roots, 3]: word, shift and mask of the cell whose value selects the candidates"""
    root_bases: Words
    """[roots]: the place of a root's first value in `case_starts`"""
    case_starts: Words
    """[values + 1]: the first candidate of a value in `cases`"""
    cases: Words
    """[candidates]: rules"""
    guard_starts: Numbers
    """[rules + 1]: the first row of a rule in `guards`"""
    guards: WordRows
    """[tests, 3]: word, mask and content"""
    bitmaps: Words
    plain: Words
    idle: Words
    """[values * words of rules], a value behind the other: for every value of some cells, a bit for each rule
    that it allows; that raises no flag then; that changes nothing then"""


class Dictionaries(NamedTuple):
    """The dictionaries of a tree of N nodes over states of W words (`tree_kernels.py`)."""

    slots: Slots
    """slots of all nodes: the number of an entry, from 1, or 0 where empty (open addressing)"""
    values: Words
    """entries of all nodes by number; that of number 0 means nothing"""
    shape: WordRows
    """[N, 4]: first slot, number of slots less one, shift from hash to slot, place of entry 0"""
    entries: NumberRows
    """[N, 2]: entries that there are, entries that there is room for"""
    pairs: NumberRows
    """[N + 1, 2]: the children of an inner node, -1 of a word; last those of the root"""
    above: Numbers
    """[N]: the node whose child a node is; N of those of the root"""


class Unfolded(NamedTuple):
    """States of several words, and the numbers of their nodes."""

    states: WordRows
    """[states, W]"""
    numbers: WordRows
    """[N, room for as many]"""


class Part(NamedTuple):
    """Rows `start` to before `stop`; whether they stand `alone`, without predecessors, and whether the
    dictionaries may be extended."""

    start: Number
    stop: Number
    alone: Flag
    extend: Flag


class Folded(NamedTuple):
    """Root words, and states with a part that is in no dictionary; the rules that made them."""

    roots: WordRows
    """[room, 1]"""
    rules: RuleRanks
    """[room]"""
    missed: WordRows
    """[room, 1 + W]: the row of the predecessor, then the words"""
    missed_rules: RuleRanks
    """[room]"""
    totals: Numbers
    """[3]: number of roots, of missed states, and the node whose dictionary is full, or -1"""


class Hash(NamedTuple):
    """The arguments of `mixing.permuted`, and the shift from a hash to its partition."""

    half: Word
    first: Word
    second: Word
    whole: Word
    partition: Word


class Entry(NamedTuple):
    """How an entry of the visited set is made of a hash and a level."""

    dropped: Word
    """bits of the hash that are not stored (compact storage)"""
    mask: Word
    """mask of the key, which is what follows the partition in a hash"""
    high: Word
    low: Word
    """the slot of a key, of whose group it is, is `((key >> high) * capacity) >> low`"""
    part: Word
    """mask of the key, which is stored plus one, in the entry"""
    bits: Word
    """its number of bits; what is above them is the level"""


class Table(NamedTuple):
    """The visited set of one worker: partitions of `capacity` slots from number `first` on."""

    slots: Words
    """[partitions * capacity, and room to grow]: entries, 0 where empty; uint32 in compact storage"""
    fill: Numbers
    """[partitions]: how many slots are taken"""
    capacity: Number
    first: Number
    entry: Entry
    back: Hash
    """The arguments of `mixing.permuted` for the way back from a hash to the state."""


class Sieve(NamedTuple):
    """`fine` bits for each slot of a table (`find_kernels.py`)."""

    bits: Words
    fine: Word


class Found(NamedTuple):
    """Which of some states are in a table: their rows, and their slots."""

    rows: Numbers
    places: Numbers


class Search(NamedTuple):
    """What `expand` reads and nobody changes."""

    rules: Rules
    known: WordRows
    """[rules + 1, words of rules]: the successors that need no insertion after a rule, and after none
    (decision 0010)"""
    hashing: Hash


class Bounds(NamedTuple):
    """Where `pass_levels` ends, and what it writes beside the states (`levels_kernels.py`)."""

    widest: Number
    """the most states of a level"""
    stop: Number
    """the row from which no level ends"""
    level: Word
    """the number of the first level"""
    levels: Word
    """the number that is written in place of larger ones"""


class Rooms(NamedTuple):
    """The memory for the buckets of all workers (`crew_kernels.py`)."""

    states: WordRows
    """[workers, partitions * depth]"""
    rules: RuleRankRows
    """[partitions, 0]"""
    sizes: NumberRows
    """[workers, partitions]: as in `Buckets`"""


class Growth(NamedTuple):
    """How a table grows (`table_growth.py`)."""

    small: Share
    large: Share
    huge: Share
    """by how much"""
    large_from: Number
    huge_from: Number
    """and from how many slots on"""
    shrunk: Share
    """it grows as a huge one behind levels that have shrunk to such a part of the largest"""
    most: Number
    """slots of a partition"""


class Limit(NamedTuple):
    """Where `work_on` ends, and what it writes beside the states (`crew_kernels.py`)."""

    level: Word
    """the number that is written beside the states of the next level"""
    levels: Word
    """the number that is written in place of larger ones"""
    passed: Number
    """the most levels that may be passed"""
    states: Number
    """the new states with which the search may end"""
    narrowest: Number
    """the least states of a level that is not narrow"""
    narrow: Number
    """how many narrow levels may be passed"""
    least: Number
    most: Number
    """bounds of the depth of buckets"""
    until: Number
    """the time from which all stop behind a round"""
    spin: Number
    wait: Number
    """the nanoseconds for which one waits for the others with its processor, and at all"""
    near: Number
    """the slots of partitions that get the states of all before the next ones: they stay in the cache"""
    growth: Growth


class Ahead(NamedTuple):
    """The states of a level that lie on shortest ways, as `ways` takes them."""

    states: WordRows
    """[states, W]"""
    costs: Numbers
    """[states]: see `engine/lanes.py`"""
    slots: Slots
    """an empty table, a power of two of slots, more than twice as many as there are states"""
    lanes: Numbers
    """[rules]: the lane of each rule"""
    turned: NumberRows
    """[exchanges, lanes]: what the exchanges of the plan make of lanes"""
    bits: Number
    """how many lanes there are"""


class Into(NamedTuple):
    """The states that steps are to lead into, and the steps that `into` lists (`into_kernels.py`)."""

    states: WordRows
    """[states, words that a state is stored as, or W]"""
    slots: Slots
    """a table of their rows plus one, empty at first; its size as in `Ahead`"""
    bits: Word
    """those of a state that is stored as one word"""
    together: Number
    """how many states of one word are expanded at once"""
    origins: Numbers
    rules: Numbers
    targets: Numbers
    """[room, more than there is in all buckets]: the row of the state, the rank of the rule, the row of the
    state that the step leads into"""
    length: Numbers
    """[2]: how many steps; whether the table was made"""


class Undone(NamedTuple):
    """How rules are undone (`program/origins.py`)."""

    words: Words
    shifts: Words
    masks: Words
    starts: Words
    """[tables]: which bits of which word of a state a table looks at; its first row"""
    rows: WordRows
    """[rows of all tables, words of ways]: a bit for each way back that is allowed"""
    kept: WordRows
    """[ways, W]: the bits that a way leaves alone"""
    first: Words
    """[ways + 1]: the first of its contents in `olds`"""
    olds: WordRows
    """[contents, W]"""


class Asked(NamedTuple):
    """What a table is asked for a block at a time, and what it has."""

    roots: Words
    keys: Words
    bases: Words
    places: Words
    """[block]: words that states are stored as, their keys, the first slots of their partitions, and where to
    look"""
    seen: Words
    """a bit for each slot of the table, clear at first"""
    found: WordRows
    """[states of the level, 1]"""
    length: Numbers
    """[1]: how many are found"""


class Steps(NamedTuple):
    """Steps that `edges` lists: the row of the state, the rank of the rule, the successor; and how many."""

    origins: Numbers
    """[room]"""
    rules: Numbers
    """[room]"""
    successors: WordRows
    """[room, W]"""
    length: Numbers
    """[1]"""

    @classmethod
    def empty(cls, room: int, words: int) -> Steps:
        numbers = np.empty(room, np.int64), np.empty(room, np.int64)
        return cls(*numbers, np.empty((room, words), np.uint64), np.zeros(1, np.int64))


@cache
def kind(group: Any, **other: Any) -> Any:
    """Numba's type of a group, or of an annotation; `other` are types of fields in place of the declared."""
    if not hasattr(group, "_fields"):
        return group.__metadata__[0] if hasattr(group, "__metadata__") else group
    hints = {**get_type_hints(group, include_extras=True), **other}
    fields = [kind(hints[name]) for name in group._fields]
    return types.BaseTuple.from_types(fields, group)  # type: ignore[no-untyped-call]


def signature(result: Any, *arguments: Any) -> Any:
    """The signature of a kernel that takes groups, annotations or Numba's types."""
    return result(*map(kind, arguments))
