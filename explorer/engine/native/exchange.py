"""How workers hand states to their owners, and how they agree. Two calls; what is behind them, the search
does not know.

Here the workers are threads of one process and nothing is copied. A cluster implements the same two calls
with messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from explorer.engine.native.arrays import Buckets

T = TypeVar("T")

PARALLEL = 1 << 13
"""States from which threads pay."""


class Exchange(Protocol):
    """`exchange` is a barrier: it returns for each worker what the others have for it. `agree` sums a number
    over all workers.
    """

    def exchange(self, buckets: Sequence[Buckets]) -> list[list[Buckets]]: ...

    def agree(self, values: Sequence[int]) -> int: ...


class Threads:
    """Workers in one process: every worker reads its partitions in the buckets of all."""

    def __init__(self, workers: int):
        self.workers = workers
        self.pool = ThreadPoolExecutor(workers - 1) if workers > 1 else None

    def exchange(self, buckets: Sequence[Buckets]) -> list[list[Buckets]]:
        return [list(buckets) for _ in range(self.workers)]

    def agree(self, values: Sequence[int]) -> int:
        return sum(values)

    def run(self, work: Callable[[int], T], parallel: bool) -> list[T]:
        """The results of `work(worker)` for every worker; in threads where it pays, the first in this one.
        Ends when all have ended.
        """
        if self.pool is None or not parallel:
            return [work(worker) for worker in range(self.workers)]
        others = [self.pool.submit(work, worker) for worker in range(1, self.workers)]
        try:
            first = work(0)
        finally:
            wait(others)
        return [first, *(other.result() for other in others)]

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown()
