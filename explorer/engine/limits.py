"""When to stop before the end, and how a run reports what it is doing. Knows nothing of states."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import overload

BETWEEN = 0.01
"""Seconds between two looks at the memory of the process: asking the system takes longer than a short level.
"""


@dataclass(slots=True)
class Limits:
    """Bounds of a run; None means none. `timeout` is in seconds from the start, `max_memory` in bytes
    resident.

    `interrupted` may be set at any moment, from a signal handler too; `weighed` is when memory was last
    looked at. Where `first` is given the search ends with the level at which one of these properties fails
    (any, if there are none).
    """

    max_states: int | None = None
    max_depth: int | None = None
    timeout: float | None = None
    max_memory: int | None = None
    interrupted: bool = False
    started: float = field(default_factory=time.monotonic)
    weighed: float = 0.0
    first: frozenset[str] | None = None

    def restart(self) -> None:
        """Count the timeout from now."""
        self.started = time.monotonic()

    def ended(self, violated: Iterable[str]) -> str | None:
        """Why a search ends that is to find the first violation only; None to go on."""
        if self.first is None:
            return None
        names = [name for name in violated if not self.first or name in self.first]
        return f"--first: {', '.join(names)} failed" if names else None

    def reached(self, distinct: int) -> str | None:
        """The bound that is reached, as a sentence; None to go on."""
        if self.interrupted:
            return "interrupted"
        if self.max_states is not None and distinct >= self.max_states:
            return f"--max-states {self.max_states} reached"
        now = time.monotonic()
        if self.timeout is not None and now - self.started >= self.timeout:
            return f"--timeout {self.timeout:g} s reached"
        if self.max_memory is not None and now - self.weighed >= BETWEEN:
            self.weighed = now
            if resident_bytes() >= self.max_memory:
                return f"--max-memory {self.max_memory} bytes reached"
        return None


def resident_bytes() -> int:
    """Memory of this process now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0


def available_bytes() -> int:
    """Memory that the system could still give; a guess of 4 GiB where it does not tell."""
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 4 << 30


def peak_bytes() -> int:
    """The most memory this process has had."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Prefix(Sequence[int]):
    """The first items of a list to which others are only appended: a value, made without copying them."""

    __slots__ = ("_items", "_size")

    def __init__(self, items: list[int]):
        self._items, self._size = items, len(items)

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, at: int) -> int: ...

    @overload
    def __getitem__(self, at: slice) -> list[int]: ...

    def __getitem__(self, at: int | slice) -> int | list[int]:
        if isinstance(at, slice):
            return self._items[: self._size][at]
        return self._items[range(self._size)[at]]


@dataclass(frozen=True, slots=True)
class Progress:
    """What an observer may see between two chunks of a level: its number, the states so far, those of the
    next level so far, the seconds, and the sizes of the levels from the first to this one.
    """

    level: int
    states: int
    frontier: int
    seconds: float
    levels: Sequence[int] = ()


Observer = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """An observer that looks away."""
