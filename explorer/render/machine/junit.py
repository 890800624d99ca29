"""JUnit XML: a suite for each checked spec, a case for each property and one for vacuity. A pure function of
the records.

Violated is a failure with the story as its text; undetermined is an error, never a skip: a skipped test is
green in most dashboards. Times stand at the suites alone, since all properties are checked in one search.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from explorer.render.text.findings import ERROR, FAILURE, Report, reports
from explorer.render.text.summary import claim
from explorer.render.text.terminal import clean
from explorer.render.text.text import story
from explorer.verdict.record import CheckedRecord, Record


def junit(records: Sequence[Record]) -> str:
    """The document, with an XML declaration and a newline at the end."""
    root = ElementTree.Element("testsuites", name="interrupt-explorer")
    for record in records:
        root.append(_suite(record, reports(record)))
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(record: Record, reports: Sequence[Report]) -> ElementTree.Element:
    seconds = 0 if "error" in record else record["seconds"]
    suite = ElementTree.Element("testsuite", name=_name(record), time=f"{seconds:.3f}")
    by_subject: dict[str, list[Report]] = {}
    for report in reports:
        by_subject.setdefault(report.subject.partition("/")[0], []).append(report)
    if "error" not in record:
        _properties(suite, record)
        subjects = [p["name"] for p in record["properties"]] + ["vacuity"]
    else:
        subjects = []
    for subject in dict.fromkeys([*subjects, *by_subject]):
        _case(suite, clean(str(record["spec"])), subject, by_subject.get(subject, ()))
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", "0")
    return suite


def _name(record: Record) -> str:
    bound = "" if "error" in record else ", ".join(f"{k}={v}" for k, v in record["bound"].items())
    return clean(f"{record['spec']} ({bound})" if bound else str(record["spec"]))


def _properties(suite: ElementTree.Element, record: CheckedRecord) -> None:
    states = record["states"]
    facts = {
        "states": states["distinct"],
        "represented": states["represented"],
        "transitions": states["transitions"],
        "depth": states["depth"],
        "digest": record["digest"],
        "engine": record["engine"],
        "verdict": record["verdict"],
        "claim": claim(record),
    }
    holder = ElementTree.SubElement(suite, "properties")
    for name, value in facts.items():
        ElementTree.SubElement(holder, "property", name=name, value=clean(str(value)))


def _case(suite: ElementTree.Element, spec: str, subject: str, reports: Sequence[Report]) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=spec, name=clean(subject))
    grave = [report for report in reports if report.severity in (FAILURE, ERROR)]
    if grave:
        kind = FAILURE if any(report.severity == FAILURE for report in grave) else ERROR
        said = ElementTree.SubElement(case, kind, message=clean(grave[0].text), type=grave[0].subject)
        said.text = "\n".join(_lines(report) for report in grave)
    elif reports:
        ElementTree.SubElement(case, "system-out").text = "\n".join(_lines(report) for report in reports)


def _lines(report: Report) -> str:
    text = f"{report.text}\n{report.place}"
    return "\n".join(map(clean, (story(report.trace) if report.trace else text).splitlines()))
