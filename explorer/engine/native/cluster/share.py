"""What one actor does: it owns some partitions of the states, expands its share of each level, sends what
belongs to others, and inserts what comes. It is the native search on that share; who calls it, and how, it
does not know.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from explorer.engine.boundary import failures_of, plain_violation
from explorer.engine.compiled import Compiled
from explorer.engine.limits import Limits, available_bytes, ignore
from explorer.engine.native.arrays import Buckets
from explorer.engine.native.cluster import book, messages
from explorer.engine.native.cluster.messages import Message, Owners, SendingTreeWorker
from explorer.engine.native.exchange import PARALLEL
from explorer.engine.native.levels import NativeLevel, rows_of
from explorer.engine.native.machine import machine
from explorer.engine.native.search import Options, Search
from explorer.engine.native.tree import Tree
from explorer.engine.native.visited import TableFull
from explorer.engine.numberings import numberings_of
from explorer.engine.space_builder import FirstFailure, SpaceBuilder
from explorer.ir.data import dataclass

PIECE = 1 << 20
"""States of a level that are asked for at once."""


@dataclass(frozen=True, slots=True)
class Order:
    """What every actor is told before it begins. `compiled` makes the program, and `digest` is what it must
    be. `memory` are the bytes that an actor may have (None: its part of what is free, with so many `beside`
    it on a node). `ask` is the book of what states have numbers of (None: of nothing).
    """

    compiled: Callable[[], Compiled]
    digest: str
    actors: int
    threads: int
    storage: str
    fingerprint: int | None
    memory: int | None
    beside: int = 1
    ask: book.Ask | None = None


class WrongProgram(Exception):
    """What an actor has made of the spec is not what was asked for."""


@dataclass(slots=True)
class Told:
    """What an actor says after a piece of work: states of the level or of the next one so far, and in its
    visited set; whether a part of the level is left; why it cannot go on; the bytes that it sent, and the
    states `to` each other actor. `violations` are all that fail first at the present level (as JSON has
    them), `orbits` the states that the level stands for.
    """

    size: int = 0
    seen: int = 0
    busy: bool = False
    stopped: str = ""
    sent: int = 0
    to: tuple[int, ...] = ()
    orbits: int = 0
    violations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Turned:
    """What an actor says of the turn from one level to the next: after what came `last`, with what it has
    `counted` until then and what `failed` first at the level left; of the one `begun`; and of its first
    round, where it has gone `ahead` with it.
    """

    last: Told
    counted: Counted
    failed: list[dict[str, Any]]
    begun: Told
    ahead: Told | None


@dataclass(slots=True)
class Counted:
    """What an actor has counted since it began."""

    enabled: list[int]
    changed: list[int]
    cut: dict[str, int]
    expanded: int
    least: int
    most: int
    phases: dict[str, float]
    settled: list[bool]


def counted(space: SpaceBuilder, phases: dict[str, float]) -> Counted:
    """What a search has counted so far."""
    return Counted(
        enabled=space.enabled,
        changed=space.changed,
        cut=space.cut,
        expanded=space.expanded,
        least=space.least,
        most=space.most,
        phases=dict(phases),
        settled=[numbering.settled for numbering in numberings_of(space.compiled.model)],
    )


class OwnPart(Search):
    """The native search on the partitions of one owner."""

    wide_worker = SendingTreeWorker
    at_once = False
    roomy = False

    def __init__(self, owner: int, actors: int, **given: Any):
        compiled = given["compiled"]
        self.owner, self.actors = owner, actors
        super().__init__(**given)
        self.by_words = isinstance(self.tree, Tree)
        """Whether states are told apart by their words, and not by the one word that they are stored as."""
        self.owners = Owners(actors, self.words if self.by_words else 1, self.hashing)
        for w in self.workers:
            if isinstance(w, SendingTreeWorker):
                w.share(self.owners, owner)
        asked = bool(self.workers[0].search.known.any())
        self.row: int = compiled.layout.bytes
        self.width = messages.rule_width(self.workers[0].nobody, asked)

    def _partitions(self, i: int) -> tuple[int, int]:
        if isinstance(self.tree, Tree):
            return super()._partitions(i)
        number, threads = 1 << self.hashing.partition_bits, self.options.workers
        first, last = (i * number // self.actors for i in (self.owner, self.owner + 1))
        own = [first + w * (last - first) // threads for w in (i, i + 1)]
        return own[0], own[1]

    def messages(self, parallel: bool) -> list[list[Message]]:
        """For every owner what is in the buckets of each worker; what is its own stays there."""

        def of_worker(i: int) -> list[Message]:
            w = self.workers[i]
            if isinstance(w, SendingTreeWorker):
                return w.sent(self.row, self.width)
            return [
                messages.from_buckets(self.owners, w.buckets, owner, self.width)
                for owner in range(self.actors)
                if owner != self.owner
            ]

        by_worker = self.threads.run(of_worker, parallel)
        if self.by_words:
            by_worker = [[*sent[: self.owner], *sent[self.owner + 1 :]] for sent in by_worker]
        return [list(together) for together in zip(*by_worker)]

    def arrive(self, came: list[Message], level: int) -> None:
        """Insert what other owners have sent. May raise TableFull."""
        nobody, parallel = self.workers[0].nobody, sum(len(m.states) for m in came) >= PARALLEL
        if not isinstance(self.tree, Tree):
            threads = self.options.workers

            def unpacked(i: int) -> Buckets:
                return messages.to_buckets(self.owners, came[i::threads], self.owner, nobody)

            self._insert_round(self.threads.run(unpacked, parallel), level, parallel)
            return
        first = self.workers[0]
        for message in came:
            states = messages.to_level(message, self.words, nobody)
            folded, at = self.tree.fold_alone(states, len(states.states)), 0
            while at < len(folded.states):
                at = first.scatter(folded, at)
                self._insert_round([first.buckets], level, parallel)


class Share:
    """One actor: `prepare` first, then `take` and `taken` for each level there is to go on from, then
    `begin`, and for each level rounds of `expand` and `insert`, and `turn`.
    """

    def __init__(self, owner: int, order: Order):
        self.owner, self.order = owner, order
        self.parts: list[Any] = []
        self.held: tuple[int, Any] = (-1, None)
        self.present: NativeLevel | None = None
        """The level that is expanded now."""
        self.own: list[Buckets] = []
        """What was made in the last round and is its own, until it is inserted."""
        self.stopped = ""
        """Why it cannot go on."""

    def where(self) -> str:
        """The node that it runs on."""
        import ray

        return str(ray.get_runtime_context().get_node_id())

    def prepare(self) -> None:
        """Compile the program, or load what another process on this node compiled. Raises WrongProgram."""
        order, started = self.order, time.monotonic()
        try:
            compiled = order.compiled()
        except Exception as error:
            raise WrongProgram(f"the spec cannot be loaded on a node: {error}") from None
        if compiled.digest != order.digest:
            raise WrongProgram(
                f"the spec or the explorer on a node is not the one here (program {compiled.digest} there,"
                f" {order.digest} here)"
            )
        self.numberings = numberings_of(compiled.model)
        book.share(self.numberings, order.ask)
        memory = order.memory or int(0.8 * available_bytes() / order.beside)
        self.search = OwnPart(
            self.owner,
            order.actors,
            compiled=compiled,
            machine=machine(compiled),
            limits=Limits(max_memory=memory),
            observer=ignore,
            options=Options(order.threads, order.storage, order.fingerprint),
            started=started,
        )

        self.began = time.process_time()

    def spent(self) -> float:
        """Seconds of processor time since it was prepared."""
        return time.process_time() - self.began

    # Where it begins.

    def take(self, level: int, rows: Any) -> str:
        """Some states of a level that was left before; why it cannot, or ""."""
        search = self.search
        try:
            roots = search.roots(rows_of(rows.tobytes(), search.row, search.words))
            search._remember(roots, level)
        except TableFull:
            return self._full()
        self.parts.append(roots)
        return ""

    def taken(self, level: int, last: bool) -> None:
        """All states of the level were given; the last one is the frontier."""
        search, parts = self.search, self.parts
        self.parts = []
        if last:
            search._begin_with(parts)
            return
        search.space.levels.append(search._leave(search._level(parts), level))
        search.sizes.append(sum(map(len, parts)))

    # The search.

    def begin(self, settled: dict[str, tuple[str, int]]) -> Told:
        """Leave the last level, and make the next one of what was new: judge its states. `settled` are the
        properties that failed in an earlier level, with their kind and level.
        """
        book.learn(self.numberings, self.order.ask)
        search = self.search
        space = search.space
        depth = len(space.levels)
        if self.present is not None:
            space.levels[depth - 1] = search._leave(self.present, depth - 1)
        for name, (kind, level) in settled.items():
            space.violations.setdefault(name, FirstFailure(name, kind, level))
        self.held = -1, None
        size, before = search._next_level(), space.orbits_sum
        self.present = search._level([w.level.states for w in search.workers])
        space.levels.append(self.present)
        search.sizes.append(size)
        search.findings.judge(depth)
        search.findings.weigh(size)
        return self._told(size, orbits=space.orbits_sum - before)

    def expand(self) -> Any:
        """One round: what it has to say, and a message for each other actor."""
        sent = self._round()
        self.settle()
        return self._with(self._told(self._fresh(), sent), sent)

    def settle(self) -> None:
        """Insert what is its own of the last round, where that is left."""
        own, self.own = self.own, []
        if own:
            self._insert(lambda level, parallel: self.search._insert_round(own, level, parallel))

    def insert(self, *arrived: list[Message]) -> Told:
        """Insert what the others have sent in a round."""
        self.settle()
        came = [message for several in arrived for message in several]
        self._insert(lambda level, _: self.search.arrive(came, level))
        return self._told(self._fresh())

    def turn(self, ahead: bool, settled: dict[str, tuple[str, int]], *arrived: list[Message]) -> Any:
        """Insert what came last in a level, and begin the next one; where it goes `ahead`, expand a first
        round of that, and leave what is its own to `settle`: `Turned`, and a message for each other actor.
        """
        last = self.insert(*arrived)
        self.search.findings.count()
        so_far = counted(self.search.space, self.search.phases)
        failed, begun = self._violations(), self.begin(settled)
        sent = self._round() if ahead else self._nothing()
        told = self._told(self._fresh(), sent) if ahead else None
        return self._with(Turned(last, so_far, failed, begun, told), sent)

    def _round(self) -> list[list[Message]]:
        """Expand until the buckets are full or the level is done; what is its own stays there."""
        search, depth = self.search, self._depth()
        self.stopped = self.stopped or search.limits.reached(0) or ""
        if self.stopped or not self._busy():
            return self._nothing()
        parallel = search.sizes[depth] >= PARALLEL
        search.phases.timed("successors", lambda: search.expand(parallel))
        sent: list[list[Message]] = search.phases.timed("exchange", lambda: search.messages(parallel))
        search.findings.flags(depth)
        self.own = [w.buckets for w in search.workers]
        return sent

    def _insert(self, work: Callable[[int, bool], None]) -> None:
        """Let some states be inserted in the next level."""
        search, depth = self.search, self._depth()
        try:
            search.phases.timed("insert", lambda: work(depth + 1, search.sizes[depth] >= PARALLEL))
        except TableFull:
            self.stopped = self._full()

    def _full(self) -> str:
        return f"--max-memory {self.order.memory or 'default'} reached by actor {self.owner}"

    def _depth(self) -> int:
        return len(self.search.space.levels) - 1

    def _nothing(self) -> list[list[Message]]:
        return [[] for _ in range(self.search.actors - 1)]

    def _with(self, said: Any, sent: list[list[Message]]) -> Any:
        """As many results as there are actors."""
        return (said, *sent) if sent else said

    def widen(self) -> None:
        """Insert all states again, with wide fingerprints."""
        self.search.widen()

    # What is asked of its levels.

    def rows(self, level: int, start: int) -> Any:
        """Up to PIECE states of a level from one on, packed."""
        search = self.search
        if self.held[0] != level:
            words = search.space.levels[level].words()  # type: ignore[attr-defined]
            self.held = level, words
        part = self.held[1][start : start + PIECE]
        result = np.ascontiguousarray(
            part.view(np.uint8).reshape(len(part), 8 * search.words)[:, : search.row]
        )
        if start + PIECE >= len(self.held[1]):
            self.held = -1, None
        return result

    def _busy(self) -> bool:
        return any(w.busy() for w in self.search.workers)

    def _fresh(self) -> int:
        return sum(w.found for w in self.search.workers)

    def _violations(self) -> list[dict[str, Any]]:
        space = self.search.space
        new = [v for v in space.violations.values() if v.level == len(space.levels) - 1]
        return [plain_violation(v, failures_of(space.compiled)) for v in new] if new else []

    def _told(self, size: int, sent: Sequence[list[Message]] = (), orbits: int = 0) -> Told:
        return Told(
            size=size,
            seen=sum(w.store.count for w in self.search.workers),
            busy=self._busy(),
            stopped=self.stopped,
            sent=sum(m.nbytes for parts in sent for m in parts),
            to=tuple(sum(len(m.states) for m in parts) for parts in sent),
            orbits=orbits,
            violations=self._violations(),
        )
