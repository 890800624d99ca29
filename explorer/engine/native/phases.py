"""The seconds of each phase of a search."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


class Phases(dict[str, float]):
    """Seconds by the name of the phase."""

    def timed(self, phase: str, work: Callable[[], T]) -> T:
        """Do some work, and add what it takes to a phase."""
        started = time.monotonic()
        try:
            return work()
        finally:
            self[phase] += time.monotonic() - started

    def add(self, before: Mapping[str, float]) -> None:
        """Add the seconds of the search that this one goes on with."""
        for phase, seconds in before.items():
            self[phase] = self.get(phase, 0.0) + seconds
