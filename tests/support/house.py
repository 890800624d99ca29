"""Where the repository lies, for tests that read its files or run it from elsewhere."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECS, DOCS, TESTS = ROOT / "spec", ROOT / "docs", ROOT / "tests"
