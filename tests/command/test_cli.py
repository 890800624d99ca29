"""How a run ends as a user meets it: exit codes, expectations, limits, interrupts, each in a process of its
own.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer import violates
from explorer.command import main as cli
from explorer.ir.expectation import Expectation
from explorer.run import run as exploration
from tests.support.command_line import ENVIRONMENT, SPECS, Done, record_of, words
from tests.support.house import ROOT


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["good.py"], 0),
        (["check", "good.py"], 0),
        (["bad.py"], 12),
        (["stuck.py"], 11),
        (["partial.py"], 75),
        (["vacuous.py"], 0),
        (["vacuous.py", "--strict"], 21),
        (["good.py", "--max-depth", "1"], 20),
        (["typo.py"], 150),
        (["start.py"], 150),
        (["raises.py"], 150),
        (["syntax.py"], 150),
        (["empty.py"], 150),
        (["other.py"], 150),
        ([], 2),
        (["good.py", "--bogus"], 2),
        (["good.py", "-D", "LAST=0"], 0),
        (["bad.py", "-D", "LOOPS=no"], 12),
        (["bad.py", "--engine", "reference"], 12),
        (["bad.py", "--engine", "python"], 12),
        (["--version"], 0),
        (["--help"], 0),
        (["show", "good.py"], 0),
        (["good.py", "stuck.py", "bad.py"], 12),
        (["good.py", "stuck.py"], 11),
    ],
    ids=words,
)
def test_exit_codes(explorer: Callable[..., Done], arguments: list[str], code: int) -> None:
    """Each way to end has its own exit code; of several runs the gravest counts."""
    assert explorer(*arguments).code == code


@pytest.mark.parametrize(
    "name, arguments, code",
    [
        ("good", [], 0),
        ("bad", [], 0),
        ("vacuous", [], 0),
        ("vacuous", ["--strict"], 21),
        ("wrong", [], 12),
        ("steps", [], 12),
        ("hopeful", [], 1),
        ("stuck", [], 11),
        ("good", ["--max-depth", "1"], 20),
        ("bad", ["--max-depth", "1"], 20),
        ("good", ["-D", "LOOPS=no"], 11),
    ],
)
def test_expectations(explorer: Callable[..., Done], name: str, arguments: list[str], code: int) -> None:
    """With --expect the exit code is 0 only where the declared expectation is met by the properties it
    names.
    """
    done = explorer(f"{name}.py", "--expect", *arguments)
    assert done.code == code
    assert f"): {'met' if code in (0, 21) else 'NOT'}" in done.out


def test_a_missing_expectation_is_no_success(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """A spec that holds but declares nothing fails under --expect, and the screen says what to write."""
    (tmp_path / "silent.py").write_text(SPECS["good"].replace("expect=HOLDS", ""))
    done = explorer("silent.py", "--expect")
    assert done.code == 1
    assert "expectation (none): NOT DECLARED" in done.out
    assert "to declare what was found, write: Spec(..., expect=HOLDS)" in done.out


def test_an_expectation_that_is_not_met_says_how_to_declare_what_was_found(
    explorer: Callable[..., Done],
) -> None:
    """The sentence is Python; where a property was left out there is none."""
    done = explorer("wrong.py", "--expect")
    [declared] = re.findall(r"write: Spec\(\.\.\., expect=(violates\(.*\))\)$", done.out, re.MULTILINE)
    assert isinstance(eval(declared, {"violates": violates}), Expectation)
    assert "to declare" not in explorer("wrong.py", "--expect", "--property", "below").out


def test_a_bug_of_ours_is_told_from_a_bug_of_the_spec(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    """An exception inside the explorer exits with 255 and says that the spec is not to blame."""
    (tmp_path / "good.py").write_text(SPECS["good"])
    monkeypatch.chdir(tmp_path)

    def broken(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("a wheel came off")

    monkeypatch.setattr(exploration, "judge", broken)
    assert cli.main(["good.py"]) == 255
    assert (
        "internal error: RuntimeError('a wheel came off'); this is a bug of the explorer"
        in capsys.readouterr().err
    )


def test_a_reader_that_goes_away_does_not_hide_a_violation(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """`explorer bad.py | head -0` still exits with the verdict's code."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer", "bad.py"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    err = process.communicate(timeout=60)[1]
    assert (process.returncode, err) == (12, "")


@pytest.mark.parametrize(
    "option, value",
    [("--max-states", "500"), ("--max-depth", "5"), ("--timeout", "0.3"), ("--max-memory", "1M")],
)
def test_a_limit_leaves_everything_learned(
    explorer: Callable[..., Done], tmp_path: Path, option: str, value: str
) -> None:
    """Reaching a limit makes what was not seen to fail undetermined, names the limit, and keeps counts and
    files.
    """
    done = explorer("large.py", option, value, "--engine", "python")
    record = record_of(tmp_path / "out" / "large")
    assert record["stopped"].startswith(option)
    assert record["states"]["distinct"] > 0
    assert done.code == record["exit_code"] == (12 if record["states"]["depth"] >= 3 else 20)
    assert option in done.out
    verdicts = {p["name"]: p["verdict"] for p in record["properties"]}
    assert verdicts["small"] == verdicts["deadlock"] == "undetermined"
    assert done.err == ""


def test_an_interrupt_keeps_what_was_learned(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """Ctrl-C ends the exploration, writes the partial verdict, and exits with 130."""
    (tmp_path / "endless.py").write_text(SPECS["large"].replace("s.n[0] != 3", "s.n[0] <= 30"))
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer", "endless.py", "--engine", "python"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while not (tmp_path / "out" / "endless").exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    record = record_of(tmp_path / "out" / "endless")
    assert (record["stopped"], record["verdict"], record["exit_code"]) == ("interrupted", "undetermined", 130)
    assert record["states"]["distinct"] >= 1
    assert "interrupted" in out and "Traceback" not in err


FLIPS = """
from explorer import *
class S(State):
    on: Var[bool] = initially(False)
@action(fair=WEAK)
def flip(s: S):
    s.on.next = ~s.on
@temporal
def goes_off(s: S):
    return leads_to(s.on, ~s.on)
spec = Spec(expect=HOLDS)
"""


def test_specs_beside_the_explorer_share_it(tmp_path: Path) -> None:
    """Where the explorer is installed below the folder of the specs, the second one has the same explorer as
    the first: it is none of the author's modules, which are loaded anew.
    """
    shutil.copytree(ROOT / "explorer", tmp_path / "explorer", ignore=shutil.ignore_patterns("__pycache__"))
    for name in "ab":
        (tmp_path / f"{name}.py").write_text(FLIPS)
    done = subprocess.run(
        [sys.executable, "-m", "explorer", "a.py", "b.py", "--expect"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stdout.count("expectation (holds): met") == 2, done.stderr
