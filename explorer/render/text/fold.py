"""Long repeated stretches of a trace, told once. Knows nothing of how a step is drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from explorer.ir.data import dataclass
from explorer.trace.trace import Change, Step

PERIOD, REPEATS = 8, 4
"""A stretch of at most PERIOD steps is folded when it comes at least REPEATS times in a row."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Steps left out: `times` repetitions of the `period` steps before, up to step `last`, and what they
    changed together.
    """

    period: int
    times: int
    first: Step
    last: Step
    changed: dict[str, Change]


def folded(steps: tuple[Step, ...], ends: Collection[int | None] = ()) -> Iterator[tuple[int, Step | Fold]]:
    """Every step, or a fold in place of many, with its position. Steps that open or close a deferred effect,
    and those at the positions `ends`, are never folded.
    """
    keys = [None if at in ends else _key(step) for at, step in enumerate(steps)]
    at = 0
    while at < len(steps):
        period, times = _repetition(keys, at)
        for position in range(at, at + period):
            yield position, steps[position]
        at += period
        if times > 1:
            rest = steps[at : at + period * (times - 1)]
            yield at, Fold(period, times - 1, rest[0], rest[-1], _together(rest))
            at += len(rest)


def _repetition(keys: Sequence[tuple[str, ...] | None], at: int) -> tuple[int, int]:
    """The shortest period that repeats often enough from a position, and how often; (1, 1) where none
    does.
    """
    for period in range(1, PERIOD + 1):
        pattern = keys[at : at + period]
        if len(pattern) < period or None in pattern:
            break
        times = 1
        while keys[at + times * period : at + (times + 1) * period] == pattern:
            times += 1
        if times >= REPEATS:
            return period, times
    return 1, 1


def _key(step: Step) -> tuple[str, str, str] | None:
    plain = step.instance and not (step.opens or step.closes or step.failed)
    return (step.actor, step.function, step.label) if plain else None


def _together(steps: tuple[Step, ...]) -> dict[str, Change]:
    changed: dict[str, Change] = {}
    for step in steps:
        for name, change in step.changed.items():
            changed[name] = changed[name].then(change) if name in changed else change
    return {name: change for name, change in changed.items() if change[0] != change[1]}
