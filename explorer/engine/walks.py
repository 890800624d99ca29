"""Random walks: a sparse search, level by level. Every walk takes one random step at a time, all of them together.

What comes out is a `StateSpace` that was stopped: its levels are where the walks were after so many steps, so that violations
have traces like those of a search. It never shows that a property holds. Knows nothing of what properties mean.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

from explorer.compile.model import Model

from .limits import Limits, Observer, Progress, ignore
from .python import Compiled, Search
from .space import StateSpace

NATIVE_FROM = 300_000
"""Steps from which machine code pays."""


@dataclass(frozen=True, slots=True)
class Options:
    """So many walks of at most so many steps; equal seeds give equal walks on equal engines."""

    runs: int = 10_000
    steps: int = 100
    seed: int = 0
    native: bool = True


def explore(model: Model, limits: Limits | None = None, observer: Observer = ignore, options: Options = Options()) -> StateSpace:
    """Walk until all walks have ended, a property has failed, or a limit is reached."""
    limits, started = limits or Limits(), time.monotonic()
    compiled = Compiled(model)
    native = options.native and not model.constraints and options.runs * options.steps >= NATIVE_FROM
    walker = (_native if native else _Python)(compiled, limits, observer, started, options)
    space, ended = walker.space, 0
    size = walker.begin()
    while size:
        depth = len(space.levels)
        space.levels.append(walker.level())
        walker.judge(depth)
        space.stopped = limits.reached(space.distinct)
        if space.stopped or depth >= options.steps:
            break
        before, size = size, walker.step(depth)
        ended += before - size
        if space.violations:
            break
        observer(Progress(depth, space.distinct, size, time.monotonic() - started, [*map(len, space.levels)]))
    if space.stopped is None:
        space.stopped = f"{options.runs:,} random walks of at most {options.steps:,} steps, seed {options.seed}; {ended:,} of them ended earlier"
    walker.finish()
    space.seconds = time.monotonic() - started
    return space


class _Python:
    """Walks by generated Python."""

    def __init__(self, compiled: Compiled, limits: Limits, observer: Observer, started: float, options: Options):
        self.search = Search(compiled, limits, observer, started)
        self.space, self.options = self.search.space, options
        self.random = random.Random(options.seed)
        self.at: list[int] = []

    def begin(self) -> int:
        first = self.search.level
        self.at = [self.random.choice(first) for _ in range(self.options.runs)] if first else []
        return len(self.at)

    def level(self) -> Any:
        return list(dict.fromkeys(self.at))

    def judge(self, depth: int) -> None:
        self.search.flagged.check(self.space.levels[depth], depth)

    def step(self, depth: int) -> int:
        """One step of every walk; how many go on."""
        space, flagged = self.space, self.search.flagged
        inside = flagged.inside(space.levels[depth], depth, space.cut)
        visited = set(inside)
        space.least, space.most = flagged.chunk(inside, visited, [], space.enabled, space.changed, depth, (space.least, space.most))
        space.expanded += len(inside)
        targets: dict[int, list[int]] = {}
        for origin, _, target in self.search.compiled.edges(inside, None):
            targets.setdefault(origin, []).append(target)
        self.at = [self.random.choice(targets[state]) for state in self.at if state in targets]
        return len(self.at)

    def finish(self) -> None:
        self.space.least = min(self.space.least, self.space.most)


def _native(compiled: Compiled, limits: Limits, observer: Observer, started: float, options: Options) -> Any:
    from .native_walks import NativeWalks

    return NativeWalks(compiled, limits, observer, started, options)
