"""A kernel tree that is given by path, and its rvgen as it is: `KERNEL_TREE=… pytest`.

RVGEN_PYTHON names the Python that runs it (default: this one). The rvgen of Linux 7.2 wants 3.12 and ply.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TREE = os.environ.get("KERNEL_TREE")
PYTHON = os.environ.get("RVGEN_PYTHON", sys.executable)
given = pytest.mark.skipif(not TREE, reason="no kernel tree is given")


def verification() -> Path:
    """The tree's `tools/verification`."""
    return Path(str(TREE)).resolve() / "tools/verification"


def ran(*arguments: str, where: Path) -> str:
    """What this Python prints with rvgen's package at hand; skips the test where rvgen does not run in it."""
    there = {**os.environ, "PYTHONPATH": f"{verification() / 'rvgen'}:{os.environ.get('PYTHONPATH', '')}"}

    def run(*given: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PYTHON, "-B", *given], cwd=where, env=there, capture_output=True, text=True, timeout=100
        )

    known = run("-c", "import rvgen.dot2k, rvgen.ltl2k")
    if known.returncode:
        pytest.skip(f"rvgen does not run: {known.stderr.splitlines()[-1]}")
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def rvgen(*arguments: str, where: Path) -> str:
    """What the tree's rvgen prints."""
    return ran(str(verification() / "rvgen/__main__.py"), *arguments, where=where)
