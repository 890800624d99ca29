"""States on a disk: its limit, wide states, and a disk that is really full."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from explorer.command.main import main
from tests.support.checkpoints import COUNTERS, record
from tests.support.command_line import ENVIRONMENT, limited

pytestmark = pytest.mark.usefixtures("place")


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
