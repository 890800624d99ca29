"""The report's table of actions: who acts, and after which others an action may become possible. A pure
function of the record.
"""

from __future__ import annotations

from explorer.render.html.markup import Html, el, place
from explorer.render.html.tables import scroll
from explorer.render.text.terminal import counted
from explorer.verdict.record import ActionRecord, CheckedRecord


def actions_table(record: CheckedRecord) -> Html:
    """Each action with what enables it: those that write what its guards read. Folded beside a story."""
    heads = el(
        "tr", *(el("th", head, scope="col") for head in ("Action", "Actor", "Fairness", "Possible after"))
    )
    dropped = {f["subject"] for f in record["findings"] if f["kind"] == "dropped"}
    actions = [action for action in record["actions"] if action["name"] not in dropped]
    rows = [_action(action, dropped) for action in actions]
    table = el("table", el("thead", heads), el("tbody", *rows), class_="actions")
    title = f"{counted(len(actions), 'action')}, and what enables what"
    return el(
        "section",
        el("h2", "Actions"),
        el("details", el("summary", title), scroll(table, "actions"), open=not record["traces"]),
    )


def _action(action: ActionRecord, dropped: set[str]) -> Html:
    after = [name for name in action["after"] if name not in dropped]
    where = el("span", place(action["place"]), class_="note")
    return el(
        "tr",
        el("th", action["name"], where, scope="row"),
        el("td", action["actor"] or "", data_head="Actor"),
        el("td", action["fair"] if action["fair"] != "none" else "", data_head="Fairness"),
        el("td", ", ".join(after) or "whatever happened", data_head="Possible after"),
    )
