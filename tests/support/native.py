"""The native engine as the comparisons take it, and its source run by the interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

from explorer.engine import python
from explorer.engine.native import questions
from explorer.engine.native import search as native
from explorer.engine.space import StateSpace
from explorer.liveness import build_graph, native_graph
from explorer.symmetry import plan as orbits
from tests.support.comparison import bounded
from tests.support.house import ROOT
from tests.support.quotients import random_symmetric, same_facts


def native_engine(workers: int, storage: str = "exact") -> partial[StateSpace]:
    """The native engine with so many workers and this storage."""
    return partial(native.explore, options=native.Options(workers, storage, 64))


def without_compiler(*lines: str) -> int:
    """The value of the last line, a number, in a process where Numba is switched off."""
    *first, last = ["import numpy as np", "np.seterr(all='ignore')", *lines]
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join([*first, f"print({last})"])],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return int(ran.stdout.split()[-1])


@contextmanager
def liveness_by_machine_code() -> Iterator[None]:
    """In the block liveness is computed by machine code, however few states there are; it must be once."""
    whole = native_graph.native_graph
    with (
        patch.object(build_graph, "COMPILE_FROM", 1),
        patch.object(native_graph, "native_graph", wraps=whole) as made,
    ):
        yield
    assert made.called


def natively(seed: int, direct: int) -> bool:
    """Compare the engines on a random spec, if it is symmetric; the number of renamings that are all tried is
    given.

    The native engine lists steps by its own text, however few there are.
    """
    orbits.DIRECT, questions.SMALL, questions.FEW = direct, 0, 0
    symmetric = random_symmetric(seed)
    if symmetric is None:
        return False
    spec, found = symmetric
    limits = bounded(spec)
    same_facts(
        python.explore(spec, limits, symmetry=found),
        native.explore(spec, limits, options=native.Options(2), symmetry=found),
    )
    return True
