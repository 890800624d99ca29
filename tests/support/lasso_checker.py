"""The liveness checker on tiny graphs: on one alone, as users meet it, and on thousands that lie side by side
in one graph.

Of thousands, each with an initial state of its own, the checker finds the nodes through which fair lassos go;
a tiny graph breaks a formula iff one of them is its own. All code but the choice of one lasso among them is
the code that users run.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from explorer.engine.limits import Limits
from explorer.ir import expressions as ex
from explorer.ir.formulas import Ltl
from explorer.ir.model import FairGroup
from explorer.ir.steps import Fairness
from explorer.liveness import violation as checker
from explorer.liveness.arena import Arena
from explorer.liveness.backend import Backend
from explorer.liveness.find_lasso import NumberedLasso
from explorer.liveness.graph import Graph
from explorer.liveness.violation import LassoSearch, prepare, violation
from tests.support.lasso_graphs import ASSIGNMENTS, FORMULAS, MOST, SHAPES, Fair, Graphs, bits

checker.automaton = cache(checker.automaton)  # type: ignore[assignment]


class TinyGraph(Graph):
    """Graphs side by side: `states` are the letters of their states."""

    def state(self, number: int, element: int = 0) -> tuple[int, ...]:
        return (number,)

    def truth(self, conditions: list[ex.Expr]) -> list[Any]:
        flags = [
            np.zeros_like(self.states) + bits(c, self.states & 1, self.states >> 1, 1) for c in conditions
        ]
        return [self.backend.of("flag", f.astype(np.uint8)) for f in flags]


def side_by_side(graphs: Graphs, backend: Backend) -> TinyGraph:
    """One graph of many; its initial states are their states 0."""
    size, steps = graphs.size, graphs.steps.transpose(0, 2, 1)
    first = np.cumsum(size) - size
    there = np.arange(MOST) < size[:, None]
    at, v, by, w = np.nonzero(steps[..., None] >> np.arange(MOST + 1) & 1)
    to = np.where(w == size[at], size.sum(), first[at] + w)
    start = [0, *np.cumsum(np.bincount(first[at] + v, minlength=int(size.sum()))).tolist()]
    return TinyGraph(
        None,
        backend,
        graphs.letters[there],
        int(size.sum()),
        first.tolist(),  # type: ignore[arg-type]
        *(
            backend.of(kind, values)
            for kind, values in (("number", start), ("number", to.tolist()), ("label", by.tolist()))
        ),
        None,
    )


def searched(graph: Graph, fair: Fair) -> LassoSearch:
    """A search in the graph under an assignment of fairness to its groups."""
    groups = [FairGroup(f"g{g}", kind, (g,)) for g, kind in enumerate(fair) if kind is not Fairness.NONE]
    space: Any = SimpleNamespace(model=SimpleNamespace(fair_groups=groups, instances=range(3)))
    graph.space = space
    return prepare(graph, Limits())


def answer(graph: Graphs, fair: Fair, formula: Ltl, backend: Backend) -> NumberedLasso | None:
    """What users get for the only graph of some rows."""
    return violation(searched(side_by_side(graph, backend), fair), formula)


def broken_by_checker(graphs: Graphs, backend: Backend, by_product: bool = False) -> Any:
    """For each graph and each assignment of fairness the formulas of which the checker finds a violation, a
    bit each.

    With `by_product` only the common shapes are looked at, and always with an automaton.
    """
    graph = side_by_side(graphs, backend)
    own = np.repeat(np.arange(len(graphs)), graphs.size)
    out = np.zeros((len(graphs), len(ASSIGNMENTS)), np.int64)
    for a, fair in enumerate(ASSIGNMENTS):
        search = searched(graph, fair)
        for number, (name, formula) in enumerate(FORMULAS.items()):
            if not by_product or name in SHAPES:
                for states in _marked(search, formula, by_product):
                    out[own[states], a] |= 1 << number
    return out


def _marked(search: LassoSearch, formula: Ltl, by_product: bool) -> list[Any]:
    """The states through which fair lassos go that break a formula, of each part that is broken."""
    found = []

    def keep(arena: Arena, *others: Any) -> NumberedLasso:
        nodes = np.flatnonzero(
            np.frombuffer(arena.fair_nodes, np.uint8) | np.frombuffer(arena.stutterable, np.uint8)
        )
        found.append(np.asarray(arena.base)[nodes] if len(arena.base) else nodes)
        return NumberedLasso(formula, 0, (), ())

    with (
        patch.object(checker, "lasso", keep),
        patch.object(checker, "shape", (lambda f: None) if by_product else checker.shape),
    ):
        violation(search, formula)
    return found
