"""Whatever a user can cause ends in a verdict or in one sentence: odd streams, odd files, full disks, no
memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.memory import numbered
from tests.support.command_line import DOWN, ENVIRONMENT, HEAD, SPECS, limited, record_of, without_waits
from tests.support.house import SPECS as SHIPPED

GALLERY = SHIPPED / "gallery"


def run(
    path: Path, *arguments: str, shell: str = "", limit: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, without announced waits; `shell` closes or redirects its
    streams.
    """
    command = [*limit, sys.executable, "-m", "explorer", *arguments]
    if shell:
        command = ["bash", "-c", f'"$@" {shell}', "bash", *command]
    done = subprocess.run(
        command,
        cwd=path,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        timeout=120,
    )
    done.stderr = os.fsencode(without_waits(os.fsdecode(done.stderr)))
    return done


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name in ("good", "bad"):
        (tmp_path / f"{name}.py").write_text(SPECS[name])
    return tmp_path


@pytest.mark.parametrize("shell", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_closed_streams_lose_no_verdict(here: Path, shell: str, more: list[str]) -> None:
    """The files and the exit code are those of any run."""
    done = run(here, "bad.py", *more, shell=shell)
    assert (done.returncode, done.stderr) == (12, b"")
    assert record_of(here / "out/bad")["exit_code"] == 12


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp437"])
def test_encodings_without_arrows_show_the_story(here: Path, encoding: str) -> None:
    """Signs that an encoding lacks are written plainly; what a machine reads is UTF-8."""
    done = run(here, "bad.py", PYTHONIOENCODING=encoding)
    assert done.returncode == 12 and b"n: 0 -> 1" in done.stdout and not done.stderr
    told = run(here, "bad.py", "--json", PYTHONIOENCODING=encoding)
    assert json.loads(told.stdout.decode())["exit_code"] == told.returncode == 12
    assert run(here, "show", "bad.py", PYTHONIOENCODING=encoding).returncode == 0


def test_file_names_that_are_no_utf_8(here: Path) -> None:
    """A spec of such a name is checked, and every output can be written."""
    name = os.fsdecode(b"caf\xe9.py")
    (here / name).write_text(SPECS["bad"])
    files = ["--junit", os.fsdecode(b"j\xe9.xml"), "--write", "all"]
    done = run(here, name, *files)
    assert done.returncode == 12, done.stderr
    assert b"Traceback" not in done.stderr and (here / files[1]).is_file()
    assert record_of(here / "out" / os.fsdecode(b"caf\xe9"))["spec"] == "caf\\xe9"
    assert run(here, name, "--json", LC_ALL="C").returncode == 12
    assert b"no such file" in run(here, os.fsdecode(b"no\xe9.py")).stderr


def test_what_is_no_file_is_no_spec(here: Path) -> None:
    """A pipe, a directory and a huge file are refused at once, as specs and as traces."""
    os.mkfifo(here / "pipe.py")
    (here / "folder.py").mkdir()
    with open(here / "huge.py", "wb") as file:
        file.truncate(1 << 32)
    for name, text in (("pipe", b"such as a pipe"), ("folder", b"is a directory"), ("huge", b"16,777,216")):
        done = run(here, f"{name}.py")
        assert done.returncode == 2 and text in done.stderr, done.stderr
    for name in ("pipe", "folder"):
        done = run(here, "replay", f"{name}.py")
        assert done.returncode == 2 and b"write: python -m explorer SPEC --write itf" in done.stderr


def test_a_default_that_is_malformed_is_mended_by_a_constant(here: Path) -> None:
    """-D, a variant and a keyword argument mend it; without them it is reported."""
    from explorer import check

    text = HEAD.replace('constant("LAST", 3)', 'constant("LAST", -1)') + DOWN + "\nspec = Spec()\n"
    (here / "low.py").write_text(text)
    assert run(here, "low.py").returncode == 150
    assert run(here, "low.py", "-D", "LAST=3").returncode == 0
    assert run(here, "show", "low.py", "-D", "LAST=3").returncode == 0
    assert run(here, "low.py", "-D", "LUST=3").returncode == 150
    assert check(here / "low.py", LAST=3).holds


@pytest.mark.parametrize("asked", [[], ["--write", "junit,itf"], ["--junit", "j.xml"]])
def test_what_cannot_be_written_keeps_yesterdays_file_whole(here: Path, asked: list[str]) -> None:
    """Exit 74 where the run would have been green, a note for each file, and nothing is half written."""
    assert run(here, "good.py", *asked).returncode == 0
    before = {
        path: path.read_bytes() for path in here.rglob("*.*") if path.suffix in (".json", ".html", ".xml")
    }
    done = run(here, "good.py", "-D", "LAST=2", *asked, limit=limited("RLIMIT_FSIZE", 512))
    assert done.returncode == 74 and b"was not written" in done.stdout + done.stderr
    assert b"good holds" in done.stdout and b"Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in before} == before
    assert not list(here.rglob("*.part"))


def test_files_of_an_earlier_run_that_no_longer_hold_are_removed(here: Path) -> None:
    """An old counterexample does not lie beside a new verdict; a stranger's file stays."""
    assert run(here, "bad.py", "--write", "itf,junit").returncode == 12
    out = here / "out/bad"
    (out / "notes.txt").write_text("mine")
    assert (out / "below.itf.json").is_file() and (out / "below.txt").is_file()
    assert run(here, "bad.py", "-D", "LAST=1").returncode == 0
    assert {path.name for path in out.iterdir()} == {"verdict.json", "report.html", "notes.txt"}


def test_a_matrix_leaves_the_stories_of_a_single_run(here: Path) -> None:
    """What one run told of one binding still holds beside a table of several."""
    out = here / "out/bad"
    assert run(here, "bad.py").returncode == 12
    assert run(here, "bad.py", "-D", "LAST=1,3").returncode == 12
    assert {"below.txt", "verdict.json", "matrix.json"} <= {path.name for path in out.iterdir()}


def test_little_memory_is_a_verdict_or_undetermined(here: Path) -> None:
    """Under `ulimit -v 2000000` the native engine leaves the work to the python engine, or says that nothing
    is known.
    """
    done = run(here, "bad.py", "--engine", "native", limit=limited("RLIMIT_AS", 2_000_000 << 10))
    assert done.returncode in (12, 20) and b"Traceback" not in done.stderr, done.stderr
    assert record_of(here / "out/bad")["exit_code"] == done.returncode


def test_more_states_of_a_memory_than_numbers_are_undetermined(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Like any other lack of memory."""
    monkeypatch.setattr(numbered, "HIGHEST", 5)
    monkeypatch.chdir(here)
    assert main([str(GALLERY / "polling_thread.py")]) == 20
    assert "not enough memory" in capsys.readouterr().err


def test_an_internal_error_is_one_line(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However large it is: the details are in a file, which the line names."""
    from explorer.run import run as running

    def fails(*given: object, **named: object) -> None:
        raise AssertionError("x" * 100_000)

    monkeypatch.setattr(running, "explore_and_tell", fails)
    monkeypatch.chdir(here)
    assert main(["good.py"]) == 255
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) < 500 and "this is a bug of the explorer" in line
    details = Path(line.rpartition("the details are in ")[2])
    assert "x" * 100_000 in details.read_text() and "Traceback" in details.read_text()
    details.unlink()


def test_replay_says_which_constants_it_takes(here: Path) -> None:
    """Those of the trace where they differ from the spec's own; the own ones and others can be asked for."""
    assert run(here, "bad.py", "-D", "LAST=5", "--write", "itf").returncode == 12
    trace = "out/bad/below.itf.json"
    done = run(here, "replay", trace)
    assert done.returncode == 0
    assert (
        b"constants of the trace: LAST=5 (the spec's own: 3); for the spec's own write: --own-constants"
        in done.stdout
    )
    own = run(here, "replay", trace, "--own-constants")
    assert (
        own.returncode == 1 and b"constants of the trace" not in own.stdout and b"another spec" in own.stdout
    )
    short = run(here, "replay", trace, "-D", "LAST=1")
    assert short.returncode == 1 and b"step 2 no longer fits" in short.stdout


FOREIGN = "class Spec:\n    def __init__(self, n):\n        raise SystemExit(n)\n\nspec = Spec(1)\n"


def test_pytest_leaves_strangers_alone_and_names_what_it_passes_over(here: Path) -> None:
    """A module with another Spec is not imported; one that imports the explorer and is no test is named."""
    (here / "foreign.py").write_text(FOREIGN)
    (here / "early.py").write_text(SPECS["good"].replace("\nspec = ", "\nif True:\n    spec = "))
    (here / "test_late.py").write_text(SPECS["good"])
    (here / "alias.py").write_text(
        SPECS["good"]
        .replace("spec = Spec(", "spec = Protocol(")
        .replace("import *", "import *\nfrom explorer import Spec as Protocol")
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "explorer.pytest_plugin"],
        cwd=here,
        env=ENVIRONMENT | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "early.py: binds `spec` in a way that is not seen" in done.stdout, done.stdout + done.stderr
    assert "test_late.py: pytest takes it as a test module" in done.stdout
    assert "foreign" not in done.stdout and "alias.py" not in done.stdout.replace("alias.py:", "")
    assert "9 passed" in done.stdout or ("passed" in done.stdout and done.returncode == 0), done.stdout
