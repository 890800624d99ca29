"""Every format by its name: what it is made from, how its file is called, and which function makes it. Knows
nothing of files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from explorer.ir.data import dataclass
from explorer.trace.trace import Trace
from explorer.verdict.record import CheckedRecord, Record

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True, slots=True)
class Settings:
    """What a format needs beside the records: the explorer's version; for a page with steps to take what it
    walks with, and how the address of a line of source is made.
    """

    version: str
    walk: Mapping[str, Any] | None = None
    source_url: str = ""


def _json(records: Sequence[Record], settings: Settings) -> str:
    from explorer.render.machine.json_record import to_json

    return (
        to_json(records[0])
        if len(records) == 1
        else "[\n" + ",\n".join(to_json(record).rstrip("\n") for record in records) + "\n]\n"
    )


def _junit(records: Sequence[Record], settings: Settings) -> str:
    from explorer.render.machine.junit import junit

    return junit(records)


def _sarif(records: Sequence[Record], settings: Settings) -> str:
    from explorer.render.machine.sarif import sarif

    return sarif(records, settings.version)


def _markdown(records: Sequence[Record], settings: Settings) -> str:
    from explorer.render.text.markdown import markdown

    return markdown(records)


def _annotations(records: Sequence[Record], settings: Settings) -> str:
    from explorer.render.text.annotations import commands

    return commands(records)


def _html(records: Sequence[Record], settings: Settings) -> str:
    from explorer.render.html.report import report

    return report(records[0], settings.walk, settings.source_url)


def _itf(record: CheckedRecord, trace: Trace) -> str:
    from explorer.render.machine.itf import itf

    return itf(record, trace)


def _mermaid(record: CheckedRecord, trace: Trace) -> str:
    from explorer.render.picture.mermaid import mermaid

    return mermaid(trace)


def _plantuml(record: CheckedRecord, trace: Trace) -> str:
    from explorer.render.picture.plantuml import plantuml

    return plantuml(trace)


def _dot(record: CheckedRecord, trace: Trace) -> str:
    from explorer.render.picture.dot import lanes

    return str(lanes(trace).source)


def _test(record: CheckedRecord, trace: Trace) -> str:
    from explorer.render.machine.pytest_file import pytest_file

    return pytest_file(record, trace)


def _commit(record: CheckedRecord, trace: Trace) -> str:
    from explorer.render.text.commit import commit

    return commit(trace)


def _aut(graph: networkx.MultiDiGraph) -> str:
    from explorer.render.machine.aut import aut

    return aut(graph)


def _jsonl(graph: networkx.MultiDiGraph) -> str:
    from explorer.render.machine.json_lines import json_lines

    return json_lines(graph)


def _graphml(graph: networkx.MultiDiGraph) -> str:
    import networkx

    return "\n".join(networkx.generate_graphml(graph, named_key_ids=True)) + "\n"


RUNS: dict[str, tuple[str, Callable[[Sequence[Record], Settings], str]]] = {
    "json": ("verdict.json", _json),
    "html": ("report.html", _html),
    "junit": ("junit.xml", _junit),
    "sarif": ("verdict.sarif", _sarif),
    "markdown": ("summary.md", _markdown),
    "annotations": ("annotations.txt", _annotations),
}
"""Made from verdict records; all but `html` from several at once."""

TRACES: dict[str, tuple[str, Callable[[CheckedRecord, Trace], str]]] = {
    "itf": (".itf.json", _itf),
    "mermaid": (".mmd", _mermaid),
    "plantuml": (".puml", _plantuml),
    "dot": (".dot", _dot),
    "test": ("_test.py", _test),
    "commit": (".commit.txt", _commit),
}
"""Made from one counterexample: the end of the file's name, after the property's."""

GRAPHS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "graphml": ("graph.graphml", _graphml),
    "aut": ("graph.aut", _aut),
    "jsonl": ("graph.jsonl", _jsonl),
}
"""Made from the whole state graph of a small space."""

NAMES = (*RUNS, *TRACES, *GRAPHS)
SEVERAL = tuple(name for name in RUNS if name != "html")
"""Formats that take any number of runs."""
