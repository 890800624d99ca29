"""Random programs of a few CPUs, as instructions of the in-order front end."""

from __future__ import annotations

import random

from explorer.memory.architecture import Barrier
from tests.support.in_order import Exchange, Fence, Instruction, Load, Store


def random_program(seed: int) -> tuple[int, tuple[tuple[Instruction, ...], ...]]:
    """The number of locations, and a program of 2 or 3 CPUs with at most 9 accesses."""
    choose = random.Random(seed)
    locations = choose.choice((1, 2, 2, 3))
    counts = [choose.randint(1, 4) for _ in range(choose.choice((2, 2, 3)))]
    values = iter(range(1, 100))
    program = []
    for count in counts:
        thread: list[Instruction] = []
        for _ in range(count):
            if choose.random() < 0.25:
                thread.append(Fence(choose.choice((Barrier.SYNC, Barrier.LWSYNC))))
            location, kind = choose.randrange(locations), choose.random()
            if kind < 0.45:
                thread.append(Load(location))
            elif kind < 0.9:
                thread.append(Store(location, next(values)))
            else:
                sync = Fence(Barrier.SYNC)
                thread += [sync, Exchange(location, next(values)), sync]
        program.append(tuple(thread))
    return locations, tuple(program)
