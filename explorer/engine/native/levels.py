"""Levels of packed states as arrays, kept small: only what traces need is kept of a level that was left.

Knows nothing of how states are found.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np


class NativeLevel:
    """The states at one distance. `words()` has a row of 64-bit words for each; iterating gives packed
    integers.
    """

    def __init__(self, parts: list[Any], words: int):
        self._words, self._size = words, sum(len(p) for p in parts)
        self._parts: list[Any] = parts
        self._bytes = 8
        self._file: Any = None

    def __len__(self) -> int:
        return self._size

    def words(self) -> Any:
        """An array of shape (states, words)."""
        if not self._size:
            return np.empty((0, self._words), np.uint64)
        if self._file is not None:
            self._file.seek(0)
            packed = np.fromfile(self._file, np.uint8).reshape(-1, self._bytes * self._words)
            return self._unpack(packed)
        if self._bytes == 8:
            return np.concatenate(self._parts) if len(self._parts) != 1 else self._parts[0]
        return np.concatenate([self._unpack(p) for p in self._parts])

    def __iter__(self) -> Iterator[int]:
        return iter(integers(self.words()))

    def shrink(self, bits: int) -> None:
        """Keep only the bytes that states of so many bits need (states of one word)."""
        size = max(1, -(-bits // 8))
        if self._words == 1 and self._bytes == 8 and size < 8:
            self._parts = [
                np.ascontiguousarray(p.view(np.uint8).reshape(-1, 8)[:, :size]) for p in self._parts
            ]
            self._bytes = size

    def spill(self) -> None:
        """Move the states to a file that vanishes with the process."""
        self._file = tempfile.TemporaryFile()
        weakref.finalize(self, self._file.close)
        for part in self._parts:
            part.tofile(self._file)
        self._parts = []

    def _unpack(self, packed: Any) -> Any:
        if self._bytes == 8:
            return np.ascontiguousarray(packed).view(np.uint64).reshape(-1, self._words)
        whole = np.zeros((len(packed), 8), np.uint8)
        whole[:, : self._bytes] = packed
        return whole.view(np.uint64)


class TableLevel:
    """A level that stands in the visited set only, and is collected from it when asked for."""

    def __init__(self, stores: list[Any], number: int, size: int):
        self._stores, self._number, self._size = stores, number, size

    def __len__(self) -> int:
        return self._size

    def words(self) -> Any:
        out, n = np.empty((self._size, 1), np.uint64), 0
        for store in self._stores:
            n = store.collect(self._number, out, n)
        assert n == self._size
        return out

    def all_levels(self, collect: Any, places: Any, out: Any) -> None:
        """The states of this and other levels in one walk over the visited set (see
        `graph_kernels.collect_levels`).
        """
        for store in self._stores:
            store.collect_levels(collect, places, out)

    def __iter__(self) -> Iterator[int]:
        return iter(integers(self.words()))


Level = NativeLevel | TableLevel


def integers(words: Any) -> list[int]:
    """Rows of words as packed integers."""
    if words.shape[1] == 1:
        found: list[int] = words[:, 0].tolist()
        return found
    return [int.from_bytes(row.tobytes(), "little") for row in words]


def words_of(states: list[int], words: int) -> Any:
    """Packed integers as rows of words."""
    if words == 1:
        return np.array(states, np.uint64).reshape(-1, 1)
    data = b"".join(state.to_bytes(8 * words, "little") for state in states)
    return np.frombuffer(data, np.uint64).reshape(-1, words).copy()
