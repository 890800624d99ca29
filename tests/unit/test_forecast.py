"""Estimates are honest: an interval that holds the truth once a space shrinks, and no number while it only
grows.
"""

from __future__ import annotations

import math

import pytest

from explorer.engine.forecast import forecast, text


def bell(peak: int, size: float, width: float) -> list[int]:
    return [max(1, round(size * math.exp(-(((d - peak) / width) ** 2)))) for d in range(2 * peak + 1)]


@pytest.mark.parametrize("peak, size, width", [(20, 1e5, 9.0), (35, 1e6, 11.0), (60, 1e7, 16.0)])
def test_the_interval_holds_the_truth_beyond_the_peak(peak: int, size: float, width: float) -> None:
    """On levels that swell and shrink, seen until they are half as large again, the total lies in the
    interval.
    """
    levels = bell(peak, size, width)
    found = forecast(levels[: peak + 2 + math.ceil(width * math.sqrt(math.log(2)))])
    assert found is not None and found.most is not None
    assert found.least <= sum(levels) <= found.most


def test_steady_growth_has_no_estimate() -> None:
    """Levels that double for ever say nothing about the end, and the text says so."""
    assert forecast([2**d for d in range(20)]) is None
    assert text(None) == "growing, no estimate"


def test_no_upper_end_while_levels_swell() -> None:
    """Before the peak, and right behind it, a number may be given, but no upper end."""
    assert forecast(bell(40, 1e6, 14.0)[:43]).most is None  # type: ignore[union-attr]
    found = forecast(bell(40, 1e6, 14.0)[:30])
    assert found is None or (found.most is None and "no upper end" in text(found))


def test_few_levels_say_nothing() -> None:
    """Fewer than eight levels are no basis."""
    assert forecast([1, 3, 5, 4, 2]) is None


def test_no_number_while_levels_grow_fast() -> None:
    """Early lines fall too steeply: four counters modulo 80 at a fiftieth of their 41 million states."""
    ways = [1]
    for _ in range(4):
        ways = [sum(ways[max(0, d - 79) : d + 1]) for d in range(len(ways) + 79)]
    assert sum(ways) == 80**4
    seen = next(n for n in range(len(ways)) if sum(ways[:n]) > 80**4 // 50)
    assert forecast(ways[:seen]) is None
    later = next(n for n in range(len(ways)) if sum(ways[:n]) > 80**4 // 2.5)
    found = forecast(ways[:later])
    assert found is not None and 80**4 / 3 < found.states < 3 * 80**4


def test_no_number_while_levels_grow_like_a_power() -> None:
    """Multisets of four values below 178, whose levels grow like a power of the depth for long: each number
    that is told is near the truth, from some depth before the largest level on.
    """
    ways = [1] + [0] * 708
    for part in range(1, 5):  # the Gaussian binomial: multiplied and divided, factor by factor
        ways = [n - (ways[d - 177 - part] if d >= 177 + part else 0) for d, n in enumerate(ways)]
        for d in range(part, len(ways)):
            ways[d] += ways[d - part]
    assert sum(ways) == math.comb(181, 4)
    told = [found.states for n in range(8, len(ways)) if (found := forecast(ways[:n]))]
    assert len(told) > 400
    assert all(sum(ways) / 3 < states < 3 * sum(ways) for states in told)


SWELLS_AGAIN = """
1 4 10 22 43 75 122 183 250 319 382 433 465 478 474 449 414 390 424 515 674 898 1179 1539 1983 2479
2969 3357 3540 3501 3220 2839 2461 2087 1647 1212 827 551 370 258 165 102 65 45 31 19 10 5 2
"""
"""The levels of spec/ipi_fixed.py -D senders=3, which shrink for a while at a tenth of the states."""


def test_a_space_that_swells_again_is_not_taken_for_its_first_wave() -> None:
    """Every number that is told is near the truth, though levels shrink early."""
    levels = [int(size) for size in SWELLS_AGAIN.split()]
    assert levels[18] < levels[15] < max(levels) // 3
    told = [found.states for n in range(8, len(levels)) if (found := forecast(levels[:n]))]
    assert len(told) > 10
    assert all(sum(levels) / 3 < states < 3 * sum(levels) for states in told)


def test_a_number_is_told_while_levels_still_swell() -> None:
    """Where growth falls along a line the total is near the truth before half of the states are seen."""
    levels = bell(30, 1e6, 14.0)
    seen = next(n for n in range(8, len(levels)) if forecast(levels[:n]) is not None)
    assert sum(levels[:seen]) < sum(levels) / 2
    for n in range(seen, len(levels)):
        found = forecast(levels[:n])
        assert found is None or sum(levels) / 3 < found.states < 3 * sum(levels)
