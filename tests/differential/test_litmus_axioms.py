"""The litmus runner against axioms written from the papers, on herd's tests and on random programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.litmus.expected import read_expected
from explorer.litmus.judge import MODELS
from explorer.litmus.read import read_file
from tests.support.axiomatic import final_states
from tests.support.memory_campaign import differences
from tests.support.slow import rest_slow

LITMUS = Path(__file__).resolve().parent.parent / "litmus"


def test_the_axioms_are_those_of_herd() -> None:
    """The axioms give herd's final states for every test: they can judge where herd was not run."""
    for name, expectation in read_expected(LITMUS / "verdicts.tsv").items():
        test = read_file(LITMUS / name)
        finals = final_states(test, MODELS[test.architecture])
        found = frozenset(frozenset(f"{p}={v}" for p, v in zip(test.observed, final)) for final in finals)
        assert found == expectation.states, name


@pytest.mark.parametrize("model", rest_slow(["power", "arm", "tso", "sc"]))
def test_random_programs_have_the_final_states_of_the_axioms(model: str) -> None:
    """60 random programs with barriers, dependencies and atomics: the runner and the axioms agree on all."""
    assert differences(model, range(60)) == {}


def test_a_program_that_once_differed() -> None:
    """Of 2,000 programs one showed that a store must hand on what it needs of its own location."""
    assert differences("power", range(1902, 1903)) == {}
