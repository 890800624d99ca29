"""The engine of `--engine auto`: the python engine at once, the native one as soon as it is compiled and the
space is large.

The hand-over is at a level's boundary, with the visited set, the frontier and all counts, so that the result
is that of either engine alone. Small specs never import Numba.
"""

from __future__ import annotations

import importlib.util
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from explorer.engine.checkpoint import Checkpoint
from explorer.engine.limits import Limits, Observer, Stopped, ignore
from explorer.engine.python import Compiled
from explorer.engine.python import Search as PythonSearch
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.program.machine_word import BeyondWord
from explorer.symmetry.find import Symmetry

if TYPE_CHECKING:
    from explorer.engine.native.build import Build
    from explorer.engine.native.search import Options
    from explorer.engine.native.search import Search as NativeSearch

COMPILE_FROM, WORK_FROM = 100_000, 1_000_000
"""Distinct states, or transitions of them (`Search.cost`), from which machine code is worth its compilation.
"""

WAIT_FROM = 20_000_000
"""Transitions of one level from which compilation is waited for: Python needs longer for them."""

SECONDS_A_WORD = 1e-6
"""What it takes, at most, to hand a word of a state over to machine code."""

WIDE_LEVEL = 32
"""States of a level from which machine code is faster: below, a call of it takes longer than the python
engine needs for them.
"""


def explore(
    model: Model,
    limits: Limits | None = None,
    observer: Observer = ignore,
    options: Options | None = None,
    symmetry: Symmetry | None = None,
    checkpoint: Checkpoint | None = None,
) -> StateSpace:
    """Visit every reachable state, or one of each orbit where a symmetry is given, with the engine that suits
    the space's size.
    """
    started = time.monotonic()
    if checkpoint is not None and checkpoint.states >= COMPILE_FROM and has_numba():
        from explorer.engine.native import search as native

        return native.explore(model, limits, observer, symmetry=symmetry, checkpoint=checkpoint)
    compiled = Compiled(model, symmetry)
    search = PythonSearch(compiled, limits or Limits(), observer, started, checkpoint=checkpoint)
    builder = _Builder(compiled)
    try:
        while search.level and not search.space.stopped:
            search.step()
            if (
                search.level
                and not search.space.stopped
                and builder.ready(search)
                and _in_time(search.limits, len(search.visited) * compiled.layout.words)
                and (further := _hand_over(compiled, search, observer, options, builder.notes))
            ):
                return further.run()
        search.space.notes += builder.notes
        return search.result()
    finally:
        builder.stop()


def has_numba() -> bool:
    """Whether there is a compiler of machine code."""
    return importlib.util.find_spec("numba") is not None


def _in_time(limits: Limits, words: int) -> bool:
    """Whether handing over so many words of states takes at most half of the time that is left: while it goes
    on, nobody looks at the clock.
    """
    if limits.timeout is None:
        return True
    left = limits.started + limits.timeout - time.monotonic()
    return words * SECONDS_A_WORD <= left / 2


class _Builder:
    """Decides when to compile, and knows when that is done."""

    def __init__(self, compiled: Compiled):
        self.compiled = compiled
        self.build: Build | None = None
        self.notes: list[str] = []
        self.off = not has_numba()

    def ready(self, search: PythonSearch) -> bool:
        """Whether machine code can take over now, and pays; begins its compilation when the space proves
        large. The search itself asks for a limit that is reached here.
        """
        states, level, cost = len(search.visited), len(search.level), search.cost()
        if self.off or level < WIDE_LEVEL or (states < COMPILE_FROM and states * cost < WORK_FROM):
            return False
        with suppress(Stopped):
            return search.limits.during("compilation", partial(self._done, level * cost >= WAIT_FROM))
        return False

    def _done(self, wait: bool) -> bool:
        from explorer.engine.native.build import Build
        from explorer.engine.native.jit import Jit, common_source, default_directory
        from explorer.engine.native.machine import native_of, wide_source

        if self.build is None:
            jit = Jit(default_directory())
            try:
                source = native_of(self.compiled)
            except BeyondWord as beyond:
                self.off = True
                self.notes.append(f"no machine code: {beyond}: the python engine went on")
                return False
            texts = [common_source(), source.search]
            if self.compiled.layout.words > 1:
                texts.append(wide_source(self.compiled.layout))
            if all(map(jit.ready, texts)):
                return True
            self.build = Build(texts)
        if wait:
            self.build.wait()
        if self.build.failed():
            self.off = True
            self.notes.append("the native engine could not be compiled: the python engine went on")
        return self.build.done() and not self.off

    def stop(self) -> None:
        if self.build is not None:
            self.build.stop()


def _hand_over(
    compiled: Compiled, search: PythonSearch, observer: Observer, options: Options | None, notes: list[str]
) -> NativeSearch | None:
    """The native search that goes on from the level that the python engine has reached; None where a limit is
    reached before it can.
    """
    from explorer.engine.native import search as native
    from explorer.engine.native.machine import machine

    try:
        native_machine = search.limits.during("compilation", partial(machine, compiled))
    except Stopped:
        return None
    further = native.Search(
        compiled=compiled,
        machine=native_machine,
        limits=search.limits,
        observer=observer,
        options=options or native.Options(),
        started=search.started,
        checkpoint=search.checkpoint,
    )
    further.space.continue_from(search.space)
    further.space.notes += notes
    further.phases.add(search.space.phases)
    further.phases.timed("insert", lambda: further.seed(search.space.levels, search.level, search.visited))
    search.visited.clear()
    compiled.seen.clear()
    return further
