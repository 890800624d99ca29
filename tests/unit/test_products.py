"""Initial states as products: exactly these states, none twice, and few products where they are few."""

from __future__ import annotations

from itertools import product as every

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.export.products import Product, products

CODES = st.integers(-1, 2)


def states(product: Product) -> list[tuple[int, ...]]:
    """What the parameters of a product choose, each within its bounds."""
    ranges = [range(low, high + 1) for low, high in map(product.bounds, product.free)]
    return [product.state(parameters) for parameters in every(*ranges)]


@given(st.integers(1, 5).flatmap(lambda cells: st.sets(st.tuples(*[CODES] * cells), max_size=60)))
def test_products_are_the_states_and_none_twice(found: set[tuple[int, ...]]) -> None:
    """Whatever the states are: together the products have each of them once, and nothing else."""
    chosen = [state for product in products(found) for state in states(product)]
    assert sorted(chosen) == sorted(found)


@given(st.lists(st.sets(CODES, min_size=1), min_size=1, max_size=5))
def test_a_product_is_found_as_one(cells: list[set[int]]) -> None:
    """All combinations of codes, with gaps too, are one product."""
    assert products([*every(*cells)]) == [Product(tuple(tuple(sorted(codes)) for codes in cells))]


def test_only_what_depends_is_split() -> None:
    """The third cell depends on the first: a product for each of its values, whatever the second holds."""
    found = [(a, b, a) for a in (0, 3) for b in (0, 2, 3)]
    assert products(found) == [Product(((0,), (0, 2, 3), (0,))), Product(((3,), (0, 2, 3), (3,)))]
    assert products([]) == [] and products([()]) == [Product(())]


def test_a_parameter_runs_on_from_the_first_code() -> None:
    """Codes with a gap are counted from the first one; what lies beyond the last one is refused."""
    (product,) = products([(4, 1), (5, 1), (9, 1)])
    assert product.free == (0,) and product.bounds(0) == (4, 6)
    assert [product.state([n]) for n in (4, 5, 6)] == [(4, 1), (5, 1), (9, 1)]
    with pytest.raises(ValueError, match="found 7, expected a number from 4 to 6"):
        product.state([7])
