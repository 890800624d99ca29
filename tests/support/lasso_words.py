"""The judge by definition: every lasso with a stem and a cycle of bounded length, its fairness, and the
formulas that it breaks.

A lasso that breaks a formula is a violation whatever the bound, so this judge is never wrong when it finds
one. That the bound suffices for graphs with up to 3 states and these formulas is not assumed: the judge of
`lasso_sets`, which knows no bound, agrees on every one of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import njit

from explorer.ir.formulas import Ltl
from explorer.ir.steps import Fairness
from explorer.liveness.find_lasso import NumberedLasso
from tests.support.lasso_graphs import FORMULAS, Fair, Graphs, bits

STEM, CYCLE = 4, 5
"""The most states of a stem (before the cycle begins), and of a cycle."""


def columns(
    formula: Ltl, word: tuple[int, ...], loop: int, p: tuple[int, ...], q: tuple[int, ...], full: int
) -> list[int]:
    """For each moment of a word the labellings (a bit each) on which a formula holds there. `p[v]` are those
    where v has p.
    """
    if formula.op == "state":
        return [bits(formula.condition, p[v], q[v], full) for v in word]
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


@cache
def broken_words() -> Any:
    """For each cycle of letters (row) and stem of letters (column) the formulas that they break, a bit each
    in the order of the list.

    Words are numbered by their length, then as numbers with the first letter lowest.
    """
    found = np.zeros((_first(CYCLE + 1) - 1, _first(STEM + 1)), np.int64)
    for stem in range(STEM + 1):
        for cycle in range(1, CYCLE + 1):
            length = stem + cycle
            labellings = np.arange(4**length)
            p, q = (tuple(_packed(labellings >> 2 * i + b & 1) for i in range(length)) for b in (0, 1))
            rows, cols = (
                _first(cycle) - 1 + (labellings >> 2 * stem),
                _first(stem) + (labellings & 4**stem - 1),
            )
            for number, formula in enumerate(FORMULAS.values()):
                true = columns(formula, tuple(range(length)), stem, p, q, (1 << len(labellings)) - 1)[0]
                flags = np.unpackbits(
                    np.frombuffer(true.to_bytes(len(labellings) // 8 + 1, "little"), np.uint8),
                    bitorder="little",
                )
                found[rows, cols] |= (1 - flags[: len(labellings)].astype(np.int64)) << number
    return found


def _first(length: int) -> int:
    """How many words are shorter."""
    return (4**length - 1) // 3


def _packed(flags: Any) -> int:
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def broken_by_lassos(graphs: Graphs) -> Any:
    """For each graph and each assignment of fairness the formulas that some lasso within the bounds breaks, a
    bit each.
    """
    out = np.zeros((len(graphs), 9), np.int64)
    _enumerate(graphs.size, graphs.letters, graphs.steps, broken_words(), out)
    return out


@njit(cache=True)
def _enumerate(size, letters, steps, broken, out):  # type: ignore[no-untyped-def]
    path = np.zeros(16, np.int64)
    after = np.zeros(8, np.int64)
    seen = np.zeros((8, broken.shape[1]), np.uint8)
    stems = np.zeros(seen.shape, np.int64)
    number = np.zeros(8, np.int64)
    for i in range(len(size)):
        n = size[i]
        seen[:] = 0
        number[:] = 0
        for v in range(n):
            after[v] = 1 << v | steps[i, 0, v] | steps[i, 1, v] | steps[i, 2, v]  # every state may also stay
        # All sequences of states that begin with 0: the last is where the cycle begins.
        first = 0
        for length in range(STEM + 1):
            for code in range(n**length):
                rest, walk, word = code, True, 0
                path[0] = 0
                for k in range(length):
                    path[k + 1] = rest % n
                    rest //= n
                    walk = walk and after[path[k]] >> path[k + 1] & 1 != 0
                    word |= letters[i, path[k]] << 2 * k
                end = path[length]
                if walk and not seen[end, first + word]:
                    seen[end, first + word] = 1
                    stems[end, number[end]] = first + word
                    number[end] += 1
            first += 4**length
        # All sequences of states that close.
        first = 0
        for length in range(1, CYCLE + 1):
            for code in range(n**length):
                rest, walk, word = code, True, 0
                for k in range(length):
                    path[k] = rest % n
                    rest //= n
                    word |= letters[i, path[k]] << 2 * k
                path[length] = path[0]
                for k in range(length):
                    walk = walk and after[path[k]] >> path[k + 1] & 1 != 0
                if not walk:
                    continue
                found = 0
                for k in range(number[path[0]]):
                    found |= broken[first + word, stems[path[0], k]]
                weak = [True, True]
                strong = [True, True]
                for g in range(2):
                    moved, every, some = False, True, False
                    for k in range(length):
                        if steps[i, g, path[k]] >> path[k + 1] & 1:
                            moved = True
                        if steps[i, g, path[k]]:
                            some = True
                        else:
                            every = False
                    weak[g] = moved or not every
                    strong[g] = moved or not some
                for a in range(9):
                    if (a // 3 == 0 or (weak[0] if a // 3 == 1 else strong[0])) and (
                        a % 3 == 0 or (weak[1] if a % 3 == 1 else strong[1])
                    ):
                        out[i, a] |= found
            first += 4**length


# A lasso that the checker found.


def is_real(graph: Graphs, fair: Fair, found: NumberedLasso) -> bool:
    """Whether a lasso found in a graph (the only one of its rows) exists for some choice of targets, is fair,
    and breaks its formula.
    """
    (n,), (letters,), (steps,) = graph.size.tolist(), graph.letters.tolist(), graph.steps.tolist()
    p, q = tuple(letter & 1 for letter in letters), tuple(letter >> 1 for letter in letters)
    walks: list[tuple[int, ...]] = [(0,)] if found.initial == 0 else []
    for label in found.stem + found.cycle:
        walks = [
            (*walk, w)
            for walk in walks
            for w in range(n)
            if (steps[label][walk[-1]] >> w & 1 if label >= 0 else w == walk[-1])
        ]
    at = len(found.stem)
    return any(
        walk[at] == walk[-1]
        and fair_cycle(steps, fair, walk[at:-1] or (walk[at],))
        and not columns(found.formula, walk[:-1] if found.cycle else walk, at, p, q, 1)[0]
        for walk in walks
    )


def fair_cycle(steps: list[list[int]], fair: Fair, cycle: tuple[int, ...]) -> bool:
    """Fairness as TLA+ defines it, on the pairs of states along a cycle."""
    for moves, kind in zip(steps, fair):
        taken = any(moves[v] >> w & 1 for v, w in zip(cycle, cycle[1:] + cycle[:1]))
        enabled = [moves[v] != 0 for v in cycle]
        if not taken and (
            (kind is Fairness.WEAK and all(enabled)) or (kind is Fairness.STRONG and any(enabled))
        ):
            return False
    return True
