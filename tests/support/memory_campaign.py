"""The runner against the axioms on random programs: `python -m tests.support.memory_campaign power 0 9`.

Prints the seeds that differ, and how: weak (the runner allows more) or strong (it allows less).
"""

from __future__ import annotations

import sys

from explorer.litmus.judge import judge
from tests.support.axiomatic import final_states
from tests.support.random_tests import random_test

MOST_ACCESSES = 8


def differences(model: str, seeds: range) -> dict[int, str]:
    """For each seed whose final states differ, how."""
    different = {}
    for seed in seeds:
        test = random_test(seed, model, MOST_ACCESSES)
        run, axioms = set(judge(test, model).executions), final_states(test, model)
        if run != axioms:
            different[seed] = "weak" * bool(run - axioms) + "strong" * bool(axioms - run)
    return different


def main(model: str, first: int, last: int) -> int:
    total: dict[int, str] = {}
    for start in range(first, last, 500):
        seeds = range(start, min(start + 500, last))
        total |= differences(model, seeds)
        print(
            f"{model}: seeds {first} to {seeds.stop - 1}: {len(total)} differ {total or ''}".rstrip(),
            flush=True,
        )
    return bool(total)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
