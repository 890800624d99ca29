"""`--cluster` on the command line: every mistake in a sentence; and, where Ray is installed, searches by its
actors, of which some die.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.command.main import main
from tests.support.command_line import SPECS
from tests.support.house import ROOT

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="the package ray is not installed")

MISTAKES = [
    (
        ["good.py", "--actors", "2"],
        "--actors: there is no cluster; write: --cluster auto --actors 2",
    ),
    (
        ["good.py", "--patience", "30s"],
        "--patience: there is no cluster; write: --cluster auto --patience 30s",
    ),
    (
        ["good.py", "--cluster", "ray://head:10001"],
        "argument --cluster: 'ray://head:10001' is no cluster; write: auto, or the HOST:PORT that ray start"
        " --head prints",
    ),
    (
        ["good.py", "--cluster", "auto", "--patience", "0"],
        "argument --patience: '0' is too short: nobody answers at once; write: 30s, or 5min",
    ),
    (
        ["good.py", "--cluster", "auto", "--engine", "python"],
        "--cluster: --engine python works in one process; write: --cluster without --engine",
    ),
    (
        ["good.py", "--cluster", "auto", "--disk", "."],
        "--cluster: --disk works in one process; write: --cluster without --disk",
    ),
    (["simulate", "good.py", "--cluster", "auto"], "--cluster: random walks know nothing of it"),
]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with specs, where commands are run."""
    monkeypatch.chdir(tmp_path)
    for name in ("good", "bad"):
        Path(f"{name}.py").write_text(SPECS[name])


@needs_ray
@pytest.mark.parametrize("words, said", MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES])
def test_mistakes_are_told(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence says what is wrong and what to write; exit code 2."""
    assert main(words) == 2
    assert capsys.readouterr().err.strip().endswith(f"explorer: {said}")


@needs_ray
@pytest.mark.slow
def test_an_address_where_nobody_answers_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing waits for a cluster that is not there."""
    assert main(["good.py", "--cluster", "127.0.0.1:1"]) == 2
    said = (
        "explorer: --cluster 127.0.0.1:1: nobody answers there; write: --cluster auto, or the HOST:PORT that"
    )
    assert said in capsys.readouterr().err


def test_without_ray_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the package is missing a sentence says so, before anything is done."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else find(name))
    assert main(["good.py", "--cluster", "auto"]) == 2
    said = (
        "explorer: --cluster needs the package ray; write: pip install 'interrupt-explorer[cluster]', or pip"
    )
    assert capsys.readouterr().err.startswith(said)


# Searches by Ray's own actors, on several nodes of this machine.

COUNTERS = str(ROOT / "tests/bench/specs/counters.py")
LIMIT = 400
"""Seconds after which a command hangs."""


class Nodes:
    """A cluster of several nodes on this machine."""

    def __init__(self, nodes: int, cpus: int, **more: str):
        """`more` are variables of Ray's environment."""
        self.environment = {
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "PYTHONPATH": str(ROOT),
            **more,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.ray_nodes", str(nodes), str(cpus)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = self.said()
        while ":" not in self.address or " " in self.address:
            self.address = self.said()

    def said(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the cluster has ended"
        return line.strip()

    def do(self, what: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self.said()

    def close(self) -> None:
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """A check on this cluster."""
        return subprocess.Popen(
            [sys.executable, "-m", "explorer", *words, "--cluster", self.address],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def check(self, *words: str) -> tuple[int, str]:
        """The exit code of a check on this cluster, and what it said."""
        process = self.begin(*words)
        said, _ = process.communicate(timeout=LIMIT)
        return process.returncode, said


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Three nodes of two processors each."""
    cluster = Nodes(3, 2)
    yield cluster
    cluster.close()


def record(name: str) -> dict[str, object]:
    found = json.loads(Path(f"out/{name}/verdict.json").read_text())
    own = ("seconds", "states_per_second", "peak_memory_bytes", "engine", "workers")
    own += ("storage", "omission_probability", "fingerprint_bits")
    return {key: value for key, value in found.items() if key not in own}


IPI = [str(ROOT / "spec/ipi_fixed.py"), "-D", "senders=2"]

CASES = [
    ("good", ["good.py"], ["--actors", "2"]),
    ("bad", ["bad.py"], ["--actors", "3"]),
    ("counters", [COUNTERS, "-D", "MODULUS=12"], ["--actors", "5"]),
    ("counters", [COUNTERS, "-D", "MODULUS=12", "--no-symmetry"], ["--actors", "1", "--workers", "2"]),
    ("counters", [COUNTERS, "-D", "MODULUS=12", "--no-symmetry"], ["--actors", "3", "--storage", "compact"]),
    ("peterson", [str(ROOT / "spec/examples/peterson.py")], ["--actors", "2"]),
    ("xive_shutdown_buggy", [str(ROOT / "spec/xive_shutdown_buggy.py")], ["--actors", "2"]),
    ("eeh_buggy", [str(ROOT / "spec/eeh_buggy.py")], []),
    ("memory_lock", [str(ROOT / "tests/bench/specs/memory_lock.py")], ["--actors", "3"]),
    ("ipi_fixed", [*IPI, "--no-symmetry"], ["--actors", "2"]),
    ("ipi_fixed", [*IPI, "-D", "set_barrier=none", "-D", "clear_barrier=none", "--no-symmetry"], []),
]


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("name, words, more", CASES, ids=[" ".join([n, *m]) for n, _, m in CASES])
def test_the_record_is_that_of_one_machine(
    name: str, words: list[str], more: list[str], nodes: Nodes
) -> None:
    """Counts, depth, verdicts, coverage, liveness and stories: all of the record but how it was made."""
    code = main([*words, "--engine", "native"])
    alone = record(name)
    assert nodes.check(*words, *more)[0] == code
    assert record(name) == alone
    assert alone["verdict"] in ("holds", "violated")


@needs_ray
@pytest.mark.slow
def test_the_record_is_that_of_one_machine_under_a_symmetry_of_a_memory(nodes: Nodes) -> None:
    """The same, but for how often each of some interchangeable instances was possible: that depends on which
    state stands for others, as between two runs of one machine; for all of an action it is the same.
    """

    def told(name: str) -> dict[str, object]:
        found = record(name)
        coverage = found.pop("coverage")
        assert isinstance(coverage, list)
        possible = Counter[str]()
        for line in coverage:
            possible[line["action"]] += line["enabled"]
        return {**found, "possible": possible}

    assert main([*IPI, "--engine", "native"]) == 0
    alone = told("ipi_fixed")
    assert nodes.check(*IPI, "--actors", "3")[0] == 0
    assert told("ipi_fixed") == alone and sum(alone["possible"].values()) > 10_000


RUN = [COUNTERS, "-D", "MODULUS=40", "--no-symmetry"]
"""2,560,000 states in 157 levels, which take ten seconds or more."""


LARGE_IPI = [str(ROOT / "spec/ipi_fixed.py"), "-D", "senders=3", "-D", "kicks=1", "--no-symmetry"]
"""1,794,574 states, with 3,406 of POWER's memory."""


LONG = [COUNTERS, "-D", "MODULUS=100", "--no-symmetry"]
"""100,000,000 states, which take longer than deaths and the head are waited for."""


def under_way(cluster: Nodes, process: subprocess.Popen[str], seconds: float) -> None:
    """Wait until actors have searched for so long."""
    while cluster.do("actors") == "0 actors":
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.2)
    time.sleep(seconds)


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("what", ["kill actor", "kill node"])
@pytest.mark.parametrize("kept", [["--checkpoint", "c"], []], ids=["checkpoint", "no checkpoint"])
def test_a_death_at_a_random_moment_changes_nothing(what: str, kept: list[str]) -> None:
    """An actor or a node is killed: the run goes on by itself, and ends with the closed-form counts."""
    cluster = Nodes(3, 2)
    try:
        process = cluster.begin(*LONG, "--actors", "3", *kept)
        under_way(cluster, process, 6 * random.random())
        assert process.poll() is None and cluster.do(what) != "none"
        said, _ = process.communicate(timeout=LIMIT)
    finally:
        cluster.close()
    assert process.returncode == 0, said
    states = record("counters")["states"]
    assert isinstance(states, dict)
    assert (states["distinct"], states["depth"], states["transitions"]) == (100**4, 4 * 99, 4 * 100**4), said
    assert "the search goes on" in said, said


def until_it_is_saved(process: subprocess.Popen[str]) -> None:
    """Wait for the first checkpoint, in `c`."""
    while not Path("c/checkpoint.json").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("what", ["kill book", "kill actor"])
def test_a_memory_keeps_its_numbers_where_somebody_dies(what: str) -> None:
    """The actor with the numbers, or another one, is killed: the run goes on with new ones, to the same
    counts.
    """
    cluster = Nodes(1, 2)
    try:
        process = cluster.begin(*LARGE_IPI, "--actors", "2", "--checkpoint", "c", "--every", "1s")
        until_it_is_saved(process)
        assert cluster.do(what) != "none"
        said, _ = process.communicate(timeout=LIMIT)
    finally:
        cluster.close()
    states = record("ipi_fixed")["states"]
    assert isinstance(states, dict) and process.returncode == 0, said
    assert (states["distinct"], states["transitions"], states["depth"]) == (1_794_574, 9_861_386, 50), said
    assert "the search goes on" in said, said


@needs_ray
@pytest.mark.slow
def test_an_actor_that_is_halted_counts_as_lost() -> None:
    """Its silence is told, and after a while it is left for another one."""
    cluster = Nodes(2, 2)
    try:
        process = cluster.begin(*RUN, "--actors", "2", "--patience", "8s")
        under_way(cluster, process, 1.0)
        cluster.do("stop actor")
        said, _ = process.communicate(timeout=LIMIT)
    finally:
        cluster.close()
    assert process.returncode == 0 and "an actor has not answered for 8 s; the search goes on" in said, said


@needs_ray
@pytest.mark.slow
def test_a_head_that_goes_away_leaves_a_checkpoint() -> None:
    """The run ends: undetermined, with a sentence and a checkpoint that one machine goes on from."""
    cluster = Nodes(2, 2)
    try:
        process = cluster.begin(*LONG, "--actors", "2", "--checkpoint", "c")
        under_way(cluster, process, 0.0)
        while not (Path("c/states-0.bin").exists() and Path("c/states-0.bin").stat().st_size):
            time.sleep(0.1)
        cluster.do("kill head")
        said, _ = process.communicate(timeout=LIMIT)
    finally:
        cluster.close()
    assert process.returncode == 20 and "does not answer" in said, said
    assert "to go on: --resume c" in said
    assert main([*LONG, "--resume", "c"]) == 0
    states = record("counters")["states"]
    assert isinstance(states, dict) and states["distinct"] == 100**4


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("most", ["0.0001", "0.9999"], ids=["full disk", "room on disk"])
def test_a_full_object_store_ends_it_only_where_the_disk_is_full_too(most: str) -> None:
    """Somebody else fills the store of a node: messages go by the disk then. Where Ray takes that for full
    (beyond a share of it that is used) the run ends: undetermined, with a sentence and a checkpoint.
    """
    cluster = Nodes(1, 2, RAY_local_fs_capacity_threshold=most)
    try:
        assert int(cluster.do("fill store").split()[0]) > 90
        code, said = cluster.check(*LONG, "--actors", "2", "--checkpoint", "c")
    finally:
        cluster.close()
    if most == "0.9999":
        assert code == 0 and "100,000,000 states" in said, said
    else:
        assert code == 20 and "the object store of a node is full, and so is its disk" in said, said
        assert main([*LONG, "--resume", "c", "--max-states", "5000000"]) == 20


@needs_ray
@pytest.mark.slow
def test_without_ray_on_this_machine_it_ends_with_a_sentence() -> None:
    """Ray's process beside the driver is killed: undetermined, whether Ray lets the driver say it or not."""
    cluster = Nodes(1, 2)
    try:
        process = cluster.begin(*LONG, "--actors", "2", "--checkpoint", "c", "--every", "1s")
        until_it_is_saved(process)
        assert cluster.do("kill raylet") != "none"
        said, _ = process.communicate(timeout=LIMIT)
    finally:
        cluster.close()
    assert process.returncode == 20 and "--resume c" in said, said


@needs_ray
def test_what_an_error_of_ray_means() -> None:
    """A lost actor or message can be mended, a full store cannot; a mistake of ours stays what it is."""
    from ray import exceptions

    from explorer.engine.native.cluster.actors import ClusterError, Halted, Lost, meaning
    from explorer.engine.native.cluster.share import WrongProgram

    def failed(cause: Exception) -> BaseException:
        error = exceptions.RayTaskError("expand", "traceback", cause)
        result: BaseException = error.as_instanceof_cause()
        return result

    cases: list[tuple[BaseException, type[Exception], str]] = [
        (exceptions.ActorDiedError(), Lost, "an actor died"),
        (exceptions.OutOfMemoryError("x"), Lost, "Ray ended an actor, as its node had no memory left"),
        (exceptions.ObjectLostError("x", None, ""), Lost, "what an actor sent is lost"),
        (failed(exceptions.ActorDiedError()), Lost, "an actor died"),
        (exceptions.GetTimeoutError("x"), Lost, "an actor did not answer in time"),
        (failed(exceptions.ObjectStoreFullError("x")), Halted, "the object store of a node is full"),
        (exceptions.OutOfDiskError("x"), Halted, "the object store of a node is full"),
        (failed(MemoryError()), Halted, "an actor got no memory"),
        (failed(WrongProgram("another one")), ClusterError, "--cluster: another one; write: the same"),
        (failed(ModuleNotFoundError("no explorer")), ClusterError, "--cluster: no explorer; write: the same"),
        (failed(ZeroDivisionError("x")), ZeroDivisionError, ""),
    ]
    for error, kind, said in cases:
        found = meaning(error)
        assert isinstance(found, kind) and str(found).startswith(said), error
