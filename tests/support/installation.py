"""What the wheel has, in a folder: the package, and in it the library, which stands in spec/actions."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.house import ROOT

LIBRARY = ("kernel", "xive", "opal")


def installation(folder: Path) -> Path:
    """The folder, filled."""
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "explorer", folder / "explorer", ignore=without)
    for room in LIBRARY:
        shutil.copytree(ROOT / "spec/actions" / room, folder / "explorer/library" / room, ignore=without)
    return folder
