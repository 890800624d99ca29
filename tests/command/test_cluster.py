"""`--cluster` on the command line: every mistake in a sentence; and, where Ray is installed, searches by its
actors, of which some die.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from explorer.command.main import main
from tests.support.command_line import SPECS

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="the package ray is not installed")

MISTAKES = [
    (
        ["good.py", "--actors", "2"],
        "--actors: there is no cluster; write: --cluster auto --actors 2",
    ),
    (
        ["good.py", "--patience", "30s"],
        "--patience: there is no cluster; write: --cluster auto --patience 30s",
    ),
    (
        ["good.py", "--cluster", "ray://head:10001"],
        "argument --cluster: 'ray://head:10001' is no cluster; write: auto, or the HOST:PORT that ray start"
        " --head prints",
    ),
    (
        ["good.py", "--cluster", "auto", "--patience", "0"],
        "argument --patience: '0' is too short: nobody answers at once; write: 30s, or 5min",
    ),
    (
        ["good.py", "--cluster", "auto", "--engine", "python"],
        "--cluster: --engine python works in one process; write: --cluster without --engine",
    ),
    (
        ["good.py", "--cluster", "auto", "--disk", "."],
        "--cluster: --disk works in one process; write: --cluster without --disk",
    ),
    (["simulate", "good.py", "--cluster", "auto"], "--cluster: random walks know nothing of it"),
    (
        ["good.py", "--cluster", "127.0.0.1:1"],
        "--cluster 127.0.0.1:1: nobody answers there; write: --cluster auto, or the HOST:PORT that ray start"
        " --head prints",
    ),
]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with specs, where commands are run."""
    monkeypatch.chdir(tmp_path)
    for name in ("good", "bad"):
        Path(f"{name}.py").write_text(SPECS[name])


@needs_ray
@pytest.mark.parametrize("words, said", MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES])
def test_mistakes_are_told(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence says what is wrong and what to write; exit code 2."""
    assert main(words) == 2
    assert capsys.readouterr().err.strip().endswith(f"explorer: {said}")


def test_without_ray_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the package is missing a sentence says so, before anything is done."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else find(name))
    assert main(["good.py", "--cluster", "auto"]) == 2
    said = (
        "explorer: --cluster needs the package ray; write: pip install 'interrupt-explorer[cluster]', or pip"
    )
    assert capsys.readouterr().err.startswith(said)
