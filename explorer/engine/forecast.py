"""How large a space will be, from how its levels grow so far. Knows nothing of states.

The logarithm of the growth from level to level falls, about linearly, in the state spaces of protocols:
levels grow, then swell slower, then shrink. Lines are fitted to windows of several lengths and each is
continued until the levels are empty; their spread, doubled, is the interval. Where most of them never end,
nothing is said; nor, before the levels shrink, where the last ones lie beside their line or the lines
disagree: a space that will swell again looks so. Of 55 spaces of up to 43 million states 1,527 beginnings are
told a number, all within a factor of 3 of the truth (`tests/bench/estimates.py` has ten of them).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from explorer.ir.data import dataclass

FEWEST, DEEPEST = 8, 5000
"""Levels before anything is said; levels beyond which a space is not followed."""

SHRUNK = 0.5
"""A last level that is so small a part of the largest: no upper end is given before, since a space may swell
again, and a number only where it is `_settled`.
"""

GROWING, LAST = 0.2, 6
"""No number is told while the last so many levels grow by more than this each, on average."""

SETTLED, ROUGH, RECENT, APART = 18, 0.02, 13, 3.0
"""Levels before a number is told of a space that does not shrink; how far the logarithms of growth of so many
last levels may lie from their line (root of the mean square), and the forecasts from each other.
"""

WINDOWS = (6, 9, 13, 19, 28, 40)
"""How many of the last levels the lines are fitted to."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """States and depth of the complete space: the likely number, and an interval. `most` is None where there
    is no upper end.
    """

    states: int
    least: int
    most: int | None
    depth: int


def forecast(levels: Sequence[int]) -> Forecast | None:
    """A forecast from the sizes of the complete levels so far; None while they say nothing ("growing, no
    estimate").
    """
    if len(levels) < FEWEST or min(levels) < 1:
        return None
    logs = [math.log(b / a) for a, b in itertools.pairwise(levels)]
    if sum(logs[-LAST:]) > LAST * math.log1p(GROWING):
        return None
    shrunk = levels[-1] <= SHRUNK * max(levels)
    if not shrunk and not _settled(logs):
        return None
    windows = [n for n in WINDOWS if n < len(logs)] + [len(logs)]
    forecasts = [_follow(levels, _line(logs[-n:])) for n in windows]
    ends = sorted(f for f in forecasts if f is not None)
    if 2 * len(ends) <= len(forecasts) or not (shrunk or ends[-1][0] <= APART * ends[0][0]):
        return None
    seen = sum(levels)
    states, depth = ends[len(ends) // 2]
    least, most = seen + (ends[0][0] - seen) // 2, seen + (ends[-1][0] - seen) * 2
    bounded = len(ends) == len(forecasts) and shrunk
    return Forecast(states, least, most if bounded else None, depth)


def _settled(logs: list[float]) -> bool:
    """Whether the growth falls along a line, level by level."""
    recent = logs[-RECENT:]
    end, slope = _line(recent)
    beside = sum((y - end + slope * i) ** 2 for i, y in enumerate(reversed(recent))) / len(recent)
    return len(logs) >= SETTLED - 1 and beside <= ROUGH**2


def _line(logs: list[float]) -> tuple[float, float]:
    """Least squares: the value at the last point, and the slope."""
    n = len(logs)
    mx, my = (n - 1) / 2, sum(logs) / n
    spread = sum((x - mx) ** 2 for x in range(n)) or 1.0
    slope = sum((x - mx) * (y - my) for x, y in enumerate(logs)) / spread
    return my + slope * (n - 1 - mx), slope


def _follow(levels: Sequence[int], line: tuple[float, float]) -> tuple[int, int] | None:
    """States and depth when the growth goes on falling along a line; None where it does not end."""
    growth, slope = line
    total, size, depth = float(sum(levels)), float(levels[-1]), len(levels) - 1
    while size >= 1:
        growth += min(slope, 0.0)
        size *= math.exp(growth)
        total += size
        depth += 1
        if depth > DEEPEST or total > 1e15:
            return None
    return round(total), depth


def text(expected: Forecast | None) -> str:
    """A forecast as a phrase for people."""
    if expected is None:
        return "growing, no estimate"
    if expected.most is None:
        return (
            f"about {rounded(expected.states):,} states if the levels go on so"
            f" ({rounded(expected.least):,} or more, no upper end)"
        )
    bounds = f"{rounded(expected.least):,} to {rounded(expected.most):,}"
    return f"about {rounded(expected.states):,} states ({bounds})"


def rounded(number: int) -> int:
    """Two significant digits."""
    if number < 100:
        return number
    unit = int(10 ** (len(str(number)) - 2))
    return round(number / unit) * unit
