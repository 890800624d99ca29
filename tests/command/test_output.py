"""What a run prints and writes: records, summaries, tables and pictures, each in a process of its own."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.verdict import exit_codes
from tests.support.command_line import DOWN, FINE, HEAD, Done, record_of, words
from tests.support.house import ROOT


@pytest.mark.parametrize(
    "arguments",
    [
        ["good.py"],
        ["bad.py"],
        ["good.py", "bad.py"],
        ["typo.py"],
        ["good.py", "typo.py"],
        ["bad.py", "-D", "LAST=1..3"],
        ["large.py", "--max-depth", "2"],
    ],
    ids=words,
)
def test_json_is_one_document_and_nothing_else(explorer: Callable[..., Done], arguments: list[str]) -> None:
    """--json puts exactly one JSON document on standard output, whose exit codes are those of the process."""
    done = explorer(*arguments, "--json")
    found = json.loads(done.out)
    records = found if isinstance(found, list) else [found]
    assert exit_codes.worst([record["exit_code"] for record in records]) == done.code
    assert len(records) == (3 if "-D" in arguments else sum(a.endswith(".py") for a in arguments))


def test_the_record_on_screen_is_the_one_on_disk(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """verdict.json holds what --json prints, and has the keys that others build on."""
    record = json.loads(explorer("bad.py", "--json", "--out", "here").out)
    assert record == record_of(tmp_path / "here")
    assert {
        "spec",
        "digest",
        "constants",
        "engine",
        "storage",
        "workers",
        "verdict",
        "exit_code",
        "seconds",
        "states_per_second",
        "peak_memory_bytes",
        "properties",
        "states",
        "omission_probability",
        "coverage",
        "findings",
        "traces",
    } <= set(record)


def test_all_violated_properties_are_reported_in_one_run(explorer: Callable[..., Done]) -> None:
    """Both violated invariants stand in the summary with the lengths of their own traces, and each has its
    story in a file.
    """
    record = json.loads(explorer("bad.py", "--json").out)
    assert {p["name"]: p["trace_length"] for p in record["properties"] if p["verdict"] == "violated"} == {
        "below": 2,
        "even_below": 3,
    }
    assert set(record["traces"]) == {"below", "even_below"}


def test_only_the_named_properties_count(explorer: Callable[..., Done]) -> None:
    """--property restricts the verdict and the exit code to the properties named."""
    assert explorer("bad.py", "--property", "inside").code == 0
    record = json.loads(explorer("bad.py", "--property", "inside", "--property", "below", "--json").out)
    assert [p["name"] for p in record["properties"]] == ["below", "inside"]


def test_several_specs_write_beside_each_other(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """With several specs each has its own directory, below --out too; a malformed one does not stop the
    others.
    """
    done = explorer("good.py", "typo.py", "bad.py", "--out", "all")
    assert done.code == 150
    assert {path.name: record_of(path)["exit_code"] for path in (tmp_path / "all").iterdir()} == {
        "good": 0,
        "typo": 150,
        "bad": 12,
    }
    assert "good holds" in done.out and "bad violates below" in done.out and "E0303" in done.err


def test_a_matrix_prints_one_table(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """-D with several values runs each combination and prints one row for each; all records stand in
    matrix.json.
    """
    done = explorer("bad.py", "-D", "LAST=1..3", "-D", "LOOPS=true,false", "--out", "m")
    assert done.code == 12
    rows = [line.split() for line in done.out.splitlines() if line.split()[:1] in (["1"], ["2"], ["3"])]
    assert [row[:2] for row in rows] == [[n, b] for n in "123" for b in ("True", "False")]
    found = json.loads((tmp_path / "m" / "matrix.json").read_text())["rows"]
    assert [record["states"]["distinct"] for record in found] == [2, 2, 3, 3, 4, 4]
    assert done.out.splitlines()[0].count(" even_below") == 1


def test_short_runs_show_no_progress(explorer: Callable[..., Done]) -> None:
    """Within the first second nothing is written to standard error."""
    assert explorer("good.py").err == ""


def test_show_says_what_was_understood(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """`show` prints variables, actions and properties, with --code the generated source, and explores
    nothing.
    """
    text = explorer("show", "good.py", "-D", "LAST=6").out
    assert "LAST=6" in text and "action up()" in text and "invariant inside" in text and "3 bits" in text
    code = explorer("show", "good.py", "--code").out
    compile(code, "<shown>", "exec")
    assert "def expand(" in code and "def invariant_0(" in code
    assert not (tmp_path / "out").exists()


def test_a_spec_runs_from_any_directory(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """Modules beside a spec are found wherever the command is run, and `out` is made where it is run."""
    folder, elsewhere = tmp_path / "specs" / "parts", tmp_path / "elsewhere"
    folder.mkdir(parents=True)
    elsewhere.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "machine.py").write_text(HEAD + DOWN + FINE)
    (tmp_path / "specs" / "whole.py").write_text(
        "from explorer import *\nfrom parts import machine\n\nspec = Spec(machine, LAST=5)\n"
    )
    codes = [
        explorer(path, cwd=cwd).code
        for cwd, path in (
            (elsewhere, str(tmp_path / "specs" / "whole.py")),
            (elsewhere, "../specs/whole.py"),
            (tmp_path / "specs", "whole.py"),
        )
    ]
    assert codes == [0, 0, 0]
    assert record_of(elsewhere / "out" / "whole")["states"]["distinct"] == 6


def test_what_waits_for_the_end_of_the_process_is_done(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """A process is left without giving back its objects: what is registered for its end runs, its exit code
    and all of its output are there.
    """
    (tmp_path / "ends.py").write_text(
        "import atexit, pathlib\n"
        + HEAD
        + "\n@invariant\ndef below(s: S):\n    return s.n < 2\n\nspec = Spec()\n"
        + 'atexit.register(lambda: pathlib.Path("ended").touch())\n'
    )
    done = explorer("ends.py", "--json")
    assert done.code == exit_codes.SAFETY and json.loads(done.out)["exit_code"] == done.code
    assert (tmp_path / "ended").exists()


def test_estimate_says_what_to_expect(explorer: Callable[..., Done]) -> None:
    """A small spec is explored at once; a large one gets a number with an interval, or "growing"."""
    assert "explored completely" in explorer("estimate", "good.py").out
    large = explorer("estimate", "large.py", "--seconds", "0.3")
    assert large.code == 0 and ("growing, no estimate" in large.out or "about" in large.out)
    assert "of 64 GiB" in explorer("estimate", "large.py", "--seconds", "2", "--node", "64G").out


@pytest.mark.slow
def test_estimate_asks_smaller_instances(explorer: Callable[..., Done]) -> None:
    """Four counters modulo 100, of which a second sees a part: the number that is told is near the truth, of
    all states as of the multisets, and the smaller instances are spoken of.
    """
    counters = str(ROOT / "tests" / "bench" / "specs" / "counters.py")
    for more, states in (((), math.comb(103, 4)), (("--no-symmetry",), 100**4)):
        said = explorer("estimate", counters, "-D", "MODULUS=100", "--seconds", "1", *more).out
        told = re.search(r"about ([\d,]+) states \(|is small: ([\d,]+) states", said)
        assert told is not None, said
        assert states / 3 < int((told[1] or told[2]).replace(",", "")) < 3 * states
        assert told[2] or re.search(
            r"\d smaller instances explored, up to [\d,]+ states \(MODULUS=\d+\)", said
        )
    assert not told[2]


def test_profile_shows_phases_and_actions(explorer: Callable[..., Done]) -> None:
    """--profile goes to standard error, so that standard output stays what it is without."""
    done = explorer("good.py", "--profile")
    assert "time by phase" in done.err and "cost by action" in done.err and "time by phase" not in done.out


def test_png_on_request(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """The picture is SVG and DOT by default, and PNG where asked for."""
    explorer("bad.py", "--png")
    written = tmp_path / "out" / "bad"
    assert {".svg", ".dot", ".png", ".json", ".txt"} <= {path.suffix for path in written.iterdir()}
    assert next(written.glob("*.png")).read_bytes()[:4] == b"\x89PNG"


def test_a_table_has_a_row_for_each_variant_and_fails_where_one_is_not_as_expected(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """`table` prints every row, and exits 1 for one that is not as declared."""
    done = explorer("table", "family.py")
    assert done.code == 1
    assert (
        done.out
        == """\
  variant  states  below       even_below  expected  what differs
  V0            4  violated 2  violated 3  met       as it was
  V1            2  holds       holds       met       one step | only
  V2            3  violated 2  holds       NOT MET   two steps

holds in every row: inside, deadlock, evaluation

differs: below: expected holds, found violated in 2 steps [V2]
what to declare instead: check the row with --row NAME --expect
"""
    )
    rows = json.loads((tmp_path / "out/family/variants.json").read_text())["rows"]
    assert [(row["name"], row["bound"], row["expectation_met"]) for row in rows] == [
        ("V0", {}, True),
        ("V1", {"LAST": 1}, True),
        ("V2", {"LAST": 2}, False),
    ]
    assert "| V1 | 2 | met | one step \\| only |" in _table_of(explorer, tmp_path, "V1")


def test_a_property_that_no_row_needs_is_a_finding_of_the_table(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """What is true in every state under the constants of one row says something in another; what is so in
    every row fails under --strict.
    """
    assert explorer("table", "family.py", "--row", "V1", "--strict").code == 0
    text = (tmp_path / "family.py").read_text()
    idle = "@invariant\ndef idle(s: S):\n    return s.quiet | ~s.quiet\n\nspec = "
    (tmp_path / "family.py").write_text(text.replace("spec = ", idle))
    done = explorer("table", "family.py", "--strict", "--row", "V0", "--row", "V1")
    assert "finding: idle is true in every state: it says nothing about the actions" in done.out
    assert "below is true in every state" not in done.out and "[every row]" in done.out
    assert done.code == 21


def _table_of(explorer: Callable[..., Done], directory: Path, row: str) -> str:
    assert explorer("table", "family.py", "--row", row).code == 0
    return (directory / "out/family/variants.md").read_text()
