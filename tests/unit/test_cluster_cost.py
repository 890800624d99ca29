"""What a search is said to take on a cluster is what its parts take, added up."""

from __future__ import annotations

import math

import pytest

from explorer.command.estimate import on_cluster
from explorer.engine.cluster_cost import (
    CALL,
    COPY,
    LARGE,
    ONCE,
    PACK,
    PARTITIONS,
    ROOM,
    SEEN,
    SMALL,
    THREADS,
    THROUGH,
    UNPACK,
    USED,
    Nodes,
    Work,
    cost,
    needed,
    scaled,
)
from explorer.engine.native.hashing import PARTITION_BITS
from explorer.engine.native.worker import BUCKET_WORDS

GIB = float(1 << 30)


def ways(modulus: int) -> list[int]:
    """The levels of four counters."""
    levels = [1]
    for _ in range(4):
        levels = [sum(levels[max(0, d - modulus + 1) : d + 1]) for d in range(len(levels) + modulus - 1)]
    return levels


def test_the_figures_are_those_of_the_engine() -> None:
    """Partitions and buckets are as many and as large as the engine's."""
    assert 1 << PARTITION_BITS == PARTITIONS and BUCKET_WORDS == ROOM


def test_one_node_sends_nothing() -> None:
    """The time is that of the transitions on the threads; nothing is sent, and no round is waited for."""
    work = Work([100.0, 300.0], degree=5, transition=1e-3, memory=10, sent=4)
    one, two = cost(work, Nodes(1, 1, GIB)), cost(work, Nodes(1, 2, GIB))
    assert one.seconds == pytest.approx(2.0) and two.seconds == pytest.approx(1.0 / THREADS)
    assert (one.messages, one.network, one.rounds, one.sent) == (0, 0, 0, 0)
    assert one.memory == 400 * 10 + 20 * (300 + ROOM)


def test_two_nodes_send_half() -> None:
    """A level of a million successors, by hand: half a million on each node, half of them away."""
    found = cost(
        Work([250_000.0], degree=4, transition=1e-6, memory=10, sent=4, once=1.0), Nodes(2, 1, GIB, 1e6)
    )
    assert found.sent == 250_000 * 4 and found.network == pytest.approx(1.0)
    assert found.search == pytest.approx(0.5)
    assert found.messages == pytest.approx(500_000 * PACK + 250_000 * UNPACK + 1_000_000 * COPY)
    assert found.rounds == pytest.approx(2 * CALL + LARGE + 2 * SEEN) and found.number == 1


def test_small_messages_cost_less_and_full_buckets_more_rounds() -> None:
    """A small level on three nodes is one round of small messages; one of thirty times what the
    buckets hold is as many rounds.
    """
    few = cost(Work([9_000.0], degree=1, transition=1e-6, memory=1, sent=4), Nodes(3, 1, GIB))
    message = 9_000 * math.ceil(PARTITIONS / 3) / PARTITIONS * ONCE * 2 / 3 * 4 / 2
    driver = 3 * message * (THROUGH + 1 / 1.25e9)
    assert few.rounds == pytest.approx(3 * CALL + 2 * (SMALL + driver))
    share = math.ceil(PARTITIONS / 4) / PARTITIONS
    many = cost(Work([30.0 * ROOM / share], degree=1, transition=1e-6, memory=1, sent=4), Nodes(4, 1, GIB))
    assert many.number == 30


def test_the_most_loaded_node_counts() -> None:
    """512 partitions on 100 nodes: some have six, so that 100 nodes are no more than 86 times as quick."""
    work = Work([1e9], degree=1, transition=1e-6, memory=1, sent=4)
    one, hundred = cost(work, Nodes(1, 1, GIB)), cost(work, Nodes(100, 1, GIB))
    assert one.search / hundred.search == pytest.approx(512 / 6)


@pytest.mark.parametrize("states, node, number", [(1e9, 64, 1), (1e10, 64, 2), (1e11, 64, 19)])
def test_as_many_nodes_as_have_room(states: float, node: float, number: int) -> None:
    """The least number whose memory is enough: one fewer would not be."""
    work = Work([states / 100] * 100, degree=4, transition=4e-8, memory=10, sent=5)
    found, price = needed(work, Nodes(1, 16, node * GIB))
    assert found == number and price.memory <= USED * node * GIB
    assert number == 1 or cost(work, Nodes(number - 1, 16, node * GIB)).memory > USED * node * GIB


def test_scaled_levels_are_those_of_the_larger_space() -> None:
    """Four counters modulo 40 scaled to modulus 100 have its levels, to a hundredth of the widest."""
    found, truth = scaled(ways(40), 100**4, deeper=0.25), ways(100)
    assert len(found) == pytest.approx(len(truth), rel=0.02) and sum(found) == pytest.approx(100**4)
    assert max(found) == pytest.approx(max(truth), rel=0.02)
    middle = len(truth) // 2
    for away in (0, 50, 100):
        assert found[len(found) // 2 + away] == pytest.approx(truth[middle + away], abs=0.01 * max(truth))


def test_an_estimate_says_how_many_nodes_and_how_long() -> None:
    """The sentence has number, size, time and the dearest part; or that no cluster is so large."""
    work = Work([1e10 / 400] * 400, degree=4, transition=4e-8, memory=16, sent=5)
    assert on_cluster(work, Nodes(1, 16, 64 * GIB)) == (
        "On a cluster it needs 3 nodes of 64 GiB with 16 threads, about 2 min, mostly for messages."
    )
    assert on_cluster(work, Nodes(1, 1, 0.25 * GIB)) == (
        "On a cluster it needs 1,035 nodes of 0.25 GiB with 1 thread, and 512 can take part; write: --node"
        " with more."
    )
