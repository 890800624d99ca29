"""HTML and SVG built from elements, so that every text is escaped by construction. Knows nothing of what is
shown.
"""

from __future__ import annotations

import html
import json
from functools import lru_cache
from typing import Any

from explorer.render.text.terminal import clean


class Html(str):
    """Text that is markup already. Everything else is escaped where it becomes part of an element."""


VOID = {"meta", "link", "input", "br", "hr"}


def escaped(text: object) -> Html:
    """A text as markup: one line, no control characters, nothing of it read as a tag, an entity or the end of
    an attribute.
    """
    return text if isinstance(text, Html) else _escaped(str(text))


@lru_cache(maxsize=1 << 12)
def _escaped(text: str) -> Html:
    return Html(html.escape(clean(text), quote=True))


def el(tag: str, *content: object, **attributes: object) -> Html:
    """An element. `class_` is written `class`, `aria_label` `aria-label`; an attribute that is None or False
    is left out.
    """
    shown = "".join(
        [
            f' {_name(name)}="{escaped("" if value is True else value)}"'
            for name, value in attributes.items()
            if value is not None and value is not False
        ]
    )
    if tag in VOID:
        return Html(f"<{tag}{shown}>")
    return Html(f"<{tag}{shown}>{joined(content)}</{tag}>")


def joined(content: Any, between: str = "") -> Html:
    """Several pieces as one, each escaped where it is not markup."""
    return Html(between.join([escaped(piece) for piece in content if piece is not None]))


def prose(text: str) -> Html:
    """An author's sentence: what stands between backticks is code."""
    pieces = clean(text).split("`")
    if len(pieces) % 2 == 0:  # a backtick alone is one
        return escaped(text)
    return joined(el("code", piece) if n % 2 else piece for n, piece in enumerate(pieces))


def data(value: object, **attributes: object) -> Html:
    """A value as JSON inside a script element; nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return el("script", Html(text), type="application/json", **attributes)


def place(text: str) -> Html | None:
    """A line of source, `file:line`; the script makes a link of it where an address is known."""
    return el("code", text, class_="place") if text else None


@lru_cache
def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
