"""How large a space will be, told from smaller instances and from the levels seen so far."""

from __future__ import annotations

import itertools
import math

import numpy as np

from explorer.engine.growth import Instance, depth_at, expected, followed, stretched


def parts(number: int, part: tuple[int, ...] = (1, 2, 2, 3, 1, 1)) -> tuple[int, ...]:
    """The levels of so many independent parts, each of which has these levels: a product of polynomials."""
    levels = np.array([1], dtype=object)
    for _ in range(number):
        levels = np.convolve(levels, np.array(part, dtype=object))
    return tuple(int(n) for n in levels)


def begun(levels: tuple[int, ...], part: float) -> tuple[int, ...]:
    """The first levels, with no more than a part of the states."""
    ends = itertools.accumulate(levels)
    return tuple(n for n, end in zip(levels, ends) if end <= part * sum(levels))


def test_a_number_that_grows_by_a_factor_is_followed() -> None:
    """Three instances, each ten times as large as the one before, give the sixth."""
    known = [Instance((n,), parts(n)) for n in (2, 3, 4)]
    size = followed(known, (6,))
    assert size is not None and math.isclose(size, 10**6, rel_tol=0.01)


def test_a_number_that_grows_like_a_power_is_followed() -> None:
    """The multisets of four of so many values, from a few values to 178."""
    known = [Instance((n,), (1, math.comb(n + 3, 4) - 1)) for n in (5, 7, 10, 16, 23, 35)]
    size = followed(known, (178,))
    assert size is not None and 0.5 < size / math.comb(181, 4) < 2


def test_two_constants_are_followed_together() -> None:
    """What one constant multiplies depends on the other: k parts of m values each."""
    small = [p for p in itertools.product(range(1, 5), range(1, 5)) if p != (4, 4) and math.prod(p) < 12]
    known = [Instance(p, (p[1] ** p[0],)) for p in small]
    size = followed(known, (4, 4))
    assert size is not None and 1 / 3 < size / 4**4 < 3


def test_points_between_are_followed() -> None:
    """The instances may be smaller in one constant and larger in another, or at the target itself."""
    known = [Instance((a, b), (2**a * 3**b,)) for a, b in ((1, 1), (3, 1), (1, 3), (2, 2))]
    for at in itertools.product(range(1, 5), range(1, 5)):
        size = followed(known, at)
        assert size is not None and 1 / 2 < size / (2 ** at[0] * 3 ** at[1]) < 2


def test_one_instance_is_not_followed() -> None:
    """Growth is a matter of two."""
    assert followed([Instance((2,), (1, 4))], (5,)) is None


def test_depth_is_followed() -> None:
    """Each part adds its depth."""
    assert math.isclose(depth_at([Instance((n,), parts(n)) for n in (2, 3, 4)], (9,)), 45, rel_tol=0.01)


def test_levels_are_stretched() -> None:
    """The levels of four parts, stretched, give the total of nine from the first fiftieth of the states."""
    whole = parts(9)
    seen = begun(whole, 0.02)
    assert 5 < len(seen) < len(whole) / 2
    size = stretched(Instance((4,), parts(4)), seen, len(whole) - 1)
    assert size is not None and 0.5 < size / 10**9 < 2


def test_few_levels_are_not_stretched() -> None:
    """Nothing is known of three levels, nor of those behind the depth that is expected."""
    assert stretched(Instance((4,), parts(4)), (1, 9, 50), 45.0) is None
    assert stretched(Instance((4,), parts(4)), parts(9)[:20], 15.0) is None


def test_the_total_is_expected_early_and_lies_in_the_interval() -> None:
    """Both ways together tell a number when a thousandth of the states is seen, and it stays near the
    truth.
    """
    whole, known = parts(9), [Instance((n,), parts(n)) for n in (1, 2, 3, 4, 5)]
    for part in (0.001, 0.02, 0.2, 0.5, 0.9):
        found = expected(begun(whole, part), known, (9,))
        assert found is not None and found.most is not None
        assert found.least <= 10**9 <= found.most
        assert 1 / 3 < found.states / 10**9 < 3


def test_what_contradicts_itself_is_not_told() -> None:
    """Instances that grow at random give no number: neither is the growth confirmed, nor do shapes agree."""
    known = [Instance((1,), parts(1)), Instance((2,), parts(5)), Instance((3,), parts(2))]
    assert expected(parts(9)[:14], known, (9,)) is None


def test_without_instances_levels_speak_alone() -> None:
    """No smaller instance, no number while levels double."""
    assert expected([2**n for n in range(20)], [], (9,)) is None
