"""`python -m explorer estimate SPEC`: how many states, how long, how much memory, from a short run. Knows
nothing of properties.
"""

from __future__ import annotations

from explorer.engine import python
from explorer.engine.forecast import forecast, rounded, text
from explorer.engine.limits import Limits, Observer, Progress, available_bytes, resident_bytes
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.program.machine_word import BeyondWord
from explorer.render.text.summary import standing_for
from explorer.render.text.terminal import counted, duration
from explorer.symmetry.find import Symmetry, find

SECONDS, FIRST = 5.0, 1.0
"""How long the run is, without compilation; how long the python engine is tried before."""


def estimate(model: Model, seconds: float = SECONDS) -> str:
    """What a short run lets one expect of a complete one, as a sentence for people: with symmetry and with
    machine code where a check would use them.
    """
    symmetry = find(model)
    space = python.explore(model, Limits(timeout=min(seconds, FIRST)), symmetry=symmetry)
    base, seen = resident_bytes(), list[Progress]()
    if space.stopped:
        space = _sample(model, symmetry, seconds, seen.append)
    if not space.stopped:
        whole = standing_for(space.distinct, space.represented)
        return (
            f"{model.name} is small: {counted(space.distinct, 'state')}{whole},"
            f" {counted(space.transitions, 'transition')}, depth {space.depth}, explored completely in"
            f" {space.seconds:.2f} s."
        )
    if not seen:
        return (
            f"{model.name}: no level was finished in {seconds:g} s; write: --seconds"
            f" {max(5.0, 4 * seconds):g}"
        )
    recent = [p for p in seen if p.seconds > space.seconds / 2] or seen[-1:]
    span = recent[-1].seconds - recent[0].seconds
    rate = (recent[-1].states - recent[0].states) / span if span > 0 else space.distinct / space.seconds
    each = max(resident_bytes() - base, 0) / space.distinct
    expected = forecast([len(level) for level in space.levels[:-1]])
    lines = [
        f"{model.name}: {counted(space.distinct, 'state')} in {space.seconds:.1f} s up to depth"
        f" {space.depth}; {text(expected)}."
    ]
    costs = f"At {rate:,.0f} states/s ({space.engine} engine)", f"at {each:.0f} bytes/state"
    if expected is not None:
        left = max(expected.states - space.distinct, 0) / rate
        total = expected.states * each / (1 << 20)
        lines.append(f"{costs[0]} about {duration(left)} more; {costs[1]} about {total:,.0f} MiB.")
    elif each:
        room = available_bytes() / each
        lines.append(
            f"{costs[0]} and {costs[1]} the memory that is free holds about {rounded(round(room)):,} states,"
            f" visited in {duration(room / rate)}. A longer run may see more: --seconds {4 * seconds:g}"
        )
    return "\n".join(lines)


def _sample(model: Model, symmetry: Symmetry | None, seconds: float, observer: Observer) -> StateSpace:
    """A run of so many seconds by the engine that would do most of the work."""
    from explorer.engine.native import search as native
    from explorer.engine.native.machine import machine

    compiled = python.Compiled(model, symmetry)
    try:
        prepared = compiled, machine(compiled)
    except BeyondWord:
        return python.explore(model, Limits(timeout=seconds), observer, symmetry)
    return native.explore(model, Limits(timeout=seconds), observer, prepared=prepared, symmetry=symmetry)
