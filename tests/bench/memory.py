"""What a memory of POWER costs over sequential consistency: states in a second of processor time, one worker,
machine code loaded; and states over those of pso.
"""

from __future__ import annotations

from collections.abc import Iterator

from .measures import Bench, Found
from .sizes import Size
from .table import Row

LEAST, MOST = 40, 4
IPI, LOCK = "spec/ipi_fixed.py", "tests/bench/specs/memory_lock.py"
MODELS = ((IPI, "senders=3"), (IPI, "senders=3", "kicks=1"))
SMALL = ((LOCK, "CPUS=2"),)


def memory(bench: Bench) -> Iterator[Row]:
    for spec, *define in SMALL if bench.sizes.quick else MODELS:
        sc, power = (_explored(bench, spec, *define, f"memory={model}") for model in ("sc", "power"))
        rates = [found["states"] / found["cpu"] for found in (sc, power)]
        yield Row(
            f"states/s under power over sc, {Size(spec, tuple(define), 0, 0)}",
            100 * rates[1] / rates[0],
            "%",
            LEAST,
            note="; ".join(
                f"{name} {found['states']:,} states, cpu {found['cpu']:.2f} s"
                for name, found in (("sc", sc), ("power", power))
            ),
        )
    counts = [_explored(bench, IPI, f"memory={model}")["states"] for model in ("pso", "power")]
    yield Row(
        "states of the IPI with the fix, power over pso",
        counts[1] / counts[0],
        "x",
        MOST,
        most=True,
        note=f"{counts[1]:,} and {counts[0]:,} states, two senders",
    )


def _explored(bench: Bench, spec: str, *define: str) -> Found:
    size = Size(spec, define, 0, 0)
    bench.child("compile", size)
    return bench.child("explore", size, engine="native")
