"""The litmus runner against herd7: verdict and all final states of every test in tests/litmus."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.litmus.expected import read_expected
from explorer.litmus.judge import MODELS, judge
from explorer.litmus.read import read_file
from explorer.litmus.report import observation

LITMUS = Path(__file__).resolve().parent.parent / "litmus"
EXPECTED = read_expected(LITMUS / "verdicts.tsv")


def test_all_shared_tests_are_there() -> None:
    """174 tests of POWER, 69 of x86, 28 of Arm and 3 of reservations have an expectation and a file."""
    assert sum(name.startswith("ppc/") for name in EXPECTED) == 174
    assert sum(name.startswith("x86/") for name in EXPECTED) == 69
    files = {f"{path.parent.name}/{path.name}" for path in LITMUS.glob("*/*.litmus")}
    assert {name for name in files if not name.startswith("kernel/")} == set(EXPECTED)
    assert len(EXPECTED) == 174 + 69 + 28 + 3


@pytest.mark.parametrize("name", EXPECTED)
def test_verdict_and_final_states_are_those_of_herd(name: str) -> None:
    """A test has herd's verdict and exactly herd's final states."""
    test = read_file(LITMUS / name)
    assert EXPECTED[name].difference(judge(test, MODELS[test.architecture])) == ""


@pytest.mark.parametrize(
    "name, expected", [("bpf-fetch-relaxed", "Sometimes 3 9"), ("bpf-fetch-ordered", "Never 0 9")]
)
def test_executions_are_counted_as_herd_counts_them(name: str, expected: str) -> None:
    """The observation of the powerpc fix is, in numbers, the one that its commit message quotes."""
    assert observation(judge(read_file(LITMUS / "kernel" / f"{name}.litmus"), "power")) == expected
