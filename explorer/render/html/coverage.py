"""The report's coverage: of each action and, folded below it, of each of its conditions. A pure function of
the record.
"""

from __future__ import annotations

from collections.abc import Sequence

from explorer.render.html.markup import Html, el, joined, place
from explorer.render.html.tables import scroll
from explorer.render.text.terminal import counted
from explorer.verdict.record import CheckedRecord, CoverageRecord, GuardRecord

HEADS = ("Action", "Instances", "Possible in states", "Changed the state", "Never possible, and why")
LISTED = 12
"""Instances named one by one for an action of which some were never possible."""


def coverage_table(record: CheckedRecord) -> Html:
    """Rows for each action: how often it was possible and taken, what kept the instances that never were,
    and, where it was counted, how often each of its conditions was looked at and stopped it. What constants
    alone rule out is folded."""
    actions: dict[str, list[CoverageRecord]] = {}
    for row in record["coverage"]:
        actions.setdefault(row["action"], []).append(row)
    dropped = {f["subject"] for f in record["findings"] if f["kind"] == "dropped"}
    said = (
        "How often each action was possible and taken, over all visited states. The last column names the"
        " guard at which an instance that was never possible came to its end."
    )
    parts = [
        el("p", said),
        el("p", _how_counted(record)),
        scroll(
            _table(record, {name: rows for name, rows in actions.items() if name not in dropped}), "coverage"
        ),
    ]
    if dropped:
        below = _table(record, {name: rows for name, rows in actions.items() if name in dropped})
        parts.append(
            el(
                "details",
                el("summary", f"{counted(len(dropped), 'action')} that these constants rule out"),
                scroll(below, "coverage of actions that the constants rule out"),
                class_="ruled-out",
            )
        )
    return el("section", el("h2", "Coverage"), *parts)


def _table(record: CheckedRecord, actions: dict[str, list[CoverageRecord]]) -> Html:
    places = {a["name"]: a["place"] for a in record["actions"]}
    most = max((sum(row["taken"] for row in rows) for rows in actions.values()), default=0) or 1
    body: list[Html] = []
    for name, rows in actions.items():
        guards = [guard for guard in record["guards"] or () if guard["action"] == name]
        body.append(_action(name, rows, places.get(name, ""), most, bool(guards)))
        if guards:
            body.append(el("tr", el("td", _guards(guards), colspan=len(HEADS)), class_="guards"))
    return el(
        "table",
        el("thead", el("tr", *(el("th", head, scope="col") for head in HEADS))),
        el("tbody", *body),
        class_="coverage",
    )


def _how_counted(record: CheckedRecord) -> str:
    """What the numbers beside the conditions are, or why there are none."""
    if record["guards"] is None:
        return "Conditions were not counted: " + (
            "that takes a complete exploration."
            if record["stopped"]
            else "--write html does it, in a space of any size."
        )
    states = record["states"]
    alike = (
        " A visited state stands for all that renaming identities makes of it."
        if states["represented"] != states["distinct"]
        else ""
    )
    return (
        "Below an action stand its conditions in the order in which they are evaluated, each only where"
        " those before it hold: how often that was, and how often the condition was the first that failed;"
        f" over all instances and visited states.{alike}"
    )


def _guards(guards: Sequence[GuardRecord]) -> Html:
    """The conditions of an action, folded; those that never stopped it are counted in the line that stays."""
    unfailing = sum(
        bool(guard["evaluated"]) and not guard["stopped"] and not guard["constant"] for guard in guards
    )
    title = counted(len(guards), "condition") + (f", {unfailing} never failed" if unfailing else "")
    most = max(guard["evaluated"] for guard in guards) or 1
    heads = el("tr", *(el("th", head, scope="col") for head in ("Condition", "Evaluated", "Failed first")))
    return el(
        "details",
        el("summary", title),
        el("table", el("thead", heads), el("tbody", *(_guard(guard, most) for guard in guards))),
    )


def _guard(guard: GuardRecord, most: int) -> Html:
    failed, evaluated = guard["stopped"], guard["evaluated"]
    example = (
        ", settled by the constants"
        if guard["constant"]
        else joined([", such as ", el("code", guard["example"])])
    )
    said = f"{failed:,}" if failed or guard["constant"] or not evaluated else "never"
    return el(
        "tr",
        el(
            "th",
            el("code", guard["text"]),
            el("span", place(guard["place"]), example, class_="note"),
            scope="row",
        ),
        el("td", f"{evaluated:,}", class_="number"),
        el("td", said, _meter(failed, most), class_="number"),
    )


def _action(name: str, rows: Sequence[CoverageRecord], where: str, most: int, more: bool) -> Html:
    """The row of an action; with `more` another one follows that belongs to it."""
    taken, enabled = sum(row["taken"] for row in rows), sum(row["enabled"] for row in rows)
    never = [row for row in rows if not row["enabled"]]
    why = el("td", class_="none")
    if never:
        items = [
            el("li", el("code", row["instance"]), ": ", el("code", row["blocked_by"]))
            for row in never[:LISTED]
        ]
        if len(never) > LISTED:
            items.append(el("li", f"and {len(never) - LISTED} more"))
        why = el(
            "td",
            el("details", el("summary", f"{len(never)} of {len(rows)}"), el("ul", *items)),
            class_="why",
            data_head=HEADS[-1],
        )
    name_cell = el("th", name, el("span", place(where), class_="note") if where else None, scope="row")
    shown = ((f"{len(rows):,}",), (f"{enabled:,}",), (f"{taken:,}", _meter(taken, most)))
    counts = (el("td", *cell, class_="number", data_head=head) for cell, head in zip(shown, HEADS[1:]))
    return el(
        "tr", name_cell, *counts, why, class_=" ".join(["never"] * (not taken) + ["open"] * more) or None
    )


def _meter(part: int, whole: int) -> Html:
    return el(
        "span", el("span", style=f"width:{100 * part / whole:.1f}%"), class_="meter", aria_hidden="true"
    )
