"""The liveness checker against brute force, on a sample of what `python tests/lassos.py` takes whole."""

import inspect
import random
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("numba")

import numpy as np
from lasso_graphs import ASSIGNMENTS, FORMULAS, SHAPES, Graphs, all_graphs, random_graphs
from lasso_sets import broken_by_sets
from lasso_words import columns
from lassos import compare, compare_lassos

from explorer.liveness.backend import Native, Plain
from explorer.liveness.violation import conjuncts, shape
from explorer.trace.tell_lasso import values


def some(graphs: Graphs, count: int, seed: int) -> Graphs:
    return graphs[np.random.default_rng(seed).choice(len(graphs), count, replace=False)]


@pytest.mark.parametrize("size, count", [(1, 4), (2, 192), (3, 1500)])
def test_graphs_of_up_to_three_states_have_the_verdicts_of_all_lassos(size: int, count: int) -> None:
    """Violations and their absence: every fairness, every formula, shapes also by an automaton; by machine
    code, a few by Python.
    """
    graphs = some(all_graphs(size), count, size)
    truth = compare(graphs, Native(), enumerate_all=True)
    assert np.array_equal(truth[:4], compare(graphs[:4], Plain(), enumerate_all=True))


def test_graphs_of_four_to_six_states_have_the_verdicts_of_all_sets() -> None:
    """Random ones, and of some verdicts the lasso: both speeds find the same one, and it is real."""
    graphs, kits = random_graphs(5, 1000, 4, 6), [Native(), Plain()]
    truth = compare(graphs, kits[0], enumerate_all=False)
    assert np.array_equal(truth[:10], compare(graphs[:10], kits[1], enumerate_all=False))
    assert compare_lassos(graphs, truth, kits, random.Random(6), 600) > 300


def no_fairness(given: dict[str, Any]) -> None:
    given["group"] = np.full_like(given["group"], -1)


def strong_as_weak(given: dict[str, Any]) -> None:
    given["strong"] = np.zeros_like(given["strong"])


def weak_as_strong(given: dict[str, Any]) -> None:
    given["strong"] = np.ones_like(given["strong"])


def less_acceptance(given: dict[str, Any]) -> None:
    given["demands"] &= given["demands"] - 1


def everywhere(given: dict[str, Any]) -> None:
    given["inside"] = np.ones_like(given["inside"])


def never(given: dict[str, Any]) -> None:
    """Leaves nothing to work on."""
    given.update({name: 0 for name in ("number", "count") if name in given})


@pytest.mark.parametrize(
    "kernel, change",
    [
        ("judge", no_fairness),
        ("judge", strong_as_weak),
        ("judge", weak_as_strong),
        ("judge", less_acceptance),
        ("flood", everywhere),
        ("flood", never),
        ("quiet", never),
        ("pending", never),
    ],
)
def test_a_checker_that_errs_is_noticed(kernel: str, change: Any) -> None:
    """Each error in an algorithm changes a verdict in the sample. Some of them hide violations, others invent
    them.
    """
    backend = Native()
    real, names = getattr(backend.run, kernel), list(inspect.signature(getattr(Plain.run, kernel)).parameters)

    def wrong(*args: Any) -> Any:
        given = dict(zip(names, args, strict=True))
        change(given)
        return real(*given.values())

    backend.run = SimpleNamespace(**{**vars(backend.run), kernel: wrong})
    with pytest.raises(AssertionError, match=r"^the checker"):
        compare(random_graphs(5, 300, 4, 6), backend, enumerate_all=False)


def test_the_sample_tells_formulas_and_fairness_apart() -> None:
    """Every formula holds somewhere and is broken elsewhere; no two formulas and no two assignments of
    fairness always say the same.
    """
    truth = broken_by_sets(random_graphs(5, 1000, 4, 6))
    verdicts = np.stack([truth >> number & 1 for number in range(len(FORMULAS))])
    assert all(len(np.unique(of_formula)) == 2 for of_formula in verdicts)
    assert len({of_formula.tobytes() for of_formula in verdicts}) == len(FORMULAS)
    assert len({truth[:, a].tobytes() for a in range(len(ASSIGNMENTS))}) == len(ASSIGNMENTS)


def test_the_shapes_are_recognised() -> None:
    """The common formulas need no automaton, so that they are fast."""
    assert all(shape(part) is not None for name in SHAPES for part in conjuncts(FORMULAS[name]))


def test_the_judge_of_lassos_agrees_with_another_one() -> None:
    """The evaluation of a formula on a lasso, which every story passes, against one that was written for the
    tests.
    """
    rng = random.Random(7)
    for _ in range(300):
        word = tuple(rng.randrange(4) for _ in range(rng.randint(1, 7)))
        loop = rng.randrange(len(word))
        moments = [(letter & 1, letter >> 1) for letter in word]
        for formula in FORMULAS.values():
            assert values(formula, moments, loop) == [
                bool(v) for v in columns(formula, word, loop, (0, 1, 0, 1), (0, 0, 1, 1), 1)
            ]
