"""Every shape of model beside SPIN, a line each: narrow and wide states, few successors and many, and levels
of one state.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from . import peers
from .child import model_of
from .measures import Bench, Found, seconds, shares, timing
from .sizes import ROOT, Size
from .table import Row


def models(bench: Bench) -> Iterator[Row]:
    for size in bench.sizes.models:
        runs = bench.often(size)
        for who, must, aim in (("SPIN", 15.0, 25.0), ("Rumur", None, None)):
            yield _against(bench, who, size, runs, must, aim)
        two = bench.often(size, workers=2)
        yield Row(
            f"two workers, {size}",
            seconds(runs) / seconds(two),
            "x",
            1.8,
            note=f"{timing(two)}; {shares(two)}",
        )
        if runs[0]["bits"] > 64 and size not in {wide for wide, _ in bench.sizes.wide}:
            yield _bytes(size, runs)
    for wide, narrow in bench.sizes.wide:
        yield from _wide(bench, wide, narrow)
    size = bench.sizes.thin
    for engine in ("python", "native"):
        run = bench.explore(size, engine=engine)
        rate = size.states / run["seconds"]
        note = timing([run], size) + "; code for small levels in the cache" * (engine == "native")
        yield Row(f"levels/s, one state a level, {engine}", rate, "/s", 50_000, note=note)


def _against(
    bench: Bench, who: str, size: Size, runs: list[Found], must: float | None, aim: float | None
) -> Row:
    """How many times as long a peer takes."""
    name = f"against {who}, {size}"
    bench.say(f"{who} {size}")
    try:
        with tempfile.TemporaryDirectory() as directory:
            model = model_of(str(ROOT / size.spec), size.constants)
            if who == "SPIN":
                peer = peers.spin(model, Path(directory), size.states)[0]
            else:
                peer = peers.rumur(model, Path(directory))[0]
    except (peers.Missing, peers.CannotSay) as reason:
        return Row(name, None, "x", must, aim, note=str(reason))
    bench.same(who, size, peer.states, peer.transitions)
    by_cpu = peer.cpu / median(run["cpu"] for run in runs)
    note = f"{runs[0]['bits']} bits; {timing(runs, size)}; {who} {peer.seconds:.2f} s; by cpu {by_cpu:.1f}x"
    note += f"; {shares(runs)}"
    return Row(name, peer.seconds / seconds(runs), "x", must, aim, note=note)


def _bytes(size: Size, runs: list[Found]) -> Row:
    kept = median(run["peak"] - run["before"] for run in runs) / size.states
    return Row(f"bytes/state, {size}", kept, "B", 16, most=True, note="what the search added")


def _wide(bench: Bench, wide: Size, narrow: Size) -> Iterator[Row]:
    """What a model of many words reaches of the rate of one with as many successors in one word."""
    one, many = bench.often(narrow), bench.often(wide)
    spent, asked = (median(run["cpu"] for run in runs) for runs in (many, one))
    rate = 100 * (wide.transitions / spent) / (narrow.transitions / asked)
    note = f"{many[0]['bits']} bits; {timing(many, wide)}; {one[0]['bits']} bits: {timing(one, narrow)}"
    yield Row(f"rate of one word, {wide}", rate, "%", 60, note=note)
    yield _bytes(wide, many)
