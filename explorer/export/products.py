"""Initial states as few products: languages have loops over ranges, and a file with a block for each of
thousands of states takes its reader minutes. Knows nothing of languages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from explorer.ir.data import dataclass
from explorer.ir.semantics import State

_Classes = dict[frozenset[State], list[int]]
"""The values of a cell, by what the other cells hold beside them."""


@dataclass(frozen=True, slots=True)
class Product:
    """All states in which each cell holds one of its codes, whatever the others hold. Codes are in order."""

    codes: tuple[tuple[int, ...], ...]

    @property
    def free(self) -> tuple[int, ...]:
        """The cells with several codes, in order."""
        return tuple(cell for cell, codes in enumerate(self.codes) if len(codes) > 1)

    @property
    def first(self) -> State:
        """The state with the least code in each cell."""
        return tuple(codes[0] for codes in self.codes)

    def bounds(self, cell: int) -> tuple[int, int]:
        """The least and the greatest value of a parameter that counts a cell's codes, from the first one on:
        where the codes have no gap, it is the code.
        """
        codes = self.codes[cell]
        return codes[0], codes[0] + len(codes) - 1

    def state(self, parameters: Sequence[int]) -> State:
        """The state that these parameters of the free cells choose. ValueError for others."""
        result = list(self.first)
        for cell, parameter in zip(self.free, parameters, strict=True):
            low, high = self.bounds(cell)
            if not low <= parameter <= high:
                raise ValueError(f"found {parameter}, expected a number from {low} to {high}")
            result[cell] = self.codes[cell][parameter - low]
        return tuple(result)


def products(states: Collection[State]) -> list[Product]:
    """Products without a common state that together are these states. They are few, though not always the
    fewest: each split is at the cell whose values differ least in what they allow the others.
    """
    found = [Product(tuple(tuple(sorted(codes)) for codes in each)) for each in _split(frozenset(states))]
    return sorted(found, key=lambda product: product.first)


def chosen(states: Sequence[State], product: int, parameters: Sequence[int]) -> int:
    """The number of the state that parameters choose in one of the products. ValueError for others."""
    every = products(states)
    if product >= len(every):
        raise ValueError(f"found product {product}, of {len(every)}")
    return states.index(every[product].state(parameters))


def _split(states: frozenset[State]) -> Iterator[tuple[Collection[int], ...]]:
    some = next(iter(states), ())
    free = [cell for cell, code in enumerate(some) if any(state[cell] != code for state in states)]
    every = ((cell, _classes(states, cell)) for cell in free)
    cell, classes = min(every, key=lambda pair: len(pair[1]), default=(0, {}))
    if not classes and states:
        yield tuple((code,) for code in some)
    for rest, codes in classes.items():
        for product in _split(rest):
            yield (*product[:cell], codes, *product[cell + 1 :])


def _classes(states: Collection[State], cell: int) -> _Classes:
    """The rests have 0 in the cell."""
    beside: dict[int, set[State]] = {}
    for state in states:
        beside.setdefault(state[cell], set()).add((*state[:cell], 0, *state[cell + 1 :]))
    classes: _Classes = {}
    for code, rests in beside.items():
        classes.setdefault(frozenset(rests), []).append(code)
    return classes
