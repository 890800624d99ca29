"""Several verdicts as one table: a matrix over constants, or the variants of a family. Pure functions of
their records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.render.text.summary import COLOURS, WIDTH, met, standing
from explorer.render.text.terminal import BOLD, DIM, GREEN, RED, YELLOW, clean, paint
from explorer.verdict.record import PropertyRecord, RowRecord, VerdictRecord


def matrix(rows: Sequence[tuple[Mapping[str, Any], VerdictRecord]], colour: bool = False) -> str:
    """One table for a run over several bindings: a row for each (constants, record), a column for each
    property.

    A cell is the verdict, with the length of the story where there is one. Where the names make the table too
    wide they stand below it.
    """
    if not rows:
        return "no bindings"
    names = list(dict.fromkeys(p["name"] for _, record in rows for p in record["properties"]))
    constants = list(dict.fromkeys(name for binding, _ in rows for name in binding))
    heads, legend = _heads(names, WIDTH + 10 - sum(max(len(c), 5) + 2 for c in constants))
    table = [[(title, BOLD) for title in (*constants, "states", *heads)]]
    for binding, record in rows:
        cells = {p["name"]: _cell(p) for p in record["properties"]}
        count = f"{record['states']['represented']:,}"
        table.append(
            [
                *((_value(binding.get(c, "")), "") for c in constants),
                (count, ""),
                *(cells.get(name, ("not checked", DIM)) for name in names),
            ]
        )
    said = [line for text in counting([record for _, record in rows]) for line in ("", text)]
    return "\n".join(_aligned(table, len(constants), colour) + legend + said)


def counting(records: Sequence[VerdictRecord]) -> list[str]:
    """Which states the column of a table counts, in a line, where symmetry let a run visit fewer."""
    fewer = any(standing(record["states"]) for record in records)
    return ["states: all that the visited ones stand for by symmetry"] if fewer else []


def _heads(names: Sequence[str], room: int) -> tuple[list[str], list[str]]:
    """The heads of the columns of properties; where they need more than `room`, numbers and a legend."""
    heads = [clean(name) for name in names]
    if sum(max(len(head), 12) + 2 for head in heads) <= room:
        return heads, []
    return [f"({n})" for n in range(1, len(heads) + 1)], [
        "",
        *(f"  ({n}) {head}" for n, head in enumerate(heads, 1)),
    ]


def _cell(prop: PropertyRecord) -> tuple[str, str]:
    verdict = prop["verdict"]
    length = "" if prop["trace_length"] is None else f" {prop['trace_length']}"
    return verdict + length, COLOURS[verdict]


def _value(value: Any) -> str:
    return clean(str(getattr(value, "name", value)))


def _aligned(table: list[list[tuple[str, str]]], right: int, colour: bool) -> list[str]:
    """Columns as wide as their widest cell; the column `right` (a count) is flush right."""
    widths = [max(len(row[n][0]) for row in table) for n in range(len(table[0]))]
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
    rows: Sequence[RowRecord], colour: bool = False, markdown: bool = False, strict: bool = False
) -> str:
    """The table of a family. A row has `name` and `text` beside its verdict record; its last cell says
    whether the expectation is met. Properties that hold in every row share a line below the table."""
    properties = {p["name"]: p for row in rows for p in row["properties"]}
    holding = [
        name
        for name in properties
        if all(p["verdict"] == "holds" for row in rows for p in row["properties"] if p["name"] == name)
    ]
    shown = [name for name in properties if name not in holding]
    heads, legend = (shown, []) if markdown else _heads(shown, 60)
    table = [[(title, BOLD) for title in ("variant", "states", *heads, "expected", "what differs")]]
    for row in rows:
        cells = {p["name"]: _cell(p) for p in row["properties"]}
        outcome = met(row, "NOT MET"), GREEN if row["expectation_met"] else RED
        if strict and row["expectation_met"] and any(f["severe"] for f in row["findings"]):
            outcome = ("NOT MET: findings", RED)
        table.append(
            [
                (clean(row["name"]), ""),
                (f"{row['states']['represented']:,}", ""),
                *(cells.get(n, ("not checked", DIM)) for n in shown),
                outcome,
                (clean(row["text"]), ""),
            ]
        )
    shared = "holds in every row: " + ", ".join(map(clean, holding)) if holding else ""
    if markdown:
        lines = ["| " + " | ".join(text.replace("|", "\\|") for text, _ in cells) + " |" for cells in table]
        lines.insert(1, "|" + "---|" * len(table[0]))
    else:
        lines = _aligned(table, 1, colour) + legend
    return "\n".join(
        [*lines, *(line for text in (*counting(rows), *([shared] if shared else [])) for line in ("", text))]
    )


def below(
    rows: Sequence[tuple[str, VerdictRecord]], *, declared: bool, strict: bool, colour: bool = False
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
    lines = [
        paint(kind, YELLOW, colour) + f"{clean(text)} [{_rows(names, len(rows))}]"
        for (kind, text), names in said.items()
    ]
    if strict and any(kind == "finding: " for kind, _ in said):
        lines.append("--strict: findings fail")
    return ["", *lines] if lines else []


def _rows(names: Sequence[str], all: int) -> str:
    names = list(dict.fromkeys(names))
    return "every row" if len(names) == all > 1 else "; ".join(map(clean, names))
