"""A summary in Markdown, for a CI job's page or a comment: claim, properties, the story as a drawing. A pure
function of the records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from explorer.render.picture.mermaid import mermaid
from explorer.render.text.findings import MARKS, reports
from explorer.render.text.summary import claim, met, standing
from explorer.render.text.terminal import clean, counted
from explorer.render.text.text import story
from explorer.verdict.record import CheckedRecord, Record, first_to_tell

DRAWN = 60
"""Steps of the longest story that is drawn (Mermaid takes 50,000 characters and 500 arrows); a longer one is
told as text.
"""


def markdown(records: Sequence[Record]) -> str:
    """A section for each record."""
    return "\n".join(line for record in records for line in _section(record))


def _section(record: Record) -> Iterator[str]:
    yield f"### {text(str(record['spec']))}: {record['verdict']}\n"
    if "error" in record:
        yield from _fenced(str(record["error"]))
        return
    yield text(claim(record)) + "\n"
    if record["expected"]:
        yield f"Declared: {text(record['expected'])} ({met(record, '**not met**')}).\n"
    yield "| property | kind | verdict | steps |\n|---|---|---|---:|"
    for p in record["properties"]:
        length = "" if p["trace_length"] is None else p["trace_length"]
        reason = f": {text(p['reason'])}" if p["reason"] else ""
        yield f"| {text(p['name'])} | {p['kind']} | {MARKS[p['verdict']]} {p['verdict']}{reason} | {length} |"
    states = record["states"]
    yield (
        f"\n{counted(states['distinct'], 'state')}{standing(states)},"
        f" {counted(states['transitions'], 'transition')}, depth {states['depth']},"
        f" {record['seconds']:.2f} s, {record['engine']} engine\n"
    )
    if record["traces"]:
        yield from _story(record)
    for report in reports(record):
        if report.subject.startswith("vacuity/"):
            yield f"- finding: {text(report.text)}" + (f" (`{clean(report.place)}`)" if report.place else "")


def _story(record: CheckedRecord) -> Iterator[str]:
    trace = first_to_tell(record["traces"], record["expected"])
    assert trace is not None
    if len(trace.steps) <= DRAWN:
        yield from _fenced(mermaid(trace), "mermaid")
    yield "<details><summary>The story as text</summary>\n"
    yield from _fenced(story(trace))
    yield "</details>\n"


def _fenced(said: str, language: str = "") -> Iterator[str]:
    """A code block whose fence is longer than any in it."""
    fence = "`" * (1 + max([2, *map(len, re.findall("`+", said))]))
    lines = "\n".join(clean(line) for line in said.rstrip("\n").split("\n"))
    yield f"{fence}{language}\n{lines}\n{fence}\n"


def text(said: str) -> str:
    """One line without markup: a spec's text is shown as it is."""
    shown = clean(said).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|~#@])", r"\\\1", shown)
