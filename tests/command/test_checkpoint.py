"""Long runs on the command line: written, ended, gone on with, watched; and every mistake in a sentence."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import explorer
from explorer.command import status
from explorer.command.main import main
from explorer.engine import python
from explorer.engine.checkpoint import HEAD, sealed
from tests.support.checkpoints import Disk, disk
from tests.support.command_line import ENVIRONMENT, SPECS, limited
from tests.support.house import ROOT

TURN = """\
import enum
from explorer import *

class Cpu(Scalarset):
    size = constant("CPUS", 3)

class At(enum.Enum):
    OUT, IN, DONE = range(3)

class S(State):
    at: Map[Cpu, At] = initially(At.OUT)

@action
def enter(s: S, cpu: Cpu):
    when(s.at[cpu] == At.OUT)
    s.at[cpu].next = At.IN

@action
def leave(s: S, cpu: Cpu):
    when(s.at[cpu] == At.IN)
    s.at[cpu].next = At.DONE

@terminal
def done(s: S):
    return every(s.at[cpu] == At.DONE for cpu in Cpu)

spec = Spec()
"""


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


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with specs, where commands are run."""
    monkeypatch.chdir(tmp_path)
    for name in ("good", "bad", "family", "large"):
        Path(f"{name}.py").write_text(SPECS[name])
    Path("turn.py").write_text(TURN)
    yield tmp_path


def record(name: str) -> dict[str, object]:
    found = json.loads(Path(f"out/{name}/verdict.json").read_text())
    own = ("seconds", "states_per_second", "peak_memory_bytes", "engine", "workers")
    return {key: value for key, value in found.items() if key not in own}


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


def broken(change: str) -> None:
    """Do something to the checkpoint in `c`."""
    head, states = Path("c", HEAD), Path("c/states-0.bin")
    if change == "version":
        content = json.loads(head.read_text())
        del content["sha256"]
        content["made_by"] = "0.0.1"
        head.write_bytes(sealed(content))
    elif change == "head":
        head.write_text(head.read_text().replace('"expanded": 2', '"expanded": 3'))
    elif change == "no JSON":
        head.write_text("states")
    elif change == "flipped":
        data = bytearray(states.read_bytes())
        data[-1] ^= 4
        states.write_bytes(data)
    elif change == "short":
        states.write_bytes(states.read_bytes()[:-1])
    elif change == "no states":
        states.unlink()
    elif change == "no head":
        head.unlink()
    elif change == "spec":
        Path("good.py").write_text(SPECS["good"].replace("s.n + 1", "s.n + 1 + 0 * s.n + ite(s.n > 9, 1, 0)"))


AGAIN = "write: --resume with a copy of the directory, or --checkpoint with a new one"
LOST = "write: --resume with a copy of the whole directory, or --checkpoint with a new one"
MISTAKES = [
    (
        "",
        ["good.py", "--max-disk", "1G"],
        "--max-disk: nothing goes to a disk; write: --disk DIR --max-disk BYTES",
    ),
    (
        "",
        ["good.py", "--disk", "d", "--engine", "python"],
        "--disk: the python engine keeps its states in memory; write: --engine native",
    ),
    (
        "",
        ["good.py", "--disk", "d", "--storage", "compact"],
        "--disk: keeps whole states; write: --disk d without --storage",
    ),
    ("", ["simulate", "good.py", "--disk", "d"], "--disk: random walks know nothing of it"),
    (
        "",
        ["good.py", "--disk", "good.py"],
        "--disk good.py: File exists; write: --disk DIR with a directory that can be written",
    ),
    (
        "",
        ["good.py", "--checkpoint", "c"],
        (
            "--checkpoint c: a checkpoint is there already; write: --resume c to go on with it,"
            " or another directory"
        ),
    ),
    (
        "",
        ["good.py", "--checkpoint", "d", "--resume", "c"],
        "--checkpoint d: what goes on from c is written there; write: --resume c alone",
    ),
    ("", ["good.py", "--every", "1h"], "--every: nothing is written; write: --checkpoint DIR --every 10min"),
    (
        "",
        ["good.py", "--checkpoint", "d", "--every", "often"],
        "argument --every: 'often' is not a time, such as 30s, 10min or 2h",
    ),
    (
        "",
        ["good.py", "--checkpoint", "d", "--every", "infs"],
        "argument --every: 'infs' is not a time, such as 30s, 10min or 2h",
    ),
    ("", ["good.py", "--checkpoint", ""], "argument --checkpoint: the name is empty"),
    (
        "",
        ["good.py", "--checkpoint", "d", "--engine", "reference"],
        "--checkpoint: the reference engine writes no checkpoint; write: --engine python",
    ),
    ("", ["simulate", "good.py", "--resume", "c"], "--resume: random walks know nothing of it"),
    (
        "",
        ["good.py", "bad.py", "--checkpoint", "d"],
        (
            "--checkpoint: keeps one run, and there are several specs; write: one spec, each"
            " constant with one value"
        ),
    ),
    (
        "",
        ["table", "family.py", "--resume", "c"],
        ("--resume: keeps one run, and a table has several; write: one spec, each constant with one value"),
    ),
    (
        "",
        ["good.py", "-D", "LAST=2,3", "--checkpoint", "d"],
        (
            "--checkpoint: keeps one run, and a matrix has several; write: one spec, each"
            " constant with one value"
        ),
    ),
    (
        "",
        ["good.py", "--checkpoint", "good.py/d"],
        (
            "--checkpoint good.py/d: Not a directory; write: --checkpoint DIR with a directory"
            " that can be written"
        ),
    ),
    (
        "",
        ["good.py", "--checkpoint", "good.py"],
        ("--checkpoint good.py: File exists; write: --checkpoint DIR with a directory that can be written"),
    ),
    (
        "",
        ["good.py", "--resume", "d"],
        "--resume d: no such directory; write: the DIR that was given to --checkpoint",
    ),
    (
        "",
        ["bad.py", "--resume", "c"],
        ("--resume c: was made from good, and this is bad; write: the spec file it was made from"),
    ),
    ("", ["good.py", "-D", "LAST=2", "--resume", "c"], "--resume c: was made with LAST=3; write: -D LAST=3"),
    (
        "",
        ["good.py", "-D", "LOOPS=false", "-D", "LAST=4", "--resume", "c"],
        "--resume c: was made with LAST=3, LOOPS=true; write: -D LAST=3 -D LOOPS=true",
    ),
    (
        "spec",
        ["good.py", "--resume", "c"],
        (
            "--resume c: good is no longer the spec that it was made from (digest X then, X now);"
            " write: the spec as it was, or --checkpoint with a new directory"
        ),
    ),
    (
        "version",
        ["good.py", "--resume", "c"],
        (
            "--resume c: this checkpoint was made by explorer 0.0.1, and here is"
            f" {explorer.__version__}; write: that version, or --checkpoint with a new directory"
        ),
    ),
    ("head", ["good.py", "--resume", "c"], f"c/{HEAD} is damaged: it is not what was written; {AGAIN}"),
    ("no JSON", ["good.py", "--resume", "c"], f"c/{HEAD} is damaged: it is not what was written; {AGAIN}"),
    (
        "no head",
        ["good.py", "--resume", "c"],
        (f"--resume c: no checkpoint is there ({HEAD} is missing); write: --checkpoint c to begin one"),
    ),
    (
        "flipped",
        ["good.py", "--resume", "c"],
        (f"c/states-0.bin is damaged: the states of level 2 are not what was written; {AGAIN}"),
    ),
    ("short", ["good.py", "--resume", "c"], f"c/states-0.bin has 2 bytes of 3; {LOST}"),
    ("no states", ["good.py", "--resume", "c"], f"c/states-0.bin is missing; {LOST}"),
    (
        "",
        ["status", "d"],
        (
            "status d: status.json: No such file or directory; write: the DIR that was given to"
            " --checkpoint or --resume"
        ),
    ),
    ("", ["status"], "no directory; write: python -m explorer status checkpoint/"),
]


@pytest.mark.parametrize("change, arguments, message", MISTAKES)
def test_mistakes_are_one_sentence(
    change: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be begun, or gone on with, exits with 2 and says what to write."""
    main(["good.py", "--checkpoint", "c", "--max-depth", "2"])
    capsys.readouterr()
    broken(change)
    assert main(arguments) == 2
    shown = re.sub(r"\b[0-9a-f]{16}\b", "X", capsys.readouterr().err)
    assert shown == f"explorer: {message}\n"


def test_another_symmetry_and_storage_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A checkpoint of one of each orbit is none of every state, and a compact one is none of exact storage;
    one of every state is gone on with as such.
    """
    main(["turn.py", "--checkpoint", "orbits", "--max-depth", "2"])
    main(["turn.py", "--checkpoint", "all", "--max-depth", "2", "--no-symmetry"])
    main(["good.py", "--checkpoint", "compact", "--max-depth", "2", "--storage", "compact"])
    capsys.readouterr()
    assert main(["turn.py", "--resume", "orbits", "--no-symmetry"]) == 2
    assert capsys.readouterr().err == (
        "explorer: --resume orbits: has one state of each orbit, and every state is asked for; write: the"
        " options that it was made with, without --no-symmetry and --graph\n"
    )
    assert main(["turn.py", "--resume", "all"]) == 0
    assert record("turn")["states"]["distinct"] == 27  # type: ignore[index]
    assert main(["good.py", "--resume", "compact"]) == 2
    assert capsys.readouterr().err.endswith(
        "explorer: --resume compact: its search was compact, and may have left a state out; write: --storage"
        " compact\n"
    )


def test_a_directory_in_use_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While a run writes to a directory, no other one begins there or goes on from it."""
    codes: list[int] = []

    def meanwhile(search: python.Search) -> None:
        if not codes:
            codes.append(-1)
            codes[:] = [main(["bad.py", option, "c"]) for option in ("--checkpoint", "--resume")]
        step(search)

    step = python.Search.step
    monkeypatch.setattr(python.Search, "step", meanwhile)
    assert main(["good.py", "--checkpoint", "c"]) == 0
    assert codes == [2, 2]
    sentence = "c: another run is writing there; write: another directory, or wait for its end\n"
    assert capsys.readouterr().err == "".join(
        f"explorer: {option} {sentence}" for option in ("--checkpoint", "--resume")
    )


def test_a_full_disk_is_said_and_the_verdict_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """The run goes on to its verdict; what could not be written makes its exit code 74."""
    with disk(Disk(room=0)):
        assert main(["good.py", "--checkpoint", "c"]) == 74
    said = capsys.readouterr()
    assert "holds" in said.out
    assert said.err.startswith(
        "c: the checkpoint could not be written: No space left on device; there is none\n"
    )


COUNTERS = str(ROOT / "tests/bench/specs/counters.py")


def test_a_disk_that_is_too_small_leaves_it_undetermined(capsys: pytest.CaptureFixture[str]) -> None:
    """The run ends where the disk may take no more, and says what it needs before."""
    assert main(["good.py", "--disk", ".", "--max-disk", "2"]) == 20
    said = capsys.readouterr()
    assert "--disk .: 1 bytes for each state, 0.9 GiB for 10^9; there is room for 2 states" in said.err
    assert "--max-disk 2 bytes reached" in said.out


def test_states_of_several_words_take_a_word_of_the_disk(capsys: pytest.CaptureFixture[str]) -> None:
    """Their root words go there; counts are those of a search in memory."""
    wide = [COUNTERS, "-D", f"SPARE={10**8}", "--no-symmetry"]
    assert main([*wide, "--disk", "."]) == 0
    assert "--disk .: 8 bytes for each state, 7.5 GiB for 10^9" in capsys.readouterr().err
    states = record("counters")["states"]
    assert main(wide) == 0 and record("counters")["states"] == states


def test_a_disk_that_is_really_full_leaves_it_undetermined() -> None:
    """Where the system takes no more bytes, the run says so, and what it counted is of whole levels."""
    command = [sys.executable, "-m", "explorer", COUNTERS, "-D", "MODULUS=32", "--no-symmetry", "--json"]
    done = subprocess.run(
        [*limited("RLIMIT_FSIZE", 1 << 21), *command, "--disk", ".", "--engine", "native"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    assert (done.returncode, found["verdict"]) == (20, "undetermined"), done.stderr
    assert found["stopped"] == "--disk .: File too large"
    sizes = found["states"]["levels"]
    assert 8 < len(sizes) < 125 and sizes[:8] == [1, 4, 10, 20, 35, 56, 84, 120]
    assert found["states"]["distinct"] == sum(sizes)


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


def at_level(monkeypatch: pytest.MonkeyPatch, level: int, number: int) -> None:
    """Send this process a signal when its search is at a level."""

    def step(search: python.Search) -> None:
        if len(search.space.levels) == level:
            os.kill(os.getpid(), number)
        original(search)

    original = python.Search.step
    monkeypatch.setattr(python.Search, "step", step)


def test_sigterm_leaves_a_checkpoint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that is told to end writes what it has, exits with 130, and can be gone on with."""
    main(["bad.py"])
    whole = record("bad")
    with monkeypatch.context() as patched:
        at_level(patched, 2, signal.SIGTERM)
        assert main(["bad.py", "--checkpoint", "c"]) in (12, 130)
    assert "c: the checkpoint is of level 2; to go on: --resume c" in capsys.readouterr().err
    assert main(["bad.py", "--resume", "c"]) == 12 and record("bad") == whole


def test_sigusr1_says_how_it_is_going(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The signal prints level, states, rate, forecast, memory, disk and the last checkpoint; the run goes
    on.
    """
    at_level(monkeypatch, 2, signal.SIGUSR1)
    assert main(["good.py", "--checkpoint", "c", "--every", "0"]) == 0
    said = capsys.readouterr().err
    assert re.search(
        rf"good: search, \S+ s since the start of process {os.getpid()} on \S+\n"
        r"  level       1; 3 states, 1 in the next level so far\n"
        r"  rate        \S+ ?\S* states/s, \S+ s of search\n"
        r"  forecast    growing, no estimate\n"
        r"  memory      [\d,]+ MiB\n"
        r"  disk        0.0 MiB\n"
        r"  checkpoint  of level 1, \S+ s ago\n",
        said,
    ), said


def test_status_tells_of_a_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`status` reads the file beside the checkpoint: while the run is at work, when it has ended, and when
    its process is gone.
    """
    during: list[int] = []
    monkeypatch.setattr(status, "EVERY", 0.0)

    def look(search: python.Search) -> None:
        if len(search.space.levels) == 2:
            during.append(main(["status", "c"]))
        original(search)

    original = python.Search.step
    monkeypatch.setattr(python.Search, "step", look)
    assert main(["good.py", "--checkpoint", "c"]) == 0
    said = capsys.readouterr().out
    assert during == [0] and re.search(r"  level       \d; .*\n(.*\n)*  seen \S+ s ago\n", said), said
    assert main(["status", "c"]) == 0
    assert capsys.readouterr().out.endswith("  it has ended: holds\n")
    left = json.loads(Path("c/status.json").read_text())
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True)
    Path("c/status.json").write_text(json.dumps({**left, "ended": "", "process": int(gone.stdout)}))
    assert main(["status", "c"]) == 20
    assert capsys.readouterr().out.endswith(f"  process {int(gone.stdout)} is gone; to go on: --resume c\n")
    for wrong in ("{}", "x", "[]"):
        Path("c/status.json").write_text(wrong)
        assert main(["status", "c"]) == 2
        assert "status.json is not the status of a run" in capsys.readouterr().err


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
    spec, kills, out = str(ROOT / "tests/bench/specs/counters.py"), 0, ""
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
    spec = str(ROOT / "tests/bench/specs/counters.py")
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
