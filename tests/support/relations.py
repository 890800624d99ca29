"""Binary relations over events numbered 0, 1, …: row i is the set of successors of i, as the bits of an
integer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Relation = list[int]


def relation(size: int, pairs: Iterable[tuple[int, int]]) -> Relation:
    rows = [0] * size
    for a, b in pairs:
        rows[a] |= 1 << b
    return rows


def union(*several: Relation) -> Relation:
    rows = list(several[0])
    for each in several[1:]:
        rows = [a | b for a, b in zip(rows, each, strict=True)]
    return rows


def both(a: Relation, b: Relation) -> Relation:
    return [x & y for x, y in zip(a, b, strict=True)]


def then(a: Relation, b: Relation) -> Relation:
    """a;b"""
    rows = []
    for row in a:
        out = 0
        while row:
            low = row & -row
            out |= b[low.bit_length() - 1]
            row ^= low
        rows.append(out)
    return rows


def inverse(a: Relation) -> Relation:
    return relation(len(a), ((j, i) for i, row in enumerate(a) for j in range(len(a)) if row >> j & 1))


def restricted(a: Relation, domain: int, range_: int) -> Relation:
    """a & (domain * range)"""
    return [row & range_ if domain >> i & 1 else 0 for i, row in enumerate(a)]


def transitive(a: Relation) -> Relation:
    rows = list(a)
    for k in range(len(rows)):
        for i in range(len(rows)):
            if rows[i] >> k & 1:
                rows[i] |= rows[k]
    return rows


def reflexive(a: Relation) -> Relation:
    return [row | 1 << i for i, row in enumerate(a)]


def star(a: Relation) -> Relation:
    return reflexive(transitive(a))


def irreflexive(a: Relation) -> bool:
    return not any(row >> i & 1 for i, row in enumerate(a))


def acyclic(a: Relation) -> bool:
    return irreflexive(transitive(a))


def members(test: Callable[[int], bool], size: int) -> int:
    return sum(1 << i for i in range(size) if test(i))
