"""The report's tables and its chart: findings, variants, states per level. Each a pure function of the
record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explorer.render.html.markup import Html, el, place, prose
from explorer.render.text.findings import MARKS
from explorer.render.text.summary import standing
from explorer.render.text.table import counting
from explorer.render.text.terminal import counted
from explorer.verdict.record import FindingRecord, PropertyRecord, VerdictRecord

WIDTH, HEIGHT, LEFT, BOTTOM = 720.0, 170.0, 58.0, 26.0

COLUMNS = 1000
"""Columns of the chart of levels, at most: a search may have a million levels."""


def findings_list(record: VerdictRecord) -> Html:
    """What makes a verdict mean less than it seems. What constants alone rule out stands under Coverage."""
    severe = [f for f in record["findings"] if f["severe"]]
    notes = [f for f in record["findings"] if not f["severe"] and f["kind"] != "dropped"]
    none = (
        "None: every action that the constants allow happened, every premise was met, every variable is read."
        if not record["stopped"]
        else "None so far. Actions and premises are judged only by a complete exploration."
    )
    listed = el("ul", *map(_finding, [*severe, *notes])) if severe or notes else None
    return el("section", el("h2", "Findings"), None if severe else el("p", none), listed)


def _finding(finding: FindingRecord) -> Html:
    return el("li", finding["text"], " ", place(finding["place"]))


def variants_table(variants: Sequence[tuple[str, VerdictRecord]]) -> Html:
    """Runs side by side: a row for each, a column for each property, verdict and length of the story in the
    cell, and whether it is as declared where something is."""
    stated = list(dict.fromkeys(p["name"] for _, record in variants for p in record["properties"]))
    same = {name for name in stated if all(name in _holding(record) for _, record in variants)}
    names = [name for name in stated if name not in same]
    rows = []
    for number, (name, record) in enumerate(variants):
        by_name = {p["name"]: p for p in record["properties"]}
        count = f"{record['states']['represented']:,}"
        far = " as far as checked" if record["not_checked"] else ""
        declared = {True: f"as declared{far}", False: "not as declared", None: ""}[record["expectation_met"]]
        rows.append(
            el(
                "tr",
                el("th", prose(name), el("span", declared, class_="note") if declared else None, scope="row"),
                el("td", count, class_="number"),
                *(_cell(by_name.get(n), number, record) for n in names),
            )
        )
    heads = ("Variant", "States", *names)
    table = el(
        "table",
        el("thead", el("tr", *(el("th", head, scope="col") for head in heads))),
        el("tbody", *rows),
        class_="variants",
    )
    by_symmetry = [el("p", line) for line in counting([record for _, record in variants])]
    everywhere = el("p", "Hold in every row: ", ", ".join(sorted(same))) if same else None
    return el("section", el("h2", "Variants"), scroll(table, "variants"), *by_symmetry, everywhere)


def _holding(record: VerdictRecord) -> set[str]:
    return {p["name"] for p in record["properties"] if p["verdict"] == "holds"}


def _cell(prop: PropertyRecord | None, number: int, record: VerdictRecord) -> Html:
    """A verdict; one with a story leads to it."""
    if prop is None:
        return el("td", "not checked", class_="none")
    steps = "" if prop["trace_length"] is None else f" {prop['trace_length']}"
    mark = el("span", MARKS[prop["verdict"]], aria_hidden="true")
    said = (mark, " ", prop["verdict"], steps)
    if prop["name"] in record["traces"]:
        to = f"#{story_id(number, [*record['traces']].index(prop['name']))}"
        return el("td", el("a", *said, href=to, class_=f"badge {prop['verdict']}"))
    return el("td", el("span", *said, class_=f"badge {prop['verdict']}"))


def story_id(number: int, position: int) -> str:
    """What the story of a cell is called on the page."""
    return f"story-of-{number}-{position}"


def profile_chart(record: VerdictRecord) -> Html:
    """States at each distance from the initial states, and where violations lie."""
    levels = record["states"]["levels"]
    if not levels:
        return el("p", "No state was visited.")
    most, peak = max(levels), levels.index(max(levels))
    visited = "Visited states" if standing(record["states"]) else "States"
    text = (
        f"{visited} at each distance from the initial states: {levels[0]:,} at the start, {most:,} at level"
        f" {peak}, {levels[-1]:,} at level {len(levels) - 1}."
    )
    chart = el(
        "svg",
        *_axes(most, len(levels)),
        *_bars(levels, most),
        *_violations(record, len(levels)),
        role="img",
        aria_label=text,
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT + BOTTOM:.0f}",
        class_="profile",
    )
    return el("figure", chart, el("figcaption", text))


def _bars(levels: Sequence[int], most: int) -> Iterator[Html]:
    """A column for each level; where there are too many, neighbours share the highest one."""
    together = -(-len(levels) // COLUMNS)
    room = (WIDTH - LEFT) / len(levels) * together
    thick = max(room - (2 if room > 6 else 0), 0.5)
    for first in range(0, len(levels), together):
        part = levels[first : first + together]
        count, last = max(part), first + len(part) - 1
        height = max((HEIGHT - 24) * count / most, 1)
        where = f"level {first}:" if first == last else f"levels {first} to {last}: at most"
        yield el(
            "rect",
            el("title", f"{where} {counted(count, 'state')}"),
            x=f"{LEFT + first * room / together:.1f}",
            y=f"{HEIGHT - height:.1f}",
            width=f"{thick:.1f}",
            height=f"{height:.1f}",
            class_="column",
        )


def _axes(most: int, levels: int) -> Iterator[Html]:
    top = 24.0
    for share, label in ((0.0, "0"), (0.5, f"{most // 2:,}"), (1.0, f"{most:,}")):
        y = HEIGHT - (HEIGHT - top) * share
        yield el("line", x1=LEFT, x2=WIDTH, y1=f"{y:.1f}", y2=f"{y:.1f}", class_="rule")
        yield el("text", label, x=LEFT - 6, y=f"{y + 4:.1f}", text_anchor="end")
    room = (WIDTH - LEFT) / levels
    shown = sorted(
        {0, levels - 1} | {n for n in range(0, levels, max(1, levels // 5)) if n < levels - levels // 8}
    )
    for level in shown:
        yield el(
            "text",
            str(level) if level else "level 0",
            x=f"{LEFT + (level + 0.5) * room:.1f}",
            y=HEIGHT + 17,
            text_anchor="middle" if level else "start",
        )


def _violations(record: VerdictRecord, levels: int) -> Iterator[Html]:
    """A mark at the level of the first violation of each property, one for those that share a level."""
    room = (WIDTH - LEFT) / levels
    by_level: dict[int, list[str]] = {}
    for p in record["properties"]:
        if p["trace_length"] is not None and p["trace_length"] < levels:
            by_level.setdefault(p["trace_length"], []).append(p["name"])
    for level, names in by_level.items():
        x = f"{LEFT + (level + 0.4) * room:.1f}"
        label = "✗"
        yield el(
            "g",
            el("title", f"level {level}: {', '.join(names)} violated"),
            el("line", x1=x, x2=x, y1=16, y2=HEIGHT),
            el("text", label, x=x, y=12, text_anchor="middle"),
            class_="mark",
        )


def scroll(table: Html, name: str) -> Html:
    """A table that scrolls by itself where the page is too narrow."""
    return el("div", table, class_="scroll", role="region", aria_label=name, tabindex="0")
