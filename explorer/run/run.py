"""One run: a model is explored by the engine that was asked for, with what symmetry it may use, and judged.
Prints nothing and writes nothing to disk.
"""

from __future__ import annotations

import importlib.util
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from explorer.engine.limits import Limits, Observer, available_bytes, ignore
from explorer.engine.space import StateSpace
from explorer.ir.errors import nearest
from explorer.ir.model import Model
from explorer.run.options import RunOptions, UsageError
from explorer.symmetry.find import Symmetry, find
from explorer.verdict.verdict import Verdict, judge

if TYPE_CHECKING:
    from explorer.engine.space import Engine
    from explorer.liveness.check import Answer

LARGE = 1_000_000
"""States from which the memory that liveness needs is said before it begins."""


class Watcher:
    """Who looks on while a run works; this one looks away. The command line has one that shows progress."""

    def watching(self, name: str) -> AbstractContextManager[Observer]:
        """An observer of the search of a model of this name, for as long as the block lasts."""
        return nullcontext(ignore)

    def hear(self, sentence: str) -> None:
        """A sentence that is worth knowing before a long wait."""


NOBODY = Watcher()


def limits_of(options: RunOptions) -> Limits:
    """The bounds of a run; of memory, without an own bound, a share of what is free now."""
    memory = options.max_memory or int(0.8 * available_bytes())
    first = frozenset(options.properties) if options.first else None
    return Limits(options.max_states, options.max_depth, options.timeout, memory, first=first)


def check_properties(model: Model, options: RunOptions) -> None:
    """UsageError where a property is asked for that the model does not have."""
    known = [p.name for p in model.stated] + ["deadlock", "evaluation"]
    for name in options.properties:
        if name not in known:
            raise UsageError(f"--property {name}: no such property; {nearest(name, known)}")


def run(
    model: Model, options: RunOptions, limits: Limits, *, watcher: Watcher = NOBODY, count_guards: bool = True
) -> tuple[StateSpace, Verdict]:
    """The space of a model and the verdict on it. With `count_guards` how often each guard stopped its action
    is counted, where that is cheap or asked for.
    """
    from explorer.engine.guards import count

    check_properties(model, options)
    limits.restart()
    space = explore(model, options, limits, watcher=watcher)
    started = time.monotonic()
    answers = check_liveness(space, options, limits, watcher)
    if answers:
        space = replace(space, phases={**space.phases, "liveness": time.monotonic() - started})
    counts = count(space, asked=options.count_guards) if count_guards else None
    return space, judge(
        space,
        only=options.properties,
        expect=options.expect,
        strict=options.strict,
        answers=answers,
        counts=counts,
    )


def explore(model: Model, options: RunOptions, limits: Limits, *, watcher: Watcher = NOBODY) -> StateSpace:
    """The space of a model, under the symmetry that the options allow and a proof finds."""
    started = time.monotonic()
    symmetry = find(model, options.properties) if options.symmetry else None
    proved = time.monotonic() - started
    engine = _sparing(engine_of(options), options)
    with watcher.watching(model.name) as observer:
        space = engine(model, limits, observer, symmetry=symmetry)
        if _needs_every_state(space, symmetry):
            space = engine(model, limits, observer)
    if symmetry is not None:
        space = replace(
            space,
            refused=symmetry.refused,
            seconds=space.seconds + proved,
            phases={"symmetry": proved, **space.phases},
        )
    return space


def _sparing(engine: Engine, options: RunOptions) -> Engine:
    """The engine; where it gets no memory (`ulimit -v`) and the python engine could do the same, that one."""
    from explorer.engine import python

    if options.storage != "exact" or options.walks is not None or options.engine in ("reference", "python"):
        return engine

    def explore(
        model: Model, limits: Limits, observer: Observer, /, *, symmetry: Symmetry | None = None
    ) -> StateSpace:
        try:
            return engine(model, limits, observer, symmetry=symmetry)
        except MemoryError:
            pass  # what it had is given back before the other one begins
        space = python.explore(model, limits, observer, symmetry=symmetry)
        return replace(
            space, notes=(*space.notes, "the native engine got no memory: the python engine went on")
        )

    return explore


def _needs_every_state(space: StateSpace, symmetry: Symmetry | None) -> bool:
    """Whether a property failed whose first failure depends on the order of identities."""
    return (
        symmetry is not None
        and bool(symmetry.ordered and space.quotient)
        and not {*symmetry.ordered, "evaluation"}.isdisjoint(space.violations)
    )


def check_liveness(
    space: StateSpace, options: RunOptions, limits: Limits, watcher: Watcher = NOBODY
) -> dict[str, Answer]:
    """The answers of the temporal properties that are asked for, on the graph of a space."""
    wanted = options.properties
    if not any(not wanted or p.name in wanted for p in space.model.temporal):
        return {}
    from explorer.liveness.check import check, forecast

    if space.distinct >= LARGE:
        watcher.hear(forecast(space))
    return check(space, limits, wanted)


def engine_of(options: RunOptions) -> Engine:
    """The engine that was asked for. Only the large ones import what they need."""
    if options.walks is not None:
        return _random_walks(options)
    if options.engine == "reference":
        from explorer.engine import reference

        return reference.explore
    if options.engine == "python":
        from explorer.engine import python

        return python.explore
    if options.engine == "native" or options.workers > 1 or options.storage != "exact":
        if importlib.util.find_spec("numba") is None:
            raise UsageError("the native engine needs Numba; write: pip install numba")
        from explorer.engine.native import search as native
        from explorer.engine.native.hashing import MAX_OMISSION

        accepted = MAX_OMISSION if options.max_omission is None else options.max_omission
        return partial(
            native.explore,
            options=native.Options(options.workers, options.storage, options.fingerprint, accepted),
        )
    from explorer.engine import auto

    return auto.explore


def _random_walks(options: RunOptions) -> Engine:
    from explorer.engine import random_walks

    assert options.walks is not None
    native = options.engine != "python" and importlib.util.find_spec("numba") is not None
    walks = options.walks
    return partial(
        random_walks.explore, options=random_walks.Options(walks.runs, walks.steps, walks.seed, native)
    )
