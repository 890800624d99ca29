"""Whether two functions of a state agree everywhere, by trying out every value of what they read.

A cell gets a value when it is first read, so that only what an outcome depends on is varied. Knows nothing of
expressions' form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from explorer.ir.expressions import Expr, Family
from explorer.ir.model import Instance
from explorer.ir.semantics import EvaluationError, closure
from explorer.ir.steps import Condition, Write
from explorer.symmetry.permutation import FamilyStructure, RenamedState, Renaming

ONE, ALL = 1 << 17, 1 << 19
"""Reads of cells that one comparison, and all on one action or property together, may make."""

ERROR = "no value"
Outcome = Callable[[Any, Any], Any]


class Trial:
    """Comparisons with a budget for each subject, an action or a property; `exceeded` tells that one on the
    present subject was given up.
    """

    def __init__(self, structure: dict[Family, FamilyStructure]):
        self.ranges = {f.first + i: (f.low, f.high) for f in structure for i in range(f.size)}
        self.budgets: dict[str, int] = {}
        self.subject, self.exceeded = "", False
        self.identity = Renaming(structure, {})
        self.memo: dict[Any, bool] = {}

    def begin(self, subject: str) -> None:
        """What follows is on this subject, whose budget it spends."""
        self.subject, self.exceeded = subject, False

    def agree(self, renaming: Renaming, mine: Outcome, theirs: Outcome, key: Any) -> bool:
        """Whether `mine` of each two states (before and after a step) is `theirs` of the renamed ones; False
        also if unknown.
        """
        if key not in self.memo:
            self.memo[key] = self._agree(renaming, mine, theirs)
        return self.memo[key]

    def always(self, expr: Expr) -> bool:
        """Whether a condition holds in every state; False also if unknown."""
        if expr not in self.memo:
            self.memo[expr] = self._agree(self.identity, lambda s, t: truth(expr, s, t), lambda s, t: True)
        return self.memo[expr]

    def _agree(self, renaming: Renaming, mine: Outcome, theirs: Outcome) -> bool:
        path: list[list[int]] = []
        left = self.budgets.get(self.subject, ALL)
        least = max(0, left - ONE)
        while left > least:
            known: dict[tuple[int, int], int] = {}
            before, after = _Probe(0, self, path, known), _Probe(1, self, path, known)
            try:
                same = mine(before, after) == theirs(
                    RenamedState(renaming, before), RenamedState(renaming, after)
                )
            except _TooMany:
                break
            left -= 1 + before.reads + after.reads
            self.budgets[self.subject] = left
            if not same:
                return False
            while path and path[-1][2] == path[-1][3]:
                path.pop()
            if not path:
                return True
            path[-1][2] += 1
        self.exceeded = True
        return False


class _TooMany(Exception):
    """A cell has more values than can be tried."""


class _Probe:
    """A state whose cells get values as they are read. `path` lists the cells in the order of reading: which
    state, which cell, its code, and the last code it may have."""

    def __init__(self, which: int, trial: Trial, path: list[list[int]], known: dict[tuple[int, int], int]):
        self.which, self.path, self.known, self.ranges, self.reads = which, path, known, trial.ranges, 0

    def __getitem__(self, cell: int) -> int:
        self.reads += 1
        key = (self.which, cell)
        if key not in self.known:
            position = len(self.known)
            if position == len(self.path):
                low, high = self.ranges[cell]
                if high - low >= ALL:
                    raise _TooMany
                self.path.append([self.which, cell, low, high])
            self.known[key] = self.path[position][2]
        return self.known[key]


def truth(expr: Expr, before: Any, after: Any) -> Any:
    """What a condition is: true, false, or without a value."""
    try:
        return bool(closure(expr)(before, after))
    except EvaluationError:
        return ERROR


def effect(
    writes: Mapping[int, Write],
    guard: tuple[Condition, ...],
    cell: int,
    present: tuple[int, ...],
    state: Any,
    renaming: Renaming | None = None,
) -> Any:
    """What a cell holds after assignments to constant places, as the renaming would have it; None where the
    guard fails.

    `present` are the cells that say whether it means something.
    """
    after: dict[int, int] = {}
    try:
        if not all(closure(c.expr)(state, state) for c in guard):
            return None
        for at in (cell, *present):
            write = writes.get(at)
            if write is not None:
                after[at] = closure(write.expr)(state, state)
                if not write.family.low <= after[at] <= write.family.high:
                    return ERROR
    except EvaluationError:
        return ERROR
    new = _After(after, state)
    return new[cell] if renaming is None else renaming.content(new, cell)


def changes(
    instance: Instance,
    family: Family,
    presence: frozenset[Family],
    state: Any,
    renaming: Renaming | None = None,
) -> Any:
    """What an instance changes in a family: codes by cell, as the renaming would have it; None where it
    cannot be taken.

    Cells change also where `presence`, families that say whether they mean something, do.
    """
    try:
        if not all(closure(c.expr)(state, state) for c in instance.guard):
            return None
    except EvaluationError:
        return None
    after: dict[int, int] = {}
    try:
        for write in instance.writes:
            if write.family is family or write.family in presence:
                cell = write.family.first + closure(write.index)(state, state)
                code = closure(write.expr)(state, state)
                if cell in after or not write.family.low <= code <= write.family.high:
                    return ERROR
                after[cell] = code
    except EvaluationError:
        return ERROR
    touched = {cell for cell in after if family.first <= cell < family.first + family.size}
    if renaming is None:
        return {cell: after[cell] for cell in touched if after[cell] != state[cell]}
    if renaming.changes(family.type):
        touched |= {
            cell
            for cell in range(family.first, family.first + family.size)
            if any(needed in after for needed, _ in renaming.needs[cell][1])
        }
    new = _After(after, state)
    moved = {
        renaming.targets[cell]: (renaming.content(new, cell), renaming.content(state, cell))
        for cell in touched
    }
    return {cell: code for cell, (code, old) in moved.items() if code != old}


class _After:
    """A state with some cells changed."""

    def __init__(self, changed: dict[int, int], state: Any):
        self.changed, self.state = changed, state

    def __getitem__(self, cell: int) -> int:
        result: int = self.changed[cell] if cell in self.changed else self.state[cell]
        return result
