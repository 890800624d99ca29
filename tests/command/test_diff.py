"""`diff`: where two stored traces part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import Done


@pytest.fixture
def traces(explorer: Callable[..., Done], tmp_path: Path) -> Path:
    """A trace, the same without its last step, and one whose last step is another."""
    explorer("bad.py", "--write", "itf", "--out", "found")
    file = next((tmp_path / "found").glob("*.itf.json"))
    whole = json.loads(file.read_text())
    (tmp_path / "whole.itf.json").write_text(json.dumps(whole))
    (tmp_path / "short.itf.json").write_text(json.dumps({**whole, "states": whole["states"][:-1]}))
    last = whole["states"][-1]
    other = {**last, "n": {"#bigint": "0"}, "#meta": {**last["#meta"], "instance": "down"}}
    (tmp_path / "other.itf.json").write_text(json.dumps({**whole, "states": [*whole["states"][:-1], other]}))
    return tmp_path


def test_equal_traces(explorer: Callable[..., Done], traces: Path) -> None:
    """One line, and 0."""
    done = explorer("diff", "whole.itf.json", "whole.itf.json")
    assert (done.code, done.out) == (0, "whole.itf.json and whole.itf.json are the same: 2 steps\n")


def test_a_trace_that_ends_before(explorer: Callable[..., Done], traces: Path) -> None:
    """What the other does then, and how the last states differ; 1 as diff(1)."""
    done = explorer("diff", "whole.itf.json", "short.itf.json")
    assert done.code == 1
    assert done.out.splitlines() == [
        "whole.itf.json: 2 steps; short.itf.json: 1 step",
        "the same up to step 1",
        "     1  up   n: 0 → 1",
        "- whole.itf.json",
        "-    2  up   n: 1 → 2",
        "+ short.itf.json ends",
        "in the last states:",
        "  n: 2 | 1",
    ]


def test_traces_that_part(explorer: Callable[..., Done], traces: Path) -> None:
    """Both ways are shown from where they part."""
    done = explorer("diff", "whole.itf.json", "other.itf.json")
    assert done.code == 1
    assert "-    2  up   n: 1 → 2" in done.out and "+    2  down   n: 1 → 0" in done.out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("whole.itf.json",), "no second trace; write: python -m explorer diff A.itf.json B.itf.json"),
        (
            ("whole.itf.json", "bad.py"),
            (
                "diff bad.py: not a trace in the Informal Trace Format; write: python -m explorer SPEC"
                " --write itf, to make one"
            ),
        ),
    ],
)
def test_what_is_no_pair_of_traces(
    explorer: Callable[..., Done], traces: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Refused in one line."""
    done = explorer("diff", *arguments)
    assert (done.code, done.err.strip()) == (2, f"explorer: {message}")
