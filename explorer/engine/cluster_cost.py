"""What a search takes on a cluster, from what its parts were measured to take (docs/scale.md). `estimate` and
`python -m tests.bench.cluster` say nothing that is not computed here. Knows nothing of states.

A level is expanded in rounds; in each an actor inserts what came, fills its buckets, and sends what is not
its own, each state once. Nothing of that is taken to happen at the same time as anything else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from explorer.ir.data import dataclass

PACK, UNPACK, COPY = 11e-9, 15e-9, 0.6e-9
"""Seconds to put a successor into a message, to take one out, and to bring one byte through Ray."""

CALL = 0.5e-3
"""Seconds of the driver for each actor in a round, which is one call."""

INLINE = 100_000
SMALL, LARGE, SEEN, THROUGH = 0.25e-3, 0.5e-3, 0.05e-3, 2e-9
"""A message of up to so many bytes Ray carries in answers and calls, through the driver; larger ones it puts
into its object store, and the driver passes references. Seconds of an actor for a small and for a large one,
of the driver for a large one, and for each byte of a small one, network not included.
"""

ONCE = 0.4
"""The part of the successors that is sent: what commuting steps have not found, each once in a round.
"""

THREADS = 0.84
"""What each of several threads does of what one alone does, measured for two."""

USED = 0.8
"""The part of a node's memory that a search may have."""

PARTITIONS, ROOM, SUCCESSOR = 512, 1 << 21, 10
"""Parts into which states are divided among actors; successors that the buckets of a thread hold, and the
bytes of one.
"""


@dataclass(frozen=True, slots=True)
class Work:
    """A search: the states of its levels; transitions of a state; processor seconds of a transition, with all
    that its state costs; bytes of memory, and in a message, of a state; the part of the successors for other
    actors that is sent.
    """

    levels: Sequence[float]
    degree: float
    transition: float
    memory: float
    sent: float
    once: float = ONCE


@dataclass(frozen=True, slots=True)
class Nodes:
    """A cluster of equal nodes with one actor each: threads, bytes of memory, bytes in a second each way."""

    number: int
    threads: int
    memory: float
    network: float = 1.25e9


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of each part of the work; bytes of memory, and bytes sent, of a node; rounds."""

    search: float
    messages: float
    network: float
    rounds: float
    memory: float
    sent: float
    number: int

    @property
    def seconds(self) -> float:
        return self.search + self.messages + self.network + self.rounds

    @property
    def most(self) -> str:
        """The part that takes the most."""
        parts = ("search", "messages", "network", "rounds")
        return max(parts, key=lambda part: float(getattr(self, part)))


def cost(work: Work, nodes: Nodes) -> Cost:
    """What a search takes, with the most loaded node."""
    n = nodes.number
    share = _share(n)
    threads = nodes.threads * (THREADS if nodes.threads > 1 else 1.0)
    search = messages = network = rounds = sent = 0.0
    number = 0
    for states in work.levels:
        own = states * work.degree * share
        away, times = work.once * own * (n - 1) / n, max(1, math.ceil(own / (ROOM * nodes.threads)))
        search += own * work.transition / threads
        number += times
        if n > 1:
            bytes_ = away * work.sent
            messages += own * PACK / threads + away * UNPACK + bytes_ * COPY
            network += bytes_ / nodes.network
            each = _message(nodes, bytes_ / times / (n - 1))
            rounds += times * (n * CALL + (n - 1) * each)
            sent += bytes_
    widest = max(work.levels, default=0.0) * share
    memory = sum(work.levels) * share * work.memory + 2 * SUCCESSOR * widest + least(nodes)
    return Cost(search, messages, network, rounds, memory=memory, sent=sent, number=number)


def _share(nodes: int) -> float:
    """The part of all states that the most loaded of some nodes has."""
    partitions = PARTITIONS
    while partitions < 4 * nodes:
        partitions *= 2
    return math.ceil(partitions / nodes) / partitions


def _message(nodes: Nodes, size: float) -> float:
    """Seconds of a round for one message of each actor: its own, and those of the driver, who sees all."""
    if size <= INLINE:
        return SMALL + nodes.number * size * (THROUGH + 1 / nodes.network)
    return LARGE + nodes.number * SEEN


def least(node: Nodes) -> float:
    """Bytes of memory that a node takes before it has a state: for its buckets, and for what arrives."""
    return 2.0 * SUCCESSOR * ROOM * node.threads


def needed(work: Work, node: Nodes) -> tuple[int, Cost]:
    """How many such nodes have room for a search, and what it takes there. Each must have room for more than
    the `least`.
    """
    assert least(node) < USED * node.memory
    number = max(1, math.ceil(sum(work.levels) * work.memory / (USED * node.memory)))
    while True:
        found = cost(work, Nodes(number, node.threads, node.memory, node.network))
        if found.memory <= USED * node.memory:
            return number, found
        number += max(1, number // 50)


def scaled(levels: Sequence[int], states: float, deeper: float = 0.0) -> list[float]:
    """The levels of a space of the same shape with so many states. `deeper`: the number of levels grows with
    this power of the number of states.
    """
    factor = states / sum(levels)
    size = max(1, round(len(levels) * factor**deeper))
    last = len(levels) - 1
    result = []
    for at in range(size):
        place = at * last / max(1, size - 1)
        low = min(int(place), last)
        high = min(low + 1, last)
        result.append(levels[low] + (levels[high] - levels[low]) * (place - low))
    whole = sum(result)
    return [size * states / whole for size in result]
