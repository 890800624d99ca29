"""Source text from templates that read like the code that they become. Knows nothing of its purpose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import dedent

_SLOT = re.compile(r"\{(\w+)\}")
_WHOLE_LINE = re.compile(r"( *)\{(\w+)\}")

Text = str | int | Iterable[str]
"""What a slot is filled with: text of one line or more, a number, or lines."""


def fill(template: str, **slots: Text) -> str:
    """The template with its slots filled, without its own indentation and without an empty line at its ends.

    A slot is a name in braces. One that stands alone on a line takes any number of lines, which are indented
    as it is; with none, the line vanishes. Any other slot takes text for its place in the line.

        fill('''
            for {name} in range(8):
                {body}
        ''', name="bit", body=["total += 1"])
    """
    lines: list[str] = []
    for line in dedent(template).strip("\n").rstrip().split("\n"):
        block = _WHOLE_LINE.fullmatch(line)
        if block is None:
            lines.append(_SLOT.sub(lambda slot: _inline(slots[slot[1]]), line))
        else:
            indent = block[1]
            lines += [indent + text if text else "" for text in lines_of(slots[block[2]])]
    return "\n".join(lines)


def lines_of(text: Text) -> list[str]:
    """The lines of what fills a slot."""
    if isinstance(text, int):
        return [str(text)]
    if isinstance(text, str):
        return text.split("\n") if text else []
    return [line for part in text for line in part.split("\n")]


def _inline(text: Text) -> str:
    assert isinstance(text, (str, int)), text
    return str(text)
