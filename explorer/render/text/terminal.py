"""What a terminal can show: whether colour is wanted, colour codes, text made harmless, and numbers of
things. Knows nothing of verdicts.
"""

from __future__ import annotations

import os
from typing import TextIO

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"
LANES = ("36", "35", "34", "33", "32")
"""The colours of the actors, in the order of the lanes."""


def wants_colour(stream: TextIO) -> bool:
    """Colour on a terminal, none elsewhere. NO_COLOR (non-empty) forbids it, FORCE_COLOR (non-empty, not 0)
    asks for it.

    NO_COLOR wins where both are set (no-color.org); a terminal called `dumb` gets none.
    """
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    if forced:
        return forced != "0"
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:
        return False


def paint(text: str, code: str, colour: bool = True) -> str:
    """The text in a colour; the text itself where there is no colour, no code or nothing to see."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code and text.strip() else text


def clean(text: str) -> str:
    """One line without control characters: a spec's text cannot move the cursor or break a table."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else {"\n": " ", "\t": " "}.get(c, repr(c)[1:-1]) for c in text)


def counted(count: int, what: str) -> str:
    """`1 state`, `1,200 states`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
