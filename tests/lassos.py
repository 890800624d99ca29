"""Judges of liveness verdicts that share no code with the checker: all lassos of tiny graphs, all sets of states of small ones.

`python tests/lassos.py` compares every labelled graph with up to 3 states (up to renaming), under every fairness of two groups and
every formula of the list, and a million random graphs with 4 to 6 states; it takes hours. Numbers on the command line bound both.
The test suite takes samples.

A graph has states 0 (initial), 1, ..., conditions p and q on states, and steps (from, group, to) of groups 0 and 1, and of 2, which
is never fair.
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

from explorer.check import search as checker
from explorer.check.arena import fairness
from explorer.check.search import Found, Search, _by_product, conjuncts, shape, violation
from explorer.compile.model import FairGroup
from explorer.engine.graph import Graph
from explorer.engine.limits import Limits
from explorer.engine.toolkit import Kit, Plain
from explorer.language import expressions as ex
from explorer.language.declarations import Fairness
from explorer.language.errors import Place
from explorer.language.semantics import evaluate
from explorer.language.temporal import (Ltl, MadeFormula, always, always_eventually, eventually, eventually_always, leads_to, next_step,
                                        release, until)
from explorer.language.types import BoolType
from explorer.language.values import BOOL, Value

BITS = [ex.Family(i, i, 1, 0, 1, name, "", (name,), BoolType(), Place("graph", i)) for i, name in enumerate("pq")]
P: Value[bool] = Value(BOOL, ex.cell(BITS[0], ex.const(0)))
Q: Value[bool] = Value(BOOL, ex.cell(BITS[1], ex.const(0)))
FAIRNESS = [Fairness.NONE, Fairness.WEAK, Fairness.STRONG]
ASSIGNMENTS = list(itertools.product(FAIRNESS, repeat=2))

SHAPES = {"leads_to": leads_to(P, Q), "eventually": eventually(P), "always": always(P), "recurrence": always_eventually(P),
          "persistence": eventually_always(P), "both": always(P | Q) & leads_to(P, Q), "split": leads_to(P, ~P)}
OTHERS = {"until": until(P, Q), "release": release(P, Q), "response in order": always(~P | until(P, Q)),
          "reactivity": always_eventually(P) & ~eventually_always(Q) | eventually_always(~P),
          "strong": ~always_eventually(P) | always_eventually(Q), "next": always(~P | next_step(Q)),
          "next next": eventually(P & next_step(next_step(~P))), "nested": eventually(P & eventually(~P & always(Q))),
          "either": always(P) | always(Q), "recurring pair": always(eventually(P & eventually(Q)))}
FORMULAS: dict[str, Ltl] = {name: formula.node for name, formula in {**SHAPES, **OTHERS}.items() if isinstance(formula, MadeFormula)}

checker.automaton = cache(checker.automaton)  # type: ignore[assignment]


@dataclass(frozen=True)
class Tiny:
    """`letters[v]` has bit 0 where p holds and bit 1 where q does."""

    letters: tuple[int, ...]
    steps: tuple[tuple[int, int, int], ...]
    fair: tuple[Fairness, Fairness]

    @property
    def states(self) -> range:
        return range(len(self.letters))


# The checker on such a graph.

class TinyGraph(Graph):
    """A graph that knows its states itself."""

    def state(self, number: int) -> tuple[int, ...]:
        return self.states[number]  # type: ignore[no-any-return]

    def truth(self, conditions: list[ex.Expr]) -> list[Any]:
        return [self.kit.made("flag", [evaluate(c, s) for s in self.states]) for c in conditions]


def searched(tiny: Tiny, kit: Kit) -> Search:
    """What the checker needs of a graph."""
    n = len(tiny.letters)
    groups = [FairGroup(f"g{g}", kind, (g,)) for g, kind in enumerate(tiny.fair) if kind is not Fairness.NONE]
    space: Any = SimpleNamespace(model=SimpleNamespace(fair_groups=groups, instances=range(3)), decode=lambda s: s)
    rows = [sorted((g, t) for s, g, t in tiny.steps if s == v) for v in tiny.states]
    start = [0, *itertools.accumulate(map(len, rows))]
    states = [(letter & 1, letter >> 1, v) for v, letter in enumerate(tiny.letters)]
    to, by = [t for row in rows for _, t in row], [g for row in rows for g, _ in row]
    graph = TinyGraph(space, kit, states, n, [0], kit.made("number", start), kit.made("number", to), kit.made("label", by), None)
    return Search(graph, Limits(), fairness(graph))


def answer(tiny: Tiny, formula: Ltl, kit: Kit = Plain()) -> Found | None:
    return violation(searched(tiny, kit), formula)


def by_product(tiny: Tiny, formula: Ltl) -> bool:
    """Whether the checker finds a violation when it always takes the automaton."""
    search = searched(tiny, Plain())
    return any(_by_product(search, part) is not None for part in conjuncts(formula))


# All lassos: for graphs with three states.

STEM, CYCLE = 5, 5
"""States of a stem, and of a cycle."""


def columns(formula: Ltl, word: tuple[int, ...], loop: int, p: tuple[int, ...], q: tuple[int, ...], full: int) -> list[int]:
    """For each moment of a word the labellings (a bit each) on which a formula holds there. `p[v]` are those where v has p."""
    if formula.op == "state":
        return [_bits(formula.condition, p[v], q[v], full) for v in word]
    args = [columns(a, word, loop, p, q, full) for a in formula.args]
    n = len(word)
    after = [*range(1, n), loop]
    if formula.op == "not":
        return [full & ~a for a in args[0]]
    if formula.op in ("and", "or"):
        found = args[0]
        for other in args[1:]:
            found = [a & b if formula.op == "and" else a | b for a, b in zip(found, other)]
        return found
    if formula.op == "next":
        return [args[0][i] for i in after]
    found = [0 if formula.op in ("eventually", "until") else full] * n
    for _ in range(2 * n):
        if formula.op == "eventually":
            found = [args[0][i] | found[after[i]] for i in range(n)]
        elif formula.op == "always":
            found = [args[0][i] & found[after[i]] for i in range(n)]
        elif formula.op == "until":
            found = [args[1][i] | args[0][i] & found[after[i]] for i in range(n)]
        else:
            found = [args[1][i] & (args[0][i] | found[after[i]]) for i in range(n)]
    return found


def _bits(condition: ex.Expr, p: int, q: int, full: int) -> int:
    if condition.op == "const":
        return full if condition.value else 0
    if condition.op == "load":
        return p if condition.value[0] is BITS[0] else q
    args = [_bits(a, p, q, full) for a in condition.args]
    return full & ~args[0] if condition.op == "not" else args[0] & args[1] if condition.op == "and" else args[0] | args[1]


def lassos(tiny: Tiny) -> Iterator[tuple[tuple[int, ...], frozenset[str]]]:
    """Every cycle of bounded length, and the formulas that a lasso with it and a stem of bounded length breaks."""
    after = {v: [t for t in tiny.states if t == v or any((v, g, t) in tiny.steps for g in range(3))] for v in tiny.states}

    def walks(v: int, most: int) -> Iterator[tuple[int, ...]]:
        yield (v,)
        if most > 1:
            yield from ((v, *rest) for t in after[v] for rest in walks(t, most - 1))

    stems: dict[int, set[tuple[int, ...]]] = {v: set() for v in tiny.states}
    for stem in walks(0, STEM):
        stems[stem[-1]].add(tuple(tiny.letters[v] for v in stem[:-1]))
    broken: dict[tuple[int, tuple[int, ...]], frozenset[str]] = {}
    for v in tiny.states:
        for cycle in walks(v, CYCLE):
            if v in after[cycle[-1]]:
                letters = tuple(tiny.letters[w] for w in cycle)
                if (v, letters) not in broken:
                    broken[v, letters] = frozenset().union(*(broken_formulas((*stem, *letters), len(stem)) for stem in stems[v]))
                yield cycle, broken[v, letters]


def fair_cycle(tiny: Tiny, cycle: tuple[int, ...]) -> bool:
    """Fairness as TLA+ defines it, on the pairs of states along a cycle."""
    pairs = list(zip(cycle, cycle[1:] + cycle[:1]))
    for g, kind in enumerate(tiny.fair):
        moves = {(s, t) for s, h, t in tiny.steps if h == g and s != t}
        if kind is Fairness.NONE or any(pair in moves for pair in pairs):
            continue
        enabled = [any(s == v for s, _ in moves) for v in cycle]
        if all(enabled) if kind is Fairness.WEAK else any(enabled):
            return False
    return True


@cache
def broken_formulas(word: tuple[int, ...], loop: int) -> frozenset[str]:
    """The formulas that are false of a word of letters."""
    return frozenset(name for name, formula in FORMULAS.items() if not columns(formula, word, loop, (0, 1, 0, 1), (0, 0, 1, 1), 1)[0])


# All sets of states that a behaviour can stay in: for shapes, on graphs of any size that one can count.

def broken_by_set(tiny: Tiny, formula: Ltl) -> bool:
    """Whether a common shape is broken: a strongly connected set of states, all of its steps taken again and again, is what is best
    for fairness; it is reached as the shape asks."""
    return any(_broken(tiny, part) for part in conjuncts(formula))


def _broken(tiny: Tiny, formula: Ltl) -> bool:
    s = shape(formula)
    assert s is not None
    switch, inside, again = ([bool(_bits(c, letter & 1, letter >> 1, 1)) for letter in tiny.letters] for c in (s.switch, s.inside, s.again))
    edges = {(a, b) for a, _, b in tiny.steps}
    visited = _reach({0}, edges, [True] * len(tiny.letters)) if s.free else {0}
    region = _reach({v for v in visited if switch[v] and inside[v]}, edges, inside)
    for size in range(1, len(region) + 1):
        for chosen in itertools.combinations(sorted(region), size):
            inner = {(a, b) for a, b in edges if a in chosen and b in chosen}
            allowed = [v in chosen for v in tiny.states]
            if (any(again[v] for v in chosen) and all(_reach({v}, inner, allowed) == set(chosen) for v in chosen)
                    and fair_set(tiny, set(chosen), inner)):
                return True
    return False


def _reach(sources: set[int], edges: set[tuple[int, int]], inside: list[bool]) -> set[int]:
    found = set(sources)
    while True:
        more = {b for a, b in edges if a in found and inside[b]} - found
        if not more:
            return found
        found |= more


def fair_set(tiny: Tiny, chosen: set[int], inner: set[tuple[int, int]]) -> bool:
    for g, kind in enumerate(tiny.fair):
        moves = {(a, b) for a, h, b in tiny.steps if h == g and a != b}
        enabled = [any(a == v for a, _ in moves) for v in chosen]
        if kind is not Fairness.NONE and not moves & inner and (all(enabled) if kind is Fairness.WEAK else any(enabled)):
            return False
    return True


# A lasso that the checker found.

def is_real(tiny: Tiny, found: Found) -> bool:
    """Whether a found lasso exists for some choice of targets, is fair, and breaks the formula it names."""
    p, q = tuple(letter & 1 for letter in tiny.letters), tuple(letter >> 1 for letter in tiny.letters)

    def walks(v: int, labels: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if not labels:
            yield (v,)
            return
        for t in [t for s, g, t in tiny.steps if s == v and g == labels[0]] if labels[0] >= 0 else [v]:
            for rest in walks(t, labels[1:]):
                yield (v, *rest)

    for walk in walks(found.initial, found.stem + found.cycle):
        at = len(found.stem)
        if walk[at] == walk[-1]:
            cycle = walk[at:-1] or (walk[at],)
            if fair_cycle(tiny, cycle) and not columns(found.formula, (*walk[:at], *cycle), at, p, q, 1)[0]:
                return True
    return False


# Graphs.

def tiny_graphs(size: int) -> Iterator[Tiny]:
    """Every labelled graph of a size without fairness: for each ordered pair of states a set of two groups, any letters."""
    pairs = [(a, b) for a in range(size) for b in range(size) if a != b]
    for letters in itertools.product(range(4), repeat=size):
        for groups in itertools.product(range(4), repeat=len(pairs)):
            steps = tuple((a, g, b) for (a, b), mask in zip(pairs, groups) for g in (0, 1) if mask >> g & 1)
            if len(_reach({0}, {(a, b) for a, _, b in steps}, [True] * size)) == size:
                yield Tiny(letters, steps, (Fairness.NONE, Fairness.NONE))


def random_tiny(rng: random.Random, sizes: tuple[int, int]) -> Tiny:
    """A random graph whose size lies within bounds; steps of the group that is never fair occur."""
    n = rng.randint(*sizes)
    letters = tuple(rng.randrange(4) for _ in range(n))
    tree = {(rng.randrange(v), rng.randrange(3), v) for v in range(1, n)}  # so that every state is reached
    more = {(rng.randrange(n), rng.choice((0, 0, 1, 1, 2)), rng.randrange(n)) for _ in range(rng.randint(1, 2 * n))}
    return Tiny(letters, tuple(sorted((s, g, t) for s, g, t in tree | more if s != t)), rng.choice(ASSIGNMENTS))


def compare_all_lassos(tiny: Tiny) -> int:
    """The checker agrees with the enumeration of lassos, for every fairness and formula; AssertionError with the graph where not."""
    known = list(lassos(tiny))
    for fair in ASSIGNMENTS:
        at = replace(tiny, fair=fair)
        broken = frozenset().union(*{names for cycle, names in known if fair_cycle(at, cycle)})
        for name, formula in FORMULAS.items():
            found = answer(at, formula)
            assert (found is not None) == (name in broken), (name, at, found)
            assert found is None or is_real(at, found), (name, at, found)
    return len(ASSIGNMENTS) * len(FORMULAS)


def compare_all_sets(tiny: Tiny) -> None:
    """The checker agrees with the enumeration of sets on every shape, with and without an automaton."""
    for name in SHAPES:
        truth, found = broken_by_set(tiny, FORMULAS[name]), answer(tiny, FORMULAS[name])
        assert (found is not None) == truth == by_product(tiny, FORMULAS[name]), (name, tiny, found, truth)
        assert found is None or is_real(tiny, found), (name, tiny, found)
    for name in OTHERS:
        found = answer(tiny, FORMULAS[name])
        assert found is None or is_real(tiny, found), (name, tiny, found)


def main(most: int = 1 << 62, many: int = 1_000_000) -> None:
    started, count = time.monotonic(), 0
    graphs = [t for size in (1, 2, 3) for t in tiny_graphs(size) if not _mirrored(t)]
    random.Random(1).shuffle(graphs)
    for tiny in graphs[:most]:
        count += compare_all_lassos(tiny)
    print(f"{min(most, len(graphs)):,} of {len(graphs):,} graphs with up to 3 states: {count:,} verdicts agree, "
          f"{time.monotonic() - started:.0f} s")
    rng = random.Random(2)
    for _ in range(many):
        compare_all_sets(random_tiny(rng, (4, 6)))
    print(f"{many:,} random graphs with 4 to 6 states agree, {time.monotonic() - started:.0f} s")


def _mirrored(tiny: Tiny) -> bool:
    """Whether the graph with states 1 and 2 exchanged, or with the groups exchanged, comes before it: one of them suffices."""
    swap = {0: 0, 1: 2, 2: 1} if len(tiny.letters) == 3 else {v: v for v in tiny.states}
    letters = tuple(tiny.letters[swap[v]] for v in tiny.states)
    own = tiny.letters, tuple(sorted(tiny.steps))
    others = [(a, tuple(sorted((m[s], g ^ x, m[t]) for s, g, t in tiny.steps)))
              for a, m in ((tiny.letters, {v: v for v in tiny.states}), (letters, swap)) for x in (0, 1)]
    return min(others) < own


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
