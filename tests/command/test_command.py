"""The command line's claims and refusals: what was not checked is said, what cannot be written is an error,
nothing is ignored.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.engine.limits import Limits, ignore
from explorer.engine.python import CHUNK, LEAST, WORK, Compiled, Search
from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support.command_line import ENVIRONMENT, SPECS, Done, record_of, without_waits, words


def test_a_property_alone_claims_no_more_than_was_checked(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """With --property the claim names what was left out, and an expectation is met only as far as checked."""
    done = explorer("bad.py", "--property", "inside", "--expect", "--markdown", "told.md")
    assert done.code == 0
    flat = " ".join(done.out.split())
    assert "bad: only inside was checked and holds; every reachable state was visited." in flat
    assert "Not checked, since --property names others: below, even_below, deadlock, evaluation." in flat
    assert (
        "): met as far as checked" in done.out
        and "met as far as checked" in (tmp_path / "told.md").read_text()
    )
    assert explorer("hopeful.py", "--property", "inside", "--expect").code == 1
    table = explorer("table", "family.py", "--property", "inside")
    assert table.code == 0 and "not checked: below, even_below, deadlock, evaluation [every row]" in table.out


def test_an_expectation_that_is_not_met_says_what_differs(explorer: Callable[..., Done]) -> None:
    """Each property whose verdict is not the declared one has a line with both."""
    assert (
        "\n  below: expected violated in 5 steps, found violated in 2 steps"
        in explorer("steps.py", "--expect").out
    )
    assert "\n  below: expected holds, found violated in 2 steps" in explorer("wrong.py", "--expect").out


def test_strict_counts_findings_in_tables_and_says_so(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """A table and a matrix under --strict fail with 21, list each finding once with its rows, and the last
    line says why.
    """
    variants = 'variants=[variant("A", HOLDS), variant("B", HOLDS, LAST=2)]'
    (tmp_path / "rows.py").write_text(SPECS["vacuous"].replace("expect=HOLDS", f"expect=HOLDS, {variants}"))
    assert explorer("table", "rows.py").code == 0
    for arguments in (["table", "rows.py"], ["rows.py", "-D", "LAST=1,2"]):
        done = explorer(*arguments, "--strict")
        assert done.code == 21
        assert done.out.count("finding: ") == done.out.count("[every row]") >= 1
        assert done.out.splitlines()[-1] == "--strict: findings fail"
    single = explorer("vacuous.py", "--strict").out.splitlines()
    assert single[-1].startswith("--strict: ") and "(exit 21)" in single[-1]


def test_undetermined_cells_have_their_reason_below_the_table(explorer: Callable[..., Done]) -> None:
    """A cell that says undetermined has a number, and its reason stands below."""
    done = explorer("good.py", "-D", "LAST=3,4", "--max-depth", "1")
    assert "undetermined: --max-depth 1 reached [every row]" in done.out and done.code == 20


@pytest.mark.parametrize(
    "arguments",
    [["good.py"], ["show", "good.py"], ["--help"], ["--version"], ["table", "family.py"]],
    ids=words,
)
def test_a_full_disk_behind_standard_output_is_one_sentence(
    tmp_path: Path, explorer: Callable[..., Done], arguments: list[str]
) -> None:
    """A result that cannot be written exits with 74 and no traceback."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "explorer", *arguments],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (done.returncode, without_waits(done.stderr)) == (
        74,
        "explorer: standard output cannot be written: No space left on device\n",
    )


def test_a_report_that_cannot_be_written_is_no_success(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """A run whose output is lost exits as an error, whatever it found."""
    (tmp_path / "taken").mkdir()
    done = explorer("good.py", "--junit", "taken")
    assert done.code == 74 and "taken was not written: Is a directory" in done.err


@pytest.mark.parametrize("name", ["json", "random", "queue", "networkx"])
def test_a_spec_may_be_named_like_any_module(
    explorer: Callable[..., Done], tmp_path: Path, name: str
) -> None:
    """A spec file takes the place of no module of the standard library and of no installed one, and keeps its
    name.
    """
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / f"{name}.py").write_text(
        f"import {name} as real\nassert real.__file__ != __file__\n" + SPECS["good"]
    )
    done = explorer(f"specs/{name}.py", "--write", "graphml")
    assert done.code == 0 and done.out.startswith(f"{name} holds")


def test_an_interrupted_matrix_shows_the_rows_that_are_finished(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """Ctrl-C in the second row: the first one's verdict is shown, exit 130."""
    text = (
        SPECS["large"]
        .replace("s.n[0] != 3", "s.n[0] <= 30")
        .replace("spec = Spec(", 'MANY = constant("MANY", True)\nspec = Spec(')
    )
    text = text.replace("    s.n[i].next", "    when(MANY)\n    s.n[i].next")
    (tmp_path / "rows.py").write_text(text.replace("@action", 'MANY = constant("MANY", True)\n\n@action'))
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPT_SECOND],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert [line.split()[0] for line in out.splitlines() if line.startswith("  ")][:3] == [
        "MANY",
        "False",
        "True",
    ]
    assert (
        "interrupted: the last of these 2 rows was not finished, 1 more were not begun" in err
        and "Traceback" not in err
    )


INTERRUPT_SECOND = """
import os, signal, sys
from explorer.run import run as exploration
from explorer.command.main import main
explore, seen = exploration.explore_and_tell, []
def second(*given, **named):
    seen.append(given)
    if len(seen) == 2:
        os.kill(os.getpid(), signal.SIGINT)
    return explore(*given, **named)
exploration.explore_and_tell = second
sys.exit(main(["rows.py", "-D", "MANY=false,true,false"]))
"""


def test_an_interrupt_during_liveness_exits_as_one(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """Ctrl-C after safety is done, while temporal properties are looked at: undetermined, exit 130."""
    returns = "@temporal\ndef returns(s: S):\n    return always_eventually(s.n == 0)\n"
    (tmp_path / "goes.py").write_text(SPECS["good"].replace("spec =", f"{returns}\nspec ="))
    run = (
        "import os, signal, sys\nfrom explorer.run import run as exploration\n"
        "from explorer.command.main import main\nlive = exploration.check_liveness\n"
        "def late(*rest):\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return live(*rest)\nexploration.check_liveness = late\nsys.exit(main(['goes.py']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", run], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 130 and "returns" in done.stdout and "interrupted" in done.stdout, done.stderr
    assert record_of(tmp_path / "out" / "goes")["exit_code"] == 130


def test_prints_of_a_spec_are_no_results(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """What a spec prints while it is loaded or grounded goes to standard error."""
    grounded = SPECS["good"].replace("    return s.n <=", "    print('grounded')\n    return s.n <=")
    (tmp_path / "loud.py").write_text("print('loaded')\n" + grounded)
    done = explorer("loud.py", "--json")
    assert json.loads(done.out)["verdict"] == "holds" and "loaded" in done.err and "grounded" in done.err


def test_specs_of_one_name_do_not_overwrite_each_other(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """Two files of one name get two directories of output."""
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "spin.py").write_text(SPECS["good" if folder == "x" else "bad"])
    assert explorer("x/spin.py", "y/spin.py").code == 12
    assert [record_of(tmp_path / "out" / folder / "spin")["verdict"] for folder in ("x", "y")] == [
        "holds",
        "violated",
    ]
    assert explorer("x/spin.py", "x/spin.py").code == 2


def test_options_stand_before_and_after_specs(explorer: Callable[..., Done]) -> None:
    """The order of options and files on the command line does not matter."""
    done = explorer("--expect", "good.py", "--engine", "python", "bad.py", "--json")
    assert done.code == 0 and [r["engine"] for r in json.loads(done.out)] == ["python", "python"]


def test_a_table_writes_formats_for_each_row(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """--write with a table or a matrix puts each row's files into a directory of its own."""
    explorer("table", "family.py", "--write", "itf")
    assert sorted(
        str(p.relative_to(tmp_path / "out/family")) for p in (tmp_path / "out/family").rglob("*.itf.json")
    ) == ["V0/below.itf.json", "V0/even_below.itf.json", "V2/below.itf.json"]
    explorer("bad.py", "-D", "LAST=1,2", "--emit-test")
    assert (tmp_path / "out/bad/LAST=2/below_test.py").exists()


@pytest.mark.parametrize(
    "change, message",
    [
        ('variant("V", HOLDS, "", LATS=2)', "E0507: constant 'LATS' of 'V' was never declared"),
        ('variant("V", violates("below", steps="4"))', "E0501: violates('below', steps='4')"),
        ('variant("V", violates("below", also="deadlock"))', "E0501: violates('below', also='deadlock')"),
    ],
)
def test_a_wrong_variant_is_known_without_the_table(
    explorer: Callable[..., Done], tmp_path: Path, change: str, message: str
) -> None:
    """A malformed row is reported by a plain check as well."""
    (tmp_path / "rows.py").write_text(
        SPECS["bad"].replace("spec = Spec(", f"spec = Spec(variants=[{change}], ")
    )
    done = explorer("rows.py")
    assert done.code == 150 and message in done.err and "Traceback" not in done.err


def test_a_deadlock_tells_why_the_terminal_condition_is_false(
    explorer: Callable[..., Done], tmp_path: Path
) -> None:
    """The story of a deadlock ends with the condition that does not accept the state."""
    (tmp_path / "ends.py").write_text(
        SPECS["stuck"].replace("spec =", "@terminal\ndef ends(s: S):\n    return s.n == 1\n\nspec =")
    )
    out = explorer("ends.py").out
    assert "@terminal is false in this state: n = 3" in out and "no @terminal" not in out


def test_the_timeout_holds_with_many_successors_of_each_state(tmp_path: Path) -> None:
    """Between two looks at the clock there are about as many successors, whatever the out-degree."""
    wide = (
        SPECS["large"]
        .replace("def up(s: S,", "def up(s: S, step: Annotated[int, Range(1, 90)],")
        .replace("+ 1) %", "+ step) %")
    )
    (tmp_path / "wide.py").write_text(wide)
    search = Search(Compiled(ground(load(tmp_path / "wide.py"))), Limits(max_states=100_000), ignore, 0.0)
    assert search.size() == LEAST
    search.step()
    search.step()
    assert LEAST <= search.size() <= WORK // 500 < CHUNK


INTERRUPTED = """\
import os, sys

class Finder:
    def find_spec(self, name, path, target=None):
        if name == os.environ["INTERRUPTED"]:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Finder())
"""
"""What Python runs before anything else: a Ctrl-C in the middle of an import."""


def interrupted(directory: Path, module: str, *command: str) -> tuple[int, str, str]:
    (directory / "sitecustomize.py").write_text(INTERRUPTED)
    (directory / "explorer").write_text(
        "import sys\nfrom explorer.command.main import main\nsys.exit(main())\n"
    )
    environment = {
        **ENVIRONMENT,
        "PYTHONPATH": f"{directory}{os.pathsep}{ENVIRONMENT['PYTHONPATH']}",
        "INTERRUPTED": module,
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=directory / "elsewhere",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, without_waits(done.stderr)


@pytest.mark.parametrize(
    "module", ["explorer.language.spec", "explorer.command.main", "explorer.command.check"]
)
@pytest.mark.parametrize(
    "command", [["-m", "explorer"], ["-mexplorer", "--help"], ["../explorer", "x.py"]], ids=words
)
def test_an_interrupt_while_modules_are_imported_leaves_no_traceback(
    tmp_path: Path, module: str, command: list[str]
) -> None:
    """Of the module and of the script that is installed, from the first import on."""
    (tmp_path / "elsewhere").mkdir()
    assert interrupted(tmp_path, module, *command) == (130, "", "explorer: interrupted\n")


@pytest.mark.parametrize(
    "command", [["-c", "from explorer import Map"], ["-m", "timeit", "from explorer import Map"]], ids=words
)
def test_an_interrupt_of_another_program_is_its_own(tmp_path: Path, command: list[str]) -> None:
    """Whoever imports the library gets the exception."""
    (tmp_path / "elsewhere").mkdir()
    code, _, error = interrupted(tmp_path, "explorer.language.annotations", *command)
    assert code != 130 and "KeyboardInterrupt" in error and "explorer: interrupted" not in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["good.py", "--max-states", "1e400"], "argument --max-states: '1e400' is not a positive integer"),
        (["good.py", "--max-depth", "1.5"], "argument --max-depth: '1.5' is not zero or a positive integer"),
        (
            ["good.py", "--max-memory", "infG"],
            "argument --max-memory: 'infG' is not a number of bytes, such as 500M or 4G",
        ),
        (
            ["good.py", "--storage", "compact", "--fingerprint", "40.5"],
            "argument --fingerprint: '40.5' is not a number of bits from 32 to 64",
        ),
        (
            ["good.py", "--storage", "compact", "--max-omission", "2"],
            "argument --max-omission: '2' is not a probability",
        ),
        (["simulate", "good.py", "--runs", "inf"], "argument --runs: 'inf' is not a positive integer"),
        (["good.py", "-D", "=3"], "-D =3: no name; write: -D NAME=VALUE"),
        ([""], "argument SPEC: the name is empty"),
        (["show", ""], "argument SPEC: the name is empty"),
        (["replay", ""], "argument FILE: the name is empty"),
        (["good.py", "bad.py", "good.py"], "good.py: is named twice"),
        (["good.py", "godo.py"], "godo.py: no such file; did you mean good.py?"),
        (["broken_link.py"], "broken_link.py: leads to no file"),
        (["table"], "no spec file; write: python -m explorer table spec/ipi_fixed.py"),
    ],
    ids=words,
)
def test_a_wrong_argument_is_told_at_once(
    explorer: Callable[..., Done], tmp_path: Path, arguments: list[str], said: str
) -> None:
    """In one line with exit 2, before anything is explored."""
    (tmp_path / "broken_link.py").symlink_to("nowhere")
    done = explorer(*arguments)
    assert (done.code, done.out, done.err) == (2, "", f"explorer: {said}\n")


def test_large_numbers_may_be_written_short(explorer: Callable[..., Done]) -> None:
    """`1e6` and a number beyond a machine word are limits that can be given."""
    assert (
        explorer("good.py", "--max-states", "1e6").code
        == explorer("good.py", "--max-states", "12345678901234567891").code
        == 0
    )


def test_too_few_noticed_mutants_are_said(explorer: Callable[..., Done], tmp_path: Path) -> None:
    """`mutate --at-least` that is not reached exits with 1 and says what was reached."""
    (tmp_path / "calm.py").write_text(SPECS["good"].replace("s.n <= LAST", "s.n <= 90"))
    done = explorer("mutate", "calm.py", "--at-least", "100", "--workers", "1")
    assert (
        done.code == 1 and done.err.startswith("--at-least 100: only ") and done.err.endswith("are noticed\n")
    )


def test_one_is_no_plural(explorer: Callable[..., Done]) -> None:
    """Texts say `1 state` and `2 states`."""
    told = (
        explorer("good.py", "-D", "LAST=0", "--format", "markdown").out
        + explorer("estimate", "good.py", "-D", "LAST=0").out
    )
    assert told.count("1 state, 1 transition, depth 0") == 2
