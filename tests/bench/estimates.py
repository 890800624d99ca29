"""Whether `estimate` is near the truth, in states and in seconds, on spaces that it cannot finish."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from .measures import Bench
from .sizes import COUNTERS, EXAMPLES, IPI, ROOT, THERMOMETERS, Size
from .table import Row

SECONDS, FACTOR = 1.0, 3.0
"""How long `estimate` looks; how far it may be from the truth."""

TOLD = re.compile(r"; about ([\d,]+) states|is small: ([\d,]+) states")
RATE = re.compile(r"At ([\d,]+) states/s")
"""Numbers in what `estimate` says; of how many states the memory would hold it speaks too."""

SYMMETRIC, WHOLE = True, False

MODELS = (
    (Size(IPI, ("senders=5",), 0, 0), SYMMETRIC),
    (Size(IPI, ("senders=3", "ipis=2"), 0, 0), WHOLE),
    (Size(IPI, ("senders=3", "ipis=2", "kicks=3"), 0, 0), SYMMETRIC),
    (Size(IPI, ("senders=3", "ipis=2", "kicks=3"), 107_153_709, 680_027_874), WHOLE),
    (Size(EXAMPLES + "german.py", ("CACHES=7",), 0, 0), SYMMETRIC),
    (Size(EXAMPLES + "german.py", ("CACHES=6",), 442_874_790, 0), WHOLE),
    (Size(EXAMPLES + "peterson.py", ("PROCESSES=6",), 0, 0), WHOLE),
    (Size(EXAMPLES + "two_phase_commit.py", ("MANAGERS=9",), 0, 0), WHOLE),
    (Size(EXAMPLES + "philosophers.py", ("SEATS=13",), 0, 0), WHOLE),
    (Size(COUNTERS, ("COUNTERS=4", "MODULUS=178"), 1_003_875_856, 0), WHOLE),
)
"""Ten that must be within the factor. Their states are counted by a complete run, but for the largest."""

OTHERS = (
    (Size(IPI, ("senders=5",), 218_394_854, 0), WHOLE),
    (Size("spec/ipi_fixed.py", ("senders=3", "ipis=2"), 0, 0), SYMMETRIC),
    (Size("spec/ipi_fixed.py", ("senders=4",), 0, 0), WHOLE),
    (Size(COUNTERS, ("COUNTERS=4", "MODULUS=120"), 0, 0), SYMMETRIC),
    (Size(THERMOMETERS, ("COUNTERS=4", "MODULUS=56"), 0, 0), WHOLE),
    (Size("tests/bench/specs/ring.py", ("NODES=7", "MODULUS=10"), 0, 0), WHOLE),
    (Size("tests/bench/specs/program.py", ("PLACES=4000",), 0, 0), WHOLE),
    (Size(EXAMPLES + "qrcu.py", ("READERS=4", "UPDATERS=2"), 0, 0), WHOLE),
    (Size(EXAMPLES + "interrupt_levels.py", ("CPUS=4",), 0, 0), WHOLE),
    (Size(EXAMPLES + "paxos.py", ("ACCEPTORS=3", "BALLOTS=4"), 0, 0), WHOLE),
    (Size(EXAMPLES + "paxos.py", ("ACCEPTORS=4", "BALLOTS=3"), 0, 0), WHOLE),
    (Size(EXAMPLES + "ticket_lock.py", ("CPUS=9",), 0, 0), WHOLE),
    (Size(EXAMPLES + "bakery.py", ("PROCESSES=5", "TICKETS=6"), 0, 0), WHOLE),
    (Size(EXAMPLES + "bakery.py", ("PROCESSES=4", "TICKETS=16"), 0, 0), WHOLE),
    (Size("spec/dma_window_fixed.py", ("cpus=4", "entries=6"), 28_340_189, 0), WHOLE),
)
"""Others, so that it is seen how often a number is wrong."""


def estimates(bench: Bench) -> Iterator[Row]:
    if not bench.sizes.quick:
        for size, symmetric in MODELS:
            yield from _rows(bench, size, symmetric, FACTOR)
        for size, symmetric in OTHERS:
            yield from _rows(bench, size, symmetric, None)


def _rows(bench: Bench, size: Size, symmetric: bool, factor: float | None) -> Iterator[Row]:
    found: dict[str, Any] = {"states": size.states}
    if not size.states:
        found = bench.child("explore", size, engine="native", symmetry=symmetric)
    bench.say(f"estimate {size}")
    text = _said(size, symmetric)
    name = f"estimate of {size}{', symmetric' * symmetric}"
    truth, told, rate = found["states"], TOLD.search(text), RATE.search(text)
    if told is None:
        note = f"{truth:,} states; no number: {text.splitlines()[0]}"
        yield Row(f"{name}, over the truth", None, "x", factor, most=True, note=note)
        return
    number = int((told[1] or told[2]).replace(",", ""))
    note = f"{truth:,} states; {number:,} told after {SECONDS:g} s"
    if rate is not None and "seconds" in found:
        seconds = number / int(rate[1].replace(",", ""))
        note += f"; {seconds:.1f} s told, {found['seconds']:.1f} s taken"
    ratio = number / truth
    if factor is None:
        yield Row(f"{name}, over the truth", ratio, "x", note=note)
    else:
        yield Row(f"{name}, beside the truth", max(ratio, 1 / ratio), "x", factor, most=True, note=note)


def _said(size: Size, symmetric: bool) -> str:
    define = [word for text in size.define for word in ("-D", text)]
    command = [sys.executable, "-m", "explorer", "estimate", size.spec, *define, "--seconds", str(SECONDS)]
    command += ["--no-symmetry"] * (not symmetric)
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout
