"""Whether `estimate` and the line of progress, which tell the same forecast, are near the truth."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from math import comb

from .measures import Bench
from .sizes import EXAMPLES, IPI, ROOT, Size, counters, thermometers
from .table import Row

SECONDS, FACTOR = 1.0, 3.0
"""How long `estimate` looks; how far it may be from the truth."""

TOLD = re.compile(r"; about ([\d,]+) states|is small: ([\d,]+) states")
"""A number of states in what `estimate` says; of how many the memory would hold it speaks too."""

MODELS = (
    Size(IPI, ("senders=5",), 0, 0),
    Size(IPI, ("senders=3", "ipis=2"), 0, 0),
    Size(IPI, ("senders=3", "ipis=2", "kicks=3"), 0, 0),
    Size(EXAMPLES + "german.py", ("CACHES=7",), 0, 0),
    Size(EXAMPLES + "peterson.py", ("PROCESSES=6",), 0, 0),
    Size(EXAMPLES + "two_phase_commit.py", ("MANAGERS=9",), 0, 0),
    Size(EXAMPLES + "philosophers.py", ("SEATS=13",), 0, 0),
    replace(counters(120), states=comb(123, 4)),
    replace(counters(178), states=comb(181, 4)),
    replace(thermometers(4, 56)[0], states=comb(59, 4)),
)
"""Their states under symmetry, as they are estimated: of counters the multisets of values; the others (0) are
counted by a complete run.
"""


def estimates(bench: Bench) -> Iterator[Row]:
    for size in () if bench.sizes.quick else MODELS:
        truth = size.states or bench.child("explore", size, engine="native", symmetry=True)["states"]
        bench.say(f"estimate {size}")
        define = [word for text in size.define for word in ("-D", text)]
        command = [
            sys.executable,
            "-m",
            "explorer",
            "estimate",
            size.spec,
            *define,
            "--seconds",
            str(SECONDS),
        ]
        text = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout
        told = TOLD.search(text)
        name = f"estimate beside the truth, {size}"
        if told is None:
            said = text.splitlines()[0]
            yield Row(name, None, "x", FACTOR, most=True, note=f"{truth:,} states; no number: {said}")
            continue
        number = int((told[1] or told[2]).replace(",", ""))
        ratio = max(number / truth, truth / number)
        note = f"{truth:,} states; {number:,} told after {SECONDS:g} s"
        yield Row(name, ratio, "x", FACTOR, most=True, note=note)
