"""`--profile`: where the time of a run went, by phase and by action. Knows nothing of properties' meaning.

Phases are measured during the run. Actions share one compiled loop, so their cost is measured afterwards: the
rules of each are run alone, as generated Python, on a sample of the visited states.
"""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Iterator

from explorer.codegen.python_functions import successors
from explorer.engine.python import run_source
from explorer.engine.space import StateSpace
from explorer.program.layout import lay_out
from explorer.program.program import Program
from explorer.render.text.terminal import counted

SAMPLE, REPEAT, LEAST, SHARE = 4000, 3, 0.0005, 0.005
"""States of the sample; how often each action is timed; seconds of a phase that is shown, and the share of
the cost from which an action is that is never taken.
"""


def profile(space: StateSpace) -> str:
    """The profile of a finished run, as a table for people."""
    total = sum(space.phases.values()) or 1.0
    lines = ["time by phase"]
    lines += [
        f"  {name:<12} {seconds:8.3f} s  {seconds / total:4.0%}"
        for name, seconds in space.phases.items()
        if seconds >= LEAST
    ]
    rows = sorted(_actions(space), key=lambda row: -row[1])
    whole = sum(cost for _, cost, _ in rows) or 1.0
    lines.append(f"cost by action (generated Python on a sample of {min(SAMPLE, space.distinct):,} states)")
    shown = [row for row in rows if row[2] or row[1] / whole >= SHARE]
    lines += [
        f"  {cost / whole:4.0%}  {name:<28} taken {counted(count, 'time')}" for name, cost, count in shown
    ]
    if rest := len(rows) - len(shown):
        lines.append(f"  {rest} more, never taken, cost less than {SHARE:.1%} each")
    return "\n".join(lines)


def _actions(space: StateSpace) -> Iterator[tuple[str, float, int]]:
    program = space.compiled.program
    states = _sample(space)
    base = _seconds(program, (), states)
    for action in space.model.actions:
        numbers = {i.number for i in space.model.instances if i.action is action}
        cost = _seconds(program, tuple(n for n in numbers), states) - base
        yield action.name, max(cost, 0.0), sum(space.enabled[n] for n in numbers)


def _seconds(program: Program, numbers: tuple[int, ...], states: list[int]) -> float:
    alone = dataclasses.replace(
        program, rules=tuple(r for r in program.rules if r.instance.number in numbers)
    )
    edges = run_source(successors(alone, lay_out(program), "edges").text, "<profile>")["edges"]
    times = []
    for _ in range(REPEAT):
        started = time.perf_counter()
        edges(states, None)
        times.append(time.perf_counter() - started)
    return min(times)


def _sample(space: StateSpace) -> list[int]:
    """Packed states, spread over the levels by their size; the same for the same space."""
    layout = space.compiled.layout
    rng, share = random.Random(0), SAMPLE / max(space.distinct, 1)
    result: list[int] = []
    for level in space.levels:
        states = list(level)
        picked = rng.sample(states, min(len(states), max(1, round(len(states) * share))))
        result += picked if space.engine != "reference" else [layout.pack(s) for s in picked]
    return result[:SAMPLE]
