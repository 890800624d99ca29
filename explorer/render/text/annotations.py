"""GitHub's workflow commands: an annotation at the line of each property that fails. A pure function of the
records.
"""

from __future__ import annotations

from collections.abc import Sequence

from explorer.render.text.findings import WARNING, reports, where
from explorer.render.text.terminal import clean
from explorer.verdict.record import Record


def commands(records: Sequence[Record]) -> str:
    """A line for each thing to report; "" where there is none."""
    lines = []
    for record in records:
        for report in reports(record):
            command = "warning" if report.severity == WARNING else "error"
            file, line = where(report.place)
            title = f"{clean(str(record['spec']))}: {clean(report.subject)}"
            lines.append(
                f"::{command} file={_value(file)},line={line},title={_value(title)}::{_text(report.text)}\n"
            )
    return "".join(lines)


def _text(text: str) -> str:
    """A message: percent signs and line ends are written as percent codes."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    """A property's value, where colons and commas separate."""
    return _text(text).replace(":", "%3A").replace(",", "%2C")
