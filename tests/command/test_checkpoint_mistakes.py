"""Mistakes with --checkpoint, --resume, --disk and status: each ends with 2 and one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import explorer
from explorer.command.main import main
from explorer.engine import python
from explorer.engine.checkpoint import HEAD, sealed
from tests.support.checkpoints import record
from tests.support.command_line import SPECS

pytestmark = pytest.mark.usefixtures("place")


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
