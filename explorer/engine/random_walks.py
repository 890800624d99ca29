"""Random walks: a sparse search, level by level. The walks of a batch take one random step at a time, all of
them together.

What comes out is a `StateSpace` that was stopped. A state is in the level at which a walk came to it first;
where a property has failed, the levels also have every state of the last batch, so that violations have
traces like those of a search. Each state is judged and expanded once, when it is new. It never shows that a
property holds. Knows nothing of what properties mean.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.engine.limits import Limits, Observer, Progress, ignore
from explorer.engine.python import Compiled, Search
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.program.machine_word import BeyondWord
from explorer.symmetry.find import Symmetry

NATIVE_FROM = 300_000
"""Steps from which machine code pays."""

STATES = 1 << 23
"""States that the walks of a batch may pass; with `batch` of a walker the bound of how many walks it makes at
once.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """So many walks of at most so many steps; equal seeds give equal walks on equal engines."""

    runs: int = 10_000
    steps: int = 100
    seed: int = 0
    native: bool = True


def explore(
    model: Model,
    limits: Limits | None = None,
    observer: Observer = ignore,
    options: Options = Options(),
    symmetry: Symmetry | None = None,
) -> StateSpace:
    """Walk until all walks have ended, a property has failed, or a limit is reached. Walks are made batch
    after batch, so that limits are met soon, whatever the number of walks. They use no symmetry."""
    assert symmetry is None
    limits, started = limits or Limits(), time.monotonic()
    compiled = Compiled(model)
    native = options.native and not model.constraints and options.runs * options.steps >= NATIVE_FROM
    try:
        walker = (_native if native else _Python)(compiled, limits, observer, started, seed=options.seed)
    except BeyondWord as beyond:
        walker = _Python(compiled, limits, observer, started, seed=options.seed)
        walker.space.notes.append(f"not computed by machine code: {beyond}: the python engine walked")
    space, begun, ended = walker.space, 0, 0
    space.walked = 0

    def tell(depth: int, size: int) -> None:
        observer(Progress(depth, space.distinct, size, time.monotonic() - started, walker.sizes()))

    while begun < options.runs and not space.stopped and not space.violations:
        most = max(1, min(walker.batch, STATES // (options.steps + 1)))
        size = walker.begin(min(most, options.runs - begun))
        if not size:
            break
        begun += size
        ended += size - _batch(walker, limits, options.steps, tell)
    if space.stopped is None:
        walks, steps = (
            f"{begun:,} random walk{'' if begun == 1 else 's'}",
            f"{options.steps:,} step{'' if options.steps == 1 else 's'}",
        )
        space.stopped = f"{walks} of at most {steps}, seed {options.seed}; {ended:,} of them ended earlier"
    walker.finish()
    result: StateSpace = space.space()
    return result


def _batch(walker: Any, limits: Limits, steps: int, tell: Callable[[int, int], None]) -> int:
    """Take the walks that have begun to their end; how many took all their steps or were stopped on their
    way.
    """
    space, depth = walker.space, 0
    size: int = walker.arrive(depth)
    while size:
        space.stopped = space.stopped or limits.reached(space.distinct)
        if space.stopped or depth == steps:
            break
        walker.expand(depth)
        if space.violations:
            break
        size = walker.step()
        depth += 1
        if size:
            walker.arrive(depth)
        tell(depth, size)
    return size


class _Python:
    """Walks by generated Python."""

    batch = 1 << 12

    def __init__(self, compiled: Compiled, limits: Limits, observer: Observer, started: float, *, seed: int):
        self.search = Search(compiled, limits, observer, started)
        self.space = self.search.space
        self.random = random.Random(seed)
        self.visited: set[int] = set()
        self.first: list[list[int]] = []
        self.levels: list[list[int]] = []
        self.fresh: list[int] = []
        self.at: list[int] = []

    def begin(self, size: int) -> int:
        """Begin so many walks; 0 where there is no initial state."""
        initial = self.search.level
        self.levels = []
        self.at = [self.random.choice(initial) for _ in range(size)] if initial else []
        return len(self.at)

    def arrive(self, depth: int) -> int:
        """Judge the states where the walks are now, as far as they are new; the number of walks."""
        self.levels.append(list(dict.fromkeys(self.at)))
        self.fresh = [state for state in self.levels[-1] if state not in self.visited]
        self.visited.update(self.fresh)
        self.space.walked = len(self.visited)
        if depth == len(self.first):
            self.first.append([])
        self.first[depth] += self.fresh
        self.search.flagged.check(self.fresh, depth)
        return len(self.at)

    def expand(self, depth: int) -> None:
        """Note what is wrong with any step that leaves a new state."""
        space, flagged = self.space, self.search.flagged
        inside = flagged.inside(self.fresh, depth, space.cut)
        space.least, space.most = flagged.chunk(
            inside,
            visited=set(inside),
            fresh=[],
            enabled=space.enabled,
            changed=space.changed,
            depth=depth,
            bounds=(space.least, space.most),
        )
        space.expanded += len(inside)

    def step(self) -> int:
        """One step of every walk that a constraint lets go on; how many go on."""
        targets: dict[int, list[int]] = {}
        for origin, _, target in self.search.compiled.edges(
            self.search.flagged.inside(self.levels[-1], len(self.levels) - 1), None
        ):
            targets.setdefault(origin, []).append(target)
        self.at = [self.random.choice(targets[state]) for state in self.at if state in targets]
        return len(self.at)

    def sizes(self) -> list[int]:
        return [*map(len, self.first)]

    def finish(self) -> None:
        space = self.space
        space.levels = [*self.first]
        if space.violations:
            more = [*self.levels, *([] for _ in self.first)]
            space.levels = [list(dict.fromkeys(new + last)) for new, last in zip(self.first, more)]


def _native(compiled: Compiled, limits: Limits, observer: Observer, started: float, *, seed: int) -> Any:
    from explorer.engine.native.random_walks import NativeWalks

    return NativeWalks(compiled, limits, observer, started, seed=seed)
