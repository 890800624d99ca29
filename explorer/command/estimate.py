"""`python -m explorer estimate SPEC`: how many states, how long, how much memory, from a short run. Knows
nothing of properties.
"""

from __future__ import annotations

from explorer.engine import auto as tiered
from explorer.engine.forecast import forecast, text
from explorer.engine.limits import Limits, Progress, resident_bytes
from explorer.ir.model import Model
from explorer.render.text.summary import standing_for
from explorer.render.text.terminal import counted
from explorer.symmetry.find import find

SECONDS = 5.0


def estimate(model: Model, seconds: float = SECONDS) -> str:
    """What a short run lets one expect of a complete one, with symmetry where a check would use it, as a
    sentence for people.
    """
    base = resident_bytes()
    seen: list[Progress] = []
    space = tiered.explore(model, Limits(timeout=seconds), seen.append, symmetry=find(model))
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
    found = forecast([len(level) for level in space.levels[:-1]])
    lines = [
        f"{model.name}: {counted(space.distinct, 'state')} in {space.seconds:.1f} s up to depth"
        f" {space.depth}; {text(found)}."
    ]
    if found is not None:
        left = max(found.states - space.distinct, 0) / rate
        lines.append(
            f"At {rate:,.0f} states/s ({space.engine} engine) about {_duration(left)} more; at {each:.0f}"
            f" bytes/state about {found.states * each / (1 << 20):,.0f} MiB."
        )
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
