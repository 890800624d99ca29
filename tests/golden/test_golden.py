"""The generated source of every shipped spec is what it was; `python -m tests.golden` writes new digests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.sources import GOLDEN, HOUSE, digests, specs


@pytest.mark.parametrize("path", specs(), ids=lambda path: path.stem)
def test_the_generated_source_of_a_shipped_spec_is_what_it_was(path: Path) -> None:
    """A refactoring changes no kernel: every generated text has the digest that is written down."""
    assert digests(path) == json.loads(GOLDEN.read_text())[path.stem], (
        "generated source changed; if that was meant, run: python -m tests.golden"
    )


def test_every_digest_belongs_to_a_spec() -> None:
    """No digest is left over from a spec that is gone."""
    assert sorted(json.loads(GOLDEN.read_text())) == [path.stem for path in specs()]


def test_no_hash_decides_what_is_generated() -> None:
    """Another seed of Python's hashes, the same texts: caches are found again, and runs are repeatable."""
    code = "from tests.golden.sources import digests, specs; print(digests(specs()[{n}]))"
    names = [path.stem for path in specs()]
    number = names.index("fadump_fixed")
    seen = {
        subprocess.run(
            [sys.executable, "-c", code.format(n=number)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(HOUSE)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "3", "17")
    }
    assert len(seen) == 1
