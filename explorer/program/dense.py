"""States of several words as one: neighbouring cells whose domains are no powers of two take fewer bits
together than each for itself.

Knows nothing of search.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from explorer.ir.data import dataclass

MOST = 64
WIDE = 10
"""Bits of the one word; bits of a state that are looked up at once."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some bits of a word of the state from `shift` on, and the bits of the one word from `place` on that
    stand for them. `contents` are those that the cells can have, by their number, which is what is stored;
    None where they are stored as they are.
    """

    word: int
    shift: int
    bits: int
    place: int
    width: int
    contents: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Cell:
    """The bits of a word that belong to a cell, and how many contents it has."""

    word: int
    shift: int
    bits: int
    size: int


@dataclass(frozen=True, slots=True)
class Dense:
    """How a state of several words is one word of `bits` bits."""

    chunks: tuple[Chunk, ...]
    bits: int

    def pack(self, words: list[int]) -> int:
        result = 0
        for c in self.chunks:
            content = words[c.word] >> c.shift & (1 << c.bits) - 1
            result |= (content if c.contents is None else c.contents.index(content)) << c.place
        return result


def dense(cells: Iterable[Cell]) -> Dense | None:
    """The one word of states with these cells, none of which crosses words; None where it is too narrow."""
    by_word: dict[int, list[Cell]] = {}
    for cell in sorted(cells, key=lambda cell: (cell.word, cell.shift)):
        by_word.setdefault(cell.word, []).append(cell)
    chunks, place = list[Chunk](), 0
    for word, together in by_word.items():
        for part in _cut(together):
            shift, bits, width = _extent(part)
            contents = None if width == bits else _contents(part)
            chunks.append(Chunk(word, shift, bits, place=place, width=width, contents=contents))
            place += width
    return Dense(tuple(chunks), place) if place <= MOST else None


def _extent(part: list[Cell]) -> tuple[int, int, int]:
    """Where some neighbouring cells begin, how many bits they take, and how many their numbers would."""
    number = 1
    for cell in part:
        number *= cell.size
    shift, bits = part[0].shift, part[-1].shift + part[-1].bits - part[0].shift
    return shift, bits, min(bits, (number - 1).bit_length()) if bits <= WIDE else bits


def _cut(cells: list[Cell]) -> list[list[Cell]]:
    """The cells of a word in pieces of the fewest bits, and of those ways the one of the fewest pieces."""
    best: list[tuple[int, int, int]] = [(0, 0, 0)]
    for end in range(1, len(cells) + 1):
        ways = []
        for start in range(end - 1, -1, -1):
            _, bits, width = _extent(cells[start:end])
            if bits > WIDE and start < end - 1:
                break
            ways.append((best[start][0] + width, best[start][1] + 1, start))
        best.append(min(ways))
    pieces, end = list[list[Cell]](), len(cells)
    while end:
        start = best[end][2]
        pieces.insert(0, cells[start:end])
        end = start
    return pieces


def _contents(part: list[Cell]) -> tuple[int, ...]:
    """What the bits of some neighbouring cells can be."""
    base = part[0].shift
    ways = product(*([code << cell.shift - base for code in range(cell.size)] for cell in reversed(part)))
    return tuple(map(sum, ways))
