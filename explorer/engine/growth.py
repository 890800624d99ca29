"""How large a space will be, from smaller instances of the same spec and the levels that are seen so far.
Knows nothing of specs: an instance is the values of some constants and the sizes of its levels.

Two estimates are made. The logarithm of the number of states is followed along the constants, by a polynomial
of degree two. And the levels of the largest instance are stretched: the depth at the target's constants is
followed in the same way, the levels' logarithms are multiplied by the number that fits what is seen. For
systems of many like parts that is exact in the limit: levels are convolutions, and the logarithm of a level's
size is a function of depth for each part (Cramér's theorem).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from explorer.engine.forecast import Forecast, forecast
from explorer.ir.data import dataclass

LARGE = 16
"""Values of a constant above which it grows by factors, not by steps."""

BENT = 1e-2
"""The price of a square or a product where the logarithm of the states is followed."""

FITTED = 0.3
"""The part of the levels seen, counted from the first, that does not matter to how levels are stretched."""

SPREAD, APART, LIKE = 3.0, 9.0, 2
"""How far an estimate may be off, even where all agree; how far estimates may lie apart, else none is told;
how many of the largest instances are stretched.
"""

MOST = 100.0
"""The logarithm of the largest number that is told."""

UNSURE, DOUBT = 0.2, 0.7
"""The least standard error of an estimate's logarithm, and that of one that nothing confirms."""


@dataclass(frozen=True, slots=True)
class Instance:
    """The values of some constants, and the sizes of all levels."""

    at: tuple[int, ...]
    levels: tuple[int, ...]

    @property
    def states(self) -> int:
        return sum(self.levels)


def expected(seen: Sequence[int], instances: Sequence[Instance], target: tuple[int, ...]) -> Forecast | None:
    """The states of the space that begins with complete levels of the sizes seen; None where the estimates
    contradict each other, or what is seen.
    """
    by_levels, least = forecast(seen), sum(seen)
    if not instances or (by_levels is not None and by_levels.most is not None):
        return by_levels
    depth = depth_at(instances, target)
    guesses = [g for g in (_by_growth(instances, target), _by_shape(seen, instances, depth)) if g]
    guesses = [(guess, error) for guess, error in guesses if guess > math.log(least)]
    if by_levels is not None:
        guesses.append((math.log(by_levels.states), 2 * UNSURE))
    ends = sorted(guess for guess, _ in guesses)
    if not ends or ends[-1] - ends[0] > math.log(APART) or (len(ends) == 1 and guesses[0][1] > DOUBT):
        return by_levels
    weights = [1 / min(error, DOUBT) ** 2 for _, error in guesses]
    mean = sum(w * guess for w, (guess, _) in zip(weights, guesses)) / sum(weights)
    return Forecast(
        round(math.exp(mean)),
        least=max(least, round(math.exp(min(ends[0], mean - math.log(SPREAD))))),
        most=round(math.exp(max(ends[-1], mean + math.log(SPREAD)))),
        depth=max(len(seen), round(depth)),
    )


def _by_growth(instances: Sequence[Instance], target: tuple[int, ...]) -> tuple[float, float] | None:
    """The logarithm of the number of states, followed along the constants, and how unsure it is."""
    size = followed(instances, target)
    return None if size is None else (math.log(size), UNSURE + 2 * _beside(followed, instances))


def _by_shape(seen: Sequence[int], instances: Sequence[Instance], depth: float) -> tuple[float, float] | None:
    """The same from the levels of the largest instances, stretched."""
    large = sorted(instances, key=lambda i: i.states)[-LIKE:]
    logs = [math.log(size) for base in large if (size := stretched(base, seen, depth))]
    if not logs:
        return None
    apart = max(logs) - min(logs) if len(logs) > 1 else DOUBT
    return sum(logs) / len(logs), UNSURE + apart + 2 * _beside(depth_at, instances)


def _beside(follow: Callable[..., float | None], instances: Sequence[Instance]) -> float:
    """How far the largest instance lies beside what the others let one expect, as a logarithm."""
    *others, largest = sorted(instances, key=lambda i: i.states)
    found = follow(others, largest.at) if len(others) > 1 else None
    truth = largest.states if follow is followed else len(largest.levels) - 1
    return abs(math.log(found / truth)) if found is not None and found > 0 < truth else DOUBT


def followed(instances: Sequence[Instance], target: tuple[int, ...]) -> float | None:
    """The number of states at some constants, from how it grows along them."""
    if len(instances) < 2:
        return None
    logs = [math.log(i.states) for i in instances]
    return math.exp(min(_at(target, [i.at for i in instances], logs, bent=BENT, by_factors=True), MOST))


def stretched(base: Instance, seen: Sequence[int], depth: float) -> float | None:
    """The number of states of a space of such a depth that begins with the levels seen, if its levels are
    those of `base`, stretched.
    """
    last, small = len(seen) - 1, [math.log(size) for size in base.levels]
    if last < 4 or len(small) < 5 or depth <= last:
        return None
    by, logs = depth / (len(small) - 1), [math.log(size) for size in seen]

    def like(level: int) -> float:
        below = min(int(level / by), len(small) - 2)
        return small[below] + (level / by - below) * (small[below + 1] - small[below])

    fitted = range(int(last * FITTED), last + 1)
    square = sum(like(d) ** 2 for d in fitted)
    factor = sum(like(d) * logs[d] for d in fitted) / square if square else 1.0
    ahead = (factor * (like(d) - like(last)) + logs[last] for d in range(last + 1, int(depth) + 1))
    return sum(seen) + sum(math.exp(min(size, MOST)) for size in ahead)


def depth_at(instances: Sequence[Instance], target: tuple[int, ...]) -> float:
    """The depth at some constants, from how it grows along them: hardly anything but steadily."""
    return _at(target, [i.at for i in instances], [len(i.levels) - 1.0 for i in instances], bent=1.0)


def _at(
    target: tuple[int, ...],
    points: list[tuple[int, ...]],
    values: list[float],
    bent: float,
    by_factors: bool = False,
) -> float:
    """The value at the target of a polynomial of degree two that fits values at points, near ones best.

    Squares and products have a price, `bent`, so that few points make them small.
    """
    scales = [math.log if by_factors and t > LARGE else float for t in target]
    away = [[s(t) - s(p) for s, t, p in zip(scales, target, at)] for at in points]
    widths = [max(map(abs, column)) / 3 or 1.0 for column in zip(*away)]
    pairs = [*itertools.combinations_with_replacement(range(len(target)), 2)]
    prices = [0.0] + [1e-3] * len(target) + [bent] * len(pairs)
    rows, right = list[list[float]](), list[float]()
    for lies, value in zip(away, values):
        x = [distance / width for distance, width in zip(lies, widths)]
        weight = 1 / (1 + sum(map(abs, x)))
        rows.append([weight * term for term in (1.0, *x, *(x[i] * x[j] for i, j in pairs))])
        right.append(weight * value)
    return _least_squares(rows, right, prices)[0]


def _least_squares(rows: list[list[float]], right: list[float], prices: list[float]) -> list[float]:
    """The factors of the columns that fit best, where each costs its square by its price (Tikhonov)."""
    n = range(len(prices))
    left = [[sum(r[i] * r[j] for r in rows) + (i == j) * prices[i] ** 2 for j in n] for i in n]
    table = [[*row, sum(r[i] * y for r, y in zip(rows, right))] for i, row in enumerate(left)]
    for i in n:  # the matrix is positive definite: no row need be exchanged
        table[i] = [cell / table[i][i] for cell in table[i]]
        for j in n:
            if j != i:
                table[j] = [a - table[j][i] * b for a, b in zip(table[j], table[i])]
    return [row[-1] for row in table]
