"""Which files a run leaves behind and what the screen shows: ties the verdict record to the formats in
`render/`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explorer.engine.space import StateSpace
from explorer.language.variants import Variant
from explorer.render.formats import GRAPHS, RUNS, SEVERAL, TRACES, Settings
from explorer.render.machine.json_record import to_json
from explorer.render.text.mutation_table import MutationRecord
from explorer.render.text.summary import FEW, met, summary
from explorer.render.text.table import below, matrix, variants
from explorer.render.text.terminal import clean, columns, screen_width, wrapped
from explorer.render.text.text import WIDTH as STORY
from explorer.render.text.text import story
from explorer.render.whole_file import Unwritten, recording, write_whole
from explorer.trace.trace import Trace
from explorer.verdict import exit_codes
from explorer.verdict.expectation import as_found
from explorer.verdict.record import CheckedRecord, Record, RowRecord, VerdictRecord, told
from explorer.verdict.verdict import Verdict

NO_SETTINGS = Settings("")


def write_record(record: Record, directory: Path, settings: Settings = NO_SETTINGS) -> list[str]:
    """verdict.json and report.html; a note for each that cannot be written."""
    from explorer.render.html.report import report

    return _write(directory / "verdict.json", to_json(record)) + _write(
        directory / "report.html", report(record, settings.walk, settings.source_url)
    )


def walk_of(
    space: StateSpace, verdict: Verdict, record: CheckedRecord, *, quick: bool
) -> dict[str, Any] | None:
    """What the page of a small space walks with; None where it was not visited as a whole, or is too large.
    `quick` where nobody asked for a page.
    """
    from explorer.trace.explored import explored, is_small, outline

    first = next(space.model.initial_states(), None)
    if first is None or verdict.stopped or space.walked is not None:
        return None
    if not is_small(space.model, verdict.states["represented"], quick):
        return None

    from explorer.render.html.walk import packed
    from explorer.trace.outlook import Outlooks

    def listed() -> str | None:
        return packed(explored(space.model))

    text = space.model.once("page", listed) if quick else listed()
    if text is None:
        return None
    return {**outline(space.model, Outlooks(space.model, first), told(record)), "space": text}


def write_all(
    space: StateSpace,
    verdict: Verdict,
    record: CheckedRecord,
    directory: Path,
    *,
    graph: bool,
    png: bool = False,
    write: Sequence[str] = (),
    settings: Settings = NO_SETTINGS,
) -> list[str]:
    """Every file of a run, and the formats asked for with `write`; a sentence for each that could not be
    made.
    """
    from explorer.render.picture.drawing import TooLarge

    notes = write_record(record, directory, settings)
    for name, trace in verdict.traces.items():
        notes += _write(directory / f"{name}.txt", story(trace, full=True))
    for trace in verdict.main_stories:
        notes += _pictures(trace, directory, png)
    if graph:
        from explorer.render.picture.graph import write_graph

        try:
            notes += write_graph(space, directory, list(verdict.traces.values())).notes
        except TooLarge as error:
            notes.append(Unwritten(f"--graph: {error}"))
    return notes + write_formats(
        names=write, space=space, verdict=verdict, record=record, directory=directory, settings=settings
    )


def _pictures(trace: Trace, directory: Path, png: bool) -> list[str]:
    """The story as SVG; with `png` also the export to DOT and what Graphviz makes of it."""
    from explorer.render.picture import dot
    from explorer.render.picture.drawing import TooLarge
    from explorer.render.picture.svg_file import svg_file

    notes: list[str] = []
    if png:
        try:
            notes += map(Unwritten, dot.draw(dot.lanes(trace), directory / trace.key, ("png",)))
        except TooLarge as error:
            notes.append(Unwritten(f"--png: {error}"))
    return notes + _write(directory / f"{trace.key}.svg", svg_file(trace))


def write_formats(
    names: Sequence[str],
    space: StateSpace,
    verdict: Verdict,
    record: CheckedRecord,
    directory: Path,
    settings: Settings,
) -> list[str]:
    """The formats of these names in their files; notes."""
    notes: list[str] = []
    for name in names:
        if name in RUNS:
            notes += _write(directory / RUNS[name][0], RUNS[name][1]([record], settings))
        elif name in TRACES:
            suffix, format_ = TRACES[name]
            for name_of_trace, trace in verdict.traces.items():
                notes += _written(partial(format_, record, trace), directory / f"{name_of_trace}{suffix}")
        else:
            notes += _written(partial(_of_graph, name, space, verdict), directory / GRAPHS[name][0])
    return notes


def one_format(
    name: str, space: StateSpace, verdict: Verdict, record: CheckedRecord, settings: Settings
) -> str:
    """What `--format` prints for a run; "" where a format of traces has none to show. Raises TooLarge."""
    if name in RUNS:
        return RUNS[name][1]([record], settings)
    if name in GRAPHS:
        return _of_graph(name, space, verdict)
    trace = verdict.main_trace
    return TRACES[name][1](record, trace) if trace is not None else ""


def _of_graph(name: str, space: StateSpace, verdict: Verdict) -> str:
    from explorer.render.picture.graph import state_graph

    return GRAPHS[name][1](state_graph(space, list(verdict.traces.values())))


def write_together(records: Sequence[Record], files: dict[str, Path | None], settings: Settings) -> list[str]:
    """A format of all runs together in each file that is named; notes."""
    return [
        note
        for name, path in files.items()
        if path is not None
        for note in _write(path, RUNS[name][1](records, settings))
    ]


def together(name: str, records: Sequence[Record], settings: Settings) -> str:
    """A format of all runs together."""
    assert name in SEVERAL
    return RUNS[name][1](records, settings)


def laid_out(trace: Trace, colour: bool, full: bool) -> str:
    """A story for the screen, as wide as the terminal."""
    return story(trace, colour=colour, full=full, width=columns(sys.stdout, STORY))


def screen(
    verdict: Verdict,
    record: CheckedRecord,
    directory: Path,
    notes: list[str],
    *,
    colour: bool,
    full: bool,
    expect: bool,
    strict: bool = False,
    printed: Collection[str] = (),
) -> str:
    """What a person reads after a run: the story, if it is not `printed` already, and what was found."""
    told = verdict.main_stories
    parts = [laid_out(trace, colour, full) for trace in told if trace.key not in printed]
    width = columns(sys.stdout)
    parts.append(summary(record, colour, files=[clean(f"{directory}/")], width=width))
    others = [f"{name}.txt" for name, trace in verdict.traces.items() if trace not in told]
    if others:
        more = f" and {len(others) - FEW} more" if len(others) > FEW else ""
        parts += wrapped(f"stories of the others: {', '.join(others[:FEW])}{more}", width, 2)
    if expect:
        said = met(record, "NOT MET") if verdict.expected else "NOT DECLARED"
        parts += wrapped(f"expectation ({verdict.expected or 'none'}): {said}", width, 2)
        parts += [line for sentence in verdict.differs for line in wrapped(f"  {sentence}", width, 4)]
        declared = "" if verdict.not_checked else as_found(verdict.properties)
        if declared and (verdict.differs or not verdict.expected):
            parts += wrapped(f"  to declare what was found, write: Spec(..., expect={declared})", width, 4)
    parts += [line for note in notes for line in wrapped(f"note: {note}", width, 2)]
    severe = sum(f.severe for f in verdict.findings)
    if verdict.exit_code == exit_codes.VACUOUS:
        parts.append(
            f"--strict: {'a finding fails' if severe == 1 else f'{severe} findings fail'} (exit"
            f" {exit_codes.VACUOUS})"
        )
    return "\n".join(parts)


def write_matrix(
    rows: list[tuple[dict[str, Any], VerdictRecord]],
    directory: Path,
    colour: bool,
    strict: bool = False,
    settings: Settings = NO_SETTINGS,
) -> tuple[str, list[str]]:
    """The table of a matrix run as text, and notes; all records go to matrix.json."""
    from explorer.render.html.report import table_page

    notes = _write(directory / "matrix.json", to_json({"rows": [record for _, record in rows]}))
    named = [
        (", ".join(f"{name}={getattr(value, 'name', value)}" for name, value in binding.items()), record)
        for binding, record in rows
    ]
    notes += _write(
        directory / "report.html", table_page(str(rows[0][1]["spec"]), named, settings.source_url)
    )
    return (
        "\n".join(
            [
                matrix(rows, colour, columns(sys.stdout)),
                *below(named, declared=False, strict=strict, colour=colour, width=screen_width(sys.stdout)),
            ]
        ),
        notes,
    )


def write_table(
    rows: list[tuple[Variant, VerdictRecord]],
    directory: Path,
    colour: bool,
    strict: bool = False,
    settings: Settings = NO_SETTINGS,
) -> tuple[str, list[str]]:
    """A family's table as text, and notes; its rows go to variants.json and variants.md."""
    from explorer.render.html.report import table_page

    records: list[RowRecord] = [{"name": row.name, "text": row.text, **record} for row, record in rows]
    named = [(f"{row.name}  {row.text}", record) for row, record in rows]
    notes = _write(directory / "variants.json", to_json({"rows": records}))
    notes += _write(directory / "variants.md", variants(records, markdown=True))
    notes += _write(
        directory / "report.html", table_page(str(records[0]["spec"]), named, settings.source_url)
    )
    named_rows = [(row.name, record) for row, record in rows]
    return (
        "\n".join(
            [
                variants(records, colour, strict=strict, width=screen_width(sys.stdout)),
                *below(
                    named_rows, declared=True, strict=strict, colour=colour, width=screen_width(sys.stdout)
                ),
            ]
        ),
        notes,
    )


def write_mutations(record: MutationRecord, directory: Path, colour: bool) -> tuple[str, list[str]]:
    """The table of a spec's mutants as text, and notes; mutations.json and mutations.md."""
    from explorer.render.text.mutation_table import table

    notes = _write(directory / "mutations.json", to_json(record)) + _write(
        directory / "mutations.md", table(record, markdown=True) + "\n"
    )
    return table(record, colour), notes


def _written(render: Callable[[], str], path: Path) -> list[str]:
    """A format in its file; a note where it is too large to be made."""
    from explorer.render.picture.drawing import TooLarge

    try:
        return _write(path, render())
    except TooLarge as error:
        return [Unwritten(f"{path.name}: {error}")]


def _write(path: Path, text: str) -> list[str]:
    try:
        write_whole(path, text)
        return []
    except OSError as error:
        return [Unwritten(f"{path} was not written: {error.strerror or error}")]


# What an earlier run left.


@contextlib.contextmanager
def in_place_of_earlier(directory: Path, kind: str | Callable[[], str]) -> Iterator[None]:
    """Run what writes the results of a `kind` of command in a directory, and remove those of an earlier one
    that it has not written again: an old counterexample beside a new verdict would mislead. Nothing else is
    ever removed. The kind may be known at the end only.
    """
    with recording() as paths:
        yield
    written = {p.relative_to(directory).as_posix() for p in paths if p.is_relative_to(directory)}
    if not written:
        return
    known = _left(directory)
    kind = kind if isinstance(kind, str) else kind()
    for name in known.pop(kind, []):
        if name not in written:
            _remove(directory, name)
    others = {other: [n for n in names if n not in written] for other, names in known.items()}
    _keep_list(directory, {**others, kind: sorted(written)})


def forget(directory: Path, kind: str) -> None:
    """Remove what an earlier run of a `kind` of command wrote in a directory: it holds no more."""
    known = _left(directory)
    for name in known.pop(kind, []):
        _remove(directory, name)
    _keep_list(directory, known)


def _remove(directory: Path, name: str) -> None:
    with contextlib.suppress(OSError):
        (directory / name).unlink(missing_ok=True)
        if "/" in name:
            (directory / name).parent.rmdir()  # fails where something else is in it


def _keep_list(directory: Path, names: dict[str, list[str]]) -> None:
    with contextlib.suppress(OSError):
        _list_of(directory).parent.mkdir(parents=True, exist_ok=True)
        write_whole(_list_of(directory), json.dumps(names, indent=1) + "\n")


def _list_of(directory: Path) -> Path:
    """Where the names of the files that the last runs wrote in a directory are kept: in the cache, by the
    directory.
    """
    from explorer.ir.kept import default_directory

    name = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:24]
    return default_directory() / "written" / f"{name}.json"


def _left(directory: Path) -> dict[str, list[str]]:
    """What the last runs wrote, by kind of command; nothing where that is not known."""
    try:
        result = json.loads(_list_of(directory).read_text(encoding="utf-8"))
        return {
            str(kind): [n for n in map(str, names) if not n.startswith("/") and ".." not in n.split("/")]
            for kind, names in result.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
