"""The actors of a search on a Ray cluster: where they run, and what is heard of them. Every wait has a limit:
an actor that dies, or does not answer, is `Lost`; what no new actor can mend is `Halted`.

Placement, transport and the detection of failures are Ray's. Knows nothing of levels.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import ray
from ray import exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from explorer.engine.limits import Limits
from explorer.engine.native.cluster.book import Ask, Book
from explorer.engine.native.cluster.messages import MOST_ACTORS
from explorer.engine.native.cluster.share import Order, Share, WrongProgram
from explorer.ir.data import dataclass

START, HEAD, SLICE, LAST = 180.0, 15.0, 0.5, 10.0
"""Seconds that actors have to start, that the head may be silent, between two looks while waiting, and that
actors have to end a round once a limit is reached."""


class ClusterError(Exception):
    """A cluster that cannot be used as it is to be; the text says what to write."""


class Lost(Exception):
    """An actor, or what it sent, is lost: others can go on from the last checkpoint."""


class Silent(Lost):
    """An actor does not answer."""


class Halted(Exception):
    """The search cannot go on here; the text says why."""


@dataclass(frozen=True, slots=True)
class Where:
    """The cluster that is asked for: `auto`, or the address of a head; how many actors (None: one on each
    node) with how many threads; the seconds after which an actor that does not answer counts as lost.
    """

    address: str
    actors: int | None
    threads: int
    patience: float


def connect(where: Where) -> None:
    """Join the cluster, or start one on this machine. Raises ClusterError."""
    if ray.is_initialized():
        return
    wanted = (where.actors or 1) * where.threads
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "600")
    common: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL", "configure_logging": True}
    with _own_signals():
        try:
            if where.address == "auto":
                cpus = max(os.cpu_count() or 1, wanted)
                ray.init("local", num_cpus=cpus, include_dashboard=False, **common)
            else:
                _answers(where.address)
                ray.init(where.address, **common)
        except ClusterError:
            raise
        except Exception as error:
            first = " ".join(str(error).split("\n")[0].split()).rstrip(".")
            raise ClusterError(
                f"--cluster {where.address}: {first}; write: --cluster auto, or on this machine first: ray"
                " start --address ADDRESS"
            ) from None


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray takes signals for itself; they are the command's again afterwards."""
    names = [signal.SIGINT, signal.SIGTERM]
    before = [(number, signal.getsignal(number)) for number in names]
    try:
        yield
    finally:
        with suppress(ValueError):  # not the main thread
            for number, handler in before:
                signal.signal(number, handler)


def _answers(address: str) -> None:
    """ClusterError unless something listens at an address."""
    if not _reachable(address, 5.0):
        raise ClusterError(
            f"--cluster {address}: nobody answers there; write: --cluster auto, or the HOST:PORT that ray"
            " start --head prints"
        )


def _reachable(address: str, seconds: float) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
    except (OSError, ValueError):
        return False
    return True


class Actors:
    """The actors of one search; `hear` is told what is worth knowing. `start` replaces them all."""

    def __init__(self, where: Where, limits: Limits, hear: Callable[[str], None]):
        connect(where)
        self.where, self.limits, self.hear = where, limits, hear
        self.here = ray.get_runtime_context().get_node_id()
        self.head: str = ray.get_runtime_context().gcs_address
        self.handles: list[Any] = []
        self.book: Any = None
        self.nodes: list[str] = []
        self.silent = time.monotonic()
        """When the head answered last."""
        self.looked = 0.0
        self.threads = where.threads
        if where.actors is None and where.threads == 1:
            self.threads = max(1, min(map(_cpus, self._alive()), default=1))
        self.number = where.actors or max(1, len(self._alive()))
        if self.number > MOST_ACTORS:
            raise ClusterError(
                f"--actors {self.number}: at most {MOST_ACTORS}; write: --workers N for threads"
            )
        self._fit(at_first=True)

    def _alive(self) -> list[dict[str, Any]]:
        return [node for node in _nodes() if node["Alive"] and _cpus(node)]

    def _fit(self, at_first: bool) -> None:
        """As many actors as there are processors for; where that is asked for `at_first`, all or none."""
        alive = self._alive()
        if self.here not in [node["NodeID"] for node in alive]:
            raise Halted("this machine is no node of the cluster any more")
        room = sum(_cpus(node) // self.threads for node in alive)
        if room >= self.number:
            return
        if at_first:
            raise ClusterError(
                f"--actors {self.number}: with {self.threads} threads each they need"
                f" {self.number * self.threads} processors, and there is room for {room} actors; write:"
                f" --actors {max(1, room)}, or --workers 1"
            )
        if not room:
            raise Halted("no node of the cluster is left that has room for an actor")
        self.number = room

    def start(self, order: Order, things: Sequence[Sequence[str]] = ()) -> None:
        """New actors in place of those there were, with the program compiled; where there are `things` by
        number, with a book of them (`book.py`). Raises Lost or Halted, or ClusterError where another start
        would end the same way.
        """
        self.stop()
        self.look()
        self._fit(at_first=False)
        nodes = max(1, len(self._alive()))
        if things:
            here: Any = NodeAffinitySchedulingStrategy(self.here, soft=False)
            kind = ray.remote(num_cpus=0, max_restarts=0, scheduling_strategy=here)(Book)
            self.book = kind.remote(things)
        order = replace(
            order,
            actors=self.number,
            threads=self.threads,
            beside=-(-self.number // nodes),
            ask=partial(_asked, self.book, self.where.patience) if things else None,
        )
        share = ray.remote(num_cpus=self.threads, max_restarts=0, scheduling_strategy="SPREAD")(Share)
        self.handles = [share.remote(owner, order) for owner in range(self.number)]
        try:
            self.nodes = self.wait([a.where.remote() for a in self.handles], START)
        except Silent:
            raise Halted(
                f"{self.number} actors with {self.threads} threads each did not start within {START:g} s"
            ) from None
        first = [self.nodes.index(node) for node in dict.fromkeys(self.nodes)]
        others = [i for i in range(self.number) if i not in first]
        for some in (first, others):  # the others of a node load what its first one compiled
            self.wait([self.handles[i].prepare.remote() for i in some])

    def stop(self) -> None:
        """End all actors."""
        for actor in (*self.handles, self.book):
            with suppress(Exception):
                ray.kill(actor)
        self.handles, self.book = [], None

    @property
    def ask(self) -> Ask | None:
        """What is numbered for all actors. Raises Lost or Halted."""
        book = self.book
        return None if book is None else lambda *given: self.wait([book.ask.remote(*given)])[0]

    def wait(self, refs: Sequence[Any], patience: float | None = None) -> list[Any]:
        """What was asked for. Raises Lost or Halted."""
        patience = self.where.patience if patience is None else patience
        begun, pending, told = time.monotonic(), list(refs), False
        ended: float | None = None
        while pending:
            _, pending = ray.wait(pending, num_returns=len(pending), timeout=SLICE, fetch_local=False)
            now = time.monotonic()
            if not pending:
                break
            self.look()
            reason = self.limits.reached(0)
            if reason:
                ended = now if ended is None else ended
                if now - ended > LAST:
                    raise Halted(reason)
            if now - begun > patience:
                raise Silent(f"an actor has not answered for {patience:g} s")
            if now - begun > patience / 4 and not told:
                told = True
                self.hear(
                    f"cluster: an actor has not answered for {now - begun:.0f} s; after {patience:g} s it"
                    " counts as lost"
                )
        try:
            result: list[Any] = ray.get(list(refs), timeout=patience)
            return result
        except (exceptions.RayError, TimeoutError) as error:
            raise meaning(error) from None

    def look(self) -> None:
        """Raises Halted where the head of the cluster is gone."""
        now = time.monotonic()
        if now - self.looked < 1.0:
            return
        self.looked = now
        if _reachable(self.head, 2.0):
            self.silent = time.monotonic()
        elif now - self.silent > HEAD:
            raise Halted(f"the head of the cluster ({self.head}) does not answer")


def _asked(book: Any, patience: float, *given: Any) -> list[str]:
    """What the book answers an actor."""
    result: list[str] = ray.get(book.ask.remote(*given), timeout=patience)
    return result


def meaning(error: BaseException) -> Exception:
    """What an error of Ray means for a search."""
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, (WrongProgram, ImportError)):
        return ClusterError(
            f"--cluster: {cause}; write: the same explorer, and the spec's files at the same path, on every"
            " node"
        )
    for found in (error, cause):
        if isinstance(found, (exceptions.ObjectStoreFullError, exceptions.OutOfDiskError)):
            return Halted("the object store of a node is full, and so is its disk")
        if isinstance(found, MemoryError):
            return Halted(f"an actor got no memory: {found}".removesuffix(": "))
    if isinstance(error, exceptions.RayTaskError) and not isinstance(cause, exceptions.RayError):
        mistake: Exception = error  # of ours
        return mistake
    return Lost(_said(cause))


def _said(error: BaseException) -> str:
    """Why an actor is lost, in a few words."""
    if isinstance(error, TimeoutError):
        return "an actor did not answer in time"
    if isinstance(error, exceptions.OutOfMemoryError):
        return "Ray ended an actor, as its node had no memory left"
    if isinstance(error, exceptions.ActorUnavailableError):
        return "an actor cannot be reached"
    if isinstance(error, exceptions.RayActorError):
        return "an actor died"
    if isinstance(error, exceptions.ObjectLostError):
        return "what an actor sent is lost"
    return f"{type(error).__name__} was raised"


def _cpus(node: dict[str, Any]) -> int:
    return int(node["Resources"].get("CPU", 0))


def _nodes() -> list[dict[str, Any]]:
    nodes: Any = ray.nodes
    result: list[dict[str, Any]] = nodes()
    return result
