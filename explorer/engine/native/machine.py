"""The compiled code of a program and its tables, as the arrays that generated functions take.

Knows nothing of search.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer.codegen.columns import Columns
from explorer.codegen.native_dense import dense_source
from explorer.codegen.native_functions import NativeSource, native_source
from explorer.codegen.native_shapes import Tables
from explorer.engine.native.arrays import Numbers, Rules, WordRows, Words
from explorer.engine.native.jit import Jit, common_source, default_directory, tree_source
from explorer.engine.native.levels import words_of
from explorer.engine.python import Compiled
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, walk
from explorer.ir.model import Model
from explorer.program.commuting import known_after
from explorer.program.layout import Layout

if TYPE_CHECKING:
    from explorer.engine.native.functions import Functions

NOBODY = (1 << 16) - 1
"""The most rules that are told apart in the buckets."""

NOTHING = nullcontext()


@dataclass(slots=True)
class Machine:
    """The compiled code of a program, and its tables as arrays.

    `search` has the functions of the program, `kernels` those of the visited set, `trees` those of states of
    several words (None for one). `numbers` are the action instances by rule.
    `known` (uint64 [rules + 1, words of so many bits]) are the successors that need no insertion after a rule
    (decision 0010); its last row is that of no rule. `functions` are those that only Python can compute
    (None: there are none); `memories` as in `Tables`.
    """

    search: Any
    kernels: Any
    trees: Any
    rules: Rules
    numbers: list[int]
    known: WordRows
    seconds: float
    notes: list[str] = field(default_factory=list)
    functions: Functions | None = None
    memories: list[tuple[int, int, int, int]] = field(default_factory=list)

    def running(self) -> AbstractContextManager[None]:
        """Around every call of generated code."""
        return NOTHING if self.functions is None else running(self.functions)

    def meet(self, states: WordRows) -> None:
        """Compute what machine code will ask of the memories in some states."""
        for k, word, shift, mask in self.memories:
            assert self.functions is not None
            self.functions.tables[k].meet(states[:, word] >> np.uint64(shift) & np.uint64(mask))


@contextmanager
def running(functions: Functions | None) -> Iterator[None]:
    """Around every call of generated code that applies such functions."""
    if functions is not None:
        functions.enter()
    yield
    if functions is not None:
        functions.leave()


def native_of(compiled: Compiled) -> NativeSource:
    """The native source of a model, made once."""
    made = partial(native_source, compiled.program, compiled.layout, compiled.plan)
    return compiled.once("native source", made)


def machine(compiled: Compiled) -> Machine:
    """Compile a program, or load what an earlier run compiled."""
    started = time.monotonic()
    import numpy.ma  # noqa: F401  # Numba does at its first call, which would count as search

    jit = Jit(default_directory())
    source = native_of(compiled)
    kernels = jit.module(common_source())
    words = compiled.layout.words
    trees = jit.module(wide_source(compiled.layout)) if words > 1 else None
    search = jit.module(source.search)
    numbers = source.tables.numbers
    return Machine(
        search,
        kernels=kernels,
        trees=trees,
        rules=rule_arrays(source.tables, words),
        numbers=numbers,
        known=_known(compiled, numbers),
        seconds=time.monotonic() - started,
        notes=jit.notes,
        functions=functions(compiled, source.tables.columns),
        memories=source.tables.memories,
    )


def wide_source(layout: Layout) -> str:
    """The text that makes one word of a state of several, and the state of the word."""
    return tree_source(layout.words) if layout.dense is None else dense_source(layout.dense, layout.words)


def functions(compiled: Compiled, columns: Columns) -> Functions | None:
    """The functions that the code of a model applies, some of them in columns; None where there are none."""
    if not applies(compiled):
        return None
    from explorer.engine.native.functions import Functions

    swaps = compiled.plan.swaps if compiled.plan is not None else ()
    renaming = (function for swap in swaps for _, _, function in swap.memories)
    return Functions(_roots(compiled.model), renaming, columns)


def applies(compiled: Compiled) -> bool:
    """Whether the code of a model applies functions."""
    return any(at.op == "apply" for root in _roots(compiled.model) for at in walk(root))


def _roots(model: Model) -> list[Expr]:
    roots = [e for i in model.instances for e in (*(c.expr for c in i.guard), *(w.expr for w in i.writes))]
    roots += [e for p in model.properties for _, e in p.parts]
    return roots + [c.expr for c in (*model.terminal, *(c for _, c in model.constraints))]


def _known(compiled: Compiled, numbers: list[int]) -> WordRows:
    """A row of bits for each rule and one for none: the successors that need no insertion after it (decision
    0010).

    None under a symmetry: a representative is not the state that the rule made.
    """
    words = -(-len(numbers) // 64) or 1
    if len(numbers) > NOBODY or compiled.model.constraints or compiled.quotient is not None:
        return np.zeros((len(numbers) + 1, words), np.uint64)
    rule = {rule.instance.number: rule for rule in compiled.program.rules}
    return words_of([*known_after([rule[number] for number in numbers]), 0], words)


def rule_arrays(tables: Tables, words: int) -> Rules:
    """The tables of a program over states of so many words as arrays."""
    n = len(tables.shape_of)
    masks = np.zeros((n, 2), np.uint64)
    effects = np.zeros((n, 2 * words), np.uint64)
    effects[:, ::2] = (1 << 64) - 1
    for i in range(n):
        masks[i] = next(((m, v) for w, m, v in tables.guards[i] if w == 0), (0, 0))
        for word, keep, add in tables.updates[i]:
            effects[i, 2 * word : 2 * word + 2] = keep, add
    starts, candidates, bases = [0], [], []
    for cases in tables.cases:
        bases.append(len(starts) - 1)
        for ranks in cases:
            candidates += sorted(ranks, key=lambda r: (tables.shape_of[r], r))
            starts.append(len(candidates))
    cells = np.array(tables.root_cells, np.uint64).reshape(-1, 3)
    width = -(-n // 64) or 1
    answers = [[row for bitmap in tables.bitmaps for row in bitmap.rows[k]] or [0] for k in range(3)]
    return Rules(
        masks,
        effects,
        padded(tables.signed, np.int64),
        padded(tables.unsigned, np.uint64),
        ints(tables.shape_of),
        cells,
        _words(bases),
        _words(starts),
        _words(candidates),
        *_triples(tables.guards),
        *(words_of(rows, width).ravel() for rows in answers),
    )


def padded(rows: list[list[int]], kind: Any) -> Any:
    width = max([1, *map(len, rows)])
    return np.array([row + [0] * (width - len(row)) for row in rows], kind).reshape(len(rows), width)


def ints(values: list[int]) -> Numbers:
    return np.array(values, np.int64)


def _words(values: list[int]) -> Words:
    return np.array(values, np.uint64)


def _triples(rows: list[list[tuple[int, int, int]]]) -> tuple[Numbers, WordRows]:
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    flat = [triple for row in rows for triple in row]
    return starts, np.array(flat, np.uint64).reshape(-1, 3)
