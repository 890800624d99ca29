"""What a run has to say to a machine, in one form for JUnit, SARIF and annotations. A pure function of the
record.

A failure or an error is reported exactly where the record's exit code is not 0. Under --expect, with an
expectation that is met, what was expected is none; else everything counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from explorer.ir.data import dataclass
from explorer.render.text.terminal import clean, counted
from explorer.render.text.text import reasons, verdict_line
from explorer.trace.trace import Trace
from explorer.verdict.record import CheckedRecord, MalformedRecord, PropertyRecord, Record

MARKS = {"holds": "✓", "violated": "✗", "undetermined": "?"}
"""A sign for each verdict, so that none is told by its colour alone."""

FAILURE, ERROR, WARNING = "failure", "error", "warning"
"""A violation; what could not be decided or understood; a vacuity finding that does not fail the run."""


@dataclass(frozen=True, slots=True)
class Report:
    """One thing to be said about a subject (a property, `vacuity/<kind>`, `expectation` or `spec`); `place`
    is file:line or "".
    """

    severity: str
    subject: str
    text: str
    place: str
    trace: Trace | None = None


def reports(record: Record) -> list[Report]:
    """Everything that a record has to report, gravest kinds in the order of the properties."""
    if "error" in record:
        return [_malformed(record)]
    return [*_properties(record), *_expectation(record), *_vacuity(record)]


def _malformed(record: MalformedRecord) -> Report:
    text = str(record["error"])
    place, _, said = text.splitlines()[0].partition(": ")
    result = place if said and place.rpartition(":")[2].isdigit() else ""
    return Report(ERROR, "spec", "\n".join(map(clean, text.splitlines())), result or f"{record['file']}:1")


def _properties(record: CheckedRecord) -> Iterator[Report]:
    for p in record["properties"]:
        if p["verdict"] == "holds" or as_declared(record, p):
            continue
        if p["verdict"] == "violated":
            trace = record["traces"][p["name"]]
            why = reasons(trace.why)
            yield Report(
                FAILURE, p["name"], verdict_line(trace) + (f": {why}" if why else ""), p["place"], trace
            )
        else:
            yield Report(
                ERROR,
                p["name"],
                f"{p['name']} is undetermined: {clean(p['reason'] or 'not checked')}",
                p["place"],
            )


def as_declared(record: CheckedRecord, prop: PropertyRecord) -> bool:
    """Whether a violation is one that the spec declares, or what is undetermined is so within the declared
    bounds, and it counts that every declaration is met.
    """
    if not record["expect"] or record["expectation_met"] is not True:
        return False
    violated = record["expects"]["violated"] if record["expects"] is not None else ()
    return prop["verdict"] == "undetermined" or prop["name"] in violated


def _expectation(record: CheckedRecord) -> Iterator[Report]:
    """Under --expect: a declaration that is not met, or missing."""
    if not record["expect"] or record["expectation_met"]:
        return
    actual = (
        ", ".join(
            f"{p['name']} {p['verdict']}"
            + ("" if p["trace_length"] is None else f" in {counted(p['trace_length'], 'step')}")
            for p in record["properties"]
            if p["verdict"] != "holds"
        )
        or "everything holds"
    )
    declared = (
        f"declared: {record['expected']}"
        if record["expected"]
        else "no expectation is declared; write Spec(..., expect=HOLDS)"
    )
    yield Report(FAILURE, "expectation", clean(f"{declared}; found: {actual}"), f"{record['file']}:1")


def _vacuity(record: CheckedRecord) -> Iterator[Report]:
    for f in record["findings"]:
        if f["severe"]:
            yield Report(
                FAILURE if record["strict"] else WARNING,
                f"vacuity/{f['kind']}",
                clean(f["text"]),
                f["place"],
            )


def where(place: str) -> tuple[str, int]:
    """File and line of a place; line 1 where none is named."""
    file, _, line = place.rpartition(":")
    return (file, int(line)) if file and line.isdigit() and int(line) else (file or place, 1)
