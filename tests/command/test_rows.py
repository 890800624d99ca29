"""`--row`: one row of a table by itself, with its constants, its expectation and its stories."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.command_line import Done


def test_a_row_has_its_story_and_its_expectation(explorer: Callable[..., Done]) -> None:
    """The constants are the row's, and --expect judges by what the row declares."""
    broken = explorer("family.py", "--row", "V0", "--expect")
    assert broken.code == 0 and "n grows from 1" in broken.out
    assert "expectation (below violated in 2 steps, even_below violated): met" in broken.out
    whole = explorer("family.py", "--row", "V1", "--expect")
    assert whole.code == 0 and "holds with LAST=1" in whole.out
    assert "expectation (holds): met" in whole.out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--row", "V4"), "--row V4: no such variant; known: V0, V1, V2"),
        (
            ("--row", "V0", "--row", "V1"),
            (
                "--row V0 --row V1: one row has stories; write: python -m explorer table family.py --row V0"
                " --row V1"
            ),
        ),
        (
            ("--row", "V1", "-D", "LAST=2"),
            "-D LAST: --row V1 has a value for it; write: one of the two",
        ),
    ],
)
def test_what_makes_no_row_is_refused(
    explorer: Callable[..., Done], arguments: tuple[str, ...], message: str
) -> None:
    """A name that is none, several names, and a constant that is given twice."""
    done = explorer("family.py", *arguments)
    assert (done.code, done.err.strip()) == (2, f"explorer: {message}")


def test_a_matrix_over_a_row(explorer: Callable[..., Done]) -> None:
    """Constants that the row leaves open make a matrix as ever."""
    done = explorer("family.py", "--row", "V1", "-D", "LOOPS=true,false")
    assert [line.split()[:3] for line in done.out.splitlines()[1:3]] == [
        ["True", "1", "2"],
        ["False", "1", "2"],
    ]
