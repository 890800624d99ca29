"""What a terminal can show: whether colour is wanted, colour codes, text made harmless, and numbers of
things. Knows nothing of verdicts.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import textwrap
from typing import TextIO, cast

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"
WIDTH = 110
"""Columns of a text that is no terminal's."""
LANES = ("36", "35", "34", "33", "32")
"""The colours of the actors, in the order of the lanes."""


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


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


def screen_width(stream: TextIO) -> int | None:
    """The columns of what a stream shows on: COLUMNS where it is set, else the terminal's; None where it is
    none.
    """
    try:
        terminal = stream.isatty()
    except ValueError:
        terminal = False
    if not terminal and not os.environ.get("COLUMNS", "").isdigit():
        return None
    return terminal_columns(WIDTH)


def terminal_columns(otherwise: int) -> int:
    """What `shutil.get_terminal_size` says of columns, without the archivers that shutil imports."""
    given, stdout = os.environ.get("COLUMNS", ""), cast(TextIO, sys.__stdout__)
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return (
            int(given if given.isdigit() else 0) or os.get_terminal_size(stdout.fileno()).columns or otherwise
        )
    return otherwise


def columns(stream: TextIO, otherwise: int = WIDTH) -> int:
    """The same, with a width for what is no terminal."""
    return screen_width(stream) or otherwise


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """The text in lines of at most `width` characters, the later ones indented; a longer word has a line of
    its own, so that names and paths stay whole.
    """
    return textwrap.wrap(
        text,
        max(width, indent + 16),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def fitted(text: str, width: int) -> str:
    """The text with the lines that are too wide wrapped, what follows indented below them."""
    return "\n".join(piece for line in text.split("\n") for piece in _pieces(line, width))


def _pieces(line: str, width: int) -> list[str]:
    if _length(line) <= width:
        return [line]
    lead = len(line) - len(line.lstrip(" "))
    indent = " " * min(lead + 4, max(width - 16, 0))
    pieces = [""]
    for gap, word in re.findall(r"( *)([^ ]+)", line):
        fits = _length(pieces[-1] + gap + word) <= width
        if fits or not pieces[-1].strip():
            pieces[-1] += gap + word
        else:
            pieces.append(indent + word)
    return pieces


def _length(text: str) -> int:
    """The columns of a text, without its colours."""
    return len(_COLOUR.sub("", text))


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


def short(number: float) -> str:
    """Three digits and a unit: `20.3 M`."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}" if number < 999.5 * size else f"{number / size:.0f} {unit}"
    return f"{number:.0f}"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
