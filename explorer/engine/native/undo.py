"""The states of a level from which a step may lead into some others, found in the visited set: the level is
not collected from it. For states of one word, without a symmetry; others are found by `candidates.py`.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from explorer.engine.native.arrays import Asked, Undone, WordRows, Words
from explorer.engine.native.levels import TableLevel, words_of
from explorer.program.layout import WORD
from explorer.program.origins import Origins

BLOCK = 512
"""Candidates that a table is asked for together."""


class Undo:
    """Undoes the rules of one program."""

    def __init__(self, origins: Origins):
        width, tables = -(-len(origins.kept) // WORD) or 1, origins.tables
        lengths = [len(table.rows[0]) for table in tables]
        rows = [row for table in tables for row in table.rows[0]]
        olds = [*itertools.chain.from_iterable(origins.olds)]
        self.undone = Undone(
            shifts=_words([table.shift for table in tables]),
            masks=_words([length - 1 for length in lengths]),
            starts=_words([0, *itertools.accumulate(lengths)][:-1]),
            rows=words_of(rows or [(1 << len(origins.kept)) - 1], width),
            kept=_words(origins.kept),
            first=_words([0, *itertools.accumulate(map(len, origins.olds))]),
            olds=_words(olds),
            level=np.uint64(0),
            most=np.uint64(0),
        )

    def before(self, undo: Any, level: TableLevel, later: WordRows) -> WordRows | None:
        """The candidates of a level for steps into `later`, by the function `undo` of `undo_kernels.py`; None
        where there are so many that it is quicker to collect the level.
        """
        undone = self.undone._replace(level=np.uint64(level.number), most=np.uint64(level.together() // 2))
        candidates, keys, bases, places = np.empty((4, BLOCK), np.uint64)
        found, length = np.empty((len(level), 1), np.uint64), np.zeros(1, np.int64)
        for store in level.stores():
            seen = np.zeros(-(-store.slots // WORD), np.uint64)
            asked = Asked(candidates, keys, bases=bases, places=places, seen=seen, found=found, length=length)
            if undo(later, undone, asked, store.hashing.there, store.table):
                return None
        return found[: length[0]]


def _words(values: list[int]) -> Words:
    return np.array(values, np.uint64)
