"""What a round of a search costs a Ray cluster, without the search:
`python -m tests.bench.rounds [ACTORS ...]`.

As in a search, every actor takes what the others had for it and gives a message for each, in one call, and
the driver waits for all. Messages of a few bytes show what a round costs however little is sent, large ones
what a byte costs. All actors are on this machine: nothing is said about a network.
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

    def turn(self, size: int, *came: Any) -> Any:
        """Look at every message once; something to say, and a message for each other actor."""
        return (
            sum(int(message[-1]) for message in came),
            *(np.zeros(size, np.uint8) for _ in range(self.number - 1)),
        )

    def used(self) -> float:
        """Processor seconds so far."""
        return time.process_time()


def measure(number: int, size: int) -> dict[str, float]:
    """Seconds of a round, and processor seconds of the driver and of all actors."""
    kind = ray.remote(num_cpus=0)(Actor)
    actors = [kind.remote(number) for _ in range(number)]
    held = _round(actors, size, [])

    def used() -> float:
        return sum(ray.get([a.used.remote() for a in actors]))

    before, wall, driver = used(), time.perf_counter(), time.process_time()
    for _ in range(ROUNDS):
        held = _round(actors, size, held)
    driver, wall = time.process_time() - driver, time.perf_counter() - wall
    result = {"seconds": wall, "driver": driver, "actors": used() - before}
    for actor in actors:
        ray.kill(actor)
    return {f"{name} s": value / ROUNDS for name, value in result.items()}


def _round(actors: list[Any], size: int, held: list[Any]) -> list[Any]:
    """Every actor gets what is `held` for it; the references of all answers."""
    number = len(actors)
    asked = []
    for j, actor in enumerate(actors):
        came = [refs[1 + (j if j < i else j - 1)] for i, refs in enumerate(held) if i != j]
        asked.append(actor.turn.options(num_returns=number).remote(size, *came))
    ray.get([refs[0] for refs in asked])
    return asked


def main(numbers: list[int]) -> None:
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="CRITICAL")
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
    for number in numbers:
        for size in (SMALL, INLINE, LARGE, 8 * LARGE) if number <= 4 else (SMALL, INLINE, LARGE):
            print(json.dumps({"actors": number, "bytes": size, **measure(number, size)}), flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [2, 4, 8, 16])
