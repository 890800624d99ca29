"""What the command line refuses before any work: wrong arguments, malformed specs, directories that cannot be
written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.command.main import main
from tests.support.command_line import Done, record_of, words


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "explorer: no spec file; write: python -m explorer spec/ipi_fixed.py"),
        (["chekc"], "explorer: unknown command 'chekc': did you mean 'check'?"),
        (["spec/ipi"], "explorer: spec/ipi: no such file"),
        (["good"], "explorer: good: no such command or file; write: python -m explorer good.py"),
        (["table", "good"], "explorer: good: no such file; write: good.py"),
        (["good.py", "-D", "LAST", "3"], "explorer: 3: no such file; write: -D LAST=3"),
        (["good.py", "-DLAST", "3"], "explorer: 3: no such file; write: -D LAST=3"),
        (["show", "good.py", "-D", "LAST", "3"], "explorer: one argument too many: 3; write: -D LAST=3"),
        (
            ["family.py", "--row", "one", "step", "--strict"],
            "explorer: step: no such file; write: --row 'one step'",
        ),
        (["goood.py"], "explorer: goood.py: no such file; did you mean good.py?"),
        (["."], "explorer: .: is a directory; name spec files, such as bad.py empty.py family.py"),
        (
            ["good.py", "--max-state", "3"],
            "explorer: unknown option --max-state: did you mean '--max-states'?",
        ),
        (
            ["good.py", "--max-states", "none"],
            "explorer: argument --max-states: 'none' is not a positive integer",
        ),
        (["good.py", "--max-states", "0"], "explorer: argument --max-states: '0' is not a positive integer"),
        (["good.py", "--timeout", "-1"], "explorer: argument --timeout: '-1' is not a number of seconds"),
        (
            ["good.py", "--property", "insude"],
            "explorer: --property insude: no such property; did you mean 'inside'?",
        ),
        (["good.py", "-D", "LATS=3"], "explorer: -D LATS: no such constant; did you mean 'LAST'?"),
        (["good.py", "-D", "LAST"], "explorer: -D LAST: no value; write: -D LAST=VALUE"),
        (["good.py", "-D", "LAST=three"], "explorer: -D LAST=three: 'three' is not an integer"),
        (
            ["good.py", "-D", "LOOPS=maybe"],
            "explorer: -D LOOPS=maybe: 'maybe' is not a bool; write true or false",
        ),
        (
            ["good.py", "-D", "LAST=4..2"],
            "explorer: -D LAST=4..2: 4..2 is empty; write the smaller number first",
        ),
        (
            ["good.py", "--workers", "2", "--engine", "python"],
            (
                "explorer: --workers 2: the python engine has one worker and exact storage; write: --engine"
                " native"
            ),
        ),
        (
            ["good.py", "-D", "LAST=1", "-D", "LAST=2"],
            "explorer: -D LAST=2: LAST is given twice; write: -D LAST=a,b for a matrix",
        ),
        (
            ["good.py", "--json", "--format", "sarif"],
            (
                "explorer: --json with --format sarif: standard output takes one of them; write: --json"
                " --write sarif"
            ),
        ),
        (["good.py", "--out", ""], "explorer: argument --out: the name is empty"),
        (
            ["good.py", "--max-memory", "0"],
            (
                "explorer: argument --max-memory: '0' leaves no memory at all; write a number of bytes, such"
                " as 500M or 4G"
            ),
        ),
        (
            ["good.py", "--fingerprint", "48"],
            (
                "explorer: --fingerprint: exact storage keeps whole states; write: --storage compact"
                " --fingerprint BITS"
            ),
        ),
        (
            ["good.py", "--max-omission", "0.1"],
            (
                "explorer: --max-omission: exact storage leaves no state out; write: --storage compact"
                " --max-omission P"
            ),
        ),
        (
            ["table", "family.py", "--graph"],
            (
                "explorer: --graph: shows one run, and a table has several; check one variant by its"
                " constants with -D"
            ),
        ),
        (
            ["good.py", "-D", "LAST=1,2", "--png"],
            (
                "explorer: --png: shows one run, and a matrix has several; bind each constant to one value"
                " with -D"
            ),
        ),
        (
            ["simulate", "good.py", "--no-symmetry"],
            "explorer: --no-symmetry: random walks know nothing of it",
        ),
        (["show", "good.py", "bad.py"], "explorer: one argument too many: bad.py"),
        (
            ["estimate", "good.py", "--seconds", "0"],
            "explorer: argument --seconds: 0 seconds are too short to see anything",
        ),
        (
            ["estimate", "good.py", "--node", "256M"],
            "explorer: --node 268435456: 16 threads need more than 838,860,800 bytes; write: --node 64G, or"
            " fewer --node-threads",
        ),
        (
            ["show", "good.py", "-D", "LAST=1,2"],
            "explorer: -D LAST=1,2: this command takes one value for each constant; write: -D LAST=1",
        ),
        (["good.p"], "explorer: good.p: no such file; did you mean good.py?"),
        (
            ["good.py", "--format", "htm"],
            "explorer: argument --format: invalid choice: 'htm'; did you mean 'html'?",
        ),
        (
            ["good.py", "--engine", "gpu"],
            "explorer: argument --engine: invalid choice: 'gpu'; known: auto, native, python, reference",
        ),
        (
            ["good.py", "--markdown", "-"],
            "explorer: argument --markdown: '-' is no file; write: --format NAME, for standard output",
        ),
        (["show"], "explorer: no spec file; write: python -m explorer show spec/ipi_fixed.py"),
        (
            ["replay"],
            "explorer: no trace; write: python -m explorer replay out/ipi_buggy/no_lost_ipi.itf.json",
        ),
        (["completion"], "explorer: no shell; write: python -m explorer completion bash"),
    ],
    ids=words,
)
def test_usage_mistakes(explorer: Callable[..., Done], arguments: list[str], message: str) -> None:
    """A wrong command line exits with 2 and one sentence that says what was meant or what to write."""
    done = explorer(*arguments)
    assert (done.code, done.out, done.err) == (2, "", message + "\n")


@pytest.mark.parametrize(
    "name, first",
    [
        ("raises", "raises.py:3: E0513: JSONDecodeError while importing the file"),
        ("syntax", "syntax.py:1: E0513: SyntaxError"),
        ("empty", "empty.py:1: E0512: no object named `spec`"),
        ("other", "other.py:1: E0512: `spec` is 7"),
        ("typo", "typo.py:25: E0303: S has no variable 'm'"),
    ],
)
def test_a_malformed_spec_is_named_with_file_and_line(
    explorer: Callable[..., Done], tmp_path: Path, name: str, first: str
) -> None:
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
def test_a_directory_that_cannot_be_written_is_known_before_the_work(
    explorer: Callable[..., Done], where: str
) -> None:
    """--out below a file, or where nothing can be made, is a usage mistake and nothing is explored."""
    done = explorer("good.py", "--out", where)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"explorer: --out {where}: ") and "write: --out DIR" in done.err


def test_too_many_workers_are_refused(explorer: Callable[..., Done]) -> None:
    """A number of threads that no machine has is a mistake of the command line, found before any work."""
    done = explorer("good.py", "--engine", "native", "--workers", "100000")
    assert done.code == 2 and done.err.startswith("explorer: --workers 100000: at most ")


def test_mistakes_about_variants_are_usage_errors(explorer: Callable[..., Done]) -> None:
    """Asking for a row or a table that is not there exits 2 with what to write."""
    done = explorer("table", "family.py", "--row", "V4")
    assert (done.code, done.err.strip()) == (2, "explorer: --row V4: no such variant; known: V0, V1, V2")
    done = explorer("table", "good.py")
    assert (done.code, done.err.strip()) == (
        2,
        (
            "explorer: good.py has no variants; write: Spec(..., variants=[variant(...)]), or -D NAME=a,b for"
            " a matrix"
        ),
    )


def test_a_path_with_spaces_needs_quotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a file that is there the quotes are said, wherever its words stand."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my first spec.py").touch()
    for arguments in (["my", "first", "spec.py"], ["show", "my", "first", "spec.py"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.endswith("'my first spec.py'\n")
