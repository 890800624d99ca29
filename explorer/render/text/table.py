"""Several verdicts as one table: a matrix over constants, or the variants of a family. Pure functions of
their records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.ir.data import dataclass
from explorer.render.text.summary import COLOURS, met, standing
from explorer.render.text.terminal import BOLD, DIM, GREEN, RED, WIDTH, YELLOW, clean, paint, wrapped
from explorer.verdict.record import PropertyRecord, RowRecord, VerdictRecord

Cell = tuple[str, str]
"""A text and its colour."""


def matrix(
    rows: Sequence[tuple[Mapping[str, Any], VerdictRecord]], colour: bool = False, width: int = WIDTH
) -> str:
    """One table for a run over several bindings: a row for each (constants, record), a column for each
    property that does not hold in every row; those that fail alike share one.

    A cell is the verdict, with the length of the story where there is one. Where the names make the table too
    wide they stand below it.
    """
    if not rows:
        return "no bindings"
    constants = list(dict.fromkeys(name for binding, _ in rows for name in binding))
    records = [record for _, record in rows]
    shown, holding = _columns(records, together=True)
    keys: list[list[Cell]] = [
        [(title, BOLD) for title in (*constants, "states")],
        *([*((_value(at.get(c, "")), "") for c in constants), (_states(record), "")] for at, record in rows),
    ]
    titled = _titled(shown, width - _wide(keys), width)
    lines = _aligned(_beside(keys, titled.columns), len(constants), False)
    if max(map(len, lines)) <= width:
        lines = _aligned(_beside(keys, titled.columns), len(constants), colour) + titled.legend
    else:
        names = [", ".join(f"{name}={_value(value)}" for name, value in at.items()) for at, _ in rows]
        lines = _listed(names, records, [("", "")] * len(rows), colour, width)
    return "\n".join([*lines, *_said(records, holding, width)])


def counting(records: Sequence[VerdictRecord]) -> list[str]:
    """Which states the column of a table counts, in a line, where symmetry let a run visit fewer."""
    fewer = any(standing(record["states"]) for record in records)
    return ["states: all that the visited ones stand for by symmetry"] if fewer else []


Columns = list[tuple[list[str], list[Cell]]]
"""Names of properties, and their cells row by row."""


def _columns(records: Sequence[VerdictRecord], together: bool) -> tuple[Columns, list[str]]:
    """The columns of the properties, those with the same cells `together`; and the names of those that hold
    in every row.
    """
    cells = [{p["name"]: _cell(p) for p in record["properties"]} for record in records]
    names = dict.fromkeys(name for row in cells for name in row)
    columns = {name: [row.get(name, ("not checked", DIM)) for row in cells] for name in names}
    holding = [name for name, column in columns.items() if all(text == "holds" for text, _ in column)]
    result: Columns = []
    for name, column in columns.items():
        same = next((several for several, known in result if together and known == column), None)
        if same is not None:
            same.append(clean(name))
        elif name not in holding:
            result.append(([clean(name)], column))
    return result, list(map(clean, holding))


@dataclass(frozen=True, slots=True)
class _Titled:
    """The columns of properties with their heads, and what stands below the table in place of long heads."""

    columns: list[list[Cell]]
    legend: list[str]


def _titled(shown: Columns, room: int, width: int) -> _Titled:
    """Names as heads where they have room; else numbers and a legend of this width."""
    heads = [", ".join(names) for names, _ in shown]
    needed = sum(
        max(len(text) for text in (head, *(t for t, _ in c))) + 2 for head, (_, c) in zip(heads, shown)
    )
    legend: list[str] = []
    if needed > room:
        lines = [line for n, head in enumerate(heads, 1) for line in wrapped(f"  ({n}) {head}", width, 6)]
        heads, legend = [f"({n})" for n in range(1, len(heads) + 1)], ["", *lines]
    return _Titled([[(head, BOLD), *cells] for head, (_, cells) in zip(heads, shown)], legend)


def _cell(prop: PropertyRecord) -> tuple[str, str]:
    verdict = prop["verdict"]
    length = "" if prop["trace_length"] is None else f" {prop['trace_length']}"
    return verdict + length, COLOURS[verdict]


def _states(record: VerdictRecord) -> str:
    return f"{record['states']['represented']:,}"


def _value(value: Any) -> str:
    return clean(str(getattr(value, "name", value)))


HEADS, UNBOUNDED = 60, 10_000
"""Characters that names may take as heads of a table of variants; a width that is none."""


def _wide(table: Sequence[Sequence[Cell]]) -> int:
    """The characters that columns take, with those before them."""
    return sum(_widths(table)) + 2 * len(table[0])


def _widths(table: Sequence[Sequence[Cell]]) -> list[int]:
    return [max(len(text) for text, _ in column) for column in zip(*table)]


def _beside(keys: list[list[Cell]], columns: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """The rows of a table: the keys, and the cells of the columns."""
    return [[*key, *(column[n] for column in columns)] for n, key in enumerate(keys)]


def _aligned(table: list[list[Cell]], right: int, colour: bool) -> list[str]:
    """Columns as wide as their widest cell; the column `right` (a count) is flush right."""
    widths = _widths(table)
    lines = []
    for row in table:
        cells = [
            (" " * (width - len(text)), paint(text, code, colour), n == right)
            for n, ((text, code), width) in enumerate(zip(row, widths))
        ]
        lines.append(
            "  " + "  ".join(pad + text if flush else text + pad for pad, text, flush in cells).rstrip()
        )
    return lines


def variants(
    rows: Sequence[RowRecord],
    colour: bool = False,
    markdown: bool = False,
    strict: bool = False,
    width: int | None = None,
) -> str:
    """The table of a family. A row has `name` and `text` beside its verdict record; behind its verdicts
    stands whether the expectation is met. Properties that hold in every row share a line below the table.

    With a `width` properties that fail alike share a column; where that is still too wide, rows are a list.
    """
    shown, holding = _columns(rows, together=width is not None)
    outcomes: list[Cell] = [("expected", BOLD), *(_outcome(row, strict) for row in rows)]
    texts = ["what differs", *(clean(row["text"]) for row in rows)]
    keys: list[list[Cell]] = [
        [("variant", BOLD), ("states", BOLD)],
        *([(clean(row["name"]), ""), (_states(row), "")] for row in rows),
    ]
    if markdown:
        heads = [[(", ".join(names), ""), *cells] for names, cells in shown]
        table = _beside(keys, [*heads, outcomes, [(text, "") for text in texts]])
        lines = ["| " + " | ".join(text.replace("|", "\\|") for text, _ in cells) + " |" for cells in table]
        return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:], *_said(rows, holding, None)])
    beside = [outcomes, [(text, BOLD * (not n)) for n, text in enumerate(texts)]]
    titled = _titled(shown, HEADS, width or UNBOUNDED)
    lines = _aligned(_beside(keys, [*titled.columns, *beside]), 1, False)
    if width is None or max(map(len, lines)) <= width:
        lines = _aligned(_beside(keys, [*titled.columns, *beside]), 1, colour) + titled.legend
    else:
        names = [clean(row["name"]) for row in rows]
        more = [(f", {outcome}: {text}", code) for (outcome, code), text in zip(outcomes[1:], texts[1:])]
        lines = _listed(names, rows, more, colour, width)
    return "\n".join([*lines, *_said(rows, holding, width)])


def _listed(
    names: Sequence[str],
    records: Sequence[VerdictRecord],
    more: Sequence[Cell],
    colour: bool,
    width: int,
) -> list[str]:
    """In place of a table that is too wide: each row in a line or two, with `more` in its colour, and below
    it what does not hold.
    """
    lines = []
    for name, record, (text, code) in zip(names, records, more):
        lines += [
            paint(line, code, colour)
            for line in wrapped(f"  {name}: {_states(record)} states{text}", width, 4)
        ]
        failing: dict[Cell, list[str]] = {}
        for p in record["properties"]:
            if p["verdict"] != "holds":
                failing.setdefault(_cell(p), []).append(clean(p["name"]))
        for (verdict, shade), several in failing.items():
            first, *rest = wrapped(f"      {verdict}  {', '.join(several)}", width, 8)
            lines += [first.replace(verdict, paint(verdict, shade, colour), 1), *rest]
    return lines


def _outcome(row: RowRecord, strict: bool) -> Cell:
    if strict and row["expectation_met"] and any(f["severe"] for f in row["findings"]):
        return "NOT MET: findings", RED
    return met(row, "NOT MET"), GREEN if row["expectation_met"] else RED


def _said(records: Sequence[VerdictRecord], holding: Sequence[str], width: int | None) -> list[str]:
    """The lines below a table: what its counts are, and what holds in every row."""
    texts = [*counting(records), *(["holds in every row: " + ", ".join(holding)] if holding else [])]
    return [line for text in texts for line in ("", *([text] if width is None else wrapped(text, width, 2)))]


def below(
    rows: Sequence[tuple[str, VerdictRecord]],
    *,
    declared: bool,
    strict: bool,
    colour: bool = False,
    width: int | None = None,
) -> list[str]:
    """What stands below a table, line by line, each with the rows it is true of: what was not checked, why
    verdicts are undetermined, what differs from the declaration (where rows are `declared`), and the
    findings."""
    said: dict[tuple[str, str], list[str]] = {}
    for name, record in rows:
        if record["not_checked"]:
            said.setdefault(("not checked: ", ", ".join(record["not_checked"])), []).append(name)
        for sentence in record["differs"] if declared else ():
            said.setdefault(("differs: ", sentence), []).append(name)
        for p in record["properties"]:
            if p["verdict"] == "undetermined" and not (declared and record["differs"]):
                said.setdefault(("undetermined: ", f"{p['reason'] or 'not checked'}"), []).append(name)
        for finding in record["findings"]:
            if finding["severe"]:
                place = f" ({finding['place']})" if finding["place"] else ""
                said.setdefault(("finding: ", finding["text"] + place), []).append(name)
    lines = []
    for (kind, text), names in said.items():
        whole = f"{kind}{clean(text)} [{_rows(names, len(rows))}]"
        first, *rest = [whole] if width is None else wrapped(whole, width, 2)
        lines += [paint(kind.rstrip(), YELLOW, colour) + first.removeprefix(kind.rstrip()), *rest]
    if any(kind == "differs: " and "found undetermined" not in text for kind, text in said):
        lines.append("what to declare instead: check the row with --row NAME --expect")
    if strict and any(kind == "finding: " for kind, _ in said):
        lines.append("--strict: findings fail")
    return ["", *lines] if lines else []


def _rows(names: Sequence[str], all: int) -> str:
    names = list(dict.fromkeys(names))
    return "every row" if len(names) == all > 1 else "; ".join(map(clean, names))
