"""The part of the report in which a person takes steps: what the script must know of the spec, and the places
that it fills. The states come from the page itself (`trace/explored.py`) or from a server.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from explorer.render.html.markup import Html, data, el, joined
from explorer.render.text.terminal import clean

LARGEST = 1_500_000
"""Characters of a space that a page carries, packed; a larger one stays at home."""


def packed(space: dict[str, Any] | None) -> str | None:
    """A listed space as text, deflated; None where there is none or it is too large for a page."""
    if space is None:
        return None
    plain = json.dumps(cleaned(space), separators=(",", ":")).encode()
    text = base64.b64encode(zlib.compress(plain, 9)).decode()
    return text if len(text) <= LARGEST else None


def walk_data(walk: Mapping[str, Any]) -> Html:
    """What the script walks with: an outline, and under `space` the packed states, or under `live` that a
    server has them.
    """
    return data(cleaned(walk), id="walk-data")


def cleaned(value: Any) -> Any:
    """Plain data with every text made harmless: one line, no control characters."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): cleaned(inner) for key, inner in value.items()}
    return [*map(cleaned, value)] if isinstance(value, (list, tuple)) else value


def walk_section(live: bool) -> Html:
    """The places that the script fills; without it nothing is shown. Beside what needs a server stands, where
    there is none, how to have one.
    """
    tools = [
        _button("back", "‹ Undo", "undo the last step (Backspace)"),
        _button("again", "Start again", "go back to the initial state"),
        _button("keep", "Keep for comparison", "keep this path, to compare others with it"),
        _button("map", "Draw the states around", "draw the states around this one, and what leads to them"),
        _button("lines", "Save the steps", "the steps as lines, for: python -m explorer walk SPEC"),
    ]
    if live:
        tools += [
            _button("itf", "Save as ITF", "the path as a trace file, for replay and other programs"),
            el(
                "label",
                "Open a trace",
                el("input", type="file", accept=".json", class_="open"),
                class_="file",
            ),
            _button("picture", "Picture", "the path as a sequence diagram"),
        ]
    expression = (
        el(
            "form",
            el("label", "Expression ", el("input", type="text", name="expression", spellcheck="false")),
            el("button", "Show along the path", type="submit"),
            el("output", class_="wrong", role="alert"),
            class_="typed",
        )
        if live
        else el(
            "p",
            "This page carries every reachable state. With ",
            el("code", "python -m explorer serve SPEC"),
            " an expression can be typed in as well, and a space of any size be walked.",
            class_="note",
        )
    )
    search = el("input", type="search", class_="filter", placeholder="name, value or step")
    parts = [
        el("h2", "Walk"),
        el("p", class_="said note", role="status"),
        el("div", *tools, class_="tools", role="toolbar", aria_label="walk"),
        el("div", class_="choices"),
        el("div", el("label", "Search ", search), class_="search"),
        el(
            "div",
            el("section", class_="here", aria_label="this state", aria_live="polite"),
            el("section", class_="nexts", aria_label="possible next steps"),
            class_="columns",
        ),
        expression,
        el("section", class_="along", aria_label="along the path"),
        el("section", class_="compared", aria_label="two paths side by side"),
        el("section", class_="drawn", aria_label="states around this one"),
    ]
    begin = el("button", "Walk from the initial state", type="button", class_="link begin", hidden=True)
    return joined([el("p", begin), el("section", *parts, id="walk", class_="walk", hidden=True)])


def _button(name: str, text: str, hint: str) -> Html:
    return el("button", text, type="button", data_do=name, title=hint)
