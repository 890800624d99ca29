"""When to stop before the end, and how a run reports what it is doing. Knows nothing of states."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, TypeVar, overload

from explorer.ir.data import dataclass

if TYPE_CHECKING:
    from explorer.engine.space import StateSpace

BETWEEN = 0.01
"""Seconds between two looks at the memory of the process: asking the system takes longer than a short level.
"""


PATIENCE = 1.0
"""Seconds from the beginning of a run in which no limit but Ctrl-C cuts a phase short."""

GRACE, GRACE_SHARE = 0.8, 0.1
"""Seconds that a run has, once a limit has ended its search, to tell what it learned: so many, and this share
of those before.
"""

T = TypeVar("T")


class Stopped(BaseException):
    """A limit was reached, or Ctrl-C was pressed, in a phase that looks at no clock; `reason` says which. It
    comes up at any moment, so that no `except Exception` takes it.
    """

    def __init__(self, reason: str, phase: str = ""):
        super().__init__(reason, phase)
        self.reason, self.phase = reason, phase

    def __str__(self) -> str:
        return f"{self.reason} during {self.phase}" if self.phase else self.reason


@dataclass(slots=True)
class Phase:
    """A part of the work that looks at no clock: what it does, since when, and how many things it has done so
    far.
    """

    name: str
    started: float
    unit: str = ""
    count: int = 0


@dataclass(slots=True)
class Limits:
    """Bounds of a run; None means none. `timeout` is in seconds from the start, `max_memory` in bytes
    resident.

    Engines ask `reached` while they search, and keep what they learned. Every other part of the work is done
    `during` a phase, in which `look` (from a signal that comes again and again, or after Ctrl-C) raises
    Stopped wherever the work is, but not in its first second: what is small is looked at in any case.
    `announce` hears of the phase then, and of None when it is over; `spent` are the seconds of each. Once a
    limit has ended the search (`conclude`), there is a little time, until `grace`, to tell what was found;
    once all is `judged` Ctrl-C alone counts.

    `interrupted` may be set at any moment, from a signal handler too; `weighed` is when memory was last
    looked at. Where `first` is given the search ends with the level at which one of these properties fails
    (any, if there are none). `cut`: a part of the work was left wherever it was, so that what it was changing
    may be halfway.
    """

    max_states: int | None = None
    max_depth: int | None = None
    timeout: float | None = None
    max_memory: int | None = None
    interrupted: bool = False
    started: float = field(default_factory=time.monotonic)
    begun: float = field(default_factory=time.monotonic)
    weighed: float = 0.0
    first: frozenset[str] | None = None
    phase: Phase | None = None
    spent: dict[str, float] = field(default_factory=dict)
    announce: Callable[[Phase | None], None] = lambda phase: None
    running: bool = True
    judged: bool = False
    grace: float | None = None
    reason: str = ""
    cut: bool = False

    def restart(self, began: float | None = None) -> None:
        """A run begins, or began at a time: count from then."""
        self.begun = time.monotonic()
        self.started, self.running = self.begun if began is None else began, True
        self.phase, self.grace, self.spent, self.cut = None, None, {}, False
        self.judged = False

    def tell(self) -> None:
        """All is judged, and told now: of the limits Ctrl-C alone counts, unless it was pressed already."""
        self.judged = True
        if self.interrupted:
            self.finish()

    def finish(self) -> None:
        """The run is over, and what it learned is written: no limit matters any more, phases are announced
        all the same.
        """
        self.running, self.phase = False, None

    @property
    def seconds(self) -> float:
        """The seconds since the start."""
        return round(time.monotonic() - self.started, 4)

    def during(self, name: str, work: Callable[[], T], unit: str = "") -> T:
        """Do a part of the work that looks at no clock. Raises Stopped where a limit is reached meanwhile."""
        outer, begun = self.phase, time.monotonic()
        try:
            self.phase = Phase(name, begun, unit)
            self.look()
            return work()
        except Stopped as stop:
            raise Stopped(stop.reason, stop.phase or name) from None
        finally:
            if self.phase is not None:
                self._over(name, begun)
            if outer is not None:  # its seconds are those that are not another's
                outer.started += time.monotonic() - begun
            self.phase = outer

    def searching(self) -> None:
        """From now on the search itself asks what is `reached`: the phase that prepared it is over."""
        phase, self.phase = self.phase, None
        if phase is not None:
            self._over(phase.name, phase.started)

    def _over(self, name: str, started: float) -> None:
        self.spent[name] = self.spent.get(name, 0.0) + time.monotonic() - started
        self.announce(None)

    def count(self) -> None:
        """One more thing of the phase is done."""
        if self.phase is not None:
            self.phase.count += 1

    def look(self) -> None:
        """Raises Stopped where a limit is reached in a phase."""
        phase = self.phase
        if phase is None:
            return
        reason = self.reached(0) if self.running else None
        if reason and (self.interrupted or time.monotonic() - self.begun >= PATIENCE):
            raise Stopped(reason)
        self.announce(phase)

    def conclude(self, reason: str | None) -> None:
        """The search has ended for this reason. After a limit of time or memory, or Ctrl-C, a little
        time is given to what comes then.
        """
        if reason and reason.startswith(("--timeout", "--max-memory", "interrupted")):
            now = time.monotonic()
            self.grace = now + GRACE + GRACE_SHARE * (now - self.started)
            self.reason = reason

    def ended(self, violated: Iterable[str]) -> str | None:
        """Why a search ends that is to find the first violation only; None to go on."""
        if self.first is None:
            return None
        names = [name for name in violated if not self.first or name in self.first]
        return f"--first: {', '.join(names)} failed" if names else None

    def reached(self, distinct: int) -> str | None:
        """The bound that is reached, as a sentence; None to go on."""
        now = time.monotonic()
        if self.grace is not None:
            return self.reason if now >= self.grace else None
        if self.interrupted:
            return "interrupted"
        if self.max_states is not None and distinct >= self.max_states:
            return f"--max-states {self.max_states} reached"
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
    next level so far, the seconds, and the sizes of the levels from the first to this one. At the end of a
    level that was expanded, `failed` are the properties that fail first there, and `snapshot` gives the space
    as far as it is known: a value, as all that an observer sees.
    """

    level: int
    states: int
    frontier: int
    seconds: float
    levels: Sequence[int] = ()
    failed: tuple[str, ...] = ()
    snapshot: Callable[[], StateSpace] | None = None


Observer = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """An observer that looks away."""
