"""The judge without a bound: sets of states in which a behaviour can stay for ever, as bits of a word.

What it rests on, none of which the checker uses:

* A behaviour gives every until of a formula a truth value at every moment. Nodes are pairs of a state and
  such values (only those that the state allows); a node may follow another where each value is what the law
  of until, `a U b = b or (a and next(a U b))`, makes of the next one. A path through the nodes has the true
  values if no until stays true for ever without its b: a false one never meets b before a fails, by the law.
  So the formula is broken by a behaviour of the graph iff such a path starts in state 0 with values that make
  the formula false.
* Strong fairness of a group says: it is taken again and again, or enabled only finitely often. So a fair
  cycle exists iff one exists either with the group's steps in it, or among the states where it is not
  enabled. Both are tried, for both groups; all that is left to ask then is that something happens again and
  again (a step is taken, weak fairness is met, an until is fulfilled).
* Something of that kind exists on a cycle iff it exists in a set of nodes that all reach each other, as a
  walk can go through all of it again and again; of such sets the largest are enough. Who reaches whom is
  Warshall's closure.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
from lasso_graphs import FORMULAS, MOST, Graphs, bits
from numba import njit

from explorer.ir.formulas import Ltl

VALUES = 10
"""The most ways to give values to the untils of a formula in one state: all nodes of a graph fit into a word.
"""


Term = tuple[Any, ...]
"""("state", the letters where it holds as bits), ("not", a), ("and", a, ...), ("or", a, ...), ("next", b) or
("until", a, b).
"""


def term(f: Ltl) -> Term:
    """A formula in few operators, so that what is said twice is valued once."""
    if f.op == "state":
        return "state", sum(
            1 << letter for letter in range(4) if bits(f.condition, letter & 1, letter >> 1, 1)
        )
    args = [term(a) for a in f.args]
    if f.op == "not":
        return _not(args[0])
    if f.op == "eventually":
        return "until", ("state", 15), args[0]
    if f.op == "always":
        return _not(("until", ("state", 15), _not(args[0])))
    if f.op == "release":
        return _not(("until", *map(_not, args)))
    assert f.op in ("and", "or", "next", "until")
    return f.op, *args


def _not(a: Term) -> Term:
    return ("state", 15 & ~a[1]) if a[0] == "state" else a[1] if a[0] == "not" else ("not", a)


def valued(a: Term) -> list[Term]:
    """The nexts and untils in a term; those inside of others first."""
    inner = [part for b in a[1:] for part in valued(b)] if a[0] != "state" else []
    return list(dict.fromkeys([*inner, a] if a[0] in ("next", "until") else inner))


def holds(a: Term, letter: int, values: frozenset[Term]) -> bool:
    """Whether a term is true in a moment, of which the letter and the true ones of its nexts and untils are
    known.
    """
    if a[0] == "state":
        return bool(a[1] >> letter & 1)
    if a[0] in ("next", "until"):
        return a in values
    args = [holds(b, letter, values) for b in a[1:]]
    return not args[0] if a[0] == "not" else all(args) if a[0] == "and" else any(args)


def follows(
    parts: list[Term], letter: int, values: frozenset[Term], then: int, after: frozenset[Term]
) -> bool:
    """Whether a moment may come before another one, by the laws of its nexts and untils."""
    return all(
        (part in values)
        == (
            holds(part[1], then, after)
            if part[0] == "next"
            else holds(part[2], letter, values) or (holds(part[1], letter, values) and part in after)
        )
        for part in parts
    )


@cache
def _tables() -> tuple[Any, ...]:
    """For each formula: for each letter how many values there are; of letter, values and next letter which
    values may follow; of a letter which values break the formula, and which fulfil the untils; how many
    untils."""
    many = len(FORMULAS)
    count, follow = np.zeros((many, 4), np.int64), np.zeros((many, 4, VALUES, 4), np.int64)
    broken, fulfilled, untils = (
        np.zeros((many, 4), np.int64),
        np.zeros((many, 8, 4), np.int64),
        np.zeros(many, np.int64),
    )
    for f, formula in enumerate(FORMULAS.values()):
        whole = term(formula)
        parts = valued(whole)
        until = [part for part in parts if part[0] == "until"]
        untils[f] = len(until)
        every = [
            frozenset(some) for size in range(len(parts) + 1) for some in itertools.combinations(parts, size)
        ]
        # Values that no moment may follow are left out.
        allowed = [
            [x for x in every if any(follows(parts, letter, x, then, y) for then in range(4) for y in every)]
            for letter in range(4)
        ]
        assert MOST * max(map(len, allowed)) < 63
        for letter, own in enumerate(allowed):
            count[f, letter] = len(own)
            broken[f, letter] = sum(1 << i for i, x in enumerate(own) if not holds(whole, letter, x))
            for u, part in enumerate(until):
                fulfilled[f, u, letter] = sum(
                    1 << i for i, x in enumerate(own) if part not in x or holds(part[2], letter, x)
                )
            for i, x in enumerate(own):
                for then, others in enumerate(allowed):
                    follow[f, letter, i, then] = sum(
                        1 << j for j, y in enumerate(others) if follows(parts, letter, x, then, y)
                    )
    return count, follow, broken, fulfilled, untils


def broken_by_sets(graphs: Graphs) -> Any:
    """For each graph and each assignment of fairness the formulas that are broken, a bit each."""
    out = np.zeros((len(graphs), 9), np.int64)
    _decide(graphs.size, graphs.letters, graphs.steps, *_tables(), out)
    return out


@njit(cache=True)
def _decide(size, letters, steps, count, follow, broken, fulfilled, untils, out):  # type: ignore[no-untyped-def]
    first = np.zeros(8, np.int64)
    to, reach = np.zeros(64, np.int64), np.zeros(64, np.int64)
    taken, enabled, good = np.zeros((2, 64), np.int64), np.zeros(2, np.int64), np.zeros((2, 3), np.bool_)
    for i in range(len(size)):
        for f in range(len(untils)):
            # The nodes of state v are count[f, letter] ones from first[v] on.
            number = 0
            enabled[:] = 0
            for v in range(size[i]):
                first[v] = number
                own = ((1 << count[f, letters[i, v]]) - 1) << number
                number += count[f, letters[i, v]]
                for g in range(2):
                    if steps[i, g, v]:
                        enabled[g] |= own
            for v in range(size[i]):
                for k in range(count[f, letters[i, v]]):
                    x = first[v] + k
                    to[x] = taken[0, x] = taken[1, x] = 0
                    for w in range(size[i]):
                        nodes = follow[f, letters[i, v], k, letters[i, w]] << first[w]
                        if w == v or (steps[i, 0, v] | steps[i, 1, v] | steps[i, 2, v]) >> w & 1:
                            to[x] |= nodes
                        for g in range(2):
                            if steps[i, g, v] >> w & 1:
                                taken[g, x] |= nodes
            # What a path that breaks the formula can reach.
            reached = broken[f, letters[i, 0]] << first[0]
            before = 0
            while before != reached:
                before = reached
                for x in range(number):
                    if reached >> x & 1:
                        reached |= to[x]
            # Where it can stay for ever: `still` has a bit for a group that is not to be enabled any more.
            for still in range(4):
                rest = reached
                for g in range(2):
                    if still >> g & 1:
                        rest &= ~enabled[g]
                for x in range(number):
                    if rest >> x & 1:
                        reach[x] = to[x] & rest
                for y in range(number):
                    if rest >> y & 1:
                        for x in range(number):
                            if rest >> x & 1 and reach[x] >> y & 1:
                                reach[x] |= reach[y]
                for x in range(number):
                    if not rest >> x & 1:
                        continue
                    together = 0
                    for y in range(number):
                        if rest >> y & 1 and reach[x] >> y & 1 and reach[y] >> x & 1:
                            together |= 1 << y
                    rest &= ~(together | 1 << x)
                    if not together or not _fulfilled(
                        size[i], letters[i], first, together, fulfilled[f], untils[f]
                    ):
                        continue
                    for g in range(2):
                        happens = False
                        for y in range(number):
                            if together >> y & 1 and taken[g, y] & together:
                                happens = True
                        good[g, 0] = True
                        good[g, 1] = happens or together & ~enabled[g] != 0
                        good[g, 2] = happens or still >> g & 1 != 0
                    for a in range(9):
                        if good[0, a // 3] and good[1, a % 3]:
                            out[i, a] |= 1 << f


@njit(cache=True)
def _fulfilled(size, letters, first, nodes, fulfilled, untils):  # type: ignore[no-untyped-def]
    """Whether every until is false or met in one of some nodes."""
    for u in range(untils):
        found = 0
        for v in range(size):
            found |= nodes & fulfilled[u, letters[v]] << first[v]
        if not found:
            return False
    return True
