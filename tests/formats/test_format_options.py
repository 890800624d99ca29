"""How formats are asked for on the command line, where they are written, and what is refused."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import networkx
import pytest

from explorer.command import main as cli
from explorer.command.check_options import check_parser
from explorer.render.formats import NAMES, RUNS, TRACES, Settings
from explorer.render.picture.graph import state_graph
from explorer.render.picture.graph_dot import picture
from explorer.render.text.read_commit import read_stories
from explorer.render.text.summary import summary
from explorer.render.text.text import story
from explorer.verdict.report_context import context
from tests.support.house import ROOT
from tests.support.stories import EXPECTED, HOLDS_SPEC, checked, dekker, write


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    dekker(tmp_path, EXPECTED)
    write(tmp_path, "light", HOLDS_SPEC)
    write(tmp_path, "wrong", "from explorer import *\nspec = Spec(\n")
    return tmp_path


def parsed(name: str, text: str) -> None:
    """Read a format with a parser of its own."""
    if name in ("json", "itf", "sarif"):
        json.loads(text)
    elif name in ("junit", "graphml"):
        ElementTree.fromstring(text)
    elif name == "commit":
        assert read_stories(text)[0].lines
    else:
        start = {
            "html": "<!doctype html>",
            "markdown": "### dekker",
            "annotations": "::error",
            "mermaid": "sequenceDiagram\n",
            "plantuml": "@startuml\n",
            "dot": "digraph",
            "aut": "des (0, ",
            "jsonl": '{"state": 0, "depth": 0, "initial": true, ',
        }.get(name)
        assert text.startswith(start) if start else ast.parse(text).body


def test_the_recipe_for_ci_is_made_of_commands_that_exist() -> None:
    """docs/ci.md shows the file; its steps are read as .ci/run reads them, and options exist."""
    place = importlib.util.spec_from_file_location("recipe", ROOT / ".ci/recipe.py")
    assert place is not None and place.loader is not None
    recipe = importlib.util.module_from_spec(place)
    place.loader.exec_module(recipe)
    workflow = (ROOT / ".github/workflows/specs.yml").read_text()
    assert f"```yaml\n{workflow}```\n" in (ROOT / "docs/ci.md").read_text()
    found = recipe.steps(workflow)
    calls = [
        shlex.split(step["run"].replace("\\\n", "")) for step in found if "-m explorer" in step.get("run", "")
    ]
    assert len(found) == 8 and len(calls) == 1
    options = check_parser().parse_args(calls[0][3:])
    assert options.expect and options.strict
    assert [str(options.sarif)] == [step["sarif_file"] for step in found if "sarif_file" in step]


def test_a_malformed_spec_replaces_the_report_of_an_earlier_run(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No old verdict is left beside the new one."""
    cli.main(["light.py"])
    write(at_home, "light", "spec = 3\n")
    assert cli.main(["light.py"]) == 150
    assert "could not be checked" in (at_home / "out/light/report.html").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_format_prints_a_format_and_nothing_else(
    name: str, at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output is read by the format's own parser as it stands."""
    assert cli.main(["dekker.py", "--format", name]) == 12
    parsed(name, capsys.readouterr().out)


def test_write_all_writes_every_format(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files are those that docs/formats.md lists."""
    assert cli.main(["dekker.py", "--write", "all"]) == 12
    written = {path.name.replace("exclusion", "<property>") for path in (at_home / "out/dekker").iterdir()}
    listed = set(re.findall(r"^\| `[\w-]+` \| `([^`]+)` \|", (ROOT / "docs/formats.md").read_text(), re.M))
    assert written - {"<property>.svg", "<property>.txt"} == listed
    assert len(listed) == len(NAMES)
    assert (
        networkx.read_graphml(at_home / "out/dekker/graph.graphml").number_of_nodes()
        == checked(at_home / "dekker.py")[1].distinct
    )


def test_every_run_leaves_a_report(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A single run, a matrix and a spec that holds."""
    assert cli.main(["light.py"]) == 0
    assert "✓" in (at_home / "out/light/report.html").read_text()


def test_files_of_all_runs_together(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--junit, --sarif and --markdown collect several specs, one of them malformed; directories are made."""
    files = ["--junit", "ci/junit.xml", "--sarif", "ci/x.sarif", "--markdown", "ci/x.md"]
    assert cli.main(["--expect", *files, "dekker.py", "light.py", "wrong.py"]) == 150
    root = ElementTree.parse(at_home / "ci/junit.xml").getroot()
    assert root is not None
    assert [suite.get("name") for suite in root] == ["dekker", "light", "wrong"]
    assert [root.get(key) for key in ("failures", "errors")] == ["0", "1"]
    results = json.loads((at_home / "ci/x.sarif").read_text())["runs"][0]["results"]
    assert [r["ruleId"] for r in results if "/" not in r["ruleId"]] == ["spec"]
    assert (at_home / "ci/x.md").read_text().count("### ") == 3


def test_a_single_malformed_spec_is_in_the_files_too(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JUnit has an error for a spec that cannot be checked."""
    assert cli.main(["wrong.py", "--junit", "junit.xml"]) == 150
    assert len(ElementTree.fromstring((at_home / "junit.xml").read_text()).findall(".//error")) == 1
    assert "E0513" in capsys.readouterr().err


def test_mistakes_are_data_for_editors(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json has a record for each of several mistakes, in the order of the message, and for a single one."""
    lines = ["from explorer import *", "class Lamp(State):", "    on: Var[bool] = initially(False)"]
    lines += ["@action", "def up(lamp: Lamp):", "    if lamp.on:", "        lamp.on.next = True"]
    lines += ["@action", "def down(lamp: Lamp):", "    lamp.no.next = False", "spec = Spec()"]
    write(at_home, "several", "\n".join(lines))
    assert cli.main(["several.py", "--json"]) == 150
    shown = capsys.readouterr()
    record = json.loads(shown.out)
    assert shown.err.strip() == record["error"]
    assert [(m["code"], m["file"], m["line"]) for m in record["mistakes"]] == [
        ("E0202", "several.py", 6),
        ("E0303", "several.py", 10),
    ]
    assert record["mistakes"][1] == {
        "code": "E0303",
        "file": "several.py",
        "line": 10,
        "found": "Lamp has no variable 'no'",
        "expected": "did you mean 'on'?",
        "write": "on",
    }
    assert cli.main(["wrong.py", "--json"]) == 150
    (mistake,) = json.loads(capsys.readouterr().out)["mistakes"]
    assert (mistake["code"], mistake["file"], mistake["line"]) == ("E0513", "wrong.py", 2)


def test_annotations_go_to_standard_error_on_github(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On GitHub annotations do not mix with what is asked for on standard output."""
    cli.main(["dekker.py"])
    assert "::error" not in capsys.readouterr().err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    cli.main(["dekker.py", "--json"])
    shown = capsys.readouterr()
    assert shown.err.startswith("::error file=dekker.py,line=") and json.loads(shown.out)["spec"] == "dekker"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["dekker.py", "light.py", "--format", "itf"],
            (
                "--format itf: shows one run, and there are several; write: --write itf, or one of json,"
                " junit, sarif, markdown, annotations"
            ),
        ),
        (
            ["dekker.py", "--write", "html,jnit"],
            "argument --write: 'jnit' is no format; did you mean 'junit'?",
        ),
        (
            ["dekker.py", "--junit", "dekker.py/x.xml"],
            "--junit dekker.py: File exists; write: --junit FILE in a directory that can be written",
        ),
    ],
)
def test_wrong_formats_are_one_clear_message(
    arguments: list[str], message: str, at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be printed or written exits 2 with one message."""
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"explorer: {message}")


def test_a_graph_that_is_too_large_is_refused(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for alone it is a wrong command, among all formats a note."""
    monkeypatch.setattr("explorer.render.picture.graph.GRAPHML_LIMIT", 3)
    assert cli.main(["dekker.py", "--format", "aut"]) == 2
    assert "--format aut: the state graph has" in capsys.readouterr().err
    assert cli.main(["dekker.py", "--write", "aut"]) == 12
    assert "note: graph.aut: the state graph has" in capsys.readouterr().out


def test_a_story_format_without_a_story_says_so(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is violated a story format is refused in one sentence."""
    assert cli.main(["light.py", "--format", "mermaid"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "--format mermaid: there is no counterexample to show\n")


def test_open_without_a_browser_is_a_note(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--open` without a browser does not fail the run."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or False)
    assert cli.main(["light.py", "--open"]) == 0
    assert opened == [(at_home / "out/light/report.html").as_uri()]
    assert "note: --open: no browser was found" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["table", "dials.py"],
        ["dials.py", "-D", "TURNS=1,2"],
        ["dials.py", "--format", "json"],
        ["dials.py", "--json"],
    ],
    ids=" ".join,
)
def test_open_shows_the_report_of_any_run(
    arguments: list[str], at_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a table, of a matrix, and where standard output shows something else: once, and it is there."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    constants = "expect=HOLDS, variants=[variant('one', HOLDS), variant('two', HOLDS, TURNS=2)])"
    text = HOLDS_SPEC.replace("class Light", 'TURNS = constant("TURNS", 1)\n\nclass Light')
    write(at_home, "dials", text.replace("expect=HOLDS)", constants))
    assert cli.main([*arguments, "--open"]) == 0
    assert (
        opened == [(at_home / "out/dials/report.html").as_uri()]
        and (at_home / "out/dials/report.html").exists()
    )


ONE = """
from explorer import *

class S(State):
    on: Var[bool] = initially(False)

@action
def press(s: S):
    when(~s.on)
    s.on.next = True

@invariant
def dark(s: S):
    return ~s.on

spec = Spec()
"""


@pytest.mark.parametrize(
    "text", [ONE, ONE.replace("when(~s.on)", "when(s.on)")], ids=["one step", "one state"]
)
def test_one_is_no_plural(text: str, tmp_path: Path) -> None:
    """A story of one step and a space of one state are told so, in every format and in the picture of the
    space.
    """
    path = write(tmp_path, "one", text)
    model, space, verdict = checked(path)
    record = {**verdict.record(), **context(model, verdict.traces)}
    told = [made([record], Settings("1")) for _, made in RUNS.values()]
    told += [made(record, trace) for trace in record["traces"].values() for _, made in TRACES.values()]
    told += [story(trace) for trace in verdict.traces.values()]
    told += [summary(record), picture(state_graph(space, list(verdict.traces.values()))).source]
    for shown in told:
        assert not re.search(
            r"\b1 (\w+ )?(steps|states|transitions|actions|findings|workers|conditions|rows|mutants)\b", shown
        )
    assert all(re.search(r"\b1 (state|step|transition)\b", shown) for shown in told[-2:])


def test_standard_output_may_close_early(at_home: Path) -> None:
    """A reader that takes the first line and goes changes nothing."""
    done = subprocess.run(
        f"{sys.executable} -m explorer dekker.py --format itf | head -n 1",
        shell=True,
        cwd=at_home,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("{\n", "")
