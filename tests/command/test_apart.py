"""The work of `--cluster` is done in a child process: its end is told, whoever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.house import ROOT

CHILD = """
import os, signal, sys, time
from explorer.command.apart import go_apart
done = go_apart(sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: (done(7), os._exit(0)))
print(os.getpid(), flush=True)
{work}
"""


def begun(work: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD.format(work=work), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("end", ["os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_an_end_without_a_word_is_told(end: str) -> None:
    """Whatever ends the child at once: undetermined, and where to go on."""
    process = begun(end, "--cluster", "auto", "--checkpoint=c")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 20
    assert said.startswith(
        "explorer: --cluster: the search was ended from outside, at once"
    ) and said.endswith("undetermined; to go on from its last checkpoint: --resume c\n")


def test_its_own_end_keeps_its_code() -> None:
    """What the child says is the exit code, even where Ray ends it afterwards; nothing is added to it."""
    process = begun("done(12); os._exit(1)")
    assert process.communicate(timeout=60)[1] == "" and process.returncode == 12


def test_a_signal_reaches_the_child() -> None:
    """SIGTERM to the command is one to its work, which ends in its own way."""
    process = begun("time.sleep(60)")
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 7


def test_nothing_is_left_when_the_command_is_killed() -> None:
    """`kill -9` of the command ends its work too."""
    process = begun("time.sleep(60)")
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.kill()
    process.communicate(timeout=60)
    for _ in range(100):
        place = Path(f"/proc/{child}/stat")
        if not place.exists() or place.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the child lives on")
