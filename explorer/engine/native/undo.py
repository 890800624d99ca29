"""The states of a level from which a step may lead into some others, found in the visited set: the level is
not collected from it. Where no such set holds the level, they are found by `candidates.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer.engine.native.arrays import Asked, Undone, WordRows, Words
from explorer.engine.native.levels import TableLevel, words_of
from explorer.engine.native.visited import Store
from explorer.program.layout import WORD
from explorer.program.origins import Origins

TOGETHER, BLOCK = 4096, 512
"""Candidates that are listed, or a few more, and that a table is asked for together."""


class Undo:
    """Undoes the rules of one program, with states of so many words."""

    def __init__(self, origins: Origins, words: int):
        width, tables = -(-len(origins.kept) // WORD) or 1, origins.tables
        lengths = [len(table.rows[0]) for table in tables]
        rows = [row for table in tables for row in table.rows[0]]
        olds = [*itertools.chain.from_iterable(origins.olds)]
        self.undone = Undone(
            _words([table.word for table in tables]),
            shifts=_words([table.shift for table in tables]),
            masks=_words([length - 1 for length in lengths]),
            starts=_words([0, *itertools.accumulate(lengths)][:-1]),
            rows=words_of(rows or [(1 << len(origins.kept)) - 1], width),
            kept=words_of(origins.kept, words),
            first=_words([0, *itertools.accumulate(map(len, origins.olds))]),
            olds=words_of(olds, words),
        )
        self.alone = bool(origins.alone)
        """Whether some rules cannot be undone."""
        self.candidates = np.empty((TOGETHER + len(olds), words), np.uint64)

    def listed(self, kernels: Any, later: WordRows) -> Iterator[WordRows]:
        """The states from which rules may have led to some others, some at a time, by the functions of
        `undo_kernels.py`. What is given is overwritten by the next.
        """
        at = np.zeros(1, np.int64)
        while at[0] < len(later):
            yield self.candidates[: kernels.undo(later, self.undone, at, self.candidates)]

    def before(self, kernels: Any, level: TableLevel, later: WordRows) -> WordRows | None:
        """The candidates of a level for steps into `later`; None where there are so many that it is quicker
        to collect the level.
        """
        left, stores = level.together() // 2, [(store, _asked(store, len(level))) for store in level.stores()]
        for several in self.listed(kernels, later):
            left -= len(several)
            if left < 0:
                return None
            roots = level.stored(several)
            for store, asked in stores:
                kernels.ask(roots, asked, store.hashing.there, store.table, level.number)
        found = np.concatenate([asked.found[: asked.length[0]] for _, asked in stores])
        states: WordRows = level.states(found)
        return states


def _asked(store: Store, states: int) -> Asked:
    """What a store is asked with for up to so many states."""
    roots, keys, bases, places = np.empty((4, BLOCK), np.uint64)
    seen, found = np.zeros(-(-store.slots // WORD), np.uint64), np.empty((states, 1), np.uint64)
    return Asked(roots, keys, bases, places=places, seen=seen, found=found, length=np.zeros(1, np.int64))


def _words(values: list[int]) -> Words:
    return np.array(values, np.uint64)
