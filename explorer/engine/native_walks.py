"""Random walks by machine code: the native engine's functions leave all walks' states at once, numpy picks the steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.compile.native_source import native_source

from . import native
from .jit import Jit, default_directory
from .levels import NativeLevel, words_of
from .limits import Limits, Observer
from .python import Compiled
from .walks import Options


class NativeWalks:
    """As `walks._Python`, for many walks."""

    def __init__(self, compiled: Compiled, limits: Limits, observer: Observer, started: float, options: Options):
        self.search = native.Search(compiled, native.machine(compiled), limits, observer, native.Options(), started)
        self.space, self.options = self.search.space, options
        self.worker = self.search.workers[0]
        self.random = np.random.default_rng(options.seed)
        self.edges = Jit(default_directory()).module(native_source(compiled.program, compiled.layout).edges).edges
        rules = len(self.search.machine.numbers)
        room = max(1 << 16, 4 * rules)
        words = self.search.words
        self.buffers = np.empty(room, np.int64), np.empty(room, np.int64), np.empty((room, words), np.uint64)
        self.at: Any = None

    def begin(self) -> int:
        compiled = self.search.compiled
        first = words_of(list(dict.fromkeys(compiled.layout.pack(s) for s in compiled.model.initial_states())), self.search.words)
        self.at = first[self.random.integers(len(first), size=self.options.runs)] if len(first) else first
        return len(self.at)

    def level(self) -> Any:
        self.worker.level = np.unique(self.at, axis=0)
        self.worker.by = np.full(len(self.worker.level), self.search.nobody, np.uint16)
        self.worker.at = 0
        return NativeLevel([self.worker.level], self.search.words)

    def judge(self, depth: int) -> None:
        self.search._judge(depth)

    def step(self, depth: int) -> int:
        """One step of every walk; how many go on."""
        search, worker = self.search, self.worker
        while worker.at < len(worker.level):
            search._expand(0)
            search._flags(worker, depth)
            worker.buckets[2][:] = 0
        self.at = self._pick()
        return len(self.at)

    def _pick(self) -> Any:
        """A random successor of every walk's state; walks in states that are not left end."""
        at, found, start = self.at, [], 0
        while start < len(at):
            origin, by, to = self.buffers
            stat = np.zeros(5, np.int64)
            left = self.edges(at, start, len(at), np.empty((0, at.shape[1]), np.uint64), origin, by, to, stat, *self.search.machine.arguments)
            number = np.bincount(origin[:stat[2]] - start, minlength=left - start)
            first = np.cumsum(number) - number
            goes = number > 0
            picked = first[goes] + (self.random.random(int(goes.sum())) * number[goes]).astype(np.int64)
            found.append(to[picked].copy())
            start = left
        return np.concatenate(found)

    def finish(self) -> None:
        seconds = self.space.seconds
        self.search._collect()
        self.space.seconds = seconds
        self.search.threads.close()
