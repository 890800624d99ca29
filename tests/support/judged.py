"""Random specs before other model checkers: `python -m tests.support.judged FIRST COUNT [JUDGE...]` prints
every difference, and how many of the seeds were judged. TLC is the jar in the environment's TLA2TOOLS.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from pathlib import Path

from explorer.judge.compare import judge, table
from tests.support.comparison import model_of
from tests.support.generators import spec_text

MOST = 20_000
"""States of a random spec; larger ones are not judged."""

PATIENCE = 120.0
"""Seconds for one judge."""


def judged(seed: int, judges: tuple[str, ...], tla2tools: Path | None = None) -> tuple[str, list[str]]:
    """What came of the random spec of a seed, in one word, and the table of the answers where they differ."""
    model = model_of(spec_text(random.Random(seed), 1 + seed % 4))
    if model is None:
        return "no spec", []
    found = judge(model, judges, MOST, PATIENCE, tla2tools)
    if found.differences:
        return "differs", list(table(found))
    if found.stopped:
        return "too large", []
    if found.silent:
        return "silent", list(table(found))
    return ("refused" if found.refused else "agreed"), list(found.refused.values())


def _long_run(first: int, count: int, judges: tuple[str, ...]) -> None:
    outcomes: Counter[str] = Counter()
    jar = os.environ.get("TLA2TOOLS")
    for seed in range(first, first + count):
        outcome, lines = judged(seed, judges, Path(jar) if jar else None)
        outcomes[outcome] += 1
        if lines:
            print("\n".join([f"seed {seed}: {outcome}", *lines]), flush=True)
        if seed % 50 == 49:
            print(f"to {seed}: {dict(outcomes)}", flush=True)
    print(f"seeds {first} to {first + count - 1}: {dict(outcomes)}", flush=True)


if __name__ == "__main__":
    _long_run(int(sys.argv[1]), int(sys.argv[2]), tuple(sys.argv[3:]) or ("SPIN",))
