"""Tests run from any directory and give the same result each time."""

import sys
from pathlib import Path

from hypothesis import settings

HOUSE = Path(__file__).resolve().parent.parent
if str(HOUSE) not in sys.path:
    sys.path.insert(0, str(HOUSE))

collect_ignore = ["typing", "bench/specs"]
"""Spec files that the tests use: the explorer's own plugin would take them for tests."""

settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("house")
