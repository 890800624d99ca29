"""Limits and Ctrl-C are heeded in every phase of a run, from the import of the spec to its stories."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer import check, explore
from explorer.command.progress import Screen
from explorer.engine.limits import Limits, Phase, Stopped
from explorer.run import alarm
from tests.support.command_line import ENVIRONMENT, SPECS, WAIT, Done, record_of

SLOW = {
    "grounding": "explorer.ground.ground.ground",
    "symmetry": "explorer.run.run.find",
    "preparation": "explorer.engine.compiled.lay_out",
    "compilation": "explorer.engine.native.search.machine",
    "liveness": "explorer.liveness.check.prepare",
    "guard counts": "explorer.engine.guards.count",
    "stories": "explorer.trace.tell.tell",
    "vacuity": "explorer.verdict.verdict.findings",
    "context": "explorer.trace.sample.sample",
    "page": "explorer.trace.explored.explored",
    "files": "explorer.render.html.report.report",
}
"""The function that is made endless in a phase."""

UNJUDGED = {"grounding", "symmetry", "preparation", "compilation"}
"""Phases before the first state is visited."""

ENDLESS = """
import importlib, os, signal, sys, time
name, interrupt, *arguments = sys.argv[1:]
module, _, function = name.rpartition(".")
module = importlib.import_module(module)
original, calls = getattr(module, function), []

def endless(*given, **named):
    calls.append(given)
    if len(calls) > 1:
        return original(*given, **named)
    if interrupt == "yes":
        os.kill(os.getpid(), signal.SIGINT)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        pass

setattr(module, function, endless)
from explorer.command.main import main
sys.exit(main(arguments))
"""
RETURNS = "@temporal\ndef returns(s: S):\n    return always(s.n <= LAST)\n\nspec ="


def run_endless(
    phase: str, directory: Path, interrupt: bool, *arguments: str
) -> subprocess.CompletedProcess[str]:
    spec = SPECS["bad" if phase == "stories" else "good"].replace("spec =", RETURNS)
    (directory / "s.py").write_text(spec)
    engine = ["--engine", "native"] if phase == "compilation" else []
    return subprocess.run(
        [
            sys.executable,
            "-c",
            ENDLESS,
            SLOW[phase],
            "yes" if interrupt else "no",
            "s.py",
            *engine,
            *arguments,
        ],
        cwd=directory,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=50,
    )


@pytest.mark.parametrize("phase", SLOW)
def test_the_first_interrupt_ends_every_phase(phase: str, tmp_path: Path) -> None:
    """Exit 130 and a record of what was learned, whatever was going on; a verdict is never lost."""
    done = run_endless(phase, tmp_path, True)
    record = record_of(tmp_path / "out/s")
    verdicts = {p["name"]: p["verdict"] for p in record["properties"]}
    assert "Traceback" not in done.stderr, done.stderr
    code = {"stories": 12, "context": 0, "page": 0, "files": 0}.get(phase, 130)
    assert record["exit_code"] == code
    assert done.returncode == (74 if phase == "files" else code), done.stderr
    assert ("note: interrupted: files that were not written yet are missing" in done.stdout) == (
        phase == "files"
    )
    assert record["states"]["distinct"] == (0 if phase in UNJUDGED else 4)
    assert phase in UNJUDGED or bool(record["actions"]) == (phase != "context")
    if phase in UNJUDGED:
        assert record["stopped"] == f"interrupted during {phase}" and set(verdicts.values()) == {
            "undetermined"
        }
    elif phase == "stories":
        assert verdicts["below"] == "violated" and "interrupted during stories" in done.stdout
        assert record["properties"][0]["trace_length"] == 2
    elif phase == "liveness":
        assert (verdicts["inside"], verdicts["returns"]) == ("holds", "undetermined")
    else:
        assert set(verdicts.values()) == {"holds"}


@pytest.mark.parametrize("phase", ["grounding", "preparation", "stories", "vacuity"])
def test_the_time_ends_every_phase(phase: str, tmp_path: Path) -> None:
    """With --timeout a phase without end is left, with what is known until then."""
    done = run_endless(phase, tmp_path, False, "--timeout", "4")
    record = record_of(tmp_path / "out/s")
    assert done.returncode == record["exit_code"] == {"stories": 12, "vacuity": 0}.get(phase, 20), done.stderr
    assert f"--timeout 4 s reached during {phase}" in done.stdout
    assert "Traceback" not in done.stderr


def test_under_strict_nothing_holds_that_was_not_looked_for(tmp_path: Path) -> None:
    """Where findings decide and there was no time for them, the run is undetermined."""
    assert run_endless("vacuity", tmp_path, False, "--timeout", "1.5", "--strict").returncode == 20


@pytest.mark.parametrize("text", ["import time\ntime.sleep(60)\n", "n = 0\nwhile n < 10**10:\n    n += 1\n"])
@pytest.mark.parametrize("interrupt", [True, False])
def test_a_file_that_takes_long_to_import_is_left(text: str, interrupt: bool, tmp_path: Path) -> None:
    """Ctrl-C and --timeout are heeded while the author's file runs, asleep or not."""
    (tmp_path / "slow.py").write_text("import sys\nprint('begun', file=sys.stderr, flush=True)\n" + text)
    limit = [] if interrupt else ["--timeout", "1.2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer", "slow.py", *limit],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None and process.stderr.readline() == "begun\n"
    if interrupt:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    reason = "interrupted" if interrupt else "--timeout 1.2 s reached"
    assert process.returncode == (130 if interrupt else 20)
    assert out == "" and err.splitlines()[-1] == (
        f"slow is undetermined: {reason} during import; no state was visited."
    )
    assert record_of(tmp_path / "out/slow")["exit_code"] == process.returncode


def test_the_memory_ends_a_phase(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """A spec that asks for more than --max-memory while it is imported is left."""
    (tmp_path / "big.py").write_text("import time\nkept = bytearray(300 << 20)\ntime.sleep(60)\n")
    done = explorer("big.py", "--max-memory", "200M")
    assert done.code == 20 and "--max-memory 209715200 bytes reached during import" in done.err


def test_the_api_heeds_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`check(timeout=)` gives an undetermined verdict where grounding takes longer; `explore` raises."""

    def endless(*given: object) -> None:
        time.sleep(30)

    path = tmp_path / "s.py"
    path.write_text(SPECS["good"])
    monkeypatch.setattr("explorer.ground.ground.ground", endless)
    verdict = check(path, timeout=1)
    assert verdict["verdict"] == "undetermined" and verdict["exit_code"] == 20
    assert verdict["stopped"] == "--timeout 1 s reached during grounding"
    with pytest.raises(TimeoutError, match="--timeout 1 s reached during grounding"):
        explore(path, timeout=1)


SLEEPY = """
import importlib, sys, time
name, *arguments = sys.argv[1:]
module, _, function = name.rpartition(".")
module = importlib.import_module(module)
original = getattr(module, function)

def sleepy(*given, **named):
    until = time.monotonic() + 1.3
    while time.monotonic() < until:
        pass
    return original(*given, **named)

setattr(module, function, sleepy)
from explorer.command.main import main
sys.exit(main(arguments))
"""


@pytest.mark.parametrize(
    "phase, function",
    [
        ("context", "explorer.trace.sample.sample"),
        ("page", "explorer.trace.explored.explored"),
        ("files", "explorer.render.html.report.report"),
    ],
)
def test_what_comes_after_the_search_is_announced_and_counted(
    phase: str, function: str, tmp_path: Path
) -> None:
    """Looking for a behaviour, listing a small space and writing have lines of their own after a second, and
    stand in the profile; the seconds have what comes before the writing.
    """
    (tmp_path / "s.py").write_text(SPECS["good"])
    done = subprocess.run(
        [sys.executable, "-c", SLEEPY, function, "s.py", "--profile"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0 and f"\ns: {phase}: 1 s\n" in f"\n{done.stderr}", done.stderr
    (seconds,) = (
        float(line.split()[1]) for line in done.stderr.splitlines() if line.startswith(f"  {phase} ")
    )
    assert seconds >= 1.3
    assert phase == "files" or record_of(tmp_path / "out/s")["seconds"] >= 1.3


def test_a_phase_is_left_only_once_a_second_has_passed() -> None:
    """A limit below what the start takes leaves the first states to be visited; Ctrl-C does not wait."""
    limits = Limits(timeout=0.0)
    assert limits.during("grounding", lambda: "done") == "done"
    limits.begun -= 2
    with pytest.raises(Stopped, match="--timeout 0 s reached"):
        limits.during("grounding", lambda: "done")
    with pytest.raises(Stopped, match="interrupted"):
        Limits(interrupted=True).during("grounding", lambda: "done")


def test_what_comes_after_a_limit_has_a_little_time() -> None:
    """The search was ended by the time: its stories are told, but not for ever."""
    limits = Limits(timeout=0.0)
    limits.begun -= 2
    limits.conclude(limits.reached(0))
    assert limits.during("stories", lambda: "told") == "told"
    assert limits.grace is not None
    limits.grace -= 10
    with pytest.raises(Stopped, match="--timeout 0 s reached"):
        limits.during("stories", lambda: "told")


def test_no_exception_is_raised_where_it_would_be_dropped() -> None:
    """While C code calls back, a look at the limits is put off."""
    limits = Limits(interrupted=True)
    limits.phase = Phase("grounding", time.monotonic())

    class Dying:
        def __del__(self) -> None:
            alarm.look(limits, sys._getframe())

    Dying()
    with pytest.raises(Stopped):
        alarm.look(limits, sys._getframe())


def test_a_wait_is_announced(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """After a second a line says what is done, how much of it, and for how long."""
    monkeypatch.setattr("explorer.command.progress.FIRST", 1.0)
    screen = Screen("spec")
    phase = Phase("grounding", time.monotonic() - 0.5, "instances", 12_000)
    screen.wait(phase)
    assert capsys.readouterr().err == ""
    phase.started -= 3
    screen.wait(phase)
    screen.wait(phase)
    screen.wait(None)
    said = capsys.readouterr().err
    assert said == "spec: grounding: 12,000 instances, 4 s\n" and not WAIT.sub("", said)
