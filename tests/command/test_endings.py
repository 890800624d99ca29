"""All ways in which a run ends: the exit code, the record, JUnit, SARIF, annotations, the table and the API
agree.
"""

from __future__ import annotations

import itertools
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer import check
from explorer.verdict import exit_codes
from tests.support.command_line import DOWN, HEAD, SPECS, Done, record_of

BOUNDED = """
@constraint
def short(s: S):
    return s.n < 2
"""
RISES = """
@temporal
def rises(s: S):
    return eventually(s.n == LAST)
"""
HEADED = HEAD + DOWN
ENDINGS = {
    **{
        name: SPECS[name]
        for name in ("good", "bad", "stuck", "partial", "vacuous", "wrong", "steps", "hopeful")
    },
    "lasso": HEADED + RISES + '\nspec = Spec(expect=violates("rises"))\n',
    "cut": HEADED + BOUNDED + "\nspec = Spec(expect=HOLDS)\n",
    "within": HEADED + BOUNDED + '\nspec = Spec(expect=holds_within("short"))\n',
    "elsewhere": HEADED + BOUNDED + '\nspec = Spec(expect=holds_within("long"))\n',
    "deep": HEADED + "\nspec = Spec(expect=holds_within(max_depth=2))\n",
    "nothing": HEADED + "\n@initial\ndef none(s: S):\n    return s.n > LAST\n\nspec = Spec(expect=HOLDS)\n",
    "malformed": "from explorer import *\nspec = Spec(x=1, expect=HOLDS)\n",
}
WAYS = [
    [*limit, *asked]
    for limit in (
        [],
        ["--max-depth", "1"],
        ["--max-depth", "2"],
        ["--max-states", "2"],
        ["--property", "deadlock"],
    )
    for asked in ([], ["--expect"], ["--strict"], ["--expect", "--strict"])
]


@pytest.mark.parametrize("name", ENDINGS)
def test_everything_that_is_said_of_a_run_agrees(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 exactly where nothing is a failure or an error to JUnit, SARIF and annotations, and the API says
    true.
    """
    from explorer.command.main import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "ends.py").write_text(ENDINGS[name])
    for way in WAYS:
        files = ["--junit", "j.xml", "--sarif", "s.json", "--annotate", "--json"]
        code = main(["ends.py", *way, *files])
        out, err = capsys.readouterr()
        root = ElementTree.parse(tmp_path / "j.xml").getroot()
        failing = int(root.get("failures", "")) + int(root.get("errors", ""))
        results = json.loads((tmp_path / "s.json").read_text())["runs"][0]["results"]
        grave = [r for r in results if r["level"] == "error" or r["properties"]["verdict"] == "undetermined"]
        said = [line for line in err.splitlines() if line.startswith("::error")]
        assert code == json.loads(out)["exit_code"] == record_of(tmp_path / "out" / "ends")["exit_code"], way
        assert {code != 0} == {failing > 0, bool(grave), bool(said)}, (way, code, failing, grave, said)


@pytest.mark.parametrize("name", [name for name in ENDINGS if name != "malformed"])
def test_the_api_says_true_where_the_command_exits_with_zero(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`bool(check(...))` is the exit code, with `strict` too."""
    from explorer.command.main import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "ends.py").write_text(ENDINGS[name])
    for strict in (False, True):
        code = main(["ends.py", *(["--strict"] if strict else [])])
        capsys.readouterr()
        assert bool(check("ends.py", strict=strict)) is (code == 0)


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((path / "out/family/variants.json").read_text())["rows"]
    return rows


def test_a_table_is_met_where_its_rows_are(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """The rows' records carry what the table ends with; JUnit is green exactly then."""
    for row, code, own in (("V0", 0, 0), ("V1", 0, 0), ("V2", 1, 12)):
        done = explorer("table", "family.py", "--row", row, "--junit", "j.xml")
        root = ElementTree.parse(tmp_path / "j.xml").getroot()
        assert (done.code, root.get("errors")) == (code, "0"), done.out
        assert (root.get("failures") == "0") is (code == 0)
        assert [r["exit_code"] for r in rows_of(tmp_path)] == [own]


@pytest.mark.parametrize(
    "name, options, code",
    [
        ("within", ["--expect"], 0),
        ("within", [], 20),
        ("within", ["--expect", "--max-states", "2"], 20),
        ("elsewhere", ["--expect"], 20),
        ("cut", ["--expect"], 20),
        ("deep", ["--expect"], 0),
        ("deep", ["--expect", "--max-depth", "2"], 0),
        ("deep", ["--expect", "--max-depth", "1"], 20),
        ("deep", ["--expect", "--timeout", "0"], 20),
    ],
)
def test_what_is_expected_within_a_bound(
    explorer: Callable[..., Done], tmp_path: Path, name: str, options: list[str], code: int
) -> None:
    """Met where nothing but the declared bounds, or farther limits, leave anything open; a better verdict is
    met too.
    """
    (tmp_path / "ends.py").write_text(ENDINGS[name])
    done = explorer("ends.py", *options)
    assert done.code == code, done.out


def test_states_within_a_constraint_and_beyond_are_counted_apart(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """States where a constraint fails are visited and checked; TLC counts only the others as distinct."""
    (tmp_path / "ends.py").write_text(ENDINGS["within"])
    done = explorer("ends.py", "--expect")
    states = record_of(tmp_path / "out/ends")["states"]
    assert (states["distinct"], states["within"], states["beyond"]) == (3, 2, {"short": 1})
    assert "3 states (1 initial), 2 within the constraint and 1 beyond" in done.out
    assert "expectation (holds within short): met" in done.out


def test_every_end_has_one_code() -> None:
    """Whatever fails, is open, interrupted, vacuous, expected or met, the code is one of those that are
    documented, and 0 only where nothing is wrong or all is as declared.
    """
    kinds = [(), *((kind,) for kind in exit_codes.OF_KIND), tuple(exit_codes.OF_KIND)]
    for violated, flags in itertools.product(kinds, itertools.product((False, True), repeat=5)):
        undetermined, interrupted, vacuous, expect, met = flags
        code = exit_codes.of_run(
            violated=violated,
            undetermined=undetermined,
            interrupted=interrupted,
            vacuous=vacuous,
            expect=expect,
            met=met,
        )
        assert code in exit_codes.GRAVEST
        if code == 0:
            assert not vacuous and ((expect and met) or (not expect and not violated and not undetermined))
        if undetermined and interrupted and not violated:
            assert code == 130


@pytest.mark.parametrize(
    "rows, finished, code",
    [
        ([0, 0], True, 0),
        ([0, 21], True, 21),
        ([12, 21], True, 1),
        ([0, 20], True, 1),
        ([0, 0], False, 130),
        ([130], True, 130),
        ([], True, 0),
    ],
)
def test_a_table_ends_as_its_rows_do(rows: list[int], finished: bool, code: int) -> None:
    """Not met is 1, whatever was found; what was not finished is never met."""
    assert exit_codes.of_table(rows, finished) == code
