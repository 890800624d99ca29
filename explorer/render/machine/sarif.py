"""SARIF 2.1.0 for code scanning: a result for each violation, what is undetermined and vacuity. A pure
function of the records.

Every counterexample is a code flow: one thread flow in the order of the story, each step at the line of its
action. Results have kind `fail`, as the standard asks of those with a level (3.27.9, 3.27.10); undetermined
is a warning, because readers that ignore kinds must see it. What holds has no result. Limits of readers
(GitHub: 25,000 results, 10,000 locations) are kept by cutting a flow in its middle, which its message says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from explorer.render.text.findings import ERROR, FAILURE, Report, reports, where
from explorer.render.text.terminal import clean, counted
from explorer.render.text.text import words
from explorer.trace.trace import Step, Trace
from explorer.verdict.record import Record

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
STEPS = 1_000
"""Steps of the longest flow; the first and the last halves of a longer one."""

TEXTS = {
    "spec": "The spec can be understood.",
    "expectation": "The spec's declared expectation is met.",
    "vacuity": "Every part of the spec is exercised.",
}


def sarif(records: Sequence[Record], version: str) -> str:
    """One run with the results of all records. `version` is the explorer's."""
    reported = [(record, report) for record in records for report in reports(record)]
    texts = {
        clean(p["name"]): p["text"]
        for record in records
        if "error" not in record
        for p in record["properties"]
    }
    rules = list(dict.fromkeys([*texts, *(clean(report.subject) for _, report in reported)]))
    driver = {
        "name": "interrupt-explorer",
        "semanticVersion": version,
        "rules": [_rule(rule, texts.get(rule, "")) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": "interrupt-explorer/"},
        "invocations": [{"executionSuccessful": not any("error" in record for record in records)}],
        "results": [_result(record, report, rules) for record, report in reported],
    }
    return (
        json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)
        + "\n"
    )


def _rule(name: str, text: str) -> dict[str, Any]:
    said = clean(text) or TEXTS.get(name.partition("/")[0], name)
    return {"id": name, "shortDescription": {"text": said}, "defaultConfiguration": {"level": "error"}}


def _result(record: Record, report: Report, rules: list[str]) -> dict[str, Any]:
    level = "error" if report.severity == FAILURE or report.subject == "spec" else "warning"
    bound = json.dumps({} if "error" in record else record["bound"], sort_keys=True, default=str)
    identity = hashlib.sha256(
        "\n".join(
            [record["spec"], report.subject, bound, report.place if "/" in report.subject else ""]
        ).encode(errors="backslashreplace")
    )
    rule = clean(report.subject)
    result = {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "kind": "fail",
        "level": level,
        "message": {"text": f"{clean(str(record['spec']))}: {report.text}"},
        "locations": [_location(report.place)],
        "partialFingerprints": {"explorer/v1": identity.hexdigest()[:32]},
        "properties": {
            "verdict": "undetermined"
            if report.severity == ERROR
            else "violated"
            if report.trace
            else "finding"
        },
    }
    if report.trace is not None and any(step.action for step in report.trace.steps):
        result["codeFlows"] = [_flow(report.trace)]
    return result


def _location(place: str, text: str = "") -> dict[str, Any]:
    file, line = where(place)
    artifact = (
        {"uri": "file://" + quote(file, errors="surrogateescape")}
        if file.startswith("/")
        else {"uri": quote(file, errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}
    )
    result: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line}}
    }
    return {**result, "message": {"text": text}} if text else result


def _flow(trace: Trace) -> dict[str, Any]:
    steps = [step for step in trace.steps if step.action]
    kept = steps if len(steps) <= STEPS else steps[: STEPS // 2] + steps[-STEPS // 2 :]
    cut = (
        f"; without {counted(len(steps) - len(kept), 'step')} in the middle" if len(kept) < len(steps) else ""
    )
    loop = f"; then for ever from the state after step {trace.loop}" if trace.loop is not None else ""
    return {
        "message": {"text": f"{counted(len(steps), 'step')}{cut}{loop}"},
        "threadFlows": [{"locations": [_step(step, trace) for step in kept]}],
    }


def _step(step: Step, trace: Trace) -> dict[str, Any]:
    who = f"{clean(step.actor)}: " if step.actor else ""
    last = step is trace.steps[-1]
    return {
        "location": _location(step.place, f"{step.index} {who}{words(step)}"),
        "executionOrder": step.index,
        "importance": "essential" if last or step.sends or step.opens or step.closes else "important",
        "state": {clean(name): {"text": clean(new) or '""'} for name, (_, new) in step.changed.items()},
    }
