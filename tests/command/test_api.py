"""The explorer from Python and from pytest: the same verdicts as the command line, states that can be asked,
stories in failures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import networkx
import pytest

import explorer
from explorer import SpecError
from explorer.api import check, explore, simulate
from explorer.run.options import UsageError
from tests.support.command_line import SPECS
from tests.support.house import ROOT

FIXED, BUGGY = ROOT / "spec" / "ipi_fixed.py", ROOT / "spec" / "ipi_buggy.py"
COUNTER = """
from typing import Annotated
from explorer import *

LAST = constant("LAST", 3)

class Counter(State):
    n: Var[Annotated[int, Range(0, 9)]] = initially(0)

@action
def up(counter: Counter):
    when(counter.n < LAST)
    counter.n.next = counter.n + 1

@invariant
def small(counter: Counter):
    return counter.n < 3

@terminal
def full(counter: Counter):
    return counter.n == LAST

spec = Spec(expect={expect})
"""


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    path = tmp_path / "counter.py"
    path.write_text(COUNTER.format(expect='violates("small", steps=3)'))
    return path


def test_a_check_gives_the_record_and_the_counterexample(counter: Path) -> None:
    """The verdict is the mapping that verdict.json has; it knows whether the expectation is met."""
    found = check(counter)
    assert found["verdict"] == "violated" and not found.holds and found.as_expected
    assert (
        found.trace is not None
        and found.trace.steps == ["up()"] * 3
        and [view["n"] for view in found.trace.replay()] == [0, 1, 2, 3]
    )
    assert (
        "small is violated" in repr(found)
        and "<svg" in found.trace._repr_svg_()
        and "<pre>" in found._repr_html_()
    )
    assert check(counter, LAST=2).holds and check(counter, LAST="2")["constants"] == {"LAST": 2}


def test_constants_and_options_are_told_apart_and_checked(counter: Path) -> None:
    """What is neither a constant nor an option is an error with a suggestion, and so is an impossible
    value.
    """
    assert check(counter, max_states=2)["verdict"] == "undetermined"
    assert check(counter, property="deadlock").holds
    with pytest.raises(SpecError, match="did you mean 'LAST'"):
        check(counter, LUST=2)
    with pytest.raises(UsageError, match="invalid choice: 'rust'"):
        check(counter, engine="rust")
    with pytest.raises(UsageError, match="no such property"):
        check(counter, property="smal")


def test_a_space_can_be_asked(counter: Path) -> None:
    """States are mappings; successors, shortest ways and the graph are at hand."""
    space = explore(counter)
    assert [view["n"] for view in space] == [0, 1, 2, 3] and len(space) == 4
    (first,) = space.initial()
    assert [(name, after["n"]) for name, after in space.successors(first)] == [("up", 1)]
    way = space.path_to(lambda view: view["n"] == 2)
    assert way is not None and len(way) == 2 and space.path_to(lambda view: view["n"] == 7) is None
    graph = space.graph()
    assert isinstance(graph, networkx.MultiDiGraph) and len(graph) == 4 and "<svg" in str(space._repr_svg_())
    with pytest.raises(KeyError, match="no such variable"):
        first["m"]


def test_the_public_names_are_those_of_the_package() -> None:
    """`from explorer import check, explore, load, simulate` works."""
    assert explorer.check(FIXED, property="no_lost_ipi").holds
    assert explorer.load(FIXED).expect is not None
    assert explorer.simulate(FIXED, runs=10, steps=10)["verdict"] == "undetermined"
    assert len(explorer.explore(FIXED, locks=False)) == 2706


def test_a_simulation_from_python() -> None:
    """Random walks give the same kind of verdict."""
    found = simulate(BUGGY, runs=300, steps=50, seed=1, engine="python")
    assert found["verdict"] in ("violated", "undetermined") and found["stopped"]


def pytest_run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "explorer.pytest_plugin",
        *arguments,
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "",
    }
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True)


def test_spec_files_are_tests(counter: Path) -> None:
    """One test for each property; those that are declared violated pass when they are."""
    done = pytest_run(counter.parent, "-vv", ".")
    assert done.returncode == 0, done.stdout
    for name in ("small", "deadlock", "evaluation"):
        assert f"counter.py::{name} PASSED" in done.stdout
    assert "1 passed, 2 deselected" in pytest_run(counter.parent, ".", "-k", "small").stdout


def test_a_variant_in_a_file_of_its_own_is_a_test(counter: Path) -> None:
    """`spec = other.variant(...)` makes a spec file, as `spec = Spec(...)` does."""
    counter.with_name("larger.py").write_text(
        "from counter import spec as counter\nfrom explorer import violates\n\n"
        'spec = counter.variant(violates("small"), LAST=4)\n'
    )
    done = pytest_run(counter.parent, "-vv", "larger.py", "-k", "small")
    assert "larger.py::small PASSED" in done.stdout and done.returncode == 0, done.stdout


def test_a_failing_property_shows_its_story(counter: Path) -> None:
    """No Python traceback: the story, and what was expected."""
    counter.write_text(COUNTER.format(expect="HOLDS"))
    done = pytest_run(counter.parent, ".")
    assert done.returncode == 1 and "Traceback" not in done.stdout and "runtest" not in done.stdout
    assert "small violated after 3 steps; expected: holds" in done.stdout and "n: 2 → 3" in done.stdout


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """A module that only mentions a spec is not collected, and a malformed spec is one clear error."""
    (tmp_path / "notes.py").write_text('TEXT = """\nspec = Spec()\n"""\n')
    assert "no tests ran" in pytest_run(tmp_path, ".").stdout
    (tmp_path / "wrong.py").write_text("from explorer import *\nspec = Spec()\n")
    done = pytest_run(tmp_path, ".")
    assert "E0510: spec wrong has no State component" in done.stdout and "Traceback" not in done.stdout


def test_a_spec_that_does_not_parse_is_one_clear_error(tmp_path: Path) -> None:
    """A missing parenthesis must not make the tests of a spec vanish."""
    (tmp_path / "broken.py").write_text("from explorer import *\nclass S(State:\n    pass\n\nspec = Spec()\n")
    done = pytest_run(tmp_path, ".")
    assert done.returncode == 2 and "broken.py:2: E0513: SyntaxError while importing the file" in done.stdout
    assert "Traceback" not in done.stdout


def test_test_modules_are_left_to_pytest(counter: Path) -> None:
    """A file that python_files names has its test functions, and no properties as well."""
    counter.rename(counter.with_name("test_counter.py"))
    with counter.with_name("test_counter.py").open("a") as file:
        file.write("\ndef test_it():\n    assert spec\n")
    done = pytest_run(counter.parent, "-vv", ".")
    assert (
        done.returncode == 0
        and "test_counter.py::test_it PASSED" in done.stdout
        and "1 passed" in done.stdout
    )


@pytest.mark.parametrize("expect", ["HOLDS", "None"])
def test_the_summary_of_a_failure_says_what_failed(counter: Path, expect: str) -> None:
    """pytest's own summary has the verdict, not the first line of the story; without a declaration everything
    must hold.
    """
    counter.write_text(COUNTER.format(expect=expect))
    assert (
        "FAILED counter.py::small - small violated after 3 steps; expected: holds"
        in pytest_run(counter.parent, ".").stdout
    )


def test_a_verdict_is_true_if_it_holds(counter: Path) -> None:
    """`assert check(SPEC)` fails for a spec that is violated or undetermined."""
    assert check(counter, LAST=2) and not check(counter) and not check(counter, LAST=2, max_states=1)


@pytest.mark.parametrize(
    "setting",
    [
        {"out": "x"},
        {"json": True},
        {"open": True},
        {"format": "itf"},
        {"write": ("itf",)},
        {"specs": ["x"]},
        {"define": ["LAST=2"]},
        {"table": True},
        {"simulate": True},
        {"junit": "x"},
        {"full": True},
    ],
)
def test_options_of_the_command_line_only_are_refused(counter: Path, setting: dict[str, object]) -> None:
    """What only changes what is printed or written means nothing here, and is not ignored."""
    with pytest.raises(
        UsageError, match="this option is for the command line only; here there are actors, checkpoint, "
    ):
        check(counter, **setting)


@pytest.mark.parametrize(
    "setting, message",
    [
        ({"workers": 0}, "0' is not a positive integer"),
        ({"workers": True}, "write a value"),
        ({"strict": 1}, "write True or False"),
        ({"max_states": 0}, "0' is not a positive integer"),
        ({"timeout": -1}, "not a number of seconds"),
        ({"no_symmetry": "yes"}, "write True or False"),
    ],
)
def test_zero_is_not_false(counter: Path, setting: dict[str, object], message: str) -> None:
    """Every value is checked as on the command line; None and False alone mean that an option is not
    given.
    """
    with pytest.raises(UsageError, match=message):
        check(counter, **setting)
    assert check(counter, LAST=2, workers=None, strict=False).holds


def test_a_simulation_needs_walks(counter: Path) -> None:
    """No walk is no simulation."""
    with pytest.raises(UsageError, match="0' is not a positive integer"):
        simulate(counter, runs=0)


def test_help_shows_the_function() -> None:
    """`help(explorer.check)` says what the function does."""
    assert "Check a spec as" in (explorer.check.__doc__ or "")


def test_a_frame_has_a_row_for_each_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its depth, and a column for each variable; without pandas an error says what to install."""
    (tmp_path / "steps.py").write_text(SPECS["good"])
    space = explore(tmp_path / "steps.py")
    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=lambda rows: rows))
    rows = space.frame()
    assert len(rows) == len(space) and rows[0] == {"depth": 0, "n": 0, "quiet": False}
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        space.frame()
