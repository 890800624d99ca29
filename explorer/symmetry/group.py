"""The renamings of some scalarsets as a finite group in numbers: exchanges of neighbours lead from one
element to another.

Knows nothing of states.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from explorer.ir.data import dataclass

LARGEST = 5040
"""Elements of a group that are numbered: there is a table of all products."""


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


def group(sizes: Sequence[int]) -> Group:
    """The group of scalarsets with so many identities."""
    places = [(k, i) for k, size in enumerate(sizes) for i in range(size)]
    exchanges = []
    for a, (k, i) in enumerate(places):
        if i + 1 < sizes[k]:
            exchange = list(range(len(places)))
            exchange[a], exchange[a + 1] = a + 1, a
            exchanges.append(exchange)
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
