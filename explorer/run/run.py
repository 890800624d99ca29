"""One run: a model is explored by the engine that was asked for, with what symmetry it may use, and judged.
Prints nothing and writes nothing to disk.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from explorer import __version__
from explorer.engine import python
from explorer.engine.checkpoint import About, Checkpoint
from explorer.engine.directory import DirectoryError
from explorer.engine.limits import Limits, Observer, Phase, Progress, Stopped, available_bytes, ignore
from explorer.engine.space import StateSpace
from explorer.ir.errors import nearest
from explorer.ir.model import Model
from explorer.language.spec import Spec
from explorer.run.kept_models import KeptModel
from explorer.run.options import RunOptions, UsageError
from explorer.symmetry.find import Symmetry, find
from explorer.trace.trace import Trace
from explorer.verdict.record import first_to_tell
from explorer.verdict.verdict import Verdict, judge, plain, story_of

if TYPE_CHECKING:
    from explorer.engine.protocol import Engine
    from explorer.liveness.check import Answer

FIRST = 1.0
"""Seconds of a search before its stories are told while it goes on: the result of a shorter one has them."""

LARGE = 1_000_000
"""States from which the memory that liveness needs is said before it begins."""


class Watcher:
    """Who looks on while a run works; this one looks away. The command line has one that shows progress."""

    def watching(self, name: str) -> AbstractContextManager[Observer]:
        """An observer of the search of a model of this name, for as long as the block lasts."""
        return nullcontext(ignore)

    def hear(self, sentence: str) -> None:
        """A sentence that is worth knowing before a long wait."""

    def keeping(self, checkpoint: Checkpoint) -> None:
        """The search is written to a directory."""

    def told(self, trace: Trace) -> None:
        """The counterexample to tell first, as soon as that is certain; the search goes on below it."""

    def wait(self, phase: Phase | None) -> None:
        """Again and again during a phase in which the search is not heard of, and None when it is over."""


NOBODY = Watcher()


def limits_of(options: RunOptions) -> Limits:
    """The bounds of a run; of memory, without an own bound, a share of what is free now."""
    memory = options.max_memory or int(0.8 * available_bytes())
    first = frozenset(options.properties) if options.first else None
    return Limits(options.max_states, options.max_depth, options.timeout, memory, first=first)


EVERY, PATIENCE = 600.0, 300.0
"""Seconds between two checkpoints, and after which an actor of a cluster counts as lost."""


@contextmanager
def checkpoint_of(model: Model, options: RunOptions, watcher: Watcher) -> Iterator[Checkpoint | None]:
    """The directory that a search of a model is written to, if it is to be, as long as the block lasts. A
    directory that cannot be used is a UsageError.
    """
    directory = options.resume or options.checkpoint
    try:
        if directory is None:
            yield None
            return
        about = About(
            __version__,
            spec=model.name,
            constants={name: plain(value) for name, value in model.constants.items()},
            digest=model.digest,
            options={"engine": options.engine, "workers": options.workers, "storage": options.storage},
        )
        every = EVERY if options.every is None else options.every
        resume = options.resume is not None
        checkpoint = Checkpoint(directory, every, about, resume=resume, hear=watcher.hear)
        watcher.keeping(checkpoint)
        try:
            yield checkpoint
        finally:
            checkpoint.close()
    except DirectoryError as error:
        raise UsageError(str(error)) from None


def check_properties(model: Model, options: RunOptions) -> None:
    """UsageError where a property is asked for that the model does not have."""
    known = [p.name for p in model.stated] + ["deadlock", "evaluation"]
    for name in options.properties:
        if name not in known:
            raise UsageError(f"--property {name}: no such property; {nearest(name, known)}")


def run(
    model: Model,
    options: RunOptions,
    limits: Limits,
    *,
    stop: Stopped | None = None,
    watcher: Watcher = NOBODY,
    count_guards: bool = True,
) -> tuple[StateSpace, Verdict]:
    """The space of a model and the verdict on it. With `count_guards` how often each guard stopped its action
    is counted, where that is cheap or asked for. `stop`: the limit that left only an outline of the model.
    """
    check_properties(model, options)
    traces: dict[str, Trace] = {}
    try:
        if stop:
            space = unexplored(model, stop)
        else:
            space, traces = explore_and_tell(model, options, limits, watcher)
    except Stopped as reached:
        from explorer.ground.outline import without_parts

        space = unexplored(without_parts(model), reached)
    return judge_space(space, options, limits, watcher=watcher, count_guards=count_guards, traces=traces)


def grounded(
    spec: Spec, values: Mapping[str, Any], limits: Limits, file: str = "", kept: KeptModel | None = None
) -> tuple[Model, Stopped | None]:
    """The ground model of a spec in a file, where it is `kept` that one; its outline, and the limit that is
    reached meanwhile, if any.
    """

    def model() -> Model:
        known = kept.read() if kept is not None else None
        if known is not None:
            return known
        from explorer.ground.ground import ground

        return ground(spec, values, file, limits.count)

    try:
        return limits.during("grounding", model, "instances"), None
    except Stopped as stop:
        from explorer.ground.outline import outline

        return outline(spec, values), stop


def judge_space(
    space: StateSpace,
    options: RunOptions,
    limits: Limits,
    *,
    watcher: Watcher = NOBODY,
    count_guards: bool = True,
    traces: Mapping[str, Trace] = {},
) -> tuple[StateSpace, Verdict]:
    """An explored space with the seconds of all phases, and the verdict on it: temporal properties, counts of
    guards, stories but for the `traces` that are known. What a limit cuts short is left out, and said.
    """
    from explorer.engine.guards import count

    limits.conclude(space.stopped)
    answers = check_liveness(space, options, limits, watcher)
    for answer in answers.values():
        limits.conclude(answer.doubt)
    counts = None
    if count_guards:
        with suppress(Stopped):
            counts = limits.during("guard counts", lambda: count(space, asked=options.count_guards))
    verdict = judge(
        space,
        only=options.properties,
        expect=options.expect,
        strict=options.strict,
        answers=answers,
        counts=counts,
        limits=limits,
        traces=traces,
        stories=options.stories,
    )
    searched = {**space.phases}
    searched.pop("compile", None)  # a part of the preparation, or of the compilation
    space = replace(space, phases={**limits.spent, **searched})
    return space, replace(verdict, seconds=limits.seconds)


def unexplored(model: Model, stop: Stopped) -> StateSpace:
    """The space of a model of which no state was visited, since a limit was reached before."""
    space = python.explore(model, Limits(max_states=0))
    return replace(space, levels=(), stopped=str(stop))


def explore(model: Model, options: RunOptions, limits: Limits, *, watcher: Watcher = NOBODY) -> StateSpace:
    """The space of a model, under the symmetry that the options allow and a proof finds. Raises Stopped where
    a limit is reached before the search begins.
    """
    return explore_and_tell(model, options, limits, watcher)[0]


def _symmetry(model: Model, properties: tuple[str, ...]) -> Symmetry:
    """What symmetry a run may use that checks these properties, proved once."""
    return model.once(("symmetry", properties), lambda: find(model, properties))


def explore_and_tell(
    model: Model, options: RunOptions, limits: Limits, watcher: Watcher
) -> tuple[StateSpace, dict[str, Trace]]:
    """The space of a model (see `explore`), and the counterexamples that were told while it was explored."""
    symmetry = (
        limits.during("symmetry", partial(_symmetry, model, options.properties)) if options.symmetry else None
    )
    with checkpoint_of(model, options, watcher) as checkpoint, watcher.watching(model.name) as observer:
        engine = _sparing(engine_of(options, checkpoint, watcher), options, checkpoint)
        used = None if checkpoint is not None and checkpoint.whole else symmetry
        stories = _Stories(model, observer, watcher, limits, options, symmetry=used)
        space = limits.during("preparation", lambda: engine(model, limits, stories, symmetry=used))
        if _needs_every_state(space, symmetry):
            stories = _Stories(model, observer, watcher, limits, options)
            space = limits.during("preparation", lambda: engine(model, limits, stories))
    if space.stopped and checkpoint is not None and checkpoint.level is not None:
        where = checkpoint.directory
        watcher.hear(f"{where}: the checkpoint is of level {checkpoint.level}; to go on: --resume {where}")
    space = replace(space, seconds=space.seconds - stories.seconds)
    if symmetry is not None:
        space = replace(space, refused=symmetry.refused)
    return space, stories.traces


class _Stories:
    """An observer that tells counterexamples while a search of more than a second goes on below them, and
    hands on the rest. What may have to be searched again without symmetry is not told. Shown is the one
    counterexample that the verdict will tell first, as soon as it is certain: what is printed does not depend
    on how fast a machine is.
    """

    def __init__(
        self,
        model: Model,
        observer: Observer,
        watcher: Watcher,
        limits: Limits,
        options: RunOptions,
        *,
        symmetry: Symmetry | None = None,
    ):
        self.observer, self.watcher, self.limits, self.options = observer, watcher, limits, options
        self.later = {*symmetry.ordered, "evaluation"} if symmetry is not None and symmetry.ordered else set()
        self.traces: dict[str, Trace] = {}
        self.waiting: dict[str, Callable[[], StateSpace]] = {}
        self.seconds = 0.0
        self.shown = False
        self.violated: set[str] = set()
        self.expected = str(model.expect or "")
        asked = [p.name for p in model.stated if not options.properties or p.name in options.properties]
        self.order = [*asked, "deadlock", "evaluation"]
        self.named = self.expected.split(" ")[0] in self.order
        self.settled = not self.later and not any(p.name in asked for p in model.temporal)

    def __call__(self, progress: Progress) -> None:
        self.observer(progress)
        only = self.options.properties
        for name in progress.failed:
            if name not in self.traces and name not in self.later and (not only or name in only):
                assert progress.snapshot is not None
                self.waiting[name] = progress.snapshot
        if self.waiting and progress.seconds >= FIRST:
            waiting, self.waiting = self.waiting, {}
            for name, snapshot in waiting.items():
                self._tell(name, snapshot)
        self._show(progress.level)

    def _show(self, level: int) -> None:
        """Show the counterexample that is to be told first, where none found later can take its place."""
        known = {name: self.traces[name] for name in self.order if name in self.traces}
        trace = first_to_tell(known, self.expected)
        if trace is not None and not self.shown:
            named = trace.property == self.expected.split(" ")[0]
            first = not self.named and self.settled and self.violated <= {*self.traces}
            if named or (first and level > trace.broken_after()):
                self.shown = True
                self.watcher.told(trace)

    def _tell(self, name: str, snapshot: Callable[[], StateSpace]) -> None:
        started, space = time.monotonic(), snapshot()
        self.violated |= {*space.violations} & {*self.order}
        with suppress(Stopped):  # the search notices the limit itself
            self.traces[name] = story_of(space, space.violations[name], self.limits)
        self.seconds += time.monotonic() - started


def _sparing(engine: Engine, options: RunOptions, checkpoint: Checkpoint | None) -> Engine:
    """The engine; where it gets no memory (`ulimit -v`) and the python engine could do the same, that one."""
    alone = options.engine in ("reference", "python") or options.cluster is not None
    if options.storage != "exact" or options.walks is not None or alone:
        return engine

    def explore(
        model: Model, limits: Limits, observer: Observer, /, *, symmetry: Symmetry | None = None
    ) -> StateSpace:
        try:
            return engine(model, limits, observer, symmetry=symmetry)
        except MemoryError:
            pass  # what it had is given back before the other one begins
        space = python.explore(model, limits, observer, symmetry, checkpoint)
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


def engine_of(options: RunOptions, checkpoint: Checkpoint | None = None, watcher: Watcher = NOBODY) -> Engine:
    """The engine that was asked for, which writes to the checkpoint. Only the large ones import what they
    need.
    """
    if options.walks is not None:
        return _random_walks(options)
    if options.engine == "reference":
        from explorer.engine import reference

        return reference.explore
    if options.engine == "python":
        return partial(python.explore, checkpoint=checkpoint)
    if options.cluster is not None:
        return _on_cluster(options, checkpoint, watcher)
    machine_code = options.workers > 1 or options.storage != "exact" or options.disk is not None
    if options.engine == "native" or machine_code:
        _need_numba()
        from explorer.engine.native import search as native
        from explorer.engine.native.hashing import MAX_OMISSION

        accepted = MAX_OMISSION if options.max_omission is None else options.max_omission
        chosen = native.Options(options.workers, options.storage, options.fingerprint, accepted)
        if options.disk is not None:
            from explorer.engine.native.delayed import on_disk

            chosen = replace(chosen, kind=on_disk(options.disk, options.max_disk, watcher.hear))
        return partial(native.explore, options=chosen, checkpoint=checkpoint)
    from explorer.engine import auto

    return partial(auto.explore, checkpoint=checkpoint)


def _need_numba() -> None:
    if importlib.util.find_spec("numba") is None:
        raise UsageError(
            "the native engine needs Numba (x86-64 and 64-bit ARM with glibc, macOS or Windows);"
            " write: pip install numba, or --engine python"
        )


def _on_cluster(options: RunOptions, checkpoint: Checkpoint | None, watcher: Watcher) -> Engine:
    _need_numba()
    from explorer.engine.native.cluster import search
    from explorer.engine.native.cluster.actors import ClusterError, Where
    from explorer.engine.native.hashing import MAX_OMISSION
    from explorer.run.recipe import recipe_of

    def explore(
        model: Model, limits: Limits, observer: Observer, /, *, symmetry: Symmetry | None = None
    ) -> StateSpace:
        assert options.cluster is not None
        chosen = search.Options(
            Where(options.cluster, options.actors, options.workers, options.patience or PATIENCE),
            recipe_of(model, options.properties),
            storage=options.storage,
            fingerprint=options.fingerprint,
            max_omission=MAX_OMISSION if options.max_omission is None else options.max_omission,
            memory=options.max_memory,
            hear=watcher.hear,
        )
        try:
            return search.explore(
                model, limits, observer, options=chosen, symmetry=symmetry, checkpoint=checkpoint
            )
        except ClusterError as error:
            raise UsageError(str(error)) from None

    return explore


def _random_walks(options: RunOptions) -> Engine:
    from explorer.engine import random_walks

    assert options.walks is not None
    native = options.engine != "python" and importlib.util.find_spec("numba") is not None
    walks = options.walks
    return partial(
        random_walks.explore, options=random_walks.Options(walks.runs, walks.steps, walks.seed, native)
    )
