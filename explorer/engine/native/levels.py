"""Levels of packed states as arrays, kept small: only what traces need is kept of a level that was left.

Knows nothing of how states are found.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.engine.native.packing import Folding

PIECE = 1 << 16
"""States that are given at once where it need not be all."""


class NativeLevel:
    """The states at one distance. `words()` has a row of 64-bit words for each; iterating gives packed
    integers.

    `parts` are arrays of `columns` words, root words where there is a tree.
    """

    def __init__(self, parts: list[Any], columns: int, tree: Folding | None = None):
        self._columns, self._tree, self._size = columns, tree, sum(len(p) for p in parts)
        self._parts: list[Any] = parts
        self._bytes = 8
        self._file: Any = None

    def __len__(self) -> int:
        return self._size

    def words(self) -> Any:
        """An array of shape (states, words)."""
        return self.roots() if self._tree is None else self._tree.unfold(self.roots())

    def pieces(self) -> Iterator[Any]:
        """The same, some rows at a time."""
        for roots in self.root_pieces():
            yield roots if self._tree is None else self._tree.unfold(roots)

    def root_pieces(self) -> Iterator[Any]:
        """The states as they are kept, some rows at a time."""
        whole = self._file is None and self._bytes == 8
        for part in self._parts if whole else [self.roots()]:
            for at in range(0, len(part), PIECE):
                yield part[at : at + PIECE]

    def roots(self) -> Any:
        """The states as they are kept: of shape (states, columns)."""
        if not self._size:
            return np.empty((0, self._columns), np.uint64)
        if self._file is not None:
            self._file.seek(0)
            packed = np.fromfile(self._file, np.uint8).reshape(-1, self._bytes * self._columns)
            return self._unpack(packed)
        if self._bytes == 8:
            return np.concatenate(self._parts) if len(self._parts) != 1 else self._parts[0]
        return np.concatenate([self._unpack(p) for p in self._parts])

    def __iter__(self) -> Iterator[int]:
        return iter(integers(self.words()))

    def shrink(self, bits: int) -> None:
        """Keep only the bytes that words of so many bits need (where a state is kept as one), in arrays of
        its own.
        """
        size = max(1, -(-bits // 8))
        if self._columns == 1 and self._bytes == 8 and size < 8:
            self._parts = [
                np.ascontiguousarray(p.view(np.uint8).reshape(-1, 8)[:, :size]) for p in self._parts
            ]
            self._bytes = size
        else:
            self._parts = [p.copy() for p in self._parts]

    def spill(self) -> None:
        """Move the states to a file that vanishes with the process."""
        self._file = tempfile.TemporaryFile()
        weakref.finalize(self, self._file.close)
        for part in self._parts:
            part.tofile(self._file)
        self._parts = []

    def _unpack(self, packed: Any) -> Any:
        if self._bytes == 8:
            return np.ascontiguousarray(packed).view(np.uint64).reshape(-1, self._columns)
        whole = np.zeros((len(packed), 8), np.uint8)
        whole[:, : self._bytes] = packed
        return whole.view(np.uint64)


TOGETHER = 1 << 22
"""States of neighbouring levels that are collected in one walk over the visited set, which takes a third of a
story otherwise.
"""


class Collected:
    """The levels that stand in the visited set only. Who asks for one asks for its neighbour next."""

    def __init__(self, stores: Callable[[], list[Any]]):
        self.stores = stores
        self.sizes: dict[int, int] = {}
        self.last = -1
        self.held: dict[int, Any] = {}

    def roots(self, number: int) -> Any:
        """The states of a level as they are kept."""
        if number not in self.held:
            self.held = self._walk(self._neighbours(number, 1 if 0 <= self.last < number else -1))
        self.last = number
        return self.held.pop(number)

    def _neighbours(self, number: int, step: int) -> list[int]:
        found, room = [number], TOGETHER - self.sizes[number]
        while (number := number + step) in self.sizes and self.sizes[number] <= room:
            found.append(number)
            room -= self.sizes[number]
        return found

    def _walk(self, numbers: list[int]) -> dict[int, Any]:
        places, first, result = np.full(max(numbers) + 1, -1, np.int64), 0, dict[int, Any]()
        out = np.empty((sum(self.sizes[n] for n in numbers), 1), np.uint64)
        for n in numbers:
            places[n], first = first, first + self.sizes[n]
            result[n] = out[first - self.sizes[n] : first]
        for store in self.stores():
            store.collect(places, out)
        return result


class TableLevel:
    """A level that stands in the visited set only, and is collected from it when asked for."""

    def __init__(self, collected: Collected, number: int, size: int, tree: Folding | None):
        self._collected, self.number, self._size, self._tree = collected, number, size, tree
        self.stores = collected.stores
        collected.sizes[number] = size

    def __len__(self) -> int:
        return self._size

    def words(self) -> Any:
        return self.states(self._collected.roots(self.number))

    def pieces(self) -> Iterator[Any]:
        yield self.words()

    def stored(self, states: Any) -> Any:
        """Those of some states (uint64 [n, words]) that may have been visited, as the set has them."""
        return states if self._tree is None else self._tree.known(states)

    def states(self, roots: Any) -> Any:
        """The states that the set has as these."""
        return roots if self._tree is None else self._tree.unfold(roots)

    def together(self) -> int:
        """The states of all levels that stand in the visited set."""
        return sum(self._collected.sizes.values())

    def all_levels(self, places: Any, out: Any) -> None:
        """The states of this and other levels in one walk over the visited set: those of a level from row
        places[level] on.
        """
        begin = places.copy()
        roots = out if self._tree is None else np.empty((len(out), 1), np.uint64)
        for store in self._collected.stores():
            store.collect(places, roots)
        if self._tree is not None:
            for first, last in zip(begin.tolist(), places.tolist()):
                if first >= 0:
                    out[first:last] = self._tree.unfold(roots[first:last])

    def __iter__(self) -> Iterator[int]:
        return iter(integers(self.words()))


Level = NativeLevel | TableLevel


def integers(words: Any) -> list[int]:
    """Rows of words as packed integers."""
    if words.shape[1] == 1:
        result: list[int] = words[:, 0].tolist()
        return result
    data, size = words.tobytes(), 8 * words.shape[1]
    return [int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)]


def rows_of(data: bytes, row: int, words: int) -> NDArray[np.uint64]:
    """States of `row` bytes each as rows of words."""
    if words == 1:
        there = np.ndarray(len(data) // row, "<u8", data + bytes(8), strides=(row,))
        return (there & np.uint64((1 << 8 * row) - 1)).reshape(-1, 1)
    rows = np.zeros((len(data) // row, 8 * words), np.uint8)
    rows[:, :row] = np.frombuffer(data, np.uint8).reshape(-1, row)
    return rows.view(np.uint64)


def words_of(states: list[int], words: int) -> NDArray[np.uint64]:
    """Packed integers as rows of words."""
    if words == 1:
        return np.array(states, np.uint64).reshape(-1, 1)
    data = b"".join(state.to_bytes(8 * words, "little") for state in states)
    return np.frombuffer(data, np.uint64).reshape(-1, words).copy()
