"""States of a memory as lists of numbers, which JSON takes, and back."""

from __future__ import annotations

from typing import Any

from .normal_form import Dead
from .state import Entry, State


def plain(state: State, dead: Dead) -> list[Any]:
    """A state and what was declared there; their tuples are lists in JSON."""
    return [state, [sorted(part) for part in (dead.floors, dead.fences, dead.finished, dead.slots)]]


def again(data: list[Any]) -> tuple[State, Dead]:
    """What `plain` gave, as JSON has it. Raises ValueError or TypeError where it is something else."""
    (entries, *fields), (floors, fences, finished, slots) = data
    stores = tuple(
        tuple(Entry(_frozen(value), _frozen(need), glued) for value, need, glued in several)
        for several in entries
    )
    pairs = [frozenset((cpu, other) for cpu, other in part) for part in (floors, slots)]
    return State(stores, *map(_frozen, fields)), Dead(
        pairs[0], frozenset(fences), frozenset(finished), pairs[1]
    )


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
