"""`python -m explorer diff A.itf.json B.itf.json`: where two stored traces part. Knows nothing of specs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from explorer.command.replay import Texts, read_trace
from explorer.command.standard_output import say
from explorer.render.text.terminal import clean, counted
from explorer.render.text.text import change
from explorer.trace.trace import Change
from explorer.verdict import exit_codes

SHOWN = 3
"""Steps that both have which are shown before they part, and steps of each behind it."""


def diff(first: Path, second: Path) -> int:
    """Say where two traces part; 1 where they do, as diff(1)."""
    traces = [(path, *read_trace(path, "diff")[1:]) for path in (first, second)]
    names = [path.name for path, _, _ in traces] if first.name != second.name else [str(first), str(second)]
    (_, a, loop_a), (_, b, loop_b) = traces
    if a == b and loop_a == loop_b:
        say(f"{names[0]} and {names[1]} are the same: {counted(len(a) - 1, 'step')}")
        return exit_codes.OK
    say("\n".join(_parting(names, (a, b), (loop_a, loop_b))))
    return exit_codes.UNEXPECTED


def _parting(
    names: list[str], walks: tuple[Texts, Texts], loops: tuple[int | None, int | None]
) -> Iterator[str]:
    a, b = walks
    common = next((n for n, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    yield f"{names[0]}: {counted(len(a) - 1, 'step')}; {names[1]}: {counted(len(b) - 1, 'step')}"
    yield "they begin differently" if not common else f"the same up to step {common - 1}"
    yield from _steps(a, max(common - SHOWN, 1), common, "  ")
    for name, walk, sign in zip(names, walks, "-+"):
        rest = len(walk) - common
        yield f"{sign} {name}" + (" ends" if not rest else "")
        yield from _steps(walk, common, min(common + SHOWN, len(walk)), f"{sign} ")
        if rest > SHOWN:
            yield f"{sign}   ... {counted(rest - SHOWN, 'more step')}"
    if Counter(name for name, _ in a) == Counter(name for name, _ in b):
        yield "both take the same steps, in another order"
    if loops[0] != loops[1]:
        yield "they go back to: " + ", ".join(_goes_back(n, loop) for n, loop in zip(names, loops))
    last = [walk[-1][1] for walk in walks]
    unlike = [name for name in {**last[0], **last[1]} if last[0].get(name) != last[1].get(name)]
    yield "the last states are the same" if not unlike else "in the last states:"
    for name in unlike:
        yield f"  {clean(name)}: {' | '.join(clean(texts.get(name, 'missing')) for texts in last)}"


def _goes_back(name: str, loop: int | None) -> str:
    return f"{name} nowhere" if loop is None else f"{name} step {loop}"


def _steps(walk: Texts, start: int, end: int, lead: str) -> Iterator[str]:
    """The steps of a stretch with what they change; the initial state by its number alone."""
    for n in range(start, end):
        name, state = walk[n]
        before = walk[n - 1][1] if n else state
        changed = [change(k, Change(before.get(k, "?"), v)) for k, v in state.items() if before.get(k) != v]
        yield f"{lead}{n:>4}  {clean(name)}" + (f"   {', '.join(changed)}" if changed else "")
