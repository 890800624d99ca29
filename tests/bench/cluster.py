"""The schedule of searches on clusters, simulated level by level with measured costs:
`python -m tests.bench.cluster` prints the tables of docs/scale.md.

The levels are those of a real run, visited here, scaled up. The arithmetic is
`explorer/engine/cluster_cost.py`; its figures were measured with `tests.bench` and `tests.bench.rounds`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explorer.engine.cluster_cost import PARTITIONS, USED, Cost, Nodes, Work, cost, scaled
from explorer.engine.native import search as native
from explorer.render.text.terminal import duration

from .child import model_of
from .sizes import IPI, Size, counters

GIB = float(1 << 30)
PARTS = ("search", "messages", "network", "rounds")


@dataclass(frozen=True, slots=True)
class Shape:
    """A model whose levels are scaled, and what was measured of a larger run of it (`cluster_cost.Work`)."""

    name: str
    size: Size
    deeper: float
    transition: float
    memory: float
    sent: float

    def work(self, levels: Sequence[int], states: float) -> Work:
        return Work(
            scaled(levels, states, self.deeper),
            self.size.transitions / self.size.states,
            self.transition,
            self.memory,
            self.sent,
        )


SHAPES = (
    Shape("four counters", counters(32), 0.25, 45e-9, 11.5, 4.0),
    Shape(
        "the lost IPI, three senders",
        Size(IPI, ("senders=3", "kicks=1"), 1_166_021, 5_974_513),
        0.12,
        45e-9,
        15.4,
        7.0,
    ),
)


def levels_of(size: Size) -> list[int]:
    """The levels of a model, visited."""
    space = native.explore(model_of(size.spec, size.constants))
    assert (space.distinct, space.transitions) == (size.states, size.transitions)
    return [len(level) for level in space.levels]


def table(shape: Shape, levels: Sequence[int], node: Nodes) -> Iterator[str]:
    """Lines of Markdown."""
    heads = ("states", "nodes", "time", *PARTS, "memory of a node", "sent by a node", "node hours")
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for states in (1e10, 1e11, 1e12):
        work = shape.work(levels, states)
        for number in (10, 100, 1000):
            yield line(
                states, number, cost(work, Nodes(number, node.threads, node.memory, node.network)), node
            )


def line(states: float, number: int, found: Cost, node: Nodes) -> str:
    """One line; what a node has no room for, and what has more nodes than partitions, is marked."""
    cells = [
        f"{states:.0e}".replace("1e+", "10^"),
        f"{number:,}{' (too many)' * (number > PARTITIONS)}",
        duration(found.seconds),
        *(f"{100 * getattr(found, part) / found.seconds:.0f} %" for part in PARTS),
        f"{found.memory / GIB:,.1f} GiB{' (too much)' * (found.memory > USED * node.memory)}",
        f"{found.sent / 1e9:,.1f} GB",
        f"{found.seconds / 3600 * number:,.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.cluster", description=__doc__)
    parser.add_argument("--threads", type=int, default=16, help="of a node (default: 16)")
    parser.add_argument("--memory", type=float, default=256, help="GiB of a node (default: 256)")
    parser.add_argument("--network", type=float, default=10, help="Gbit/s of a node, each way (default: 10)")
    options = parser.parse_args()
    node = Nodes(1, options.threads, options.memory * GIB, options.network * 1e9 / 8)
    for shape in SHAPES:
        levels = levels_of(shape.size)
        print(f"\n{shape.name}: {len(levels)} levels of {shape.size}\n")
        print("\n".join(table(shape, levels, node)))
    found = cost(SHAPES[1].work(levels, 3e10), Nodes(100, 1, 8 * GIB, 0.125e9))
    print(
        f"\n3*10^10 states on 100 nodes of one thread and 1 Gbit/s (PReach): {duration(found.seconds)},"
        f" {found.memory / GIB:.1f} GiB of a node, mostly for {found.most}"
    )


if __name__ == "__main__":
    main()
