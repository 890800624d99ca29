"""Judges and their compilers are never left running: neither when time is over, nor when we are killed."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.judge.answers import NoAnswer
from explorer.judge.tools import Workplace
from tests.support.house import ROOT

ENDLESS = "sleep 300 & echo $! $$ > begun; mv begun pids; "
"""A program with a child; it writes the numbers of both."""

PARENT = f"""
import math
from pathlib import Path
from explorer.judge.tools import Workplace
Workplace(Path.cwd(), math.inf).run(["sh", "-c", "{ENDLESS} wait"])
"""


def waits_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def begun(directory: Path) -> list[int]:
    """The program and its child, once both run."""
    waits_until((directory / "pids").exists)
    return [int(pid) for pid in (directory / "pids").read_text().split()]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_judge_ends_with_the_process_that_asked_it(how: signal.Signals, tmp_path: Path) -> None:
    """Nobody is told of a kill: the program and its child are ended all the same."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        pids = begun(tmp_path)
        assert len(pids) == 2 and all(map(runs, pids))
        parent.send_signal(how)
        parent.wait(60)
        waits_until(lambda: not any(map(runs, pids)))
    finally:
        parent.kill()
        parent.wait()


def test_time_is_over_for_children_too(tmp_path: Path) -> None:
    """A program that takes too long is ended with its child, and named."""
    with pytest.raises(NoAnswer, match="sh takes longer than it may"):
        Workplace(tmp_path, time.monotonic() + 2).run(["sh", "-c", f"{ENDLESS} wait"])
    pids = begun(tmp_path)
    waits_until(lambda: not any(map(runs, pids)))


def test_what_a_program_leaves_is_ended(tmp_path: Path) -> None:
    """Its words and its end are its own; a child that it leaves behind is ended."""
    place = Workplace(tmp_path, math.inf)
    assert place.run(["sh", "-c", f"({ENDLESS}) > /dev/null 2>&1; echo said"]) == "said\n"
    waits_until(lambda: not any(map(runs, begun(tmp_path)[:1])))
    with pytest.raises(NoAnswer, match="sh fails: exit code 3"):
        place.run(["sh", "-c", "exit 3"])
    assert place.run(["sh", "-c", "read line; echo $line; exit 3"], fails=True) == "\n"
