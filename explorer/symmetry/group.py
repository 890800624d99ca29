"""The renamings of some scalarsets as a finite group in numbers: exchanges of neighbours lead from one
element to another.

A small group has tables of all its elements; of a large one only the elements that are met get numbers. Knows
nothing of states.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from functools import partial
from math import factorial, prod
from typing import Protocol

from explorer.ir.data import dataclass

LARGEST, SMALL = 5040, 24
"""Elements of a group that are all numbered, for machine code and for lists: it has a table of all
products.
"""


class Table(Protocol):
    """Numbers by number: a sequence, or what is computed when it is asked for."""

    def __getitem__(self, at: int, /) -> int: ...


class Computed(dict[int, int]):
    """Entries that are computed once, when they are asked for first."""

    def __init__(self, entry: Callable[[int], int]):
        self.entry = entry

    def __missing__(self, at: int) -> int:
        result = self[at] = self.entry(at)
        return result


@dataclass(slots=True)
class Group:
    """Element 0 changes nothing; `left[g][p]` is exchange g (counted through all scalarsets) done after
    element p.

    `words[p]` is an exchange and the element that it was done after, in an order in which that comes first.
    """

    left: list[list[int]]
    words: list[tuple[int, int]]
    inverse: list[int]
    _products: Sequence[int] = ()

    @property
    def order(self) -> int:
        return len(self.words)

    def word(self, element: int) -> list[int]:
        """Exchanges that make an element, the first one first."""
        result = []
        while element:
            exchange, element = self.words[element]
            result.append(exchange)
        return result[::-1]

    def acting(self, images: Sequence[Sequence[int]], size: int) -> Sequence[int]:
        """What elements make of things, from what each exchange makes of them (`images[g][x]`): entry p *
        size + x.
        """
        result = array("H" if size < 1 << 16 else "L", range(size))
        for g, before in self.words[1:]:
            image = images[g]
            result.extend([image[x] for x in result[before * size : (before + 1) * size]])
        return result

    @property
    def products(self) -> Sequence[int]:
        """Entry a * order + b: a done after b."""
        if not self._products:
            self._products = self.acting(self.left, self.order)
        return self._products


class LargeGroup:
    """A group of the same meaning whose tables are `Computed`. An element is kept as what it makes of places,
    a table for `bytes.translate`, and gets its number when it is met.
    """

    def __init__(self, sizes: Sequence[int]):
        self.order = prod(map(factorial, sizes))
        self._first = [place for place, last in _places(sizes) if not last]
        self._elements = [bytes(range(256))]
        self._number_of = {self._elements[0]: 0}
        self._words: dict[int, list[int]] = {}
        self.left = [Computed(partial(self._after, _exchange(place))) for place in self._first]
        self.inverse = Computed(lambda p: self._number(_inverse(self._elements[p])))
        self.products = Computed(lambda at: self._after(self._elements[at // self.order], at % self.order))

    def _after(self, table: bytes, element: int) -> int:
        """What is done by a table after an element."""
        return self._number(self._elements[element].translate(table))

    def _number(self, table: bytes) -> int:
        number = self._number_of.setdefault(table, len(self._elements))
        if number == len(self._elements):
            self._elements.append(table)
        return number

    def word(self, element: int) -> list[int]:
        """Exchanges that make an element, the first one first."""
        if element not in self._words:
            at, word = list(_inverse(self._elements[element])), []
            while wrong := [g for g, place in enumerate(self._first) if at[place] > at[place + 1]]:
                word.append(wrong[0])
                place = self._first[wrong[0]]
                at[place], at[place + 1] = at[place + 1], at[place]
            self._words[element] = word[::-1]
        return self._words[element]

    def acting(self, images: Sequence[Sequence[int]], size: int) -> Table:
        """What elements make of things, from what each exchange makes of them (`images[g][x]`): entry p *
        size + x.
        """

        def entry(at: int) -> int:
            element, x = divmod(at, size)
            for exchange in self.word(element):
                x = images[exchange][x]
            return x

        return Computed(entry)


AnyGroup = Group | LargeGroup


def _inverse(table: bytes) -> bytes:
    return bytes(sorted(range(256), key=table.__getitem__))


def _exchange(place: int) -> bytes:
    """Exchanges two neighbours."""
    table = bytearray(range(256))
    table[place], table[place + 1] = place + 1, place
    return bytes(table)


def _places(sizes: Sequence[int]) -> list[tuple[int, bool]]:
    """The identities of all scalarsets in a row, each with whether it is the last of its own."""
    ends = [i + 1 == size for size in sizes for i in range(size)]
    return list(enumerate(ends))


def group(sizes: Sequence[int], largest: int) -> AnyGroup:
    """The group of scalarsets with so many identities, all numbered where they are at most `largest`."""
    return numbered(sizes) if prod(map(factorial, sizes)) <= largest else LargeGroup(sizes)


def numbered(sizes: Sequence[int]) -> Group:
    """The same, with tables of all its elements."""
    places = _places(sizes)
    exchanges = [_exchange(place) for place, last in places if not last]
    number_of = {tuple(range(len(places))): 0}
    elements, words = list(number_of), [(0, 0)]
    left: list[list[int]] = [[] for _ in exchanges]
    for number, element in enumerate(elements):
        for g, exchange in enumerate(exchanges):
            after = tuple(exchange[place] for place in element)
            if after not in number_of:
                number_of[after] = len(elements)
                elements.append(after)
                words.append((g, number))
            left[g].append(number_of[after])
    inverse = [number_of[tuple(element.index(place) for place in range(len(places)))] for element in elements]
    return Group(left, words, inverse)
