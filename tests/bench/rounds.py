"""What a round of a search costs a Ray cluster, without the search:
`python -m tests.bench.rounds [ACTORS ...]`.

As in a search, every actor gives a message for each other one and gets theirs, and the driver waits for all.
Messages of a few bytes show what a round costs however little is sent, large ones what a byte costs. All
actors are on this machine: nothing is said about a network.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import numpy as np
import ray

ROUNDS = 30
SMALL, INLINE, LARGE = 64, 90_000, 1 << 20
"""Bytes of a message."""


class Actor:
    """Sends, and takes what is sent."""

    def __init__(self, number: int):
        self.number = number

    def expand(self, size: int) -> Any:
        """Something to say, and a message for each other actor."""
        return (0, *(np.zeros(size, np.uint8) for _ in range(self.number - 1)))

    def insert(self, *came: Any) -> int:
        """Look at every message once."""
        return sum(int(message[-1]) for message in came)

    def used(self) -> float:
        """Processor seconds so far."""
        return time.process_time()


def measure(number: int, size: int) -> dict[str, float]:
    """Seconds of a round, and processor seconds of the driver and of all actors."""
    kind = ray.remote(num_cpus=0)(Actor)
    actors = [kind.remote(number) for _ in range(number)]
    _round(actors, size)

    def used() -> float:
        return sum(ray.get([a.used.remote() for a in actors]))

    before, wall, driver = used(), time.perf_counter(), time.process_time()
    for _ in range(ROUNDS):
        _round(actors, size)
    driver, wall = time.process_time() - driver, time.perf_counter() - wall
    result = {"seconds": wall, "driver": driver, "actors": used() - before}
    for actor in actors:
        ray.kill(actor)
    return {f"{name} s": value / ROUNDS for name, value in result.items()}


def _round(actors: list[Any], size: int) -> None:
    number = len(actors)
    asked = [a.expand.options(num_returns=number).remote(size) for a in actors]
    ray.get([refs[0] for refs in asked])
    ray.get(
        [
            actor.insert.remote(
                *[refs[1 + (j if j < i else j - 1)] for i, refs in enumerate(asked) if i != j]
            )
            for j, actor in enumerate(actors)
        ]
    )


def main(numbers: list[int]) -> None:
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="CRITICAL")
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
    for number in numbers:
        for size in (SMALL, INLINE, LARGE, 8 * LARGE) if number <= 4 else (SMALL, INLINE, LARGE):
            print(json.dumps({"actors": number, "bytes": size, **measure(number, size)}), flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [2, 4, 8, 16])
