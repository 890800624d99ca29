"""A cluster in this process: actors that are called at once, and what they say and send goes through bytes
as between machines. An actor dies where a test says so.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from explorer.engine.compiled import Compiled
from explorer.engine.limits import Limits, Observer, ignore
from explorer.engine.native.cluster import search
from explorer.engine.native.cluster.actors import Lost, Where
from explorer.engine.native.cluster.book import Ask, Book
from explorer.engine.native.cluster.share import Order, Share
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.symmetry.find import Symmetry

NOWHERE = Where("nowhere", 1, 1, 60.0)


class Method:
    def __init__(self, actor: Actor, name: str, returns: int = 1):
        self.actor, self.name, self.returns = actor, name, returns

    def options(self, num_returns: int) -> Method:
        return Method(self.actor, self.name, num_returns)

    def remote(self, *given: Any) -> Any:
        result = self.actor.call(self.name, given)
        if self.returns == 1:
            return result
        return [result] * self.returns if isinstance(result, Lost) else list(result)


class Actor:
    """One actor; `calls` is how often it is still called before it dies (None: for ever)."""

    def __init__(self, share: Share, calls: int | None):
        self.share, self.calls = share, calls

    def __getattr__(self, name: str) -> Method:
        return Method(self, name)

    def call(self, name: str, given: tuple[Any, ...]) -> Any:
        if self.calls is not None:
            self.calls -= 1
        if (self.calls is not None and self.calls < 0) or any(isinstance(x, Lost) for x in given):
            return Lost("an actor died")
        return sent(getattr(self.share, name)(*sent(given)))


def sent(value: Any) -> Any:
    """What arrives of a value: arrays cannot be written there."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[bytes(b.raw()) for b in buffers])


class Actors:
    """In place of `cluster.actors.Actors`. `deaths` has for each start the actor that dies, and after how
    many calls.
    """

    def __init__(self, number: int, threads: int, deaths: Sequence[tuple[int, int]] = ()):
        self.number, self.threads, self.deaths = number, threads, [*deaths]
        self.handles: list[Actor] = []
        self.nodes = ["here"]
        self.ask: Ask | None = None
        self.starts = 0

    def start(self, order: Order, things: Sequence[Sequence[str]] = ()) -> None:
        self.starts += 1
        book = Book(things)
        self.ask = (lambda *given: sent(book.ask(*sent(given)))) if things else None
        order = replace(order, actors=self.number, threads=self.threads, beside=self.number, ask=self.ask)
        self.handles = [Actor(Share(owner, order), None) for owner in range(self.number)]
        for actor in self.handles:
            actor.share.prepare()
        if self.deaths:
            actor_of, calls = self.deaths.pop(0)
            self.handles[actor_of].calls = calls

    def stop(self) -> None:
        self.handles = []

    def wait(self, refs: Sequence[Any], patience: float | None = None) -> list[Any]:
        for ref in refs:
            if isinstance(ref, Lost):
                raise ref
        return list(refs)


@contextmanager
def near(actors: Actors) -> Iterator[None]:
    """Searches on a cluster have these actors."""
    with patch.object(search.ClusterSearch, "_connected", lambda self: actors):
        yield


def clustered(
    number: int,
    threads: int = 1,
    *,
    storage: str = "exact",
    deaths: Sequence[tuple[int, int]] = (),
    hear: Callable[[str], None] = lambda sentence: None,
    made: Callable[[bool], Compiled] | None = None,
) -> Callable[..., StateSpace]:
    """An engine of so many actors with so many threads each. `made` makes the program for an actor, where it
    is not to be the driver's own model.
    """

    def explore(
        model: Model,
        limits: Limits | None = None,
        observer: Observer = ignore,
        *,
        symmetry: Symmetry | None = None,
        **more: Any,
    ) -> StateSpace:
        def own(symmetric: bool) -> Compiled:
            return Compiled(model, symmetry if symmetric else None)

        options = search.Options(NOWHERE, made or own, storage, hear=hear)
        with near(Actors(number, threads, deaths)):
            return search.explore(model, limits, observer, options=options, symmetry=symmetry, **more)

    return explore
