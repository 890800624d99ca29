"""Which files a run leaves behind and what the screen shows: ties the verdict record to the formats in `render/`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from explorer.check.verdict import Verdict
from explorer.engine.space import StateSpace
from explorer.language.spec import Variant
from explorer.render.json_record import to_json
from explorer.render.summary import summary
from explorer.render.table import matrix, variants
from explorer.render.text import story


def write_record(record: dict[str, Any], directory: Path) -> list[str]:
    """verdict.json; a note where it cannot be written."""
    return _write(directory / "verdict.json", to_json(record))


def write_all(space: StateSpace, verdict: Verdict, record: dict[str, Any], directory: Path, *, graph: bool, png: bool = False) -> list[str]:
    """Every file of a run; a sentence for each that could not be made."""
    from explorer.render import dot
    from explorer.render.drawing import TooLarge

    notes = write_record(record, directory)
    for name, trace in verdict.traces.items():
        notes += _write(directory / f"{name}.txt", story(trace, full=True))
    told = main_trace(verdict)
    if told is not None:
        try:
            notes += dot.draw(dot.lanes(told), directory / told.property, ("svg", "png") if png else ("svg",))
        except TooLarge as error:
            notes.append(str(error))
    if graph:
        from explorer.render.graph import write_graph

        try:
            notes += write_graph(space, directory, list(verdict.traces.values())).notes
        except TooLarge as error:
            notes.append(f"--graph: {error}")
    return notes


def main_trace(verdict: Verdict) -> Any:
    """The counterexample to tell on the screen: the gravest property's, the one the expectation names first."""
    if not verdict.traces:
        return None
    expected = (verdict.expected or "").split(" ")[0]
    if expected in verdict.traces:
        return verdict.traces[expected]
    order = ["evaluation", "invariant", "step", "deadlock", "temporal"]
    return min(verdict.traces.values(), key=lambda t: (order.index(t.kind), t.length))


def screen(verdict: Verdict, record: dict[str, Any], directory: Path, notes: list[str], *, colour: bool, full: bool, expect: bool) -> str:
    """What a person reads after a run."""
    told = main_trace(verdict)
    width = shutil.get_terminal_size((120, 24)).columns if colour else None
    parts = [story(told, colour=colour, full=full, width=width)] if told is not None else []
    parts.append(summary(record, colour, files=[f"{directory}/"]))
    if expect:
        met = {True: "met", False: "NOT MET", None: "NOT DECLARED: write Spec(..., expect=HOLDS)"}[verdict.expectation_met]
        parts.append(f"expectation ({verdict.expected or 'none'}): {met}")
    parts += [f"note: {note}" for note in notes]
    return "\n".join(parts)


def write_matrix(rows: list[tuple[dict[str, Any], dict[str, Any]]], directory: Path, colour: bool) -> tuple[str, list[str]]:
    """The table of a matrix run as text, and notes; all records go to matrix.json."""
    notes = _write(directory / "matrix.json", to_json({"rows": [record for _, record in rows]}))
    return matrix(rows, colour), notes


def write_table(rows: list[tuple[Variant, dict[str, Any]]], directory: Path, colour: bool) -> tuple[str, list[str]]:
    """A family's table as text, and notes; its rows go to variants.json and variants.md."""
    records = [{"name": row.name, "text": row.text, **record} for row, record in rows]
    notes = _write(directory / "variants.json", to_json({"rows": records})) + _write(directory / "variants.md", variants(records, markdown=True))
    return variants(records, colour), notes


def _write(path: Path, text: str) -> list[str]:
    try:
        path.write_text(text, encoding="utf-8")
        return []
    except OSError as error:
        return [f"{path} was not written: {error.strerror or error}"]
