"""The mutants of a spec as a table: what was removed, and which property noticed. A pure function of the
record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from explorer.render.text.terminal import BOLD, DIM, GREEN, RED, YELLOW, clean, counted, paint
from explorer.verdict.record import PropertyRecord, Value

LONG = 72
"""Columns for what was removed; the files have it whole."""

COLOURS = {"noticed": GREEN, "survived": RED, "undetermined": YELLOW, "equivalent": DIM}


class NoticedRecord(TypedDict):
    """A property that fails in a mutant, after so many steps where that is known."""

    property: str
    steps: int | None


class MutantRecord(TypedDict):
    """One mutant: what was removed where, what became of it, and why it survived where that is explained."""

    kind: str
    action: str
    place: str
    text: str
    helper: str
    status: str
    by: Sequence[NoticedRecord]
    reason: str
    findings: Sequence[str]
    seconds: float


class MutationRecord(TypedDict):
    """What mutations.json holds: the spec's own verdict, and its mutants: none where it does not hold."""

    spec: str
    file: str
    digest: str
    constants: Mapping[str, Value]
    bound: Mapping[str, Value]
    verdict: str
    stopped: str | None
    properties: Sequence[PropertyRecord]
    states: int
    transitions: int
    max_states: int | None
    timeout: float | None
    strict: bool
    counts: Mapping[str, int]
    share: float
    mutants: Sequence[MutantRecord]
    unused_reasons: Sequence[str]


def table(record: MutationRecord, colour: bool = False, markdown: bool = False) -> str:
    """The claim, a line for each mutant, and the reasons that explain none; no newline at the end."""
    lines = [paint(claim(record), BOLD, colour), ""]
    head = ("action", "line", "removed", "noticed by")
    rows = [
        (r["action"], r["place"].replace("\\", "/").rpartition("/")[2], _removed(r, markdown), _result(r))
        for r in record["mutants"]
    ]
    if markdown:
        lines += (
            ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, *rows)]
            if rows
            else []
        )
        lines[3:3] = ["|---|---|---|---|"] if rows else []
    else:
        widths = [max(len(row[n]) for row in (head, *rows)) for n in range(3)]
        codes = [BOLD, *(COLOURS[r["status"]] for r in record["mutants"])]
        for row, code in zip((head, *rows), codes) if rows else ():
            lines.append(
                "  "
                + "  ".join(
                    [*(cell.ljust(width) for cell, width in zip(row, widths)), paint(row[3], code, colour)]
                )
            )
    lines += [*([""] if record["unused_reasons"] else []), *_unused(record)]
    return "\n".join(lines).rstrip()


def claim(record: MutationRecord) -> str:
    """What the table shows, in one sentence."""
    name, counts = clean(record["spec"]), record["counts"]
    bound = "".join(f", {clean(str(k))}={clean(str(v))}" for k, v in record["bound"].items())
    if record["verdict"] == "violated" or record["stopped"]:
        broken = ", ".join(clean(p["name"]) for p in record["properties"] if p["verdict"] == "violated")
        why = (
            f"is violated itself ({broken})"
            if broken
            else f"is undetermined itself ({clean(record['stopped'] or '')})"
        )
        return f"{name}{bound} {why}: only a spec that holds can be mutated."
    every = sum(counts.values())
    rest = ", ".join(f"{counts[status]} {status}" for status in ("survived", "undetermined"))
    return (
        f"{name}{bound}: {counted(every, 'mutant')}, {every - counts['equivalent']}"
        f" differ{'s' if every - counts['equivalent'] == 1 else ''} from the original: {counts['noticed']}"
        f" noticed ({record['share']:.1f} %), {rest}; {counts['equivalent']} equivalent."
    )


def _removed(row: MutantRecord, whole: bool) -> str:
    helper = f"{row['helper']}: " if row["helper"] else ""
    text = clean(f"{helper}{row['text']}")
    text = text if whole or len(text) <= LONG else text[: LONG - 1] + "…"
    return f"{row['kind']} `{text}`" if whole else f"{row['kind']:<7} {text}"


def _result(row: MutantRecord) -> str:
    if row["status"] == "noticed":
        noticed = [
            clean(p["property"]) + (f" {p['steps']}" if p["steps"] is not None else "") for p in row["by"]
        ]
        return ", ".join(noticed[:4]) + (f" and {len(noticed) - 4} more" if len(noticed) > 4 else "")
    status = "SURVIVED" if row["status"] == "survived" else str(row["status"])
    findings = [clean(text) for text in row["findings"]]
    more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
    return (
        status
        + (f": {clean(row['reason'])}" if row["reason"] else "")
        + (f" (only --strict: {findings[0]}{more})" if findings else "")
    )


def _unused(record: MutationRecord) -> Iterator[str]:
    for key in record["unused_reasons"]:
        yield f"note: survivors has a reason for {clean(key)!r}, and no such mutant survives"
