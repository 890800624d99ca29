"""What somebody types who has never seen the explorer ends in one sentence and the documented exit code.

The commands and their messages stand in `newcomers_mistakes.txt`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from explorer.command.main import COMMANDS, main
from tests.support.command_line import ENVIRONMENT, HEAD, SPECS, without_waits

LITMUS = """\
PPC sb
{
0:r1=x; 0:r2=y; 0:r3=1;
1:r1=y; 1:r2=x; 1:r3=1;
}
 P0           | P1           ;
 stw r3,0(r1) | stw r3,0(r1) ;
 lwz r4,0(r2) | lwz r4,0(r2) ;
exists (0:r4=0 /\\ 1:r4=0)
"""
UNDECLARED = """\
C undeclared
{}
P0(int *x)
{
	int r0;
	WRITE_ONCE(*x, 1);
	r0 = READ_ONCE(*y);
}
exists (0:r0=1)
"""
MAPPING = '[[event]]\nname = "goes"\naction = "up"\n'
LOG = '{"time": 10, "cpu": 0, "event": "goes"}\n'
LEAVES = HEAD + "\n@action\ndef leaves(s: S):\n    exit(0)\n\nspec = Spec()\n"
FILES: dict[str, bytes] = {
    "good.py": SPECS["good"].encode(),
    "bom.py": b"\xef\xbb\xbf" + SPECS["good"].encode(),
    "crlf.py": SPECS["good"].replace("\n", "\r\n").encode(),
    "tabs.py": SPECS["good"].replace("    ", "\t").encode(),
    "utf16.py": SPECS["good"].encode("utf-16"),
    "latin.py": b'x = "\xe9"\n',
    "binary.py": bytes(range(256)),
    "leaves.py": LEAVES.encode(),
    "sb.litmus": LITMUS.encode(),
    "bom.litmus": b"\xef\xbb\xbf" + LITMUS.encode(),
    "binary.litmus": bytes(range(256)),
    "undeclared.litmus": UNDECLARED.encode(),
    "map.toml": MAPPING.encode(),
    "bom.toml": b"\xef\xbb\xbf" + MAPPING.encode(),
    "wrong.toml": b'[[event]]\nname = "goes"\naction\n',
    "log": LOG.encode(),
    "empty": b"",
}


def cases(title: str) -> list[tuple[str, int, str]]:
    """The commands below a title, their exit codes and what they say."""
    text = Path(__file__).with_name("newcomers_mistakes.txt").read_text()
    block = text.partition(f"=== {title}\n")[2].partition("=== ")[0]
    found = re.findall(r"^\$ (.*)\n(.*(?:\n.*)*?)\n\[(\d+)\]$", block, re.MULTILINE)
    return [(command, int(code), message) for command, message, code in found]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.py").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command, code, message", cases("Named for what they are"))
def test_one_sentence_and_the_documented_exit_code(
    here: Path, capsys: pytest.CaptureFixture[str], command: str, code: int, message: str
) -> None:
    """Files of another kind, in another encoding, or missing; commands without what they need."""
    assert main(command.split()) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", message.replace("HERE", str(here)) + "\n")


@pytest.mark.parametrize(
    "command",
    ["bom.py", "crlf.py", "tabs.py", "litmus bom.litmus", "conform good.py log --map bom.toml"],
)
def test_marks_and_ends_of_lines_do_not_matter(here: Path, command: str) -> None:
    """Files as other editors write them are read as what they are."""
    assert main(command.split()) == 0


def test_a_text_in_latin_1_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A spec that is no UTF-8 is to be saved as such."""
    assert main(["latin.py"]) == 150
    assert capsys.readouterr().err.endswith("write:    the file saved as text in UTF-8\n")


@pytest.mark.parametrize("word", [word for word in COMMANDS if word not in ("explain", "help")])
def test_a_command_without_anything_says_what_it_needs(
    here: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    """Each command by itself is a usage mistake that shows how it is called."""
    assert main([word]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("explorer: no ")
    assert f"; write: python -m explorer {'' if word == 'check' else word}" in err


WITHOUT_RIGHTS = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.mark.skipif(bool(WITHOUT_RIGHTS) and not shutil.which("setpriv"), reason="root may read all files")
@pytest.mark.parametrize("command, code, message", cases("Not permitted"))
def test_what_may_not_be_read_or_written(here: Path, command: str, code: int, message: str) -> None:
    """A file or directory without permission is named, and nothing else is said."""
    for name in ("closed.py", "closed.litmus", "closed.toml", "closed.log"):
        (here / name).touch(mode=0)
    (here / "closed").mkdir(mode=0)
    done = in_a_process([*WITHOUT_RIGHTS, sys.executable, "-m", "explorer", *command.split()], here)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", message + "\n")


@pytest.mark.parametrize("columns", ["1", "20", "-5", "wide"])
@pytest.mark.parametrize("locale", ["C", "tr_TR.UTF-8"])
def test_narrow_terminals_and_other_locales(here: Path, columns: str, locale: str) -> None:
    """However wide the terminal says it is, and whatever its language, a run ends as it would."""
    done = in_a_process(
        [sys.executable, "-m", "explorer", "good.py", "--full"],
        here,
        COLUMNS=columns,
        LC_ALL=locale,
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
    )
    assert (done.returncode, done.stderr) == (0, "")


def in_a_process(command: Sequence[str], path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A command as a user runs it, without announced waits."""
    done = subprocess.run(
        command, cwd=path, env={**ENVIRONMENT, **more}, capture_output=True, text=True, timeout=60
    )
    done.stderr = without_waits(done.stderr)
    return done
