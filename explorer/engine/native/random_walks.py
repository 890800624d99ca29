"""Random walks by machine code: the native engine's functions leave all walks' states at once, numpy picks
the steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.codegen.native_functions import native_source
from explorer.engine.limits import Limits, Observer
from explorer.engine.native import search as native
from explorer.engine.native.arrays import Steps
from explorer.engine.native.jit import Jit, default_directory
from explorer.engine.native.levels import NativeLevel, words_of
from explorer.engine.native.machine import machine
from explorer.engine.native.visited import TableFull
from explorer.engine.python import Compiled


class NativeWalks:
    """As `walks._Python`, for many walks."""

    batch = 1 << 16

    def __init__(self, compiled: Compiled, limits: Limits, observer: Observer, started: float, *, seed: int):
        self.search = native.Search(
            compiled=compiled,
            machine=machine(compiled),
            limits=limits,
            observer=observer,
            options=native.Options(),
            started=started,
        )
        self.space = self.search.space
        self.worker = self.search.workers[0]
        self.random = np.random.default_rng(seed)
        self.edges = (
            Jit(default_directory()).module(native_source(compiled.program, compiled.layout).edges).edges
        )
        rules = len(self.search.machine.numbers)
        room = max(1 << 16, 4 * rules)
        words = self.search.words
        self.steps = Steps.empty(room, words)
        self.initial = words_of(
            list(dict.fromkeys(compiled.layout.pack(s) for s in compiled.model.initial_states())), words
        )
        self.first: list[list[Any]] = []
        self.levels: list[Any] = []
        self.at: Any = None

    def begin(self, size: int) -> int:
        """Begin so many walks; 0 where there is no initial state."""
        self.levels = []
        self.at = (
            self.initial[self.random.integers(len(self.initial), size=size)]
            if len(self.initial)
            else self.initial
        )
        return len(self.at)

    def arrive(self, depth: int) -> int:
        """Judge the states where the walks are now, as far as they are new; the number of walks."""
        search = self.search
        self.levels.append(_once(self.at))
        try:
            search.insert_all(self.levels[-1], native.ELSEWHERE)
        except TableFull:
            self.space.stopped = f"--max-memory {search.limits.max_memory or 'default'} reached"
        search._next_level()
        self.space.walked = self.worker.store.count
        if depth == len(self.first):
            self.first.append([])
        if self.worker.size:
            self.first[depth] += [states.copy() for states in self.worker.states()]
            search.findings.judge(depth)
        return len(self.at)

    def expand(self, depth: int) -> None:
        """Note what is wrong with any step that leaves a new state."""
        search, worker = self.search, self.worker
        while worker.busy():
            search.expand()
            search.findings.flags(depth)
            worker.buckets.sizes[:] = 0

    def step(self) -> int:
        """One step of every walk; how many go on."""
        self.at = self._pick()
        return len(self.at)

    def sizes(self) -> list[int]:
        return [sum(map(len, parts)) for parts in self.first]

    def _pick(self) -> Any:
        """A random successor of every walk's state; walks in states that are not left end."""
        at, result, start = self.at, [], 0
        while start < len(at):
            steps = self.steps
            steps.length[0] = 0
            with self.search.machine.running():
                left = self.edges(at, (start, len(at)), steps, self.search.machine.rules)
            number = np.bincount(steps.origins[: steps.length[0]] - start, minlength=left - start)
            first = np.cumsum(number) - number
            goes = number > 0
            picked = first[goes] + (self.random.random(int(goes.sum())) * number[goes]).astype(np.int64)
            result.append(steps.successors[picked].copy())
            start = left
        return np.concatenate(result)

    def finish(self) -> None:
        space, words = self.space, self.search.words
        last = [*self.levels, *([] for _ in self.first)] if space.violations else [[] for _ in self.first]
        for parts, more in zip(self.first, last):
            states = [_once(np.concatenate([*parts, more]))] if len(more) else parts
            space.levels.append(NativeLevel(states, words))
        self.search._collect()
        self.search.threads.close()


def _once(states: Any) -> Any:
    """The distinct rows, in order."""
    return np.unique(states[:, 0]).reshape(-1, 1) if states.shape[1] == 1 else np.unique(states, axis=0)
