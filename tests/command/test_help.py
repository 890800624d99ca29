"""`help`: the commands at a glance, the options of one, and a page for man(1), all from the parsers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest

from explorer.command.main import COMMANDS
from tests.support.command_line import Done


def test_every_command_is_at_a_glance(explorer: Callable[..., Done]) -> None:
    """Each with what it is for; none stands under `more`, which is for what was forgotten."""
    done = explorer("help")
    listed = [line.split()[0] for line in done.out.splitlines() if line.startswith("  ")]
    assert done.code == 0 and sorted(listed) == sorted(COMMANDS) and "\nmore:" not in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_is_that_of_its_option(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`help walk` and `walk --help` say the same."""
    from explorer.command.main import main

    assert main(["help", name]) == 0
    word = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert word == capsys.readouterr().out != ""


def test_a_command_that_is_none(explorer: Callable[..., Done]) -> None:
    """The nearest one is named."""
    done = explorer("help", "wlak")
    assert (done.code, done.err.strip()) == (2, "explorer: help wlak: no such command; did you mean 'walk'?")


def test_the_page_for_man_has_every_option(explorer: Callable[..., Done]) -> None:
    """Where man is installed it finds no mistake in it."""
    page = explorer("help", "--man").out
    for name, (parser, _) in COMMANDS.items():
        assert f".SH {name.upper()}\n" in page
        for action in parser()._actions:
            assert all(
                text.replace("-", "\\-") in page
                for text in action.option_strings
                if action.help != "==SUPPRESS=="
            )
    if shutil.which("man"):
        done = subprocess.run(["man", "--warnings", "-l", "-"], input=page, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_help_of_walks_has_no_option_that_they_refuse(explorer: Callable[..., Done]) -> None:
    """`help simulate` names no option of a whole search; each of those is refused by name."""
    shown = explorer("help", "simulate").out
    options = (
        *("--workers=2", "--storage=compact", "--no-symmetry", "--max-depth=3", "--first", "--stories=2"),
        *("--checkpoint=here", "--resume=here", "--disk=here", "--cluster=auto"),
    )
    explorer("new", "lock")
    for option in options:
        name = option.partition("=")[0]
        done = explorer("simulate", "lock.py", option)
        assert name not in shown and done.code == 2 and name in done.err, done.err
    assert "--checkpoint" not in explorer("help", "table").out
