"""The command line as a user meets it: exit codes, files, streams, limits and messages, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from explorer import cli, session

HOUSE = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HOUSE), "PYTHONWARNINGS": "error"}

HEAD = """\
from typing import Annotated
from explorer import *

LAST = constant("LAST", 3)
LOOPS = constant("LOOPS", True)

class S(State):
    n: Var[Annotated[int, Range(0, LAST)]] = initially(0)
    quiet: Var[bool] = initially(False)

@action
def up(s: S):
    \"\"\"n grows from {s.n}\"\"\"
    when(s.n < LAST)
    s.n.next = s.n + 1
"""
DOWN = """
@action
def down(s: S):
    when(LOOPS)
    when((s.n == LAST) & ~s.quiet)
    s.n.next = 0
"""
BAD = """
@invariant
def below(s: S):
    return s.n < 2

@invariant
def even_below(s: S):
    return s.n < 3
"""
FINE = """
@invariant
def inside(s: S):
    return s.n <= LAST
"""
SPECS = {
    "good": HEAD + DOWN + FINE + "\nspec = Spec(expect=HOLDS)\n",
    "bad": HEAD + DOWN + BAD + FINE + '\nspec = Spec(expect=violates("below", steps=2, also=("even_below",)))\n',
    "stuck": HEAD + FINE + "\nspec = Spec()\n",
    "partial": HEAD + DOWN + "\n@invariant\ndef divides(s: S):\n    return 6 // (s.n - 2) != 1\n\nspec = Spec()\n",
    "vacuous": HEAD + DOWN + "\n@invariant\ndef quietly(s: S):\n    return implies(s.quiet, s.n == 0)\n\nspec = Spec(expect=HOLDS)\n",
    "wrong": HEAD + DOWN + BAD + '\nspec = Spec(expect=violates("even_below"))\n',
    "steps": HEAD + DOWN + BAD + '\nspec = Spec(expect=violates("below", steps=5, also=("even_below",)))\n',
    "hopeful": HEAD + DOWN + FINE + '\nspec = Spec(expect=violates("inside"))\n',
    "family": HEAD + DOWN + BAD + FINE + '''
spec = Spec(expect=violates("below", steps=2, also=("even_below",)), variants=[
    variant("V0", violates("below", steps=2, also=("even_below",)), "as it was"),
    variant("V1", HOLDS, "one step | only", LAST="1"),
    variant("V2", HOLDS, "two steps", LAST=2)])
''',
    "typo": HEAD + DOWN + FINE.replace("s.n", "s.m") + "\nspec = Spec()\n",
    "start": HEAD + DOWN + "\n@initial\ndef begins(s: S):\n    return 3 // s.n == 1\n\nspec = Spec()\n",
    "raises": "import json\n\njson.loads('{')\n",
    "syntax": "def f(:\n    pass\n",
    "empty": "x = 1\n",
    "other": "spec = 7\n",
    "large": """\
from typing import Annotated
from explorer import *

Digit = Annotated[int, Range(0, 30)]

class S(State):
    n: Map[Annotated[int, Range(0, 5)], Digit] = initially(0)

@action
def up(s: S, i: Annotated[int, Range(0, 5)]):
    s.n[i].next = (s.n[i] + 1) % 31

@invariant
def early(s: S):
    return s.n[0] != 3

@invariant
def small(s: S):
    return every(s.n[i] <= 30 for i in domain(Annotated[int, Range(0, 5)]))

spec = Spec(expect=HOLDS)
""",
}


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def explorer(tmp_path: Path) -> Callable[..., Done]:
    """Runs `python -m explorer` in a directory that has the specs of this file; no traceback is ever shown."""
    for name, text in SPECS.items():
        (tmp_path / f"{name}.py").write_text(text)

    def run(*arguments: str, cwd: Path = tmp_path) -> Done:
        done = subprocess.run([sys.executable, "-m", "explorer", *arguments], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def record_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "verdict.json").read_text())
    return found


def words(value: Any) -> str:
    """A test's name from its arguments."""
    return " ".join(value) if isinstance(value, list) else str(value) if isinstance(value, int) else ""


# Exit codes.

@pytest.mark.parametrize("arguments, code", [
    (["good.py"], 0), (["check", "good.py"], 0), (["bad.py"], 12), (["stuck.py"], 11), (["partial.py"], 75), (["vacuous.py"], 0),
    (["vacuous.py", "--strict"], 21), (["good.py", "--max-depth", "1"], 20), (["typo.py"], 150), (["start.py"], 150), (["raises.py"], 150),
    (["syntax.py"], 150), (["empty.py"], 150), (["other.py"], 150), ([], 2), (["good.py", "--bogus"], 2), (["good.py", "-D", "LAST=0"], 0),
    (["bad.py", "-D", "LOOPS=no"], 12), (["bad.py", "--engine", "reference"], 12), (["bad.py", "--engine", "python"], 12),
    (["--version"], 0), (["--help"], 0), (["show", "good.py"], 0), (["good.py", "stuck.py", "bad.py"], 12), (["good.py", "stuck.py"], 11),
], ids=words)
def test_exit_codes(explorer: Callable[..., Done], arguments: list[str], code: int) -> None:
    """Each way to end has its own exit code; of several runs the gravest counts."""
    assert explorer(*arguments).code == code


@pytest.mark.parametrize("name, arguments, code", [
    ("good", [], 0), ("bad", [], 0), ("vacuous", [], 0), ("vacuous", ["--strict"], 21), ("wrong", [], 12), ("steps", [], 12),
    ("hopeful", [], 1), ("stuck", [], 11), ("good", ["--max-depth", "1"], 20), ("bad", ["--max-depth", "1"], 20),
    ("good", ["-D", "LOOPS=no"], 11),
])
def test_expectations(explorer: Callable[..., Done], name: str, arguments: list[str], code: int) -> None:
    """With --expect the exit code is 0 only where the declared expectation is met by the properties it names."""
    done = explorer(f"{name}.py", "--expect", *arguments)
    assert done.code == code
    assert f"): {'met' if code in (0, 21) else 'NOT'}" in done.out


def test_a_missing_expectation_is_no_success(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """A spec that holds but declares nothing fails under --expect, and the screen says what to write."""
    (tmp_path / "silent.py").write_text(SPECS["good"].replace("expect=HOLDS", ""))
    done = explorer("silent.py", "--expect")
    assert done.code == 1
    assert "write Spec(..., expect=HOLDS)" in done.out


def test_a_bug_of_ours_is_told_from_a_bug_of_the_spec(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    """An exception inside the explorer exits with 255 and says that the spec is not to blame."""
    (tmp_path / "good.py").write_text(SPECS["good"])
    monkeypatch.chdir(tmp_path)

    def broken(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("a wheel came off")

    monkeypatch.setattr(session, "judge", broken)
    assert cli.main(["good.py"]) == 255
    assert "internal error: RuntimeError('a wheel came off'); this is a bug of the explorer" in capsys.readouterr().err


def test_a_reader_that_goes_away_does_not_hide_a_violation(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """`explorer bad.py | head -0` still exits with the verdict's code."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen([sys.executable, "-m", "explorer", "bad.py"], cwd=tmp_path, env=ENVIRONMENT, stdout=writing,
                               stderr=subprocess.PIPE, text=True)
    os.close(writing)
    err = process.communicate(timeout=60)[1]
    assert (process.returncode, err) == (12, "")


# Limits.

@pytest.mark.parametrize("option, value", [("--max-states", "500"), ("--max-depth", "5"), ("--timeout", "0.3"), ("--max-memory", "1M")])
def test_a_limit_leaves_everything_learned(explorer: Callable[..., Done], tmp_path: Path, option: str, value: str) -> None:
    """Reaching a limit makes what was not seen to fail undetermined, names the limit, and keeps counts and files."""
    done = explorer("large.py", option, value, "--engine", "python")
    record = record_of(tmp_path / "out" / "large")
    assert record["stopped"].startswith(option)
    assert record["states"]["distinct"] > 0
    assert done.code == record["exit_code"] == (12 if record["states"]["depth"] >= 3 else 20)
    assert option in done.out
    verdicts = {p["name"]: p["verdict"] for p in record["properties"]}
    assert verdicts["small"] == verdicts["deadlock"] == "undetermined"
    assert done.err == ""


def test_an_interrupt_keeps_what_was_learned(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """Ctrl-C ends the exploration, writes the partial verdict, and exits with 130."""
    (tmp_path / "endless.py").write_text(SPECS["large"].replace("s.n[0] != 3", "s.n[0] <= 30"))
    process = subprocess.Popen([sys.executable, "-m", "explorer", "endless.py", "--engine", "python"], cwd=tmp_path, env=ENVIRONMENT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (tmp_path / "out" / "endless").exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    record = record_of(tmp_path / "out" / "endless")
    assert (record["stopped"], record["verdict"], record["exit_code"]) == ("interrupted", "undetermined", 130)
    assert record["states"]["distinct"] >= 1
    assert "interrupted" in out and "Traceback" not in err


# Messages about the command line.

@pytest.mark.parametrize("arguments, message", [
    ([], "explorer: no spec file; write: python -m explorer spec/ipi_fixed.py"),
    (["chekc"], "explorer: unknown command 'chekc': did you mean 'check'?"),
    (["spec/ipi"], "explorer: spec/ipi: no such file"),
    (["goood.py"], "explorer: goood.py: no such file; did you mean good.py?"),
    (["."], "explorer: .: is a directory; name spec files, such as bad.py empty.py family.py"),
    (["good.py", "--max-state", "3"], "explorer: unknown option --max-state: did you mean '--max-states'?"),
    (["good.py", "--max-states", "none"], "explorer: argument --max-states: 'none' is not a positive integer"),
    (["good.py", "--max-states", "0"], "explorer: argument --max-states: '0' is not a positive integer"),
    (["good.py", "--timeout", "-1"], "explorer: argument --timeout: '-1' is not a number of seconds"),
    (["good.py", "--property", "insude"], "explorer: --property insude: no such property; did you mean 'inside'?"),
    (["good.py", "-D", "LATS=3"], "explorer: -D LATS: no such constant; did you mean 'LAST'?"),
    (["good.py", "-D", "LAST"], "explorer: -D LAST: no value; write: -D LAST=VALUE"),
    (["good.py", "-D", "LAST=three"], "explorer: -D LAST=three: 'three' is not an integer"),
    (["good.py", "-D", "LOOPS=maybe"], "explorer: -D LOOPS=maybe: 'maybe' is not a bool; write true or false"),
    (["good.py", "-D", "LAST=4..2"], "explorer: -D LAST=4..2: 4..2 is empty; write the smaller number first"),
    (["good.py", "--workers", "2", "--engine", "python"],
     "explorer: --workers 2: the python engine has one worker and exact storage; write: --engine native"),
    (["good.py", "-D", "LAST=1", "-D", "LAST=2"], "explorer: -D LAST=2: LAST is given twice; write: -D LAST=a,b for a matrix"),
    (["good.py", "--json", "--format", "sarif"],
     "explorer: --json with --format sarif: standard output takes one of them; write: --json --write sarif"),
    (["good.py", "--out", ""], "explorer: argument --out: the name is empty"),
    (["good.py", "--max-memory", "0"], "explorer: argument --max-memory: '0' leaves no memory at all; write a number of bytes, such as 500M or 4G"),
    (["good.py", "--fingerprint", "48"],
     "explorer: --fingerprint: exact storage keeps whole states; write: --storage compact --fingerprint BITS"),
    (["table", "family.py", "--graph"], "explorer: --graph: shows one run, and a table has several; bind each constant to one value with -D"),
    (["good.py", "-D", "LAST=1,2", "--png"], "explorer: --png: shows one run, and a matrix has several; bind each constant to one value with -D"),
    (["simulate", "good.py", "--no-symmetry"], "explorer: --no-symmetry: random walks know nothing of it"),
    (["show", "good.py", "bad.py"], "explorer: one argument too many: bad.py"),
    (["estimate", "good.py", "--seconds", "0"], "explorer: argument --seconds: 0 seconds are too short to see anything"),
    (["show", "good.py", "-D", "LAST=1,2"], "explorer: this command takes one value for each constant"),
], ids=words)
def test_usage_mistakes(explorer: Callable[..., Done], arguments: list[str], message: str) -> None:
    """A wrong command line exits with 2 and one sentence that says what was meant or what to write."""
    done = explorer(*arguments)
    assert (done.code, done.out, done.err) == (2, "", message + "\n")


@pytest.mark.parametrize("name, first", [
    ("raises", "raises.py:3: E0513: JSONDecodeError while importing the file"), ("syntax", "syntax.py:1: E0513: SyntaxError"),
    ("empty", "empty.py:1: E0512: no object named `spec`"), ("other", "other.py:1: E0512: `spec` is 7"),
    ("typo", "typo.py:25: E0303: S has no variable 'm'"),
])
def test_a_malformed_spec_is_named_with_file_and_line(explorer: Callable[..., Done], tmp_path: Path, name: str, first: str) -> None:
    """What is wrong with a spec is said on standard error with file and line, and kept in verdict.json."""
    done = explorer(f"{name}.py")
    assert (done.code, done.out) == (150, "")
    assert done.err.startswith(first)
    assert record_of(tmp_path / "out" / name)["error"].startswith(first)


def test_an_empty_domain_after_a_binding_is_a_malformed_spec(explorer: Callable[..., Done]) -> None:
    """-D LAST=-1 leaves a range without a value: exit 150, no states."""
    done = explorer("good.py", "-D", "LAST=-1")
    assert (done.code, done.out) == (150, "")
    assert "is empty" in done.err


@pytest.mark.parametrize("where", ["good.py/out", "/proc/nowhere/out"])
def test_a_directory_that_cannot_be_written_is_known_before_the_work(explorer: Callable[..., Done], where: str) -> None:
    """--out below a file, or where nothing can be made, is a usage mistake and nothing is explored."""
    done = explorer("good.py", "--out", where)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"explorer: --out {where}: ") and "write: --out DIR" in done.err


# What is printed and written.

@pytest.mark.parametrize("arguments", [["good.py"], ["bad.py"], ["good.py", "bad.py"], ["typo.py"], ["good.py", "typo.py"],
                                       ["bad.py", "-D", "LAST=1..3"], ["large.py", "--max-depth", "2"]], ids=words)
def test_json_is_one_document_and_nothing_else(explorer: Callable[..., Done], arguments: list[str]) -> None:
    """--json puts exactly one JSON document on standard output, whose exit codes are those of the process."""
    done = explorer(*arguments, "--json")
    found = json.loads(done.out)
    records = found if isinstance(found, list) else [found]
    assert session.worst([record["exit_code"] for record in records]) == done.code
    assert len(records) == (3 if "-D" in arguments else sum(a.endswith(".py") for a in arguments))


def test_the_record_on_screen_is_the_one_on_disk(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """verdict.json holds what --json prints, and has the keys that others build on."""
    record = json.loads(explorer("bad.py", "--json", "--out", "here").out)
    assert record == record_of(tmp_path / "here")
    assert {"spec", "digest", "constants", "engine", "storage", "workers", "verdict", "exit_code", "seconds", "states_per_second",
            "peak_memory_bytes", "properties", "states", "omission_probability", "coverage", "findings", "traces"} <= set(record)


def test_all_violated_properties_are_reported_in_one_run(explorer: Callable[..., Done]) -> None:
    """Both violated invariants stand in the summary with the lengths of their own traces, and each has its story in a file."""
    record = json.loads(explorer("bad.py", "--json").out)
    assert {p["name"]: p["trace_length"] for p in record["properties"] if p["verdict"] == "violated"} == {"below": 2, "even_below": 3}
    assert set(record["traces"]) == {"below", "even_below"}


def test_only_the_named_properties_count(explorer: Callable[..., Done]) -> None:
    """--property restricts the verdict and the exit code to the properties named."""
    assert explorer("bad.py", "--property", "inside").code == 0
    record = json.loads(explorer("bad.py", "--property", "inside", "--property", "below", "--json").out)
    assert [p["name"] for p in record["properties"]] == ["below", "inside"]


def test_several_specs_write_beside_each_other(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """With several specs each has its own directory, below --out too; a malformed one does not stop the others."""
    done = explorer("good.py", "typo.py", "bad.py", "--out", "all")
    assert done.code == 150
    assert {path.name: record_of(path)["exit_code"] for path in (tmp_path / "all").iterdir()} == {"good": 0, "typo": 150, "bad": 12}
    assert "good holds" in done.out and "bad violates below" in done.out and "E0303" in done.err


def test_a_matrix_prints_one_table(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """-D with several values runs each combination and prints one row for each; all records stand in matrix.json."""
    done = explorer("bad.py", "-D", "LAST=1..3", "-D", "LOOPS=true,false", "--out", "m")
    assert done.code == 12
    rows = [line.split() for line in done.out.splitlines() if line.split()[:1] in (["1"], ["2"], ["3"])]
    assert [row[:2] for row in rows] == [[n, b] for n in "123" for b in ("True", "False")]
    found = json.loads((tmp_path / "m" / "matrix.json").read_text())["rows"]
    assert [record["states"]["distinct"] for record in found] == [2, 2, 3, 3, 4, 4]
    assert done.out.count(" even_below") == 1


def test_short_runs_show_no_progress(explorer: Callable[..., Done]) -> None:
    """Within the first second nothing is written to standard error."""
    assert explorer("good.py").err == ""


def test_show_says_what_was_understood(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """`show` prints variables, actions and properties, with --code the generated source, and explores nothing."""
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
    (tmp_path / "specs" / "whole.py").write_text("from explorer import *\nfrom parts import machine\n\nspec = Spec(machine, LAST=5)\n")
    codes = [explorer(path, cwd=cwd).code for cwd, path in
             ((elsewhere, str(tmp_path / "specs" / "whole.py")), (elsewhere, "../specs/whole.py"), (tmp_path / "specs", "whole.py"))]
    assert codes == [0, 0, 0]
    assert record_of(elsewhere / "out" / "whole")["states"]["distinct"] == 6


def test_estimate_says_what_to_expect(explorer: Callable[..., Done]) -> None:
    """A small spec is explored at once; a large one gets a number with an interval, or "growing"."""
    assert "explored completely" in explorer("estimate", "good.py").out
    large = explorer("estimate", "large.py", "--seconds", "0.3")
    assert large.code == 0 and ("growing, no estimate" in large.out or "about" in large.out)


def test_profile_shows_phases_and_actions(explorer: Callable[..., Done]) -> None:
    """--profile goes to standard error, so that standard output stays what it is without."""
    done = explorer("good.py", "--profile")
    assert "time by phase" in done.err and "cost by action" in done.err and "time by phase" not in done.out


def test_png_on_request(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """The picture is SVG and DOT by default, and PNG where asked for."""
    explorer("bad.py", "--png")
    found = {path.suffix for path in (tmp_path / "out" / "bad").iterdir()}
    assert {".svg", ".dot", ".png", ".json", ".txt"} <= found
    assert (tmp_path / "out" / "bad").joinpath(next(p.name for p in (tmp_path / "out" / "bad").glob("*.png"))).read_bytes()[:4] == b"\x89PNG"


def test_too_many_workers_are_refused(explorer: Callable[..., Done]) -> None:
    """A number of threads that no machine has is a mistake of the command line, found before any work."""
    done = explorer("good.py", "--engine", "native", "--workers", "100000")
    assert done.code == 2 and done.err.startswith("explorer: --workers 100000: at most ")


def test_a_table_has_a_row_for_each_variant_and_fails_where_one_is_not_as_expected(explorer: Callable[..., Done], tmp_path: Path) -> None:
    done = explorer("table", "family.py")
    assert done.code == 1
    assert done.out == """\
  variant  states  below       even_below  expected  what differs
  V0            4  violated 2  violated 3  met       as it was
  V1            2  holds       holds       met       one step | only
  V2            3  violated 2  holds       NOT MET   two steps

holds in every row: inside, deadlock, evaluation

differs: below: expected holds, found violated in 2 steps [V2]
"""
    rows = json.loads((tmp_path / "out/family/variants.json").read_text())["rows"]
    assert [(row["name"], row["bound"], row["expectation_met"]) for row in rows] == [
        ("V0", {}, True), ("V1", {"LAST": 1}, True), ("V2", {"LAST": 2}, False)]
    assert "| V1 | 2 | met | one step \\| only |" in _table_of(explorer, tmp_path, "V1")


def _table_of(explorer: Callable[..., Done], directory: Path, row: str) -> str:
    assert explorer("table", "family.py", "--row", row).code == 0
    return (directory / "out/family/variants.md").read_text()


def test_mistakes_about_variants_are_usage_errors(explorer: Callable[..., Done]) -> None:
    done = explorer("table", "family.py", "--row", "V4")
    assert (done.code, done.err.strip()) == (2, "explorer: --row V4: no such variant; known: V0, V1, V2")
    done = explorer("table", "good.py")
    assert (done.code, done.err.strip()) == (
        2, "explorer: good.py has no variants; write: Spec(..., variants=[variant(...)]), or -D NAME=a,b for a matrix")
