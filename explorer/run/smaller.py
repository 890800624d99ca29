"""Smaller instances of a spec, explored completely in a few seconds: how a space grows with its constants."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from explorer.engine import python
from explorer.engine.growth import LARGE, Instance, followed
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.symmetry.find import Symmetry, find

AXES = 4
"""How many constants are made smaller."""

LARGEST, COMPILED, FAR = 1 << 23, 2, 10.0
"""States that machine code is asked for, and instances, where the target is so many times as large as what
Python has explored."""

Point = tuple[int, ...]
Explore = Callable[[Model, Symmetry | None, float], StateSpace]
"""A search that ends after so many seconds."""


class Smaller:
    """Smaller instances of a model. `ground` makes them, of values for some constants; none is less than one,
    but where its default is.
    """

    def __init__(
        self,
        model: Model,
        ground: Callable[[dict[str, int]], Model],
        defaults: dict[str, Any],
        symmetric: bool = True,
    ):
        self.ground, self.symmetric = ground, symmetric
        given = _numbers(model.bound) or _numbers(model.constants)
        self.constants = dict(itertools.islice(given.items(), AXES))
        self.target: Point = tuple(self.constants.values())
        self.values = [
            _values(min(1, defaults.get(name, 1)), value, few=len(self.constants) > 1)
            for name, value in self.constants.items()
        ]
        self.found: list[Instance] = []
        self.beyond: list[Point] = []
        """Points that took too long."""

    def explore(self, seconds: float, seen: int, native: Explore | None) -> None:
        """Explore what can be explored in so many seconds, or some more: by Python from the smallest on; then
        by machine code what is as large as it can do, where `seen` states of the target say that it is far.
        """
        end = time.monotonic() + seconds
        for at in sorted(self._points(), key=lambda p: (math.prod(v + 1 for v in p), p)):
            left = end - time.monotonic()
            if left <= 0:
                break
            if not self._too_large(at):
                self._try(at, _by_python, max(left / 2, seconds / 4))
        if native is not None and self.found and self._far(seen):
            self.beyond.clear()
            for _ in range(COMPILED):
                self._by_machine_code(native, seconds)

    def _by_machine_code(self, native: Explore, seconds: float) -> None:
        known = {i.at for i in self.found}
        largest = max(i.states for i in self.found)
        sizes = {
            at: size
            for at in self._points()
            if at not in known and not self._too_large(at) and (size := followed(self.found, at))
        }
        fitting = [at for at in sizes if largest < FAR * sizes[at] and sizes[at] <= LARGEST]
        if fitting:
            self._try(max(fitting, key=lambda at: (self._near(at), sizes[at])), native, seconds)

    def _far(self, seen: int) -> bool:
        expected = max(seen, followed(self.found, self.target) or 0)
        return expected > FAR * max(i.states for i in self.found)

    def _near(self, at: Point) -> int:
        """How many constants have the target's values."""
        return sum(a == b for a, b in zip(at, self.target))

    def _too_large(self, at: Point) -> bool:
        return any(all(a >= b for a, b in zip(at, large)) for large in self.beyond)

    def text(self) -> str:
        """Which were explored, as a sentence."""
        largest = max(self.found, key=lambda i: i.states)
        at = ", ".join(f"{name}={value}" for name, value in zip(self.constants, largest.at))
        number = len(self.found)
        return (
            f"{number} smaller instance{'s' * (number > 1)} explored, up to"
            f" {largest.states:,} state{'s' * (largest.states > 1)} ({at})."
        )

    def symmetry(self, model: Model) -> Symmetry | None:
        """What a check of the model would use."""
        return find(model) if self.symmetric else None

    def _try(self, at: Point, explore: Explore, seconds: float) -> None:
        try:
            model = self.ground(dict(zip(self.constants, at)))
            space = explore(model, self.symmetry(model), seconds)
        except Exception:  # whatever a spec says of constants that nobody gave it
            return
        if space.stopped:
            self.beyond.append(at)
        else:
            self.found.append(Instance(at, tuple(len(level) for level in space.levels)))

    def _points(self) -> Iterator[Point]:
        """Values that are not larger than the target's."""
        return (p for p in itertools.product(*self.values) if p != self.target)


def _by_python(model: Model, symmetry: Symmetry | None, seconds: float) -> StateSpace:
    return python.explore(model, Limits(timeout=seconds), symmetry=symmetry)


def _numbers(constants: dict[str, Any]) -> dict[str, int]:
    return {n: v for n, v in constants.items() if isinstance(v, int) and not isinstance(v, bool) and v > 1}


def _values(least: int, value: int, few: bool) -> list[int]:
    """Values up to one; `few` of them, where other constants are made smaller too."""
    if value > LARGE:
        return sorted({max(1, round(value / 1.5**n)) for n in range(16)})
    values = list(range(least, value + 1))
    return values if not few else sorted({least, *values[-2:]})
