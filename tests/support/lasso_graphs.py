"""Tiny graphs by the thousand, the formulas that are judged on them, and the fairness of their steps.

A graph has states 0 (initial), 1, ..., conditions p and q on states, and steps of groups 0 and 1, and of 2,
which is never fair.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.ir import expressions as ex
from explorer.ir.errors import Place
from explorer.ir.formulas import Ltl
from explorer.ir.steps import Fairness
from explorer.ir.types import BoolType
from explorer.language.symbolic import BOOL
from explorer.language.temporal import (
    MadeFormula,
    always,
    always_eventually,
    eventually,
    eventually_always,
    leads_to,
    next_step,
    release,
    until,
)
from explorer.language.values import Value

MOST = 6
"""States of the largest graph."""

BITS = [
    ex.Family(i, i, 1, 0, 1, name, "", (name,), BoolType(), Place("graph", i)) for i, name in enumerate("pq")
]
P: Value[bool] = Value(BOOL, ex.cell(BITS[0], ex.const(0)))
Q: Value[bool] = Value(BOOL, ex.cell(BITS[1], ex.const(0)))

Fair = tuple[Fairness, Fairness]
KINDS = [Fairness.NONE, Fairness.WEAK, Fairness.STRONG]
ASSIGNMENTS: list[Fair] = list(itertools.product(KINDS, KINDS))
"""The fairness of group 0 and of group 1; verdicts are listed in this order."""

SHAPES = {
    "leads_to": leads_to(P, Q),
    "eventually": eventually(P),
    "always": always(P),
    "recurrence": always_eventually(P),
    "persistence": eventually_always(P),
    "both": always(P | Q) & leads_to(P, Q),
    "split": leads_to(P, ~P),
}
OTHERS = {
    "until": until(P, Q),
    "release": release(P, Q),
    "response in order": always(~P | until(P, Q)),
    "reactivity": always_eventually(P) & ~eventually_always(Q) | eventually_always(~P),
    "strong": ~always_eventually(P) | always_eventually(Q),
    "next": always(~P | next_step(Q)),
    "next next": eventually(P & next_step(next_step(~P))),
    "nested": eventually(P & eventually(~P & always(Q))),
    "either": always(P) | always(Q),
    "recurring pair": always(eventually(P & eventually(Q))),
}
FORMULAS: dict[str, Ltl] = {
    name: formula.node for name, formula in {**SHAPES, **OTHERS}.items() if isinstance(formula, MadeFormula)
}


@dataclass(frozen=True)
class Graphs:
    """Graphs as rows of arrays. `letters[i, v]` has bit 0 where p holds in state v of graph i, and bit 1
    where q does.

    `steps[i, g, v]` has a bit for every state to which group g leads from v; bit `size[i]` is for all that
    was not visited, as in a run that was bounded: such a step can be taken, and nothing is said about what
    comes after it.
    """

    size: Any
    letters: Any
    steps: Any

    def __len__(self) -> int:
        return len(self.size)

    def __getitem__(self, rows: Any) -> Graphs:
        return Graphs(self.size[rows], self.letters[rows], self.steps[rows])

    def show(self) -> str:
        """For people: the letters of the states, and the steps as group: from > to."""
        return "; ".join(
            f"{letters[:n].tolist()} "
            + ", ".join(
                f"{g}: {v} > {w}"
                for g, v, w in itertools.product(range(3), range(n), range(n + 1))
                if steps[g, v] >> w & 1
            )
            for n, letters, steps in zip(self.size.tolist(), self.letters, self.steps)
        )


def empty(count: int) -> Graphs:
    return Graphs(
        np.zeros(count, np.int64), np.zeros((count, MOST), np.int64), np.zeros((count, 3, MOST), np.int64)
    )


def all_graphs(size: int) -> Graphs:
    """Every labelled graph of a size whose states are all reached: any letters, for each ordered pair of
    states a set of two groups.
    """
    pairs = [(v, w) for v in range(size) for w in range(size) if v != w]
    code = np.arange(4 ** (size + len(pairs)))
    found = empty(len(code))
    found.size[:] = size
    for v in range(size):
        found.letters[:, v] = code >> 2 * v & 3
    for at, (v, w) in enumerate(pairs, size):
        for g in (0, 1):
            found.steps[:, g, v] |= (code >> 2 * at + g & 1) << w
    reached = np.ones(len(code), np.int64)
    for _ in range(size):
        for v in range(size):
            reached |= np.where(reached >> v & 1, found.steps[:, 0, v] | found.steps[:, 1, v], 0)
    return found[reached == (1 << size) - 1]


def random_graphs(seed: int, count: int, least: int, most: int) -> Graphs:
    """Random graphs with bounds on their size. Every state is reached; some graphs have a step to what was
    not visited.
    """
    rng, found, rows = np.random.default_rng(seed), empty(count), np.arange(count)
    size = found.size
    size[:] = rng.integers(least, most + 1, count)
    found.letters[:] = np.where(np.arange(MOST) < size[:, None], rng.integers(0, 4, (count, MOST)), 0)

    def below(bound: Any) -> Any:
        return (rng.random(count) * bound).astype(np.int64)

    def add(which: Any, source: Any, group: Any, target: Any) -> None:
        which = which & (source != target)
        found.steps[rows[which], group[which], source[which]] |= 1 << target[which]

    for v in range(1, MOST):
        add(v < size, below(v), below(3), np.full(count, v))
    more = 1 + below(2 * size)
    for k in range(2 * MOST):
        add(k < more, below(size), np.array([0, 0, 1, 1, 2])[below(5)], below(size))
    add(below(5) == 0, below(size), below(3), size)
    return found


def batches(graphs: Graphs, size: int) -> Iterator[Graphs]:
    for at in range(0, len(graphs), size):
        yield graphs[at : at + size]


def bits(condition: ex.Expr, p: Any, q: Any, full: int) -> Any:
    """Where a condition holds, from where p and q do; `full` is everywhere."""
    if condition.op == "const":
        return full if condition.value else 0
    if condition.op == "load":
        return p if condition.value[0] is BITS[0] else q
    args = [bits(a, p, q, full) for a in condition.args]
    return (
        full & ~args[0]
        if condition.op == "not"
        else args[0] & args[1]
        if condition.op == "and"
        else args[0] | args[1]
    )
