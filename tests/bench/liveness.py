"""What liveness costs: its time over that of safety, at three sizes of a token ring that is one large component.

`python -m tests.bench.liveness MODULUS` is one measurement in a process of its own, the result as a JSON line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

from explorer.check import liveness as checker
from explorer.engine.limits import Limits, peak_bytes

from .child import model_of
from .measures import Bench, WrongCount
from .sizes import QUICK, ROOT
from .table import Row

SPEC, NODES = "tests/bench/specs/ring.py", 4
FULL = {"10^5": 13, "10^6": 23, "10^7": 40}
SMALL = {"10^5": 3, "10^6": 4, "10^7": 5}
"""The modulus for each size: NODES * modulus ** NODES states, 5 steps from each."""


def liveness(bench: Bench) -> Iterator[Row]:
    """One property at a time, as most specs have one or two: the whole time for the graph and the slower of two properties."""
    for size, modulus in (SMALL if bench.sizes is QUICK else FULL).items():
        bench.say(f"liveness ring modulus={modulus}")
        run = [sys.executable, "-m", "tests.bench.liveness", str(modulus)]
        found = json.loads(subprocess.run(run, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1])
        if found["states"] != NODES * modulus ** NODES or not found["holds"]:
            raise WrongCount(f"ring {modulus}: {found}")
        yield Row(f"liveness over safety, {size} states", found["liveness"] / found["safety"], "x", 5, most=True,
                  note=f"{found['states']:,} states, {found['transitions']:,} transitions; safety {found['safety']:.2f} s, liveness "
                       f"{found['liveness']:.2f} s; peak {found['peak'] / 2 ** 20:.0f} MiB")


def main(modulus: int) -> None:
    """Everything runs once on a smaller ring first, so that no compilation is measured."""
    from explorer.engine import native
    from explorer.engine.python import Compiled

    model = model_of(str(ROOT / SPEC), {"NODES": str(NODES), "MODULUS": str(modulus)})
    checker.check(native.explore(model_of(str(ROOT / SPEC), {"NODES": "2", "MODULUS": "2"})), Limits())
    prepared = (compiled := Compiled(model)), native.machine(compiled)
    checker.check(native.explore(model, Limits(max_states=10), prepared=prepared), Limits())
    clock = time.perf_counter()
    space = native.explore(model, prepared=prepared)
    safety = time.perf_counter() - clock
    times, holds = {}, True
    for prop in model.temporal:
        answer = checker.check(space, Limits(), (prop.name,))[prop.name]
        times[prop.name] = space.phases["liveness"]
        holds = holds and answer.trace is None and not answer.doubt
    print(json.dumps({"states": space.distinct, "transitions": space.transitions, "safety": safety, "liveness": max(times.values()),
                      "holds": holds, "peak": peak_bytes()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
