"""The summary of a run, the table of several, and the record: each a pure function of the data it shows."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from explorer.render.html import tables
from explorer.render.machine.json_record import to_json
from explorer.render.text.summary import summary
from explorer.render.text.table import matrix
from explorer.render.text.terminal import fitted
from explorer.render.text.text import story
from tests.support.told import told


def test_the_record_is_plain_json_in_its_own_order() -> None:
    """The record has strings, numbers, lists and objects only, in a fixed order."""
    text = to_json({"b": 1, "a": math.inf, "é": (1, Path("x"))})
    assert text == '{\n  "b": 1,\n  "a": null,\n  "é": [\n    1,\n    "x"\n  ]\n}\n'


def record(verdict: str = "holds", **other: Any) -> dict[str, Any]:
    found = {
        "name": "safe",
        "kind": "invariant",
        "verdict": verdict,
        "reason": "",
        "trace_length": 7 if verdict == "violated" else None,
    }
    return {
        "spec": "toy",
        "constants": {"CPUS": 3, "SLOTS": 2},
        "bound": {"CPUS": 3},
        "engine": "python",
        "storage": "exact",
        "workers": 1,
        "verdict": verdict,
        "stopped": None,
        "seconds": 0.5,
        "states_per_second": 2468.0,
        "omission_probability": 0.0,
        "fingerprint_bits": 0,
        "not_checked": (),
        "differs": (),
        "expected": None,
        "expectation_met": None,
        "properties": [
            found,
            {**found, "name": "deadlock", "kind": "deadlock", "verdict": "holds", "trace_length": None},
        ],
        "states": {
            "initial": 1,
            "distinct": 1234,
            "within": 1234,
            "beyond": {},
            "generated": 3457,
            "transitions": 3456,
            "depth": 9,
            "levels": [],
            "bits": 17,
            "represented": 1234,
            "out_degree": {"min": 0, "mean": 2.8, "max": 5},
        },
        "findings": [],
        **other,
    }


def test_a_verdict_that_holds_is_told_calmly() -> None:
    """A run without a violation is a few lines."""
    assert (
        summary(record())
        == """\
toy holds with CPUS=3: every reachable state was visited.

  safe      invariant  holds
  deadlock  deadlock   holds

1,234 states (1 initial), 3,456 transitions, depth 9, out-degree 2.8 (at most 5), 17 bits/state, 0.50 s (2,468
states/s, python engine, exact storage)"""
    )


def test_many_properties_that_hold_share_a_line() -> None:
    """Properties without a story do not fill the screen."""
    many = [
        {"name": f"p{n}", "kind": "invariant", "verdict": "holds", "reason": "", "trace_length": None}
        for n in range(9)
    ]
    shown = summary(record(properties=many, bound={f"N{n}": n for n in range(9)}))
    assert "  holds  p0, p1, p2, p3, p4, p5, p6, p7, p8\n" in shown and len(shown.splitlines()) <= 12


def test_a_violation_names_the_property_and_the_length_of_its_story() -> None:
    """The summary has a line for each violated property."""
    assert summary(record("violated")).splitlines()[:4] == [
        "toy violates safe with CPUS=3; every reachable state was visited.",
        "",
        "  safe      invariant  violated  after 7 steps",
        "  deadlock  deadlock   holds",
    ]


def test_a_bound_is_part_of_the_claim() -> None:
    """A limit that was reached stands in the sentence of the verdict."""
    unknown = {
        "name": "safe",
        "kind": "invariant",
        "verdict": "undetermined",
        "reason": "--max-states 9 reached",
        "trace_length": None,
    }
    assert (
        summary(record("undetermined", stopped="--max-states 9 reached", properties=[unknown])).splitlines()[
            0
        ]
        == "toy is undetermined with CPUS=3: --max-states 9 reached; no violation in 1,234 states up to"
        " depth 9."
    )
    assert (
        summary(record("violated", stopped="--max-states 9 reached")).splitlines()[0]
        == "toy violates safe with CPUS=3; 1,234 states up to depth 9 were visited, not all: --max-states 9"
        " reached."
    )


def test_the_probability_of_an_omitted_state_stands_beside_the_verdict() -> None:
    """Compact storage is never silent about what it may have missed."""
    assert "unless one was omitted (fingerprints of 64 bits, probability at most 1.0e-09)" in summary(
        record(omission_probability=1e-9, fingerprint_bits=64)
    ).replace("\n", " ")


def test_findings_and_files_are_listed_but_never_flood_the_screen() -> None:
    """Long lists are cut, and say how much is left."""
    findings = [
        {
            "kind": "dropped",
            "subject": "a",
            "text": f"action a{n} is impossible",
            "place": "toy.py:3",
            "severe": True,
        }
        for n in range(20)
    ]
    shown = summary(record(findings=findings), files=[Path("out/verdict.json")]).splitlines()
    assert shown[-3:] == [
        "finding: action a7 is impossible (toy.py:3)",
        "and 12 more findings in verdict.json",
        "written: out/verdict.json",
    ]


def test_a_malformed_spec_has_a_summary_too() -> None:
    """In place of a verdict stands the message."""
    assert (
        summary({"spec": "toy", "error": "toy.py:3: E0101: no"})
        == "toy could not be checked:\ntoy.py:3: E0101: no"
    )


def test_a_matrix_has_a_row_for_each_binding_and_a_column_for_each_property() -> None:
    """Every combination of `-D` values has its row."""
    rows = [
        ({"CPUS": 2}, record()),
        ({"CPUS": 3}, record("violated")),
        ({"CPUS": 4}, record(properties=[])),
    ]
    assert (
        matrix(rows)
        == """\
  CPUS  states  safe         deadlock
  2      1,234  holds        holds
  3      1,234  violated 7   holds
  4      1,234  not checked  not checked"""
    )


def test_a_wide_matrix_numbers_its_columns() -> None:
    """Names that do not fit are numbered and explained below."""
    many = [
        {
            "name": f"a_rather_long_property_{n}",
            "kind": "invariant",
            "verdict": "violated",
            "reason": "",
            "trace_length": n,
        }
        for n in range(6)
    ]
    shown = matrix([({"CPUS": 2}, record(properties=many))]).splitlines()
    assert (
        shown[0].split() == ["CPUS", "states", *(f"({n})" for n in range(1, 7))]
        and shown[3] == "  (1) a_rather_long_property_0"
    )


def test_what_holds_everywhere_and_what_fails_alike_are_told_once() -> None:
    """A column for each story, below the table what holds in every row; 80 columns are enough."""
    a, b = (
        [
            {"name": name, "kind": "invariant", "verdict": v, "reason": "", "trace_length": n}
            for name, v, n in (("lost", verdict, 7), ("locked", verdict, 7), ("fair", "holds", None))
        ]
        for verdict in ("violated", "undetermined")
    )
    shown = matrix([({"MB": 0}, record(properties=a)), ({"MB": 1}, record(properties=b))], width=80)
    assert shown.splitlines() == [
        "  MB  states  lost, locked",
        "  0    1,234  violated 7",
        "  1    1,234  undetermined 7",
        "",
        "holds in every row: fair",
    ]


@pytest.mark.parametrize("width", (40, 80, 200))
@pytest.mark.parametrize("of", ("story", "summary", "matrix", "prose"))
def test_every_text_keeps_to_the_width_of_the_screen(of: str, width: int) -> None:
    """Nothing is wider, and no word is lost or broken that fits."""
    long = {"changed": {"a_rather_long_name": "1", "another_name": "some value"}}
    step = (
        "A",
        "spin_lock_irqsave(&lock->wait_lock, flags)  // as the header says, with the interrupts off",
        long,
    )
    text = {
        "story": lambda: story(told([step, step], ("A",)), width=width),
        "summary": lambda: summary(record("violated"), width=width),
        "matrix": lambda: matrix(
            [({"CPUS": n, "memory": "power"}, record("violated")) for n in (1, 2)], width=width
        ),
        "prose": lambda: fitted(f"\x1b[1mestimate\x1b[0m {'of some states ' * 20}", width),
    }[of]()
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.split("\n")]
    assert max(map(len, lines)) <= width
    assert len(lines) > 1 or width == 200


@pytest.mark.parametrize(("levels", "columns"), [(3, 3), (1000, 1000), (1001, 501), (250_000, 1000)])
def test_the_chart_of_levels_has_a_bounded_number_of_columns(levels: int, columns: int) -> None:
    """Levels share a column where there are more than a thousand; its height is the highest one's."""
    sizes = [1] * (levels - 1) + [9]
    drawn = list(tables._bars(sizes, 9))
    assert len(drawn) == columns
    first, last = str(drawn[0]), str(drawn[-1])
    assert ("levels 0 to" in first) == (levels > 1000)
    assert f"{levels - 1}: " in last and "9 states" in last
