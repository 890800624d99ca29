"""Levels of a search in a file that vanishes with the process. Knows nothing of how states are found."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from explorer.engine.directory import DirectoryError
from explorer.engine.native.arrays import WordRows
from explorer.engine.native.levels import NativeLevel, rows_of
from explorer.engine.native.packing import Folding

PIECE = 1 << 18
"""States that are read and written at once."""


class DiskFull(Exception):
    """What is to be written has no room; the text is the bound that is reached."""


class Disk:
    """The levels, one after the other, `row` bytes for a state (one word); `levels` has the place of each and
    how many states it has. No more than `most` bytes are written (None: as many as there is room for).
    """

    def __init__(self, directory: Path, most: int | None, row: int):
        self.directory, self.most, self.row = directory, most, row
        self.levels: list[tuple[int, int]] = []
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self.file = tempfile.TemporaryFile(dir=directory, buffering=0)
        except OSError as error:
            raise DirectoryError(
                f"--disk {directory}: {error.strerror or error}; write: --disk DIR with a directory that can"
                " be written"
            ) from None
        weakref.finalize(self, self.file.close)

    def needed(self) -> str:
        """What a search will take, in a sentence."""
        free = shutil.disk_usage(self.directory).free
        room = free if self.most is None else min(free, self.most)
        return (
            f"--disk {self.directory}: {self.row} bytes for each state, {self.row * 10**9 / 2**30:.1f} GiB"
            f" for 10^9; there is room for {room // self.row:,} states ({room / 2**30:.1f} GiB)"
        )

    def append(self, pieces: Iterable[WordRows]) -> None:
        """Write a level behind the last one. Raises DiskFull; then nothing was appended."""
        begin = end = self._end()
        for words in pieces:
            end = self._write(words, end)
        self.levels.append((begin, (end - begin) // self.row))

    def size(self, number: int) -> int:
        """How many states a level has."""
        return self.levels[number][1]

    def pieces(self, number: int) -> Iterator[WordRows]:
        """The states of a level (uint64 [n, 1]), some at a time."""
        at, left = self.levels[number]
        while left:
            n = min(left, PIECE)
            yield rows_of(os.pread(self.file.fileno(), n * self.row, at), self.row, 1)
            at, left = at + n * self.row, left - n

    def keep(self, first: int, wanted: Callable[[int, WordRows], Any]) -> None:
        """Of the levels from `first` on, keep the states for which `wanted(number, states)` is true. It sees
        each once. What is kept moves towards the beginning, never over what was not read.
        """
        end = self.levels[first][0] if first < len(self.levels) else 0
        for number in range(first, len(self.levels)):
            begin = end
            for words in self.pieces(number):
                end = self._write(words[wanted(number, words)], end)
            self.levels[number] = begin, (end - begin) // self.row

    def _end(self) -> int:
        at, size = self.levels[-1] if self.levels else (0, 0)
        return at + size * self.row

    def _write(self, words: WordRows, at: int) -> int:
        data = memoryview(words.view(np.uint8).reshape(len(words), 8)[:, : self.row].tobytes())
        if self.most is not None and at + len(data) > self.most:
            raise DiskFull(f"--max-disk {self.most} bytes reached")
        try:
            while data:
                n = os.pwrite(self.file.fileno(), data, at)
                at, data = at + n, data[n:]
        except OSError as error:
            raise DiskFull(f"--disk {self.directory}: {error.strerror or error}") from None
        return at


class DiskLevel(NativeLevel):
    """A level that stands on the disk only, and is read when it is asked for."""

    def __init__(self, disk: Disk, number: int, tree: Folding | None):
        super().__init__([], 1, tree)
        self._disk, self._number = disk, number

    def __len__(self) -> int:
        return self._disk.size(self._number)

    def root_pieces(self) -> Iterator[Any]:
        return self._disk.pieces(self._number)

    def roots(self) -> Any:
        return np.concatenate([np.empty((0, 1), np.uint64), *self.root_pieces()])
