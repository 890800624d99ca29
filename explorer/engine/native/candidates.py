"""The states of a level that a step into some others may lead from, as arrays (see `engine/candidates.py`).

Candidates are not looked for one by one: they mark places in a table, and the states of the level stay whose
place is marked, twice. So few others stay too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from explorer.codegen.alike import alike_source
from explorer.codegen.mixer import FIRST, WEIGHTS
from explorer.engine.compiled import run_source
from explorer.engine.native.arrays import Numbers, WordRows, Words
from explorer.engine.native.levels import words_of
from explorer.program.layout import WORD
from explorer.program.origins import Origins
from explorer.symmetry.plan import Plan

PART, SPARE, BITS, MOST = 1 << 14, 8, 16, 1 << 22
"""Steps that are undone at once; places in a table for each candidate, or a few more; its bits in a sieve, or
a few more; candidates that are ever looked for (100 MB).
"""
SMALL, DEAR, CHEAP = 64, 32, 4
"""Fewer states of a level are all looked at; candidates that cost as much as the search for the ways back
from a state, by numpy and by machine code.
"""

Hashes = Callable[[WordRows], Words]
Listed = Callable[[WordRows], Iterable[WordRows]]


class ArrayCandidates:
    """Finds candidates for one program, whose rules were undone, with states of so many words."""

    def __init__(self, origins: Origins | None, words: int, plan: Plan | None):
        self.origins, self.words = origins, words
        self.hashes: Hashes = _hashes if plan is None else _alike(plan)
        self.listed: Listed = self._listed
        self.kernels: Any = None
        if origins is None:
            return
        rules = len(origins.kept)
        width = -(-rules // WORD) or 1
        self.tables = [
            (t.word, np.uint64(t.shift), np.uint64(len(t.rows[0]) - 1), words_of([*t.rows[0]], width))
            for t in origins.tables
        ]
        self.every = words_of([(1 << rules) - 1], width)[0]
        self.kept = words_of(origins.kept, words)
        self.many = np.array([len(olds) for olds in origins.olds], np.int64)
        self.place = np.zeros(rules, np.int64)
        self.olds: dict[int, Any] = {}
        for many in set(self.many.tolist()):
            of = np.flatnonzero(self.many == many)
            self.place[of] = np.arange(len(of))
            flat = [old for rule in of.tolist() for old in origins.olds[rule]]
            self.olds[many] = words_of(flat, words).reshape(len(of), many, words)

    def among(self, level: WordRows, later: WordRows, most: int) -> WordRows:
        """The candidates of a level for steps into `later`; all of it where there are more than `most` for
        each of its states, or finding them costs as much.
        """
        dear = DEAR if self.kernels is None else CHEAP
        if self.origins is None or len(level) < SMALL or len(later) * dear > most * len(level):
            return level
        found, room = list[Words](), min(most * len(level), MOST)
        for several in self.listed(later):
            room -= len(several)
            if room < 0:
                return level
            found.append(self.hashes(several))
        rows = self._there(found, self.hashes(level))
        for mask in words_of(self.origins.alone, self.words):
            rows = np.union1d(rows, self._there([_hashes(later & mask)], _hashes(level & mask)))
        chosen: WordRows = level[rows]
        return chosen

    def quicken(self, kernels: Any, listed: Listed) -> None:
        """Let the functions of `undo_kernels.py` do it, `listed` among them."""
        self.kernels, self.listed = kernels, listed

    def by_orbit(self, ways: Any) -> None:
        """Let a program's module `ways` say what the states of an orbit share, where it does."""
        if hasattr(ways, "alikes"):
            self.hashes = partial(_alikes, ways.alikes)

    def _there(self, hashes: list[Words], asked: Words) -> Numbers:
        """The rows of hashes that are asked for and that are among some. Hardly any other has one."""
        if self.kernels is None:
            return _there(hashes, asked)
        bits = max(sum(map(len, hashes)) * BITS // WORD, 1).bit_length()
        sieve, shift = np.zeros(1 << bits, np.uint64), np.uint64(WORD - bits)
        rows = np.empty(len(asked), np.int64)
        for several in hashes:
            self.kernels.mark(several, sieve, shift)
        return rows[: self.kernels.marked(asked, sieve, shift, rows)]

    def _listed(self, later: WordRows) -> Iterator[WordRows]:
        """The states from which rules may have led to some others, some at a time."""
        for start in range(0, len(later), PART):
            states = later[start : start + PART]
            yield from self._before(states, *self._undone(states))

    def _undone(self, states: WordRows) -> tuple[Numbers, Numbers]:
        """Which rules may have led to which states: pairs of a row and a rule."""
        allowed = np.repeat(self.every[None], len(states), axis=0)
        for word, shift, mask, rows in self.tables:
            allowed &= rows[states[:, word] >> shift & mask]
        bits = np.unpackbits(allowed.view(np.uint8), axis=1, bitorder="little")
        at, rules = np.nonzero(bits)
        return at, rules

    def _before(self, states: WordRows, rows: Numbers, rules: Numbers) -> Iterator[WordRows]:
        """The states that may stand before those steps."""
        several = self.many[rules]
        for many, olds in self.olds.items():
            of = np.flatnonzero(several == many)
            for start in range(0, len(of), PART):
                part = of[start : start + PART]
                left = states[rows[part]] & self.kept[rules[part]]
                yield (left[:, None] | olds[self.place[rules[part]]]).reshape(-1, self.words)


def _there(hashes: list[Words], asked: Words) -> Numbers:
    """The same without machine code."""
    bits = max(sum(map(len, hashes)) * SPARE, 1 << 12).bit_length()
    first, second = np.uint64(WORD - bits), np.uint64(WORD - 2 * bits)
    mask, factor = np.uint64((1 << bits) - 1), np.uint64(FIRST)
    near, far = np.zeros(1 << bits, np.bool_), np.zeros(1 << bits, np.bool_)
    for several in hashes:
        mixed = several * factor
        near[mixed >> first] = True
        far[mixed >> second & mask] = True
    mixed = asked * factor
    rows = np.flatnonzero(near[mixed >> first])
    found: Numbers = rows[far[mixed[rows] >> second & mask]]
    return found


def _hashes(states: WordRows) -> Words:
    """A number for each state that hardly any other has."""
    result = states[:, 0].copy()
    for word in range(1, states.shape[1]):
        result = (result ^ result >> np.uint64(29)) * np.uint64(WEIGHTS[0]) + states[:, word]
    return result


def _alike(plan: Plan) -> Hashes:
    """What all states of an orbit share, as a number."""
    alike = run_source(alike_source(plan, arrays=True), "<alike>")["alike"]

    def hashes(states: WordRows) -> Words:
        columns = [np.ascontiguousarray(states[:, word]) for word in range(states.shape[1])]
        result = np.zeros(len(states), np.uint64) + alike(columns)
        mixed: Words = result ^ result >> np.uint64(32)
        return mixed

    return hashes


def _alikes(kernel: Any, states: WordRows) -> Words:
    """The same by the function `alikes` of a program."""
    numbers = np.empty(len(states), np.uint64)
    kernel(states, numbers)
    return numbers
