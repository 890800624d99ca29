"""Which steps commute: neither reads nor writes what the other writes. Knows nothing of engines.

An engine need not insert a successor that it certainly has found on another way
(`docs/decisions/0010-known-successors.md`).
"""

from __future__ import annotations

from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr
from explorer.program.facts import Facts, interval
from explorer.program.program import Rule


def known_after(rules: list[Rule]) -> list[int]:
    """For each rule a, the set (bits by position) of the later rules b that commute with it.

    If s is the successor of p by a, then the successor of s by such a b is also reached from p by b, then a.
    """
    facts = Facts()
    reads = [read_cells(rule, facts) for rule in rules]
    writes = [set().union(*(cells_of(u.family, u.index, facts) for u in rule.updates)) for rule in rules]
    readers, writers = _by_cell(reads), _by_cell(writes)
    everything = (1 << len(rules)) - 1
    result = []
    for rank, (read, written) in enumerate(zip(reads, writes)):
        meets = 0
        for cell in written:
            meets |= readers.get(cell, 0) | writers[cell]
        for cell in read:
            meets |= writers.get(cell, 0)
        result.append(everything & ~meets & ~((2 << rank) - 1))
    return result


def read_cells(rule: Rule, facts: Facts) -> set[int]:
    """The numbers of the cells that the guard, the checks or the effects of a rule read."""
    expressions = [test.condition for test in rule.guard] + [
        check.ok for test in rule.guard for check in test.checks
    ]
    expressions += [check.ok for check in rule.checks] + [e for u in rule.updates for e in (u.index, u.expr)]
    result: set[int] = set()
    for expr in expressions:
        for at in ex.walk(expr):
            if at.op == "load":
                family, index = at.value
                result.add(family.first + index)
            elif at.op == "loadat":
                result |= cells_of(at.value, at.args[0], facts)
    return result


def cells_of(family: ex.Family, index: Expr, facts: Facts) -> set[int]:
    """The numbers of the cells that an index may mean: a row of a map where only its last key is computed."""
    low, high = interval(index, facts)
    return {family.first + i for i in range(max(low, 0), min(high, family.size - 1) + 1)}


def _by_cell(sets: list[set[int]]) -> dict[int, int]:
    result: dict[int, int] = {}
    for rank, cells in enumerate(sets):
        for cell in cells:
            result[cell] = result.get(cell, 0) | 1 << rank
    return result
