"""`spec/examples/`: textbook protocols with the counts that the literature and other explorers give them.

The page docs/examples.md shows tables that are computed here; the last test compares them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from explorer.engine import reference
from explorer.engine.limits import Limits
from explorer.engine.python import explore
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.liveness import check as liveness
from explorer.run.load import load
from explorer.symmetry.find import find
from explorer.verdict.expectation import HOLDS, VIOLATED
from explorer.verdict.verdict import Verdict
from tests.support import families
from tests.support.house import DOCS

PAGE = DOCS / "examples.md"
EXAMPLES = ("peterson", "bakery", "philosophers", "two_phase_commit", "token_ring", "german", "paxos")
ROWS = [(example, name) for example in EXAMPLES for name in families.names(f"examples/{example}")]

GOLDEN: list[tuple[str, dict[str, int], tuple[int, int, int], int]] = [
    # example, constants, (states, transitions, depth), orbits
    ("peterson", {}, (43, 80, 9), 23),
    ("peterson", {"PROCESSES": 3}, (894, 2196, 21), 174),
    ("peterson", {"PROCESSES": 4}, (18165, 54064, 36), 969),
    ("bakery", {}, (269, 461, 31), 269),
    ("bakery", {"PROCESSES": 3}, (5769, 14041, 43), 5769),
    ("philosophers", {}, (42, 103, 6), 42),
    ("philosophers", {"SEATS": 5}, (534, 2195, 10), 534),
    ("two_phase_commit", {}, (288, 1145, 10), 80),
    ("two_phase_commit", {"MANAGERS": 5}, (8832, 58145, 16), 314),
    ("two_phase_commit", {"MANAGERS": 6}, (50816, 402305, 19), 553),
    ("token_ring", {}, (256, 640, 0), 256),
    ("token_ring", {"MACHINES": 5, "NUMBERS": 5}, (3125, 10625, 0), 3125),
    ("german", {}, (3390, 9912, 18), 852),
    ("german", {"CACHES": 3}, (58104, 235872, 26), 5235),
    ("paxos", {}, (3921, 10150, 16), 443),
]


def bound(example: str, constants: dict[str, int]) -> Model:
    return ground(load(families.SPECS / "examples" / f"{example}.py"), constants)


@cache
def checked(example: str, name: str) -> Verdict:
    return families.check(f"examples/{example}", name)


@pytest.mark.parametrize("example, name", ROWS)
def test_every_variant_is_as_it_declares(example: str, name: str) -> None:
    """Exactly the named properties fail, in the stated number of steps."""
    assert checked(example, name).properties


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_itself_holds_and_nothing_in_it_is_vacuous(example: str) -> None:
    """As checked under --strict."""
    verdict = families.check(f"examples/{example}")
    assert verdict.verdict == HOLDS and verdict.exit_code == 0
    assert [finding.text for finding in verdict.findings if finding.severe] == []


@pytest.mark.parametrize("example, constants, numbers, orbits", GOLDEN)
def test_the_counts_are_known(
    example: str, constants: dict[str, int], numbers: tuple[int, int, int], orbits: int
) -> None:
    """States, transitions and depth, and the orbits under symmetry, which stand for as many states."""
    model = bound(example, constants)
    space = explore(model)
    assert (space.distinct, space.transitions, space.depth) == numbers
    quotient = explore(model, symmetry=find(model))
    assert (quotient.distinct, quotient.represented) == (orbits, numbers[0])


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_reference_counts_the_same(example: str) -> None:
    """The judge finds what the generated code finds."""
    model = bound(example, {})
    fast, slow = explore(model), reference.explore(model)
    assert (fast.distinct, fast.transitions, fast.depth) == (slow.distinct, slow.transitions, slow.depth)


def test_two_phase_commit_counts_as_tlc_does() -> None:
    """The TLA+ examples record 288 distinct states, 1,146 in all and 11 levels for 3 managers."""
    space = explore(bound("two_phase_commit", {}))
    assert (space.distinct, space.generated, len(space.levels)) == (288, 1146, 11)


def test_a_token_ring_needs_as_many_numbers_as_machines_less_one() -> None:
    """Dijkstra's condition is sufficient; one number less still stabilises, two less need not (see the
    page).
    """
    for machines in (3, 4):
        for numbers in range(2, machines + 1):
            model = bound("token_ring", {"MACHINES": machines, "NUMBERS": numbers})
            space = explore(model)
            answers = liveness.check(space, Limits())
            assert (answers["stabilises"].trace is None) == (numbers >= machines - 1)


def variant_table() -> list[str]:
    """Every variant: its states and the properties that fail, with the steps of the shortest story."""
    lines = ["| example | variant | what differs | states | fails |", "|---|---|---|---|---|"]
    for example, name in ROWS:
        verdict = checked(example, name)
        row = next(v for v in load(families.SPECS / "examples" / f"{example}.py").variants if v.name == name)
        fails = ", ".join(
            f"`{p.name}` ({p.trace_length})" for p in verdict.properties if p.verdict == VIOLATED
        )
        lines.append(
            f"| `{example}` | {name} | {row.text} | {verdict.states['distinct']:,} | {fails or 'nothing'} |"
        )
    return lines


def count_table() -> list[str]:
    """The golden counts."""
    lines = ["| example | constants | states | transitions | depth | orbits |", "|---|---|---|---|---|---|"]
    for example, constants, (states, transitions, depth), orbits in GOLDEN:
        shown = " ".join(f"`-D {name}={value}`" for name, value in constants.items()) or "defaults"
        lines.append(f"| `{example}` | {shown} | {states:,} | {transitions:,} | {depth} | {orbits:,} |")
    return lines


@pytest.mark.parametrize("table", (variant_table, count_table))
def test_the_page_shows_what_is_found(table: Callable[[], list[str]]) -> None:
    """The tables of docs/examples.md are the ones computed here."""
    assert "\n".join(table()) in PAGE.read_text()
