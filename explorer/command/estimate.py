"""`python -m explorer estimate SPEC`: how many states, how long, how much memory, here and on a cluster, from
a short run. Knows nothing of properties.
"""

from __future__ import annotations

from explorer.engine import python
from explorer.engine.cluster_cost import PARTITIONS, USED, Nodes, Work, least, needed
from explorer.engine.forecast import Forecast, forecast, rounded, text
from explorer.engine.growth import expected
from explorer.engine.limits import Limits, Observer, Progress, available_bytes, resident_bytes
from explorer.engine.space import StateSpace
from explorer.ir.model import Model
from explorer.program.machine_word import BeyondWord
from explorer.render.text.summary import standing_for
from explorer.render.text.terminal import counted, duration
from explorer.run.options import UsageError
from explorer.run.smaller import Smaller
from explorer.symmetry.find import Symmetry, find

SECONDS, FIRST, LEAST = 5.0, 1.0, 3.0
"""How long the run is, without compilation; how long the python engine is tried before; how long smaller
instances are looked at, at least.
"""

FEW = 10_000
"""States below which nothing is said of the memory for each, since tables begin with room for many."""

NODE, THREADS = 64 << 30, 16
"""Bytes of memory and threads of a cluster's node, where nobody says."""


def estimate(
    model: Model, seconds: float = SECONDS, node: Nodes | None = None, smaller: Smaller | None = None
) -> str:
    """What a short run lets one expect of a complete one, as a sentence for people: with symmetry and with
    machine code where a check would use them. A cluster of such nodes is spoken of where `node` is given, or
    where this machine has no room.
    """
    if node is not None and least(node) >= USED * node.memory:
        raise UsageError(
            f"--node {node.memory:.0f}: {counted(node.threads, 'thread')} need more than"
            f" {least(node) / USED:,.0f} bytes; write: --node {NODE >> 30}G, or fewer --node-threads"
        )
    symmetry = find(model) if smaller is None else smaller.symmetry(model)
    space = python.explore(model, Limits(timeout=min(seconds, FIRST)), symmetry=symmetry)
    base, seen = 0, list[Progress]()
    if space.stopped:
        space, base = _sample(model, symmetry, seconds, seen.append)
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
    likely = _expected(space, smaller, seconds)
    lines = [
        f"{model.name}: {counted(space.distinct, 'state')} in {space.seconds:.1f} s up to depth"
        f" {space.depth}; {text(likely)}."
    ]
    if smaller is not None and smaller.found:
        lines.append(smaller.text())
    costs = f"At {rate:,.0f} states/s ({space.engine} engine)", f"at {each:.0f} bytes/state"
    if likely is not None:
        left = max(likely.states - space.distinct, 0) / rate
        total = likely.states * each / (1 << 20)
        lines.append(f"{costs[0]} about {duration(left)} more; {costs[1]} about {total:,.0f} MiB.")
        large = node is not None or likely.states * each > USED * available_bytes()
        if large and each and space.engine == "native":  # there is machine code, which a cluster needs
            lines.append(on_cluster(_work(space, likely, rate, each), node or Nodes(1, THREADS, float(NODE))))
    elif space.distinct < FEW or not each:
        lines.append(f"A longer run may see more: --seconds {4 * seconds:g}")
    else:
        room = available_bytes() / each
        lines.append(
            f"{costs[0]} and {costs[1]} the memory that is free holds about {rounded(round(room)):,} states,"
            f" visited in {duration(room / rate)}. A longer run may see more: --seconds {4 * seconds:g}"
        )
        if node is not None:
            room = USED * node.memory / each
            lines.append(f"A node of {node.memory / (1 << 30):g} GiB holds {rounded(round(room)):,}.")
    return "\n".join(lines)


def _expected(space: StateSpace, smaller: Smaller | None, seconds: float) -> Forecast | None:
    """From the levels that are complete, and from smaller instances where these are not enough."""
    levels = [len(level) for level in space.levels[:-1]]
    known = forecast(levels)
    if smaller is None or not smaller.target or (known is not None and known.most is not None):
        return known
    smaller.explore(
        max(seconds, LEAST), space.distinct, _by_machine_code if space.engine == "native" else None
    )
    return expected(levels, smaller.found, smaller.target)


def _by_machine_code(model: Model, symmetry: Symmetry | None, seconds: float) -> StateSpace:
    """A search that ends so many seconds after compilation."""
    from explorer.engine.native import search as native
    from explorer.engine.native.machine import machine

    compiled = python.Compiled(model, symmetry)
    prepared = compiled, machine(compiled)
    return native.explore(model, Limits(timeout=seconds), prepared=prepared, symmetry=symmetry)


def _work(space: StateSpace, expected: Forecast, rate: float, each: float) -> Work:
    """The complete search, as far as a short one tells."""
    degree, levels = max(space.transitions / space.distinct, 1.0), expected.depth + 1
    return Work(
        [expected.states / levels] * levels,
        degree=degree,
        transition=1 / rate / degree,
        memory=each,
        sent=-(-space.bits // 8),
    )


def on_cluster(work: Work, node: Nodes) -> str:
    """How many such nodes a search needs, and for how long."""
    number, found = needed(work, node)
    nodes = (
        f"{counted(number, 'node')} of {node.memory / (1 << 30):g} GiB with {counted(node.threads, 'thread')}"
    )
    if number > PARTITIONS:
        return f"On a cluster it needs {nodes}, and {PARTITIONS} can take part; write: --node with more."
    most = f", mostly for {found.most}" if number > 1 else ""
    return f"On a cluster it needs {nodes}, about {duration(found.seconds)}{most}."


def _sample(
    model: Model, symmetry: Symmetry | None, seconds: float, observer: Observer
) -> tuple[StateSpace, int]:
    """A run of so many seconds by the engine that would do most of the work, and the memory that the process
    had before it.
    """
    from explorer.engine.native import search as native
    from explorer.engine.native.machine import machine

    compiled = python.Compiled(model, symmetry)
    try:
        prepared = compiled, machine(compiled)
    except BeyondWord:
        base = resident_bytes()
        return python.explore(model, Limits(timeout=seconds), observer, symmetry), base
    base = resident_bytes()
    space = native.explore(model, Limits(timeout=seconds), observer, prepared=prepared, symmetry=symmetry)
    return space, base
