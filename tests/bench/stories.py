"""What the shortest counterexample costs over the search that found it: for a state of the last level, which
no other story of that space exceeds by much.
"""

from __future__ import annotations

from collections.abc import Iterator

from .measures import Bench, WrongCount
from .sizes import EXAMPLES, IPI, Size
from .table import Row

MOST = 0.5
MODELS = (
    (EXAMPLES + "german.py", "CACHES=4"),
    (EXAMPLES + "two_phase_commit.py", "MANAGERS=8"),
    (EXAMPLES + "philosophers.py", "SEATS=11"),
    (EXAMPLES + "peterson.py", "PROCESSES=5"),
    (IPI, "senders=3", "kicks=1"),
)
SYMMETRIC = (
    (EXAMPLES + "german.py", "CACHES=5"),
    (EXAMPLES + "two_phase_commit.py", "MANAGERS=7"),
    (IPI, "senders=4"),
)
SLOW = (
    (EXAMPLES + "german.py", "CACHES=3"),
    (EXAMPLES + "philosophers.py", "SEATS=8"),
    (EXAMPLES + "peterson.py", "PROCESSES=4"),
)
"""Models for machine code, for the same under symmetry, and for the python engine, which is asked with and
without symmetry."""


def stories(bench: Bench) -> Iterator[Row]:
    quick = bench.sizes.quick
    for engine, symmetry, models in (
        ("native", False, () if quick else MODELS),
        ("native", True, () if quick else SYMMETRIC),
        ("python", False, SLOW[:1] if quick else SLOW),
        ("python", True, SLOW[:1]),
    ):
        for spec, *define in models:
            yield _row(bench, Size(spec, tuple(define), 0, 0), engine, symmetry)


def _row(bench: Bench, size: Size, engine: str, symmetry: bool) -> Row:
    job = {"engine": engine, "symmetry": symmetry}
    if engine == "native":
        bench.child("story", size, compiled=True, **job)
    found = bench.child("story", size, **job)
    note = f"{found['states']:,} states"
    if symmetry:
        if found["represented"] == found["states"]:
            raise WrongCount(f"no symmetry was proved in {size}")
        note += f" for {found['represented']:,}"
    return Row(
        f"story over search, {size}, {engine}{', symmetric' * symmetry}",
        found["story"] / found["search"],
        "x",
        MOST,
        most=True,
        note=f"{note}; cpu {found['search']:.2f} s and {found['story']:.2f} s, {found['steps']} steps",
    )
