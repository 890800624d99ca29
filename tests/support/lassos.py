"""The liveness checker against brute force, whole: `python -m tests.support.lassos`.

It compares every labelled graph with up to 3 states, and a million random ones with 4 to 6, under every
assignment of fairness to two groups of steps, on every formula of the list.

Up to 3 states all lassos are enumerated (`lasso_words`); an independent judge (`lasso_sets`) decides these
graphs and the larger ones, so that violations that the checker misses are noticed in both. Shapes that have
an algorithm of their own are searched with an automaton too. Of a sample of the verdicts the lasso itself is
looked at. Numbers on the command line bound the graphs of either kind. The test suite takes a sample.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import numpy as np

from explorer.liveness.backend import Backend, Native, Plain
from tests.support.lasso_checker import answer, broken_by_checker
from tests.support.lasso_graphs import (
    ASSIGNMENTS,
    FORMULAS,
    SHAPES,
    Graphs,
    all_graphs,
    batches,
    random_graphs,
)
from tests.support.lasso_sets import broken_by_sets
from tests.support.lasso_words import broken_by_lassos, is_real

BATCH, LASSOS = 10_000, 200
"""Graphs that are searched at once, and how many of their verdicts are looked at again, each in its graph
alone.
"""


def compare(graphs: Graphs, backend: Backend, enumerate_all: bool) -> Any:
    """The checker agrees with the judges, and they with each other; AssertionError with the first graph where
    not.

    Returns for each graph and assignment of fairness the formulas that are broken.
    """
    truth = broken_by_sets(graphs)
    if enumerate_all:
        _same("the judges", graphs, truth, broken_by_lassos(graphs))
    _same("the checker", graphs, truth, broken_by_checker(graphs, backend))
    shapes = sum(1 << number for number, name in enumerate(FORMULAS) if name in SHAPES)
    _same(
        "the checker, by automaton",
        graphs,
        truth & shapes,
        broken_by_checker(graphs, backend, by_product=True),
    )
    return truth


def _same(who: str, graphs: Graphs, truth: Any, found: Any) -> None:
    for i, a in zip(*np.nonzero(truth != found)):
        names = [name for number, name in enumerate(FORMULAS) if (truth ^ found)[i, a] >> number & 1]
        raise AssertionError(
            f"{who}: wrong on {', '.join(names)}, fairness {[k.name for k in ASSIGNMENTS[a]]},"
            f" {graphs[[i]].show()}"
        )


def compare_lassos(
    graphs: Graphs, truth: Any, backends: list[Backend], rng: random.Random, count: int
) -> int:
    """For `count` of the verdicts every backend finds the same lasso in the graph alone, and it is real. How
    many lassos that were.
    """
    real = 0
    for _ in range(count):
        i, a, number = (
            rng.randrange(len(graphs)),
            rng.randrange(len(ASSIGNMENTS)),
            rng.randrange(len(FORMULAS)),
        )
        graph, fair, formula = graphs[[i]], ASSIGNMENTS[a], list(FORMULAS.values())[number]
        found = [answer(graph, fair, formula, backend) for backend in backends]
        where = formula, fair, graph.show(), found
        assert (found[0] is not None) == bool(truth[i, a] >> number & 1) and found.count(found[0]) == len(
            found
        ), where
        assert found[0] is None or is_real(graph, fair, found[0]), where
        real += found[0] is not None
    return real


def main(most: int = 1 << 62, many: int = 1_000_000) -> None:
    backends: list[Backend] = [Native(), Plain()]
    rng, started = random.Random(1), time.monotonic()

    def run(name: str, graphs: Graphs, enumerate_all: bool) -> None:
        broken = looked = real = 0
        for batch in batches(graphs, BATCH):
            truth = compare(batch, backends[0], enumerate_all)
            broken += sum(int((truth >> number & 1).sum()) for number in range(len(FORMULAS)))
            looked += LASSOS
            real += compare_lassos(batch, truth, backends, rng, LASSOS)
        verdicts = len(graphs) * len(ASSIGNMENTS) * len(FORMULAS)
        print(
            f"{len(graphs):,} {name}: {verdicts:,} verdicts agree ({broken:,} violations); {looked:,} of them"
            f" looked at alone, {real:,} lassos are real; {time.monotonic() - started:.0f} s",
            flush=True,
        )

    for size in (1, 2, 3):
        graphs = all_graphs(size)
        chosen = np.random.default_rng(size).permutation(len(graphs))[:most]
        run(f"graphs with {size} state{'s'[: size > 1]}", graphs[chosen], True)
    for at in range(0, many, 100_000):
        run("random graphs with 4 to 6 states", random_graphs(at, min(100_000, many - at), 4, 6), False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
