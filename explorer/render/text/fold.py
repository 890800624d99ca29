"""Long repeated stretches of a trace, told once. Knows nothing of how a step is drawn."""

from __future__ import annotations

from collections.abc import Iterator

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


def folded(steps: tuple[Step, ...]) -> Iterator[tuple[int, Step | Fold]]:
    """Every step, or a fold in place of many, with its position. Steps that open or close a bracket are never
    folded.
    """
    at = 0
    while at < len(steps):
        period, times = _repetition(steps, at)
        for position in range(at, at + period):
            yield position, steps[position]
        at += period
        if times > 1:
            rest = steps[at : at + period * (times - 1)]
            yield at, Fold(period, times - 1, rest[0], rest[-1], _together(rest))
            at += len(rest)


def _repetition(steps: tuple[Step, ...], at: int) -> tuple[int, int]:
    """The shortest period that repeats often enough from a position, and how often; (1, 1) where none
    does.
    """
    for period in range(1, PERIOD + 1):
        pattern = [_key(step) for step in steps[at : at + period]]
        if len(pattern) < period or None in pattern:
            break
        times = 1
        while [_key(s) for s in steps[at + times * period : at + (times + 1) * period]] == pattern:
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
