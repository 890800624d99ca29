"""Which rules to try in a state: a decision tree over program counters, so that one test does not become
hundreds.

A node looks at one cell and leads to the rules that its value allows; rules that do not care stand beside it.
Knows nothing of source text.
"""

from __future__ import annotations

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import Expr, Family
from explorer.ir.operators import CONDITIONS
from explorer.program.facts import Facts
from explorer.program.program import Rule, Test
from explorer.program.simplify import fold

MAX_VALUES, MAX_EQUATION = 64, 4096
"""Values of a cell that a branch is made for: where conditions must be tried out, and where they name one
value.
"""

MAX_RUNS = 2

Cell = tuple[Family, int]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A rule with the conjuncts that are still to be tested."""

    rule: Rule
    guard: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """`cases` are runs of values `(first, last, below)` of a cell, in order; values in no run allow
    nothing.
    """

    cell: Cell
    cases: tuple[tuple[int, int, tuple[Tree, ...]], ...]


Tree = Leaf | Branch


@dataclass(frozen=True, slots=True)
class _Candidate:
    rule: Rule
    guard: tuple[Test, ...]
    allowed: dict[Cell, frozenset[int]]


def dispatch(rules: tuple[Rule, ...]) -> tuple[Tree, ...]:
    """The decision trees to walk in every state, one after the other."""
    return _build([_Candidate(rule, rule.guard, _allowed(rule.guard)) for rule in rules])


def _allowed(guard: tuple[Test, ...]) -> dict[Cell, frozenset[int]]:
    """For each cell that conjuncts test alone, the values they let pass; only up to the first conjunct with a
    check.
    """
    result: dict[Cell, frozenset[int]] = {}
    for test in guard:
        if test.checks:
            break
        cell = only_cell(test.condition)
        if cell is not None:
            codes = passing(test.condition, cell)
            result[cell] = result.get(cell, codes) & codes
    return result


def only_cell(condition: Expr) -> Cell | None:
    """The single cell a condition depends on, if it has few values; more where the condition asks for one of
    them.
    """
    if _equation(condition) is not None:
        asked: Cell = condition.args[0].value
        return asked if asked[0].high - asked[0].low < MAX_EQUATION else None
    cells = set()
    for at in ex.walk(condition):
        if at.op == "load":
            cells.add(at.value)
        elif at.op in ("loadat", "next", "nextat", "table", "apply"):
            return None
    if len(cells) != 1:
        return None
    cell: Cell = cells.pop()
    return cell if cell[0].high - cell[0].low < MAX_VALUES else None


def _equation(condition: Expr) -> int | None:
    """The constant that a condition `cell == constant` asks for."""
    plain = condition.op == "eq" and ex.is_const(condition.args[1]) and condition.args[0].op == "load"
    return int(condition.args[1].value) if plain else None


def passing(condition: Expr, cell: Cell) -> frozenset[int]:
    """The values of the cell with which a condition on it alone holds."""
    wanted = _equation(condition)
    if wanted is not None:
        return frozenset({wanted}) if cell[0].low <= wanted <= cell[0].high else frozenset()
    every = range(cell[0].low, cell[0].high + 1)
    if condition.op == "not" and condition.args[0].op in CONDITIONS:
        return frozenset(every) - passing(condition.args[0], cell)
    if condition.op == "or" and all(a.op in CONDITIONS for a in condition.args):
        return frozenset[int]().union(*(passing(a, cell) for a in condition.args))
    return frozenset(v for v in every if _holds(condition, cell, v))


def _holds(condition: Expr, cell: Cell, value: int) -> bool:
    at = ex.cell(cell[0], ex.const(cell[1]))
    return fold(condition, Facts({at: (value, value)})) is ex.TRUE


def _build(candidates: list[_Candidate]) -> tuple[Tree, ...]:
    cell = _best(candidates)
    if cell is None:
        return tuple(Leaf(c.rule, c.guard) for c in candidates)
    inside = [c for c in candidates if _splits(c, cell)]
    outside = [c for c in candidates if not _splits(c, cell)]
    rest = [_without(c, cell) for c in inside]
    cases: list[tuple[int, int, list[_Candidate]]] = []
    by_value: dict[int, list[_Candidate]] = {}
    for c, r in zip(inside, rest):
        for value in c.allowed[cell]:
            by_value.setdefault(value, []).append(r)
    for value in range(cell[0].low, cell[0].high + 1):
        below = by_value.get(value, [])
        if cases and cases[-1][2] == below:
            cases[-1] = (cases[-1][0], value, below)
        else:
            cases.append((value, value, below))
    built = ((a, b, _build(below)) for a, b, below in cases if below)
    kept = tuple(case for case in built if case[2])
    return (*((Branch(cell, kept),) if kept else ()), *(_build(outside) if outside else ()))


def _splits(candidate: _Candidate, cell: Cell) -> bool:
    """Whether the rule is worth placing below a branch on the cell: it passes for few runs of values."""
    allowed = candidate.allowed.get(cell)
    if allowed is None or len(allowed) == cell[0].high - cell[0].low + 1:
        return False
    return sum(1 for v in allowed if v - 1 not in allowed) <= MAX_RUNS


def _without(candidate: _Candidate, cell: Cell) -> _Candidate:
    guard = tuple(
        t
        for t in candidate.guard
        if t.checks or only_cell(t.condition) != cell or not _early(candidate.guard, t)
    )
    return _Candidate(candidate.rule, guard, {k: v for k, v in candidate.allowed.items() if k != cell})


def _early(guard: tuple[Test, ...], test: Test) -> bool:
    """Whether a conjunct stands before the first that has a check, so that it was counted in `allowed`."""
    for t in guard:
        if t.checks:
            return False
        if t is test:
            return True
    return False


def _best(candidates: list[_Candidate]) -> Cell | None:
    """The cell whose value rules out the most; None where no branch pays."""
    weights: dict[Cell, float] = {}
    for c in candidates:
        for cell, allowed in c.allowed.items():
            if _splits(c, cell):
                weights[cell] = weights.get(cell, 0.0) + 1 - len(allowed) / (cell[0].high - cell[0].low + 1)
    best = max(weights, key=lambda cell: weights[cell], default=None)
    return best if best is not None and weights[best] >= 1 else None


def roots(rules: tuple[Rule, ...]) -> list[tuple[Cell | None, list[list[Rule]]]]:
    """The flat form for tables: cells to look at in every state, each with the candidate rules for every
    value.

    A rule stands under one cell only; those that no cell settles stand under None, with a single list.
    """
    left = [_Candidate(rule, rule.guard, _allowed(rule.guard)) for rule in rules]
    result: list[tuple[Cell | None, list[list[Rule]]]] = []
    while True:
        cell = _best(left)
        if cell is None:
            break
        by_value: list[list[Rule]] = [[] for _ in range(cell[0].high - cell[0].low + 1)]
        rest = []
        for c in left:
            if _splits(c, cell):
                for value in sorted(c.allowed[cell]):
                    by_value[value - cell[0].low].append(c.rule)
            else:
                rest.append(c)
        result.append((cell, by_value))
        left = rest
    if left:
        result.append((None, [[c.rule for c in left]]))
    return result
