"""Several verdicts as one table: a matrix over constants, or the variants of a family. Pure functions of their records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .summary import COLOURS, WIDTH, Record
from .terminal import BOLD, DIM, GREEN, RED, clean, paint


def matrix(rows: Sequence[tuple[Record, Record]], colour: bool = False) -> str:
    """One table for a run over several bindings: a row for each (constants, record), a column for each property.

    A cell is the verdict, with the length of the story where there is one. Where the names make the table too wide they
    stand below it.
    """
    if not rows:
        return "no bindings"
    names = list(dict.fromkeys(p["name"] for _, record in rows for p in record.get("properties", ())))
    constants = list(dict.fromkeys(name for binding, _ in rows for name in binding))
    heads, legend = _heads(names, WIDTH + 10 - sum(max(len(c), 5) + 2 for c in constants))
    table = [[(title, BOLD) for title in (*constants, "states", *heads)]]
    for binding, record in rows:
        cells = {p["name"]: _cell(p) for p in record.get("properties", ())}
        count = f"{record['states']['distinct']:,}" if "states" in record else "-"
        table.append([*((_value(binding.get(c, "")), "") for c in constants), (count, ""),
                      *(cells.get(name, ("not checked", DIM)) for name in names)])
    return "\n".join(_aligned(table, len(constants), colour) + legend)


def _heads(names: Sequence[str], room: int) -> tuple[list[str], list[str]]:
    """The heads of the columns of properties; where they need more than `room`, numbers and a legend."""
    heads = [clean(name) for name in names]
    if sum(max(len(head), 12) + 2 for head in heads) <= room:
        return heads, []
    return [f"({n})" for n in range(1, len(heads) + 1)], ["", *(f"  ({n}) {head}" for n, head in enumerate(heads, 1))]


def _cell(found: Record) -> tuple[str, str]:
    verdict = found["verdict"]
    length = "" if found["trace_length"] is None else f" {found['trace_length']}"
    return verdict + length, COLOURS[verdict]


def _value(value: Any) -> str:
    return clean(str(getattr(value, "name", value)))


def _aligned(table: list[list[tuple[str, str]]], right: int, colour: bool) -> list[str]:
    """Columns as wide as their widest cell; the column `right` (a count) is flush right."""
    widths = [max(len(row[n][0]) for row in table) for n in range(len(table[0]))]
    lines = []
    for row in table:
        cells = [(" " * (width - len(text)), paint(text, code, colour), n == right) for n, ((text, code), width) in enumerate(zip(row, widths))]
        lines.append("  " + "  ".join(pad + text if flush else text + pad for pad, text, flush in cells).rstrip())
    return lines


def variants(rows: Sequence[Record], colour: bool = False, markdown: bool = False) -> str:
    """The table of a family. A row has `name` and `text` beside its verdict record; its last cell says whether the expectation
    is met. Properties that hold in every row share a line below the table."""
    properties = {p["name"]: p for row in rows for p in row["properties"]}
    calm = [name for name in properties if all(p["verdict"] == "holds" for row in rows for p in row["properties"] if p["name"] == name)]
    shown = [name for name in properties if name not in calm]
    heads, legend = (shown, []) if markdown else _heads(shown, 60)
    table = [[(title, BOLD) for title in ("variant", "states", *heads, "expected", "what differs")]]
    for row in rows:
        cells = {p["name"]: _cell(p) for p in row["properties"]}
        met = ("met", GREEN) if row["expectation_met"] else (f"NOT MET: {clean(str(row['expected']))}", RED)
        table.append([(clean(row["name"]), ""), (f"{row['states']['distinct']:,}", ""), *(cells.get(n, ("not checked", DIM)) for n in shown),
                      met, (clean(row["text"]), "")])
    below = "holds in every row: " + ", ".join(map(clean, calm)) if calm else ""
    if markdown:
        lines = ["| " + " | ".join(text.replace("|", "\\|") for text, _ in cells) + " |" for cells in table]
        lines.insert(1, "|" + "---|" * len(table[0]))
    else:
        lines = _aligned(table, 1, colour) + legend
    return "\n".join([*lines, *(["", below] if below else [])])
