"""Shell completion knows every command, option and choice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.support.house import ROOT


def script(shell: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "explorer", "completion", shell],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout


def completed(*words: str) -> list[str]:
    """What bash offers for the last of some words."""
    line = " ".join(f"'{word}'" for word in words)
    ask = (
        f"explorer() {{ '{sys.executable}' -m explorer \"$@\"; }}\n"
        f"python() {{ '{sys.executable}' \"$@\"; }}\n"
        f"{script('bash')}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}"
        f"\n_{'explorer' if words[0] == 'explorer' else 'explorer_python'}"
        "; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT / "spec", env=environment
    ).stdout.split()


@pytest.mark.parametrize(
    "words, expected",
    [
        (("explorer", "mu"), "mutate"),
        (("explorer", "--work"), "--workers"),
        (("explorer", "spec.py", "--engine", "nat"), "native"),
        (("explorer", "simulate", "--run"), "--runs"),
        (("explorer", "ipi_bug"), "ipi_buggy.py"),
        (("explorer", "ipi_fixed.py", "-D", "set_b"), "set_barrier="),
        (("explorer", "ipi_fixed.py", "-D", "set_barrier", "="), "lwsync"),
        (("explorer", "ipi_fixed.py", "-D", "set_barrier", "=", "lw"), "lwsync"),
        (("explorer", "ipi_fixed.py", "--property", "no_l"), "no_lost_ipi"),
        (("explorer", "ipi_fixed.py", "--row", "V2"), "V2"),
        (("explorer", "explain", "E08"), "E0816"),
        (("explorer", "help", "mut"), "mutate"),
        (("python", "-m", "expl"), "explorer"),
        (("python", "-m", "explorer", "sim"), "simulate"),
        (("python", "-m", "explorer", "fadump_fixed.py", "-D", "pres"), "preserve="),
    ],
)
def test_bash_completes(words: tuple[str, ...], expected: str) -> None:
    """A real bash offers words, options and their choices, and the names in a spec."""
    assert expected in completed(*words)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script(shell: str) -> None:
    """Where the shell is installed it accepts the script."""
    text = script(shell)
    assert "simulate" in text and "runs" in text
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=text, text=True).returncode == 0
