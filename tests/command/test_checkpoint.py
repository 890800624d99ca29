"""Long runs on the command line are written, ended, killed, and gone on with to the same verdict."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import explorer
from explorer.command.main import main
from explorer.engine.checkpoint import HEAD
from tests.support.checkpoints import COUNTERS, Disk, disk, record
from tests.support.command_line import ENVIRONMENT
from tests.support.house import ROOT

pytestmark = pytest.mark.usefixtures("place")

MODE = """\
import enum
from typing import Annotated
from explorer import *

class Mode(enum.Enum):
    SLOW, FAST = 1, 2

MODE = constant("MODE", Mode.SLOW)

class S(State):
    n: Var[Annotated[int, Range(0, 9)]] = initially(0)

@action
def step(s: S):
    s.n.next = (s.n + (1 if MODE == Mode.SLOW else 3)) % 10

spec = Spec()
"""


@pytest.mark.parametrize(
    "name, options", [("good", []), ("bad", []), ("turn", []), ("turn", ["--no-symmetry"])]
)
def test_what_was_ended_goes_on_to_the_same_record(name: str, options: list[str]) -> None:
    """A run that a limit ends says how to go on; then the whole verdict is that of a run in one piece."""
    code = main([f"{name}.py", *options])
    whole = record(name)
    assert main([f"{name}.py", *options, "--checkpoint", "c", "--max-depth", "2"]) in (12, 20)
    assert main([f"{name}.py", *options, "--resume", "c"]) == code
    assert record(name) == whole


def test_where_to_go_on_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that ends before its search tells the level that was kept, and what to write."""
    main(["good.py", "--checkpoint", "c", "--max-depth", "2"])
    assert "c: the checkpoint is of level 2; to go on: --resume c" in capsys.readouterr().err


def test_a_full_disk_is_said_and_the_verdict_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """The run goes on to its verdict; what could not be written makes its exit code 74."""
    with disk(Disk(room=0)):
        assert main(["good.py", "--checkpoint", "c"]) == 74
    said = capsys.readouterr()
    assert "holds" in said.out
    assert said.err.startswith(
        "c: the checkpoint could not be written: No space left on device; there is none\n"
    )


MEMORY = [str(ROOT / "tests/bench/specs/memory_lock.py"), "--no-symmetry"]


def test_the_states_of_a_memory_keep_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """A state has the number of a memory's state. Another process, which meets them in another order, goes on
    with the same numbers, to the same counts, verdicts and stories.
    """
    assert main(MEMORY) == 0
    whole = record("memory_lock")
    assert main([*MEMORY, "--checkpoint", "c", "--max-depth", "6"]) == 20
    command = [sys.executable, "-m", "explorer", *MEMORY, "--resume", "c", "--max-depth", "10"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 20, done.stderr
    assert main([*MEMORY, "--resume", "c", "--engine", "python"]) == 0
    assert record("memory_lock") == whole
    kept = Path("c/numbers-0.jsonl")
    assert len(kept.read_text().splitlines()) > 50
    data = kept.read_bytes()
    kept.write_bytes(data[:50].replace(b"0", b"1") + data[50:])
    capsys.readouterr()
    assert main([*MEMORY, "--resume", "c"]) == 2
    assert capsys.readouterr().err.endswith(
        "explorer: c/numbers-0.jsonl: it is not what was written; write: --resume with a copy of the whole"
        " directory, or --checkpoint with a new one\n"
    )


def test_a_constant_with_names_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """A constant whose values have names stands in the head by its name, and another one is refused."""
    Path("mode.py").write_text(MODE)
    assert main(["mode.py", "--checkpoint", "c", "--max-depth", "1"]) == 20
    assert main(["mode.py", "-D", "MODE=slow", "--resume", "c"]) == 0
    capsys.readouterr()
    assert main(["mode.py", "-D", "MODE=FAST", "--resume", "c"]) == 2
    assert capsys.readouterr().err == "explorer: --resume c: was made with MODE=slow; write: -D MODE=slow\n"


def test_the_interface_for_python_takes_the_same() -> None:
    """`check` and `explore` write checkpoints and go on from them."""
    assert explorer.check("good.py", checkpoint="c", every="1h", max_depth=2)["verdict"] == "undetermined"
    assert explorer.check("good.py", resume="c").holds
    assert len(explorer.explore("good.py", resume="c")) == 4


def levels_kept() -> int:
    """How many levels the checkpoint in `c` has."""
    head = Path("c", HEAD)
    return len(json.loads(head.read_text())["levels"]) if head.exists() else 0


def test_a_run_that_is_killed_three_times_ends_right() -> None:
    """kill -9 as soon as a new level is kept, each time gone on with by another engine or other workers: the
    counts are those of the closed form.
    """
    spec, kills, out = COUNTERS, 0, ""
    command = [sys.executable, "-m", "explorer", spec, "-D", "MODULUS=30", "--json", "--no-symmetry"]
    ways = (["--engine", "python"], *(["--engine", "native", "--workers", str(n)] for n in (1, 2, 1)))
    for k, way in enumerate(ways):
        before, option = levels_kept(), "--resume" if k else "--checkpoint"
        process = subprocess.Popen(
            [*command, option, "c", "--every", "0", *way],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while k < 3 and process.poll() is None and levels_kept() <= before:
            time.sleep(0.005)
        if k < 3:
            process.kill()
        out, error = process.communicate(timeout=300)
        assert process.returncode in (0, -9), error
        kills += process.returncode == -9
    states = json.loads(out)["states"]
    assert kills >= 2
    assert (states["distinct"], states["transitions"], states["depth"]) == (810_000, 3_240_000, 116)


@pytest.mark.slow
def test_a_run_that_is_killed_a_hundred_times_ends_right() -> None:
    """kill -9 at a hundred random moments, each time gone on with other workers or another engine: the counts
    are those of one run in one piece.
    """
    spec = COUNTERS
    rng = random.Random(18)
    ways = [["--engine", "python"], *(["--engine", "native", "--workers", str(n)] for n in (1, 2, 3))]
    kills, first = 0, True
    for _ in range(2000):
        command = [sys.executable, "-m", "explorer", spec, "-D", "MODULUS=20", "--json", "--no-symmetry"]
        command += ["--checkpoint" if first else "--resume", "c", "--every", "0", *rng.choice(ways)]
        process = subprocess.Popen(
            command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if kills < 100:
            time.sleep(rng.uniform(0.1, 2.0))
            process.kill()
        out, error = process.communicate(timeout=300)
        assert process.returncode in (0, -9), error
        kills += process.returncode == -9
        first = not Path("c", HEAD).exists()
        if process.returncode == 0 and kills < 100:
            for path in Path("c").iterdir():
                path.unlink()
            first = True
        if process.returncode == 0:
            states = json.loads(out)["states"]
            assert (states["distinct"], states["transitions"], states["depth"]) == (160_000, 640_000, 76)
            if kills == 100:
                return
    pytest.fail("it was not killed often enough")
