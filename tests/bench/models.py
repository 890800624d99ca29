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
from .flat import NotImplementedHere
from .measures import Bench, seconds, timing
from .sizes import ROOT, Size
from .table import Row


def models(bench: Bench) -> Iterator[Row]:
    for size in bench.sizes.models:
        runs = [bench.explore(size) for _ in range(bench.sizes.rarely)]
        name, note = f"against SPIN, {size}", timing(runs, size)
        try:
            spin = _spin(bench, size)
        except (peers.Missing, NotImplementedHere) as reason:
            yield Row(name, None, "x", 15, 25, note=str(reason))
            continue
        by_cpu = spin.cpu / median(run["cpu"] for run in runs)
        yield Row(
            name,
            spin.seconds / seconds(runs),
            "x",
            15,
            25,
            note=f"{runs[0]['bits']} bits; {note}; SPIN {spin.seconds:.2f} s; by cpu {by_cpu:.1f}x",
        )
        if runs[0]["bits"] > 64:
            kept = median(run["peak"] - run["before"] for run in runs) / size.states
            yield Row(f"bytes/state, {size}", kept, "B", 16, most=True, note="what the search added")
    size = bench.sizes.thin
    for engine in ("python", "native"):
        found = bench.explore(size, engine=engine)
        rate = size.states / found["seconds"]
        yield Row(f"levels/s, one state a level, {engine}", rate, "/s", 50_000, note=timing([found], size))


def _spin(bench: Bench, size: Size) -> peers.Counted:
    bench.say(f"SPIN {size}")
    with tempfile.TemporaryDirectory() as directory:
        model = model_of(str(ROOT / size.spec), size.constants)
        found = peers.spin(model, Path(directory), size.states)[0]
    bench.same("SPIN", size, found.states, found.transitions)
    return found
