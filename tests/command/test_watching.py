"""Long runs are watched: SIGUSR1, SIGTERM, and the command `status`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.command import status
from explorer.command.main import main
from explorer.engine import python
from tests.support.checkpoints import record

pytestmark = pytest.mark.usefixtures("place")


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
