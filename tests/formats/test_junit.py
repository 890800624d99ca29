"""JUnit: what fails, what is an error, and that nothing is skipped."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from explorer.render.machine.junit import junit
from explorer.render.text.findings import reports
from tests.support.stories import (
    EXPECTED,
    MALFORMED,
    NASTY,
    Record,
    dekker,
    record_of,
)


def tags(text: str, path: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(text).findall(path)


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
