"""What the workers of a search have found at a level: states that fail a property, counts of rules, and how
many states their representatives stand for. Knows nothing of how a level is searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from explorer.engine.native.arrays import EXPANDED, LEAST, MOST
from explorer.engine.native.exchange import PARALLEL, Threads
from explorer.engine.native.levels import integers
from explorer.engine.native.machine import Machine, ints
from explorer.engine.native.phases import Phases
from explorer.engine.native.worker import Worker
from explorer.engine.python import Flagged
from explorer.engine.space_builder import SpaceBuilder

WEIGHED = 1 << 16
"""Representatives whose orbits are summed at once: the sum stays below 2**62 (see `symmetry.find.MOST`)."""


class Findings:
    """Brings together in a `space` what the `workers` of a search have found."""

    def __init__(
        self,
        space: SpaceBuilder,
        machine: Machine,
        workers: Sequence[Worker],
        threads: Threads,
        phases: Phases,
    ):
        self.compiled, self.space, self.machine = space.compiled, space, machine
        self.workers, self.threads, self.phases = workers, threads, phases
        self.flagged = Flagged(space.compiled, space)

    def weigh(self, size: int) -> None:
        """How many states the level stands for, under a symmetry."""
        if self.compiled.quotient is None:
            return

        def of_worker(i: int) -> int:
            return sum(map(self.weight, self.workers[i].states()))

        with self.machine.running():
            self.space.orbits_sum += self.threads.agree(self.threads.run(of_worker, size >= PARALLEL))

    def weight(self, states: Any) -> int:
        """How many states some representatives stand for."""
        if self.compiled.quotient is None:
            return 0
        code = self.machine.search
        return sum(
            int(code.weigh(states, at, min(at + WEIGHED, len(states))))
            for at in range(0, len(states), WEIGHED)
        )

    def flags(self, depth: int) -> None:
        """Show flagged states to the python engine."""
        for w in self.workers:
            if not w.flagged:
                continue
            for states in w.flagged if self.flagged.wanted(depth) else ():
                self.phases.timed("properties", partial(self.flagged.expand_all, integers(states), depth))
            w.flagged = []

    def judge(self, depth: int) -> None:
        """Invariants on the new level, by machine code; what it flags is judged by the python engine's
        functions.
        """
        watch = ints(list(self.flagged.watched(depth)) or [0])
        if not watch.any():
            return

        def of_worker(i: int) -> list[int]:
            w, bad = self.workers[i], []
            for states in w.suspects():
                self.machine.meet(states)
                at = 0
                while at < len(states):
                    with self.machine.running():
                        n, at = self.machine.search.judge(states, at, len(states), watch, w.counters.flagged)
                    bad += integers(states[w.counters.flagged[:n]])
            return bad

        size = sum(w.size for w in self.workers)
        bad = self.phases.timed("properties", lambda: self.threads.run(of_worker, size >= PARALLEL))
        states = [s for part in bad for s in part]
        if states:
            self.flagged.check(states, depth)

    def count(self) -> None:
        """Bring the counters of all workers together, which begin anew."""
        space = self.space
        for w in self.workers:
            w.tally()
            counters = w.counters
            for rank, number in enumerate(self.machine.numbers):
                space.enabled[number] += int(counters.enabled[rank])
                space.changed[number] += int(counters.enabled[rank] - counters.same[rank])
            for k, (name, _) in enumerate(self.compiled.model.constraints):
                if counters.cut[k]:
                    space.cut[name] = space.cut.get(name, 0) + int(counters.cut[k])
            space.least = min(space.least, int(counters.totals[LEAST]))
            space.most = max(space.most, int(counters.totals[MOST]))
            space.expanded += int(counters.totals[EXPANDED])
            for counter in (counters.enabled, counters.same, counters.cut, counters.totals):
                counter[:] = 0
            counters.totals[LEAST] = 1 << 62
