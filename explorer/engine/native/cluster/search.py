"""The search on a cluster, as its driver sees it: levels agreed, counts and violations brought together,
limits looked at, checkpoints written; what is lost begins again from the last one. States go from actor to
actor and do not pass through here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from explorer.engine.boundary import count_on, failures_of, first_failure
from explorer.engine.checkpoint import Checkpoint, Saved
from explorer.engine.forecast import forecast
from explorer.engine.limits import Limits, Observer, Prefix, Progress, Stopped, ignore
from explorer.engine.native import hashing
from explorer.engine.native.cluster import book
from explorer.engine.native.cluster.actors import Actors, ClusterError, Halted, Lost, Where
from explorer.engine.native.cluster.messages import Owners
from explorer.engine.native.cluster.rounds import Round, asked
from explorer.engine.native.cluster.share import PIECE, Counted, Order, Told, Turned, counted
from explorer.engine.native.fingerprints import Fingerprints
from explorer.engine.native.levels import NativeLevel, rows_of, words_of
from explorer.engine.native.machine import Machine, machine
from explorer.engine.native.packing import Packing
from explorer.engine.native.questions import Questions
from explorer.engine.numberings import numberings_of
from explorer.engine.python import Compiled
from explorer.engine.space import StateSpace
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.program.machine_word import BeyondWord
from explorer.symmetry.find import Symmetry

AGAIN = 3
"""Losses in a row after which nothing new was reached: then the search ends."""

LATE = 1 << 15
"""States of a level from which actors insert what is their own while the driver looks after the messages."""


@dataclass(frozen=True, slots=True)
class Options:
    """`compiled` makes the program on a node, under a symmetry or not; `memory` is that of an actor; `hear`
    is told what is worth knowing. The others as in `native.search.Options`.
    """

    where: Where
    compiled: Callable[[bool], Compiled]
    storage: str = "exact"
    fingerprint: int | None = None
    max_omission: float = hashing.MAX_OMISSION
    memory: int | None = None
    hear: Callable[[str], None] = lambda sentence: None


def explore(
    model: Model,
    limits: Limits | None = None,
    observer: Observer = ignore,
    *,
    options: Options,
    symmetry: Symmetry | None = None,
    checkpoint: Checkpoint | None = None,
) -> StateSpace:
    """Visit every reachable state, or one of each orbit where a symmetry is given. Raises ClusterError where
    the cluster cannot be used.
    """
    started, limits = time.monotonic(), limits or Limits()
    compiled = Compiled(model, symmetry)
    saved = checkpoint.begin(compiled, options.storage) if checkpoint is not None else None
    try:
        native_machine = limits.during("compilation", partial(machine, compiled))
    except BeyondWord as beyond:
        raise ClusterError(f"--cluster: no machine code: {beyond}; write: --engine python") from None
    search = ClusterSearch(compiled, native_machine, limits, observer, options=options, checkpoint=checkpoint)
    search.space.started = started
    return search.run(saved)


class ClusterSearch:
    """One exploration."""

    def __init__(
        self,
        compiled: Compiled,
        machine: Machine,
        limits: Limits,
        observer: Observer,
        *,
        options: Options,
        checkpoint: Checkpoint | None,
    ):
        self.compiled, self.limits, self.observer, self.options = compiled, limits, observer, options
        self.checkpoint = checkpoint
        layout = compiled.layout
        self.words, self.row = layout.words, layout.bytes
        self.packing = None if layout.dense is None else Packing(machine.trees, self.words)
        self.one = hashing.exact(2 if layout.stored is None else layout.stored)
        self.actors = limits.during("the start of the cluster", self._connected)
        self.ahead = Round()
        self.space = Questions(compiled, machine).builder(options, time.monotonic())
        self.numberings = numberings_of(compiled.model)
        self.sent, self.farthest, self.losses = 0, -1, 0
        self.began = time.monotonic()
        """When the actors began to search."""
        self.kept: Saved | None = None
        """Where the levels can be read when the search is over."""
        self.over = False
        self.best: StateSpace | None = None

    def _connected(self) -> Actors:
        return Actors(self.options.where, self.limits, self.options.hear)

    # A beginning, and another one after a loss.

    def run(self, saved: Saved | None) -> StateSpace:
        """The space; the actors stay as long as its levels are asked for."""
        try:
            halted = self._to_the_end(saved)
        finally:
            book.share(self.numberings, None)
        self._keep()
        self.space.workers = self.actors.number * self.actors.threads
        self._say()
        space = self._farther()
        return replace(space, stopped=halted) if halted else space

    def _to_the_end(self, saved: Saved | None) -> str:
        """Search until all is visited; or why not ("")."""
        halted = ""
        while not self.over:
            try:
                self.limits.during("the start of the actors", partial(self._begin, saved))
                self.limits.searching()
                self.began = time.monotonic()
                self._search()
                self.over = True
            except Lost as lost:
                try:
                    saved = self._again(lost)
                except Halted as reason:
                    halted, self.over = str(reason), True
            except Halted as reason:
                halted, self.over = str(reason), True
        return halted

    def _farther(self) -> StateSpace:
        """What is known, or was before the last loss where that was more."""
        space = self.space.space()
        if self.best is None or space.distinct >= self.best.distinct:
            self.best = space
        return self.best

    def _begin(self, saved: Saved | None) -> None:
        """New actors, with the levels that were kept."""
        options, layout = self.options, self.compiled.layout
        self._reset(saved)
        order = Order(
            partial(options.compiled, self.compiled.quotient is not None),
            self.compiled.digest,
            actors=self.actors.number,
            threads=self.actors.threads,
            storage=options.storage,
            fingerprint=options.fingerprint,
            memory=options.memory,
        )
        self.actors.start(order, book.written(self.numberings))
        book.share(self.numberings, self.actors.ask)
        words = self.words if layout.stored is None else 1
        self.owners = Owners(self.actors.number, words, self.one)
        if saved is None:
            self._give(0, iter([words_of(self.compiled.initial(), self.words)]), last=True)
            return
        last = len(saved.sizes) - 1
        for number, size in enumerate(saved.sizes):
            pieces = (rows_of(piece, saved.row, self.words) for piece in saved.pieces(number))
            self._give(number, pieces, last=number == last)
            if number < last:
                self.space.levels.append(ClusterLevel(self, number, size))
                self.sizes.append(size)

    def _reset(self, saved: Saved | None) -> None:
        """Take over what was counted before, if anything was."""
        space = self.space
        self.fingerprints = Fingerprints(self.compiled.layout, self.options)
        self.sizes: list[int] = []
        self.seen, self.ahead = 0, Round()
        space.levels, space.stopped = [], None
        if saved is None:
            instances = len(self.compiled.model.instances)
            space.enabled, space.changed, space.violations = [0] * instances, [0] * instances, {}
            space.expanded, space.least, space.most, space.cut, space.orbits_sum = 0, 1 << 62, 0, {}, 0
        else:
            count_on(space, saved.counts)
            space.started = min(space.started, time.monotonic() - saved.counts["seconds"])
            self.fingerprints.go_on(saved)
        self.base = counted(space, {})

    def _give(self, level: int, pieces: Iterator[Any], last: bool) -> None:
        """Give the states of a level to their owners. May raise Stopped."""
        actors = self.actors
        waiting: list[list[Any]] = [[] for _ in actors.handles]
        asked: list[Any] = []
        for words in pieces:
            owner = self.owners.of(words if self.packing is None else self.packing.fold(words))
            packed = words.view(np.uint8).reshape(len(words), 8 * self.words)[:, : self.row]
            for i, parts in enumerate(waiting):
                parts.append(packed[owner == i])
                if sum(map(len, parts)) >= PIECE:
                    asked.append(actors.handles[i].take.remote(level, np.concatenate(parts)))
                    parts.clear()
            if len(asked) > 2 * len(waiting):
                self._taken(asked)
                asked = []
        for actor, parts in zip(actors.handles, waiting):
            if parts:
                asked.append(actor.take.remote(level, np.concatenate(parts)))
        self._taken(asked)
        actors.wait([actor.taken.remote(level, last) for actor in actors.handles])

    def _taken(self, asked: list[Any]) -> None:
        for full in self.actors.wait(asked):
            if full:
                raise Stopped(full, "the return to the checkpoint")

    def _again(self, lost: Lost) -> Saved | None:
        """Where to go on after a loss. Raises Halted where that is of no use."""
        reached = len(self.sizes)
        self.losses = self.losses + 1 if reached <= self.farthest else 1
        self.farthest = max(self.farthest, reached)
        self._farther()
        self._keep()
        self.actors.stop()
        reason = self.limits.reached(0)
        if reason or self.losses >= AGAIN:
            raise Halted(reason or f"{lost}, {AGAIN} times in a row without a new level")
        saved = self.kept
        where = (
            f"from level {len(saved.sizes) - 1}" if saved else "from the beginning (write: --checkpoint DIR)"
        )
        self.options.hear(f"cluster: {lost}; the search goes on {where}")
        return saved

    def _keep(self) -> None:
        """Make the last boundary a checkpoint, from which the levels can be read."""
        if self.checkpoint is None:
            return
        self.checkpoint.keep()
        if self.checkpoint.level is not None or self.checkpoint.states:
            self.kept = self.checkpoint.begin(self.compiled, self.options.storage)

    # The search.

    def _search(self) -> None:
        space = self.space
        begun = self._ask("begin", {})
        self._learn()
        while True:
            size, depth = sum(told.size for told in begun), len(space.levels)
            level = ClusterLevel(self, depth, size)
            if not space.stopped:
                self._save(level)
            if not size:
                break
            space.levels.append(level)
            self.sizes.append(size)
            space.orbits_sum += sum(told.orbits for told in begun)
            self.seen = sum(told.seen for told in begun)
            self._note(depth, [told.violations for told in begun])
            if space.stopped:
                break
            self._widen_for_forecast(size)
            space.stopped = self.limits.ended(space.violations)
            begun = self._expand(depth, size)
            space.stopped = space.stopped or self.limits.ended(space.violations)
        self.fingerprints.tell(space)

    def _ask(self, method: str, *given: Any) -> list[Any]:
        """The same of every actor."""
        return self.actors.wait([getattr(actor, method).remote(*given) for actor in self.actors.handles])

    def _learn(self) -> None:
        """Learn the numbers of what the actors have met. Raises Lost or Halted."""
        book.learn(self.numberings, self.actors.ask)

    def _save(self, frontier: ClusterLevel) -> None:
        if self.checkpoint is not None:
            known = self.fingerprints
            self.checkpoint.boundary(self.space, frontier, omitted=known.omitted, fingerprint=known.bits)

    def _expand(self, depth: int, size: int) -> list[Told]:
        """Expand a level until it is done or a limit is reached; what the actors say of the next one.

        While the states of a round are on their way, the next one is expanded. The first round was, with the
        turn to this level, unless that could have been of no use.
        """
        space, limits, number = self.space, self.limits, self.actors.number
        done, self.ahead = self.ahead, Round()
        if not space.stopped and self._deepest(depth):
            space.stopped = f"--max-depth {limits.max_depth} reached"
        if space.stopped:  # what was made ahead counts for nothing
            space.report(self.observer, depth, self.seen, 0, self.sizes)
            return []
        if done.told:
            self._heard(depth, done.told, [])
        while done.busy and not space.stopped:
            space.stopped = limits.reached(self.seen)
            if space.stopped:
                break
            refs = [asked(actor.expand, number) for actor in self.actors.handles]
            coming = [actor.insert.remote(*came) for actor, came in done.deliveries(self.actors.handles)]
            answers = self.actors.wait([*(first for first, *_ in refs), *coming])
            done = Round(answers[:number], refs)
            self._heard(depth, done.told, answers[number:])
        return self._turn(depth, size, done)

    def _deepest(self, depth: int) -> bool:
        """Whether a level is not to be expanded."""
        return self.limits.max_depth is not None and depth >= self.limits.max_depth

    def _turn(self, depth: int, size: int, done: Round) -> list[Told]:
        """End a level whose last round is done, and begin the next one; what the actors say of that."""
        space, number = self.space, self.actors.number
        settled = {name: (v.kind, v.level) for name, v in space.violations.items()}
        ahead = not (space.stopped or self.fingerprints.compact or self._deepest(depth + 1))
        refs = [
            asked(actor.turn, number, ahead, settled, *came)
            for actor, came in done.deliveries(self.actors.handles)
        ]
        if ahead and size >= LATE:
            for actor in self.actors.handles:
                actor.settle.remote()
        turned: list[Turned] = self.actors.wait([first for first, *_ in refs])
        if ahead:
            self.ahead = Round([one.ahead for one in turned if one.ahead], refs)
        space.stopped = space.stopped or next((t.last.stopped for t in turned if t.last.stopped), None)
        self._learn()
        self._count([one.counted for one in turned])
        self._note(depth, [one.failed for one in turned])
        begun = [one.begun for one in turned]
        self.seen = sum(one.seen for one in begun)
        space.report(self.observer, depth, self.seen, sum(one.size for one in begun), self.sizes)
        return begun

    def _heard(self, depth: int, told: list[Told], inserted: list[Told]) -> None:
        """Take note of what the actors say of a round, and of what came of the one before."""
        space = self.space
        self.sent += sum(one.sent for one in told)
        self.seen = sum(max(one.seen for one in both) for both in zip(told, inserted or told))
        self.observer(
            Progress(
                depth,
                self.seen,
                frontier=sum(one.size for one in told),
                seconds=time.monotonic() - space.started,
                levels=Prefix(self.sizes),
            )
        )
        space.stopped = next((one.stopped for one in [*told, *inserted] if one.stopped), None)

    # What the actors found.

    def _count(self, parts: list[Counted]) -> None:
        """What all have counted, with what was counted before they began."""
        space, base = self.space, self.base
        every = [base, *parts]
        space.enabled = [sum(column) for column in zip(*(part.enabled for part in every))]
        space.changed = [sum(column) for column in zip(*(part.changed for part in every))]
        names = dict.fromkeys(name for part in every for name in part.cut)
        space.cut = {name: sum(part.cut.get(name, 0) for part in every) for name in names}
        space.expanded = sum(part.expanded for part in every)
        space.least, space.most = min(part.least for part in every), max(part.most for part in every)
        for numbering, *settled in zip(self.numberings, *(part.settled for part in every)):
            numbering.settled = any(settled)
        phases = dict.fromkeys(name for part in parts for name in part.phases)
        space.phases = {name: max(part.phases[name] for part in parts) for name in phases}

    def _note(self, depth: int, parts: list[list[dict[str, Any]]]) -> None:
        """Bring together what fails first at a level: all that every actor knows of it."""
        space, failures = self.space, failures_of(self.compiled)
        for name in [name for name, v in space.violations.items() if v.level == depth]:
            del space.violations[name]
        for data in (data for part in parts for data in part):
            found = first_failure(data, failures)
            record = space.note(found.name, found.kind, depth)
            if record is not None:
                record.states += found.states
                record.edges += found.edges
                record.failures |= found.failures

    def _widen_for_forecast(self, size: int) -> None:
        """Widen the fingerprints before a level, when they could be too narrow at its end."""
        expected = forecast(self.sizes)
        most = self.seen + size * len(self.compiled.model.instances)
        if self.fingerprints.too_narrow_for(max(most, expected.states if expected else 0)):
            self.fingerprints.widen(self.seen)
            self._ask("widen")

    def _say(self) -> None:
        """What went between the actors, and what they took."""
        seconds = time.monotonic() - self.began
        transitions = max(1, sum(self.space.enabled) - sum(self.base.enabled))
        actors, nodes = self.actors, len(set(self.actors.nodes))
        try:
            spent = f", in {sum(self._ask('spent')):.1f} s of processor time"
        except (Lost, Halted):
            spent = ""
        self.options.hear(
            f"cluster: {_counted(actors.number, 'actor')} ({_counted(actors.threads, 'thread')} each) on"
            f" {_counted(nodes, 'node')} sent {self.sent:,} bytes to each other,"
            f" {self.sent / transitions:.2f} for each transition{spent}; they searched for {seconds:.1f} s"
        )

    def rows(self, level: int, size: int) -> Iterator[Any]:
        """The states of a level (uint64 [n, words]), some at a time. Where they are lost: Lost while the
        search goes on, Stopped when it is over.
        """
        kept = self.kept
        if self.over and kept is not None and kept.sizes[level : level + 1] == [size]:
            for piece in kept.pieces(level):
                yield rows_of(piece, kept.row, self.words)
            return
        try:
            if not self.actors.handles:
                raise Lost("the actors are gone")
            for actor in self.actors.handles:
                start, last = 0, PIECE
                while last == PIECE:
                    (packed,) = self.actors.wait([actor.rows.remote(level, start)])
                    last, start = len(packed), start + PIECE
                    if last:
                        yield rows_of(packed.tobytes(), self.row, self.words)
        except (Lost, Halted) as lost:
            if not self.over:
                raise
            raise Stopped(str(lost), "a look at the visited states") from None


class ClusterLevel(NativeLevel):
    """A level whose states the actors have: they are fetched when they are asked for."""

    def __init__(self, search: ClusterSearch, number: int, size: int):
        super().__init__([], search.words)
        self._search, self._number, self._states = search, number, size

    def __len__(self) -> int:
        return self._states

    def pieces(self) -> Iterator[Any]:
        return self._search.rows(self._number, self._states)

    def roots(self) -> Any:
        return np.concatenate([np.empty((0, self._columns), np.uint64), *self.pieces()])


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
