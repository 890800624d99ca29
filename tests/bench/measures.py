"""What is measured: one function for each group of lines. Everything that is timed runs in a process of its
own.

Bounds are those of the issues that ask for them; ratios are of medians from one run of the benchmark.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from explorer.ir.model import Model

from . import peers
from .child import model_of
from .sizes import ROOT, Size, Sizes
from .table import Row

Found = dict[str, Any]
FINGERPRINT = 40
"""Bits, in compact storage: what the command line takes by default."""


class WrongCount(Exception):
    """An engine or a peer did not find the states that there are: no time is worth printing."""


class Bench:
    """Runs what several lines need once."""

    def __init__(self, sizes: Sizes, say: Callable[[str], None], more: Sequence[Path] = ()):
        self.sizes, self.say, self.more = sizes, say, more
        self.compiled: set[Size] = set()

    # Processes.

    def child(self, kind: str, size: Size, cache: str | None = None, **more: Any) -> Found:
        job = {"kind": kind, "spec": size.spec, "define": size.constants, **more}
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | (
            {"EXPLORER_CACHE": cache} if cache else {}
        )
        self.say(f"{kind} {size} {' '.join(f'{k}={v}' for k, v in more.items())}")
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.child", json.dumps(job)],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            check=True,
        )
        found: Found = json.loads(done.stdout.splitlines()[-1])
        return found

    def explore(self, size: Size, **more: Any) -> Found:
        """One exploration, its counts compared with the known ones; machine code is compiled before,
        elsewhere.
        """
        if more.get("engine") != "python" and size not in self.compiled:
            self.child("compile", size, levels=size == self.sizes.thin)
            self.compiled.add(size)
        found = self.child("explore", size, **{"engine": "native", **more})
        if more.get("storage") == "compact":
            self.nearly(size, found["states"])
        else:
            self.same(f"{found}", size, found["states"], found["transitions"])
        if found["violated"] or found["stopped"]:
            raise WrongCount(f"{size}: violated {found['violated']}, stopped {found['stopped']}")
        return found

    def often(self, size: Size, **more: Any) -> list[Found]:
        """One exploration, or as many as short runs are repeated where it took less than a second."""
        first = self.explore(size, **more)
        more_runs = self.sizes.repeat - 1 if first["seconds"] < 1 else 0
        return [first, *(self.explore(size, **more) for _ in range(more_runs))]

    def same(self, who: str, size: Size, states: int, transitions: int) -> None:
        expected = size.transitions
        if who == "SPIN" and expected >= 10**8:  # it tells eight digits
            expected, transitions = round(expected, -1), round(transitions, -1)
        if (states, transitions) != (size.states, expected):
            raise WrongCount(
                f"{size}: {size.states:,} states and {size.transitions:,} transitions expected, found"
                f" {states:,} and {transitions:,} ({who})"
            )

    def nearly(self, size: Size, states: int) -> None:
        """Fingerprints of b bits omit about n**2 / 2**(b + 1) of n states, and what can be reached through
        those only.
        """
        expected = size.states**2 / 2 ** (FINGERPRINT + 1)
        if not size.states - 10 - 2 * expected <= states <= size.states:
            raise WrongCount(
                f"{size}: {size.states:,} states, {states:,} found with fingerprints of {FINGERPRINT} bits"
            )

    # What more than one line needs.

    @cached_property
    def large(self) -> tuple[list[Found], list[Found], list[Found]]:
        """One worker, two workers, and one worker without properties, in turns."""
        size = self.sizes.large
        runs = [
            (self.explore(size), self.explore(size, workers=2), self.explore(size, properties=False))
            for _ in range(self.sizes.repeat)
        ]
        return tuple(map(list, zip(*runs)))  # type: ignore[return-value]

    @cached_property
    def peer_native(self) -> list[Found]:
        return [self.explore(self.sizes.peers) for _ in range(self.sizes.repeat)]

    @cached_property
    def peer_python(self) -> list[Found]:
        return [self.explore(self.sizes.peers, engine="python") for _ in range(self.sizes.rarely)]

    @cached_property
    def peer_model(self) -> Model:
        return model_of(str(ROOT / self.sizes.peers.spec), self.sizes.peers.constants)

    @cached_property
    def spin(self) -> list[peers.Counted]:
        return self._peer(
            "SPIN",
            lambda directory: peers.spin(
                self.peer_model, directory, self.sizes.peers.states, self.sizes.rarely
            ),
        )

    @cached_property
    def rumur(self) -> list[peers.Counted]:
        return self._peer(
            "Rumur", lambda directory: peers.rumur(self.peer_model, directory, self.sizes.rarely)
        )

    @cached_property
    def rumur_packed(self) -> list[peers.Counted]:
        return self._peer(
            "Rumur, packed",
            lambda directory: peers.rumur(self.peer_model, directory, self.sizes.rarely, packed=True),
        )

    def _peer(self, name: str, run: Callable[[Path], list[peers.Counted]]) -> list[peers.Counted]:
        self.say(f"{name} {self.sizes.peers}")
        with tempfile.TemporaryDirectory() as directory:
            runs = run(Path(directory))
        for found in runs:
            self.same(name, self.sizes.peers, found.states, found.transitions)
        return runs

    @cached_property
    def huge(self) -> Found:
        return self.explore(self.sizes.huge)


def seconds(runs: list[Found]) -> float:
    return float(median(run["seconds"] for run in runs))


def timing(runs: list[Found], size: Size | None = None) -> str:
    """Wall and processor time: far apart for one worker, they show a machine that does other work."""
    text = f"{seconds(runs):.2f} s, cpu {median(run['cpu'] for run in runs):.2f} s"
    return f"{size}: {size.states:,} states; {text}" if size else text


def shares(runs: list[Found]) -> str:
    """What the seconds of a search were spent on."""
    return ", ".join(
        f"{name} {median(r['phases'][name] for r in runs) / seconds(runs):.0%}"
        for name in runs[0]["phases"]
        if name not in ("compile", "exchange")
    )


def throughput(bench: Bench) -> Iterator[Row]:
    runs, size = bench.large[0], bench.sizes.large
    yield Row(
        "distinct states/s, one worker", size.states / seconds(runs), "/s", 3e6, 6e6, note=timing(runs, size)
    )
    rate = size.transitions / seconds(runs)
    yield Row("transitions/s, one worker", rate, "/s", 15e6, 30e6, note=shares(runs))


def workers(bench: Bench) -> Iterator[Row]:
    one, two, _ = bench.large
    yield Row(
        "two workers over one",
        seconds(one) / seconds(two),
        "x",
        1.8,
        1.9,
        note=f"{timing(two, bench.sizes.large)}; {shares(two)}",
    )


def properties(bench: Bench) -> Iterator[Row]:
    with_them, _, without = bench.large
    cost = 100 * (1 - seconds(without) / seconds(with_them))
    yield Row("throughput that properties cost", cost, "%", 15, most=True, note=f"without: {timing(without)}")


def python(bench: Bench) -> Iterator[Row]:
    native, runs, size = bench.peer_native, bench.peer_python, bench.sizes.peers
    yield Row(
        "against the python engine", seconds(runs) / seconds(native), "x", 20, 40, note=timing(native, size)
    )
    yield Row(
        "python engine, distinct states/s",
        size.states / seconds(runs),
        "/s",
        150_000,
        note=timing(runs, size),
    )
    yield Row("python engine, transitions/s", size.transitions / seconds(runs), "/s")
    yield Row(
        "python engine, bytes/state",
        median(r["peak"] for r in runs) / size.states,
        "B",
        note="peak resident, everything counted",
    )


def counts(bench: Bench) -> Iterator[Row]:
    """All engines and peers on one model; a difference has ended the group before."""
    for name, runs in (
        ("native engine", lambda: bench.peer_native),
        ("python engine", lambda: bench.peer_python),
        ("SPIN", lambda: bench.spin),
        ("Rumur", lambda: bench.rumur),
    ):
        try:
            found = runs()[0]
        except peers.Missing as reason:
            yield Row(f"states, {name}", None, note=str(reason))
            continue
        states, transitions = (
            (found["states"], found["transitions"])
            if isinstance(found, dict)
            else (found.states, found.transitions)
        )
        yield Row(f"states, {name}", states, note=f"{bench.sizes.peers}; {transitions:,} transitions")


def spin(bench: Bench) -> Iterator[Row]:
    yield against("SPIN", lambda: bench.spin, bench, 15, 25)


def rumur(bench: Bench) -> Iterator[Row]:
    yield against("Rumur", lambda: bench.rumur, bench, 30, 80)
    yield against("Rumur, packed states (its default)", lambda: bench.rumur_packed, bench)


def against(
    name: str,
    runs: Callable[[], list[peers.Counted]],
    bench: Bench,
    must: float | None = None,
    aim: float | None = None,
) -> Row:
    """A peer's time over the native engine's, which found the same states."""
    try:
        found = runs()
    except peers.Missing as reason:
        return Row(f"against {name}", None, "x", must, aim, note=str(reason))
    wall, cpu = median(f.seconds for f in found), median(f.cpu for f in found)
    own = median(f["cpu"] for f in bench.peer_native)
    return Row(
        f"against {name}",
        wall / seconds(bench.peer_native),
        "x",
        must,
        aim,
        note=f"{bench.sizes.peers}: {wall:.2f} s, cpu {cpu:.2f} s; by cpu {cpu / own:.1f}x",
    )


def scale(bench: Bench) -> Iterator[Row]:
    s = bench.sizes
    small, large = bench.explore(s.counters_base), bench.explore(s.counters_huge)
    for name, base, low, huge, high in (
        ("counters", s.counters_base, small, s.counters_huge, large),
        ("IPI", s.base, bench.explore(s.base), s.huge, bench.huge),
        ("108 bits", s.wide_base, bench.explore(s.wide_base), s.wide_huge, bench.explore(s.wide_huge)),
    ):
        ratio = high["seconds"] / huge.states / (low["seconds"] / base.states)
        yield Row(
            f"cost per state, {name}, 10^8 over 10^6",
            ratio,
            "x",
            1.4,
            1.2,
            most=True,
            note=(
                f"{base.states:,} states: {timing([low])}; {huge.states:,}: {timing([high])}; transitions per"
                f" state {base.transitions / base.states:.2f} and {huge.transitions / huge.states:.2f}"
            ),
        )
    yield Row(
        "bytes/state, exact, counters",
        large["peak"] / s.counters_huge.states,
        "B",
        16,
        12,
        most=True,
        note="peak resident",
    )


def memory(bench: Bench) -> Iterator[Row]:
    huge, size = bench.huge, bench.sizes.huge
    yield Row(
        "bytes/state, exact, IPI",
        huge["peak"] / size.states,
        "B",
        16,
        12,
        most=True,
        note=(
            f"{size}: {size.states:,} states of {huge['bits']} bits; peak resident, "
            f"{huge['before'] >> 20} MiB of it before the search"
        ),
    )


def compact(bench: Bench) -> Iterator[Row]:
    found = bench.explore(bench.sizes.huge, storage="compact", fingerprint=FINGERPRINT)
    yield Row(
        "bytes/state, compact, IPI",
        found["peak"] / bench.sizes.huge.states,
        "B",
        6,
        most=True,
        note=(
            f"peak resident, {found['before'] >> 20} MiB of it before the search; {timing([found])};"
            f" {bench.sizes.huge.states - found['states']:,} states omitted by fingerprints of {FINGERPRINT}"
            " bits"
        ),
    )


def compilation(bench: Bench) -> Iterator[Row]:
    cold = []
    for _ in range(bench.sizes.repeat):
        with tempfile.TemporaryDirectory() as cache:
            cold.append([bench.child("compile", bench.sizes.start, cache)["seconds"] for _ in range(2)])
    added = median(first - again for first, again in cold)
    yield Row(
        "first compile added to a run",
        added,
        "s",
        6,
        3,
        most=True,
        note=f"with a cache {median(again for _, again in cold):.2f} s are left",
    )


def start(bench: Bench) -> Iterator[Row]:
    first = [sys.executable, "tests/bench/first_level.py", bench.sizes.start.spec]
    times = []
    for _ in range(bench.sizes.repeat + 1):
        clock = time.perf_counter()
        subprocess.run(first, cwd=ROOT, env=plain(), stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - clock)
    times = times[1:]
    yield Row(
        "cached start, process start to first level",
        median(times),
        "s",
        0.6,
        most=True,
        note=f"native engine; least {min(times):.2f} s",
    )
    command = [sys.executable, "-m", "explorer", "spec/ipi_fixed.py", "--out"]
    whole = []
    with tempfile.TemporaryDirectory() as out:
        for _ in range(bench.sizes.repeat + 1):
            clock = time.perf_counter()
            subprocess.run([*command, out], cwd=ROOT, env=plain(), stdout=subprocess.DEVNULL, check=True)
            whole.append(time.perf_counter() - clock)
    yield Row("the whole command, ipi_fixed", median(whole[1:]), "s", 0.35, most=True)


def plain() -> dict[str, str]:
    """The environment without what the tests add to it."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "EXPLORER_VERIFY")}


def instances(bench: Bench) -> Iterator[Row]:
    for size, must in {bench.sizes.few: 8, bench.sizes.many: 20}.items():
        with tempfile.TemporaryDirectory() as cache:
            found = bench.child("compile", size, cache)
        yield Row(
            f"compile time, {found['instances']:,} action instances",
            found["seconds"],
            "s",
            must,
            most=True,
            note=f"{found['python']:.2f} s of it before Numba",
        )


def symmetry(bench: Bench) -> Iterator[Row]:
    """What representatives save, and what finding them costs, for more and more interchangeable senders."""
    sizes, most = bench.sizes, bench.sizes.symmetry_most
    for size in sizes.senders:
        full, small = (_with_symmetry(bench, size, used) for used in (False, True))
        if not full["stopped"] and full["states"] != small["represented"]:
            raise WrongCount(f"{size}: {full['states']:,} states, and orbits of {small['represented']:,}")
        partial = f"; the first {most:,} states" if full["stopped"] else ""
        yield Row(
            f"states for each orbit, {size.define[0]}",
            small["represented"] / small["states"],
            "x",
            note=(
                f"{small['states']:,} orbits stand for {small['represented']:,}"
                f" states{partial if small['stopped'] else ''}"
            ),
        )
        costs = [1e9 * run["cpu"] / run["transitions"] for run in (full, small)]
        yield Row(
            f"cost per transition, {size.define[0]}",
            costs[1] / costs[0],
            "x",
            6,
            3,
            most=True,
            note=f"{costs[1]:.0f} ns with symmetry, {costs[0]:.0f} ns without{partial}",
        )


def _with_symmetry(bench: Bench, size: Size, used: bool) -> Found:
    bench.child("compile", size, symmetry=used)
    runs = [
        bench.child("explore", size, engine="native", symmetry=used, most=bench.sizes.symmetry_most)
        for _ in range(bench.sizes.repeat)
    ]
    return sorted(runs, key=lambda run: float(run["cpu"]))[len(runs) // 2]


GROUPS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "throughput": throughput,
    "workers": workers,
    "counts": counts,
    "python": python,
    "spin": spin,
    "rumur": rumur,
    "scale": scale,
    "memory": memory,
    "compact": compact,
    "properties": properties,
    "compile": compilation,
    "start": start,
    "instances": instances,
    "symmetry": symmetry,
}
