"""What liveness costs: its time over that of safety, at three sizes of a token ring that is one large
component; and what symmetry saves of both, for more and more interchangeable senders.

`python -m tests.bench.liveness ring MODULUS` and `... senders NUMBER yes` (or `no`: without symmetry) are one
measurement in a process of its own, the result as a JSON line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

from explorer.engine.limits import Limits, peak_bytes
from explorer.liveness import build_graph
from explorer.liveness import check as checker

from .child import model_of
from .measures import Bench, Found, WrongCount
from .sizes import QUICK, ROOT
from .table import Row

SPEC, NODES = "tests/bench/specs/ring.py", 4
FULL = {"10^5": 13, "10^6": 23, "10^7": 40}
SMALL = {"10^5": 3, "10^6": 4, "10^7": 5}
"""The modulus for each size: NODES * modulus ** NODES states, 5 steps from each."""
SENDERS, WHOLE = (3, 4, 5), 4
"""Interchangeable senders of the IPI model, and how many of them there may be without symmetry (five: 218
million states).
"""


def liveness(bench: Bench) -> Iterator[Row]:
    """One property at a time, as most specs have one or two: the whole time for the graph and the slower of
    two properties.
    """
    for size, modulus in (SMALL if bench.sizes is QUICK else FULL).items():
        bench.say(f"liveness ring modulus={modulus}")
        found = measured("ring", str(modulus))
        if found["states"] != NODES * modulus**NODES or not found["holds"]:
            raise WrongCount(f"ring {modulus}: {found}")
        yield Row(
            f"liveness over safety, {size} states",
            found["liveness"] / found["safety"],
            "x",
            5,
            most=True,
            note=(
                f"{found['states']:,} states, {found['transitions']:,} transitions; safety"
                f" {found['safety']:.2f} s, liveness {found['liveness']:.2f} s; peak"
                f" {found['peak'] / 2**20:.0f} MiB"
            ),
        )

    for senders in (2,) if bench.sizes is QUICK else SENDERS:
        bench.say(f"liveness senders={senders}")
        small = measured("senders", str(senders), "yes")
        name = f"safety and liveness without symmetry over with, senders={senders}"
        note = (
            f"{small['states']:,} orbits stand for {small['represented']:,} states; with: safety"
            f" {small['safety']:.2f} s, liveness {small['liveness']:.2f} s, {small['peak'] / 2**20:.0f} MiB"
        )
        if senders > WHOLE:
            yield Row(
                f"safety and liveness with symmetry, senders={senders}",
                small["safety"] + small["liveness"],
                "s",
                note=note,
            )
            continue
        full = measured("senders", str(senders), "no")
        if (full["states"], full["holds"]) != (small["represented"], small["holds"]):
            raise WrongCount(f"senders {senders}: {full} and {small}")
        yield Row(
            name,
            (full["safety"] + full["liveness"]) / (small["safety"] + small["liveness"]),
            "x",
            note=(
                f"{note}; without: {full['safety']:.2f} s, {full['liveness']:.2f} s,"
                f" {full['peak'] / 2**20:.0f} MiB"
            ),
        )


def measured(*what: str) -> Found:
    """One measurement."""
    run = [sys.executable, "-m", "tests.bench.liveness", *what]
    found: Found = json.loads(
        subprocess.run(run, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1]
    )
    return found


def ring(modulus: int) -> Found:
    """Everything runs once on a smaller ring first, so that no compilation is measured."""
    from explorer.engine.native import search as native
    from explorer.engine.native.machine import machine
    from explorer.engine.python import Compiled

    model = model_of(str(ROOT / SPEC), {"NODES": str(NODES), "MODULUS": str(modulus)})
    checker.check(native.explore(model_of(str(ROOT / SPEC), {"NODES": "2", "MODULUS": "2"})), Limits())
    prepared = (compiled := Compiled(model)), machine(compiled)
    checker.check(native.explore(model, Limits(max_states=10), prepared=prepared), Limits())
    clock = time.perf_counter()
    space = native.explore(model, prepared=prepared)
    safety = time.perf_counter() - clock
    times, holds = {}, True
    for prop in model.temporal:
        clock = time.perf_counter()
        answer = checker.check(space, Limits(), (prop.name,))[prop.name]
        times[prop.name] = time.perf_counter() - clock
        holds = holds and answer.trace is None and not answer.doubt
    return {
        "states": space.distinct,
        "transitions": space.transitions,
        "safety": safety,
        "liveness": max(times.values()),
        "holds": holds,
        "peak": peak_bytes(),
    }


def senders(number: int, symmetric: bool) -> Found:
    """All three temporal properties of the IPI model; every kernel has been compiled before, on as much as 10
    levels.
    """
    from explorer.engine.native import search as native
    from explorer.engine.native.machine import machine
    from explorer.engine.python import Compiled
    from explorer.symmetry.find import find

    model = model_of(str(ROOT / "tests" / "support" / "ipi_buffers.py"), {"senders": str(number)})
    found = find(model) if symmetric else None
    prepared = (compiled := Compiled(model, found)), machine(compiled)
    checker.check(native.explore(model, Limits(max_depth=10), prepared=prepared, symmetry=found), Limits())
    clock = time.perf_counter()
    space = native.explore(model, prepared=prepared, symmetry=found)
    safety = time.perf_counter() - clock
    clock = time.perf_counter()
    answers = checker.check(space, Limits())
    liveness = time.perf_counter() - clock
    return {
        "states": space.distinct,
        "represented": space.represented,
        "safety": safety,
        "liveness": liveness,
        "holds": all(a.trace is None and not a.doubt for a in answers.values()),
        "peak": peak_bytes(),
    }


if __name__ == "__main__":
    build_graph.COMPILE_FROM = 1  # machine code at every size
    made = (
        ring(int(sys.argv[2])) if sys.argv[1] == "ring" else senders(int(sys.argv[2]), sys.argv[3] == "yes")
    )
    print(json.dumps(made))
